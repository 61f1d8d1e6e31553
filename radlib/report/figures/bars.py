"""Bars of several columns side by side, drawn by seaborn in radlib's look."""

from collections.abc import Sequence
from typing import Any


def grouped_bars(ax: Any, table: Any, colours: Sequence[str]) -> None:
    """Draw a table as lying bars: a place for each row, in it a bar for each column.

    Args:
        ax: Axes to draw into.
        table: DataFrame of numbers.
        colours: Of the columns, repeated where there are more of these.
    """
    import seaborn

    bars = table.set_axis(range(len(table))).rename_axis(index="row", columns="column")
    bars = bars.melt(ignore_index=False).reset_index()
    palette = [colours[place % len(colours)] for place in range(table.shape[1])]
    look = {
        "orient": "h",
        "palette": palette,
        "saturation": 1,
        "gap": 0.1,
        "legend": table.shape[1] > 1 and "auto",
    }
    seaborn.barplot(bars, x="value", y="row", hue="column", ax=ax, **look)
    ax.set_yticks(range(len(table)), [str(name) for name in table.index])
    ax.grid(axis="y", visible=False)
    ax.set_ylabel("")
