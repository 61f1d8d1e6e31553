"""Figures of sweeps: how far a method can be taken before the AUROC falls, and before single films are decided otherwise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.report.figures.style import KINDS, MUTED, new_axes, styled

COLOURS = (KINDS["quantized"], KINDS["pruned"], KINDS["pruned and quantized"], KINDS["distilled"])
MARKERS = ("o", "s", "D", "^")
BAND = 0.10  # opacity of an interval: several lie on top of each other


@styled
def sweep_curves(
    table: Any,
    *,
    xlabel: str,
    less_to_the_right: bool = False,
    percent: bool = False,
    doubling: bool = False,
    ticks: Sequence[float] = (),
    axes: Any = None,
) -> np.ndarray:
    """Draw AUROC and films that are decided otherwise against how far a method was taken, one curve for each way to do it.

    Args:
        table: DataFrame with `curve`, `at`, `auroc` with `_low` and `_high`, and `changed_share`, as
            `evaluation.kernel_sweep` returns it; the row of the unchanged network has no `at`.
        xlabel: What `at` is.
        less_to_the_right: Whether small numbers stand on the right: then compression grows to the right.
        percent: Whether `at` is a share.
        doubling: Whether `at` is doubled from point to point.
        ticks: Where the numbers of the lower axis stand; none for those of the table.
        axes: Two Axes, one above the other; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"curve": ["unchanged", "a", "a"], "at": [np.nan, 8, 4], "auroc": [0.96, 0.96, 0.93],
        ...         "auroc_low": [0.9] * 3, "auroc_high": [0.98] * 3, "changed_share": [0, 0, 0.2]}
        >>> axes = sweep_curves(pd.DataFrame(rows), xlabel="bits of a weight", less_to_the_right=True)
    """
    if axes is None:
        axes = new_axes((6.4, 5.8), 2, 1, sharex=True, gridspec_kw={"height_ratios": [1.3, 1]})
    above, below = axes
    unchanged, changed = table[table["at"].isna()], table[table["at"].notna()]
    for value in unchanged["auroc"].head(1):
        above.axhline(value, color="black", lw=1.0, ls=(0, (4, 3)), label="network as it is")
    for number, (name, curve) in enumerate(changed.groupby("curve", sort=False)):
        look = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)], "ms": 5}
        curve = curve.sort_values("at")
        above.fill_between(
            curve["at"], curve["auroc_low"], curve["auroc_high"], color=look["color"], alpha=BAND, lw=0
        )
        above.plot(curve["at"], curve["auroc"], label=name, **look)
        below.plot(curve["at"], curve["changed_share"], **look)
    above.set(ylabel="AUROC, validation films")
    below.set(ylabel="films decided otherwise", xlabel=xlabel)
    below.set_ylim(bottom=-0.01)
    below.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    _places(below, sorted(set(changed["at"])) if not len(ticks) else ticks, percent, doubling)
    if less_to_the_right:
        below.invert_xaxis()
    handles, names = above.get_legend_handles_labels()
    above.figure.legend(handles, names, loc="outside upper left", ncols=2)
    return np.array([above, below])


def _places(ax: Any, places: Sequence[float], percent: bool, doubling: bool) -> None:
    """Put ticks where something was measured, and nowhere else."""
    from matplotlib.ticker import NullLocator

    if doubling:
        ax.set_xscale("log", base=2)
    ax.set_xticks(list(places), [f"{place:.0%}" if percent else f"{place:g}" for place in places])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="x", labelcolor=MUTED)
