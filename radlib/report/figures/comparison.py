"""Figures of 06_compare: all variants in one picture, and each against its original."""

from typing import Any

import numpy as np

from radlib.foundation.human_units import fine, fine_span
from radlib.report.figures.placement import place_labels
from radlib.report.figures.style import (
    KINDS,
    MUTED,
    kind_of,
    latency_axis,
    marker_of,
    new_axes,
    size_axis,
    styled,
)

FORMAT_WORDS = {
    "keras": "Keras file", "tflite": "LiteRT file", "deep_compression": "Deep Compression file", "miracle": "MIRACLE file",
    "xnor_net": "XNOR-Net file",
}  # fmt: skip
MOST_NAMED = 20  # points with a name and an interval in one picture


@styled
def size_against_auroc(results: Any, *, ax: Any = None) -> Any:
    """Draw every variant's AUROC with its interval against the bytes of its file.

    Args:
        results: DataFrame with columns `label`, `network`, `chain`, `format`, `size_bytes`, `auroc`,
            `auroc_low`, `auroc_high`, as `report.results` returns it. Rows without an AUROC are left out.
            Of variants of equal size the bars are moved aside by a few pixels. Of many, see `named_points`.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = size_against_auroc(report.results(run))  # doctest: +SKIP
    """
    return _against_auroc(results, "size_bytes", "size of the model file", size_axis, ax)


@styled
def size_against(results: Any, measure: str, title: str, *, ax: Any = None) -> Any:
    """Draw every variant's mean of another measure, such as Dice, with its interval against the bytes of its file.

    Args:
        results: As for `size_against_auroc`, with the measure, its `_low` and its `_high` in place of the AUROC's.
        measure: Its column.
        title: What it is called.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = size_against(report.outline_results(run), "dice", "Dice")  # doctest: +SKIP
    """
    renamed = {f"{measure}{end}": f"auroc{end}" for end in ("", "_low", "_high")}
    ax = size_against_auroc(results.rename(columns=renamed), ax=ax)
    ax.set_ylabel(f"mean {title} on test films, 95 % interval")
    return ax


@styled
def latency_against_auroc(results: Any, *, ax: Any = None) -> Any:
    """Draw every variant's AUROC with its interval against the median latency of one film.

    Args:
        results: As for `size_against_auroc`, with a column `latency_p50_ms`.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = latency_against_auroc(report.results(run))  # doctest: +SKIP
    """
    return _against_auroc(results, "latency_p50_ms", "median latency of one film, ms", latency_axis, ax)


@styled
def cost_against_auroc(results: Any, column: str, title: str, *, ax: Any = None) -> Any:
    """Draw every variant's AUROC with its interval against what it costs elsewhere, such as a board's own millijoules.

    Args:
        results: As for `size_against_auroc`, with the column of the cost.
        column: Which.
        title: What it is, with its unit.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = cost_against_auroc(table, "energy_mj", "energy of one film, mJ")  # doctest: +SKIP
    """
    return _against_auroc(results, column, title, latency_axis, ax)


def _against_auroc(results: Any, column: str, title: str, scale: Any, ax: Any) -> Any:
    table = results.dropna(subset=["auroc", column])
    ax = new_axes((8.6, 4.8) if len(table) <= 12 else (9.6, 6.2)) if ax is None else ax
    ax.set(xlabel=title, ylabel="AUROC on test films, 95 % interval")
    if table.empty:
        ax.text(0.5, 0.5, "no measurement yet", ha="center", transform=ax.transAxes, color=MUTED)
        return ax
    x, y = table[column].to_numpy(float).copy(), table["auroc"].to_numpy(float)
    low, high = (table[c].fillna(table["auroc"]).to_numpy(float) for c in ("auroc_low", "auroc_high"))
    told = named_points(table, column)
    scale(ax.xaxis, x)
    bottom, top = min(low[told].min(), y.min()), max(high[told].max(), y.max())
    span = max(top - bottom, 0.01)
    ax.set_ylim(bottom - 0.12 * span, top + 0.15 * span)
    x[told] = moved_aside(ax, x[told])
    colours = [KINDS[kind_of(chain)] for chain in table["chain"]]
    for row in np.flatnonzero(~told):
        marker = marker_of(table["format"].iloc[row])
        ax.plot(x[row], y[row], marker, color=colours[row], ms=5, mec="white", mew=0.5, alpha=0.6, zorder=2)
    named = np.flatnonzero(told)
    for row in sorted(named, key=lambda row: colours[row] == KINDS["original"]):  # the original last
        ax.plot([x[row]] * 2, [low[row], high[row]], color=colours[row], lw=1.1, alpha=0.55, zorder=2)
        marker = marker_of(table["format"].iloc[row])
        ax.plot(x[row], y[row], marker, color=colours[row], ms=7, mec="white", mew=0.8, zorder=3)
    _legend(ax, table)  # before the labels: it takes room, and points move closer together
    texts = variant_labels(table)
    bars = [(x[i], low[i], x[i], high[i]) for i in named]
    unnamed = np.column_stack([x, y])[~told]
    place_labels(ax, x[told], y[told], [texts[i] for i in named], [colours[i] for i in named], bars, unnamed)
    return ax


