"""The main picture of a report: what every variant lost beside its original, against the bytes of its file."""

from typing import Any

import numpy as np

from radlib.report.figures.comparison import moved_aside, named_points, variant_labels
from radlib.report.figures.placement import place_labels
from radlib.report.figures.style import KINDS, MUTED, kind_of, new_axes, size_axis, styled

MARKERS = {"as good": "o", "loses": "v"}  # filled; of all others nobody can tell, and their marker is hollow
NOBODY = "D"
WORDS = {"as good": "as good as its original", "": "nobody can tell", "loses": "reads worse"}
KIND_WORDS = {"original": "only converted"}  # what is no original itself, and has its colour
WIDE, NARROW = (8.6, 4.6), (4.3, 4.6)  # inches; the second is for a phone


@styled
def difference_against_size(
    results: Any, *, margin: float | None = None, measure: str = "AUROC", narrow: bool = False, ax: Any = None
) -> Any:
    """Draw what every variant lost beside its original, with its interval, against the bytes of its file.

    Args:
        results: DataFrame with columns `label`, `network`, `chain`, `size_bytes`, `difference` with `_low` and `_high`, and
            `conclusion`; optionally `winner`. Rows without a difference are left out. Of many rows the winner and the front
            have a name and an interval, see `comparison.named_points`.
        margin: The largest loss that still counts as none; shaded.
        measure: What was lost.
        narrow: Whether it is drawn for a phone: as tall, half as wide, and only the winner has a name.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> row = {"label": "int8", "network": "n", "chain": "int8", "size_bytes": 36_000, "difference": -0.001,
        ...        "difference_low": -0.004, "difference_high": 0.002, "conclusion": "as good", "winner": True}
        >>> difference_against_size(pd.DataFrame([row]), margin=0.01).get_ylabel()
        'AUROC − its original’s, 95 % interval'
    """
    table = results.dropna(subset=["difference", "size_bytes"])
    ax = new_axes(NARROW if narrow else WIDE) if ax is None else ax
    ax.set(xlabel="size of the model file", ylabel=f"{measure} − its original’s, 95 % interval")
    ax.axhline(0, color="black", lw=0.9)
    if margin:
        ax.axhspan(-margin, 0, color="#E3EDE4", lw=0, zorder=0)
        ax.axhline(-margin, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    if table.empty:
        ax.text(0.5, 0.7, "nothing was compared yet", ha="center", transform=ax.transAxes, color=MUTED)
        return ax
    told = named_points(table.assign(auroc=table["difference"]), "size_bytes")
    x, y = table["size_bytes"].to_numpy(float).copy(), table["difference"].to_numpy(float)
    low, high = (
        table[f"difference_{end}"].fillna(table["difference"]).to_numpy(float) for end in ("low", "high")
    )
    size_axis(ax.xaxis, x)
    bottom, top = min(low[told].min(), y.min(), -(margin or 0)), max(high[told].max(), y.max(), 0)
    room = max(top - bottom, 0.004)
    ax.set_ylim(bottom - 0.12 * room, top + 0.18 * room)
    if margin:
        from matplotlib.patheffects import withStroke

        ax.annotate(f"margin {margin:g}", (0.995, -margin), (0, -3), xycoords=ax.get_yaxis_transform(),
                    textcoords="offset points", ha="right", va="top", fontsize=8.5, color="#555555",
                    zorder=6, path_effects=[withStroke(linewidth=3, foreground="white")])  # fmt: skip
    x[told] = moved_aside(ax, x[told])
    for row, (_, each) in enumerate(table.iterrows()):
        _point(ax, x[row], y[row], (low[row], high[row]) if told[row] else None, each)
    _legend(ax, table, narrow)
    _names(ax, table, told, narrow, (x, y, low, high))
    return ax


def _point(ax: Any, x: float, y: float, ends: tuple[float, float] | None, row: Any) -> None:
    """Draw one variant; without an interval it is one of many, small and pale."""
    colour = KINDS[kind_of(row["chain"])]
    filled = row["conclusion"] in MARKERS
    look = {"mec": "white" if filled else colour, "mfc": colour if filled else "white"}
    if ends:
        ax.plot([x, x], ends, color=colour, lw=1.3, alpha=0.6, zorder=2)
    size, alpha = (8, 1.0) if ends else (5, 0.55)
    ax.plot(x, y, MARKERS.get(row["conclusion"], NOBODY), ms=size, mew=1.2, zorder=3, alpha=alpha, **look)


def _names(ax: Any, table: Any, told: np.ndarray, narrow: bool, places: tuple) -> None:
    x, y, low, high = places
    winners = np.asarray(table.get("winner", np.zeros(len(table), bool)), bool)
    texts = [
        f"{text} (chosen)" if winner else text
        for text, winner in zip(variant_labels(table), winners, strict=True)
    ]
    named = np.flatnonzero((winners if narrow and winners.any() else told) & told)
    colours = [KINDS[kind_of(table["chain"].iloc[place])] for place in named]
    bars = [(x[i], low[i], x[i], high[i]) for i in np.flatnonzero(told)]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    thick = 0.006 * (top - bottom)  # names do not cross the line of no difference
    bars.append((left, -thick, right, thick))
    others = np.column_stack([x, y])[~np.isin(np.arange(len(x)), named)]
    place_labels(ax, x[named], y[named], [texts[i] for i in named], colours, bars, others)


def _legend(ax: Any, table: Any, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    words = {name if name in MARKERS else "" for name in table["conclusion"]}
    handles = [
        Line2D([], [], marker=MARKERS.get(name, NOBODY), ls="", ms=7, mec="#444444", mfc="#444444" if name else "white",
               label=WORDS[name])
        for name in WORDS if name in words
    ]  # fmt: skip
    kinds = [k for k in KINDS if k in {kind_of(chain) for chain in table["chain"]}]
    handles += [
        Line2D([], [], marker="s", ls="", ms=6, color=KINDS[k], label=KIND_WORDS.get(k, k)) for k in kinds
    ]
    ax.figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=2 if narrow else min(len(handles), 5),
        handletextpad=0.2,
    )