def named_points(table: Any, column: str) -> np.ndarray:
    """Return which points of a picture have a name and an interval: all, or of many those that a reader looks for.

    Those are the originals, the winner, and the front: variants that read better than everything at most as large or
    slow. Further names and bars would hide them; a table beside the picture has all.

    Args:
        table: See `size_against_auroc`, without gaps.
        column: What is better when it is less.

    Returns:
        (n,) bool.
    """
    if len(table) <= MOST_NAMED:
        return np.ones(len(table), bool)
    order = np.lexsort((-table["auroc"].to_numpy(float), table[column].to_numpy(float)))
    reads = table["auroc"].to_numpy(float)[order]
    front = np.zeros(len(table), bool)
    front[order] = reads > np.concatenate([[-np.inf], np.maximum.accumulate(reads)[:-1]])
    return front | (table["chain"] == "original").to_numpy() | np.asarray(table.get("winner", False), bool)


def variant_labels(table: Any) -> list[str]:
    """Return one label per row: the variant's, with its network and seed where the table has several."""
    labels = table["label"].astype(str)
    if "network" in table and table["network"].nunique() > 1:
        shown = labels.where(table["chain"] != "original", "")
        labels = (table["network"].astype(str) + " " + shown).str.strip()
    if "seed" in table and table["seed"].nunique() > 1:
        labels = labels + " #" + table["seed"].astype(str)
    return labels.tolist()


def moved_aside(ax: Any, x: np.ndarray, gap: float = 9.0) -> np.ndarray:
    """Return `x` moved as little as brings all at least `gap` pixels apart, in the same order."""
    ax.figure.draw_without_rendering()
    pixels = ax.transData.transform(np.column_stack([x, np.full(len(x), ax.get_ylim()[0])]))
    order = np.argsort(pixels[:, 0], kind="stable")
    # Least squares under "each at least a gap right of the one before": isotonic regression, pooling neighbours.
    pools: list[list[float]] = []
    for value in pixels[order, 0] - gap * np.arange(len(x)):
        pools.append([value])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    pooled = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools])
    pixels[order, 0] = pooled + gap * np.arange(len(x))
    return ax.transData.inverted().transform(pixels)[:, 0]


def _legend(ax: Any, table: Any) -> None:
    from matplotlib.lines import Line2D

    kinds = [k for k in KINDS if k in {kind_of(chain) for chain in table["chain"]}]
    handles = [Line2D([], [], marker="o", ls="", ms=6, color=KINDS[k], label=k) for k in kinds]
    handles += [
        Line2D([], [], marker=marker_of(f), ls="", ms=6, mfc="none", mec=MUTED, label=FORMAT_WORDS.get(f, f))
        for f in dict.fromkeys(table["format"])
    ]
    ax.figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 6), handletextpad=0.2)


@styled
def auroc_differences(comparisons: Any, *, margin: float | None = None, ax: Any = None) -> Any:
    """Draw the AUROC difference of each pair with its interval, best read against the margin.

    Args:
        comparisons: DataFrame with columns `before`, `after`, `difference`, `difference_low`,
            `difference_high` and optionally `times_smaller`, as `report.comparisons` returns it.
        margin: The largest loss that still counts as "as good"; shaded.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = auroc_differences(report.comparisons(run), margin=0.01)  # doctest: +SKIP
    """
    table = comparisons.dropna(subset=["difference"])
    ax = new_axes((8.6, 1.3 + 0.42 * max(len(table), 1))) if ax is None else ax
    ax.axvline(0, color="black", lw=0.9)
    if margin:
        ax.axvspan(-margin, 0, color="#EEF3EE", lw=0, zorder=0)
        ax.axvline(-margin, color=MUTED, lw=0.9, ls=(0, (4, 3)))
    for place, row in enumerate(table.itertuples()):
        colour = KINDS[kind_of(getattr(row, "chain", "int8"))]
        ax.plot([row.difference_low, row.difference_high], [place, place], color=colour, lw=1.6)
        ax.plot(row.difference, place, "s", color=colour, ms=6, mec="white", mew=0.8)
        sign = f"{fine(row.difference)}   {fine_span(row.difference_low, row.difference_high)}"
        ax.text(
            1.01, place, sign, va="center", fontsize=9, color="#333333", transform=ax.get_yaxis_transform()
        )
    labels = [f"{r.before} → {r.after}" for r in table.itertuples()]
    ax.set_yticks(range(len(table)), labels)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("AUROC after − before, 95 % interval (right of the dashed line: within the margin)" if margin else
                  "AUROC after − before, 95 % interval")  # fmt: skip
    return ax


@styled
def auroc_by_label(table: Any, *, ax: Any = None) -> Any:
    """Draw the AUROC of each label with its interval, one point per variant.

    Args:
        table: DataFrame with columns `label`, `name` (of the variant), `chain`, `value`, `low`, `high`.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> row = {"label": "mass", "name": "int8", "chain": "int8", "value": 0.8, "low": 0.7, "high": 0.9}
        >>> ax = auroc_by_label(pd.DataFrame([row]))
    """
    labels = list(dict.fromkeys(table["label"]))
    names = list(dict.fromkeys(table["name"]))
    ax = new_axes((8.0, 1.4 + 0.3 * len(labels) * max(1, len(names) / 2))) if ax is None else ax
    for order, name in enumerate(names):
        rows = table[table["name"] == name]
        colour = KINDS[kind_of(rows["chain"].iloc[0])]
        places = np.array([labels.index(label) for label in rows["label"]]) + 0.22 * (
            order - (len(names) - 1) / 2
        )
        ax.hlines(places, rows["low"], rows["high"], color=colour, lw=1.3, alpha=0.7)
        ax.plot(rows["value"], places, "o", color=colour, ms=5.5, mec="white", mew=0.7, label=name)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("AUROC on test films, 95 % interval")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)
    return ax
