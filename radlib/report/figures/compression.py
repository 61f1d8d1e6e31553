"""Figures of 03_prune and 04_quantize: what compression did to the weights and to the file."""

from typing import Any

import numpy as np

from radlib.foundation.human_units import human_bytes
from radlib.report.figures.bars import grouped_bars
from radlib.report.figures.style import (
    ACCENT,
    GROUPS,
    KINDS,
    MUTED,
    kind_of,
    new_axes,
    size_axis,
    styled,
    wrapped,
)


@styled
def sparsity_schedule(schedule: Any, *, ax: Any = None) -> Any:
    """Draw the planned share of zeros over the steps of a fine-tuning, one dot per update of the masks.

    Args:
        schedule: DataFrame with columns `step` and `sparsity` (in [0, 1]).
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = sparsity_schedule(pd.DataFrame({"step": [0, 10, 20], "sparsity": [0.5, 0.76, 0.8]}))
    """
    ax = new_axes((7.0, 2.6)) if ax is None else ax
    ax.step(schedule["step"], schedule["sparsity"], where="post", color=KINDS["pruned"])
    ax.plot(schedule["step"], schedule["sparsity"], "o", color=KINDS["pruned"], ms=4)
    target = float(schedule["sparsity"].iloc[-1])
    ax.axhline(target, color="black", lw=0.9, ls=(0, (4, 3)))
    ax.text(0, target + 0.02, f"target {target:.0%}", fontsize=8, va="bottom")
    ax.set(xlabel="gradient step", ylabel="share of zero weights", ylim=(0, 1))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return ax


@styled
def sparsity_by_layer(table: Any, target: float | None = None, *, ax: Any = None) -> Any:
    """Draw the share of zero weights in each layer, with the number of weights it has.

    Args:
        table: DataFrame with columns `layer`, `sparsity` (in [0, 1]) and `weights` (how many).
        target: The sparsity aimed at, in [0, 1].
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> layers = pd.DataFrame({"layer": ["a", "b"], "sparsity": [0, 0.8], "weights": [90, 5000]})
        >>> ax = sparsity_by_layer(layers, target=0.8)
    """
    ax = new_axes((7.6, 1.0 + 0.24 * len(table))) if ax is None else ax
    places = np.arange(len(table))
    ax.barh(places, table["sparsity"], 0.7, color=KINDS["pruned"], alpha=0.85)
    for place, weights in zip(places, table["weights"], strict=True):
        ax.text(1.01, place, f"{weights:,.0f}", va="center", fontsize=8, color=MUTED)
    ax.text(1.01, -1.1, "weights", fontsize=8, color=MUTED, va="center")
    if target is not None:
        ax.axvline(target, color="black", lw=0.9, ls=(0, (4, 3)))
        ax.text(target, -1.1, f"target {target:.0%}", ha="center", va="center", fontsize=8)
    ax.set_yticks(places, table["layer"], fontsize=8)
    ax.set(xlim=(0, 1), ylim=(len(table) - 0.4, -0.6), xlabel="share of zero weights")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.grid(axis="y", visible=False)
    return ax


@styled
def sensitivity_curves(table: Any, labelled: int = 5, *, ax: Any = None) -> Any:
    """Draw how well a network does with one group of channels pruned at a time, one curve per group.

    Args:
        table: DataFrame with columns `group`, `ratio` (share removed, in [0, 1]) and `score`.
        labelled: How many curves are named: those that fall deepest; the others stay grey.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"group": ["a", "a", "b", "b"], "ratio": [0, 0.5] * 2, "score": [0.9, 0.7, 0.9, 0.88]}
        >>> ax = sensitivity_curves(pd.DataFrame(rows), labelled=1)
    """
    deepest = table.groupby("group")["score"].min().nsmallest(labelled).index.tolist()
    names = {group: wrapped(group, 40) for group in deepest}
    columns = 2 if max(map(len, names.values()), default=0) <= 20 else 1
    lines = sum(name.count("\n") + 1 for name in names.values()) / columns
    ax = new_axes((5.2, 3.4 + 0.22 * lines)) if ax is None else ax
    for group, curve in table.groupby("group", sort=False):
        named = group in deepest
        colour = GROUPS[deepest.index(group) % len(GROUPS)] if named else "#D0D0D0"
        ax.plot(curve["ratio"], curve["score"], "o-", ms=4 if named else 2, color=colour, zorder=2 + named,
                label=names.get(group))  # fmt: skip
    ax.set(xlabel="share of the group's channels removed", ylabel="score on validation films")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    # above the curves, which may fall anywhere
    ax.legend(
        title="most sensitive", loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, alignment="left"
    )
    return ax


@styled
def weight_histograms(before: Any, after: Any, *, names: tuple[str, str] = ("before", "after"),
                      axes: Any = None) -> np.ndarray:  # fmt: skip
    """Draw how the weights are spread before and after, on a logarithmic count.

    Args:
        before: Weights, any shape, or integers of a quantized tensor.
        after: The same tensor compressed.
        names: Headings.
        axes: Two Axes; None for a new figure.

    Returns:
        The two Axes; the share of exact zeros stands in each.

    Example:
        >>> axes = weight_histograms(np.linspace(-1, 1, 100), np.round(np.linspace(-1, 1, 100)))
    """
    axes = new_axes((6.4, 4.6), 2, 1, sharex=True, sharey=True) if axes is None else axes
    for ax, weights, name, kind in zip(axes, (before, after), names, ("original", "pruned"), strict=True):
        values = np.asarray(weights).ravel()
        edge = max(float(np.abs(values.astype(float)).max(initial=0)), 1e-12)
        ax.hist(values, np.linspace(-edge, edge, 102), color=KINDS[kind], alpha=0.8, log=True)
        ax.set(title=name, ylabel="weights")
        zeros = float((values == 0).mean()) if values.size else float("nan")
        ax.text(
            0.98, 0.94, f"{zeros:.0%} exact zeros", ha="right", va="top", transform=ax.transAxes, color=MUTED
        )
    axes[-1].set_xlabel("weight")
    return axes


@styled
def size_bars(results: Any, *, ax: Any = None) -> Any:
    """Draw what each file weighs, as it is and deflated, on a logarithmic axis.

    Filled: the file. Open: the same deflated (zlib level 9), as a download or an application package holds it.

    Args:
        results: DataFrame with columns `label`, `chain`, `size_bytes`, and `deflated_bytes`, `compression`
            if known, as `report.results` returns it.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = size_bars(report.results(run))  # doctest: +SKIP
    """
    from radlib.report.figures.comparison import variant_labels

    labels = [wrapped(label, 42) for label in variant_labels(results)]
    lines = np.array([label.count("\n") + 1 for label in labels])
    places = np.cumsum(lines + 1.3)  # the name stands above its bar, so that a phone shows both
    ax = new_axes((5.2, 1.1 + 0.19 * places[-1])) if ax is None else ax
    sizes = results["size_bytes"].to_numpy(float)
    deflated = (
        results["deflated_bytes"].to_numpy(float)
        if "deflated_bytes" in results
        else np.full(len(sizes), np.nan)
    )
    for place, label, row, size, small in zip(
        places, labels, results.itertuples(), sizes, deflated, strict=True
    ):
        colour = KINDS[kind_of(row.chain)]
        ax.plot([size, small], [place, place], color=colour, lw=1.6, alpha=0.5)
        ax.plot(small, place, "o", mfc="white", mec=colour, ms=8)
        ax.plot(size, place, "o", color=colour, ms=8)
        ratio = getattr(row, "compression", float("nan"))
        said = human_bytes(size) + ("" if np.isnan(ratio) else f"   {ratio:.1f} ×")
        above = {"va": "bottom", "color": "#333333", "transform": ax.get_yaxis_transform()}
        ax.text(0, place - 0.45, label, **above)
        ax.text(1, place - 0.45, said, ha="right", **above)
    ax.set_yticks([])
    size_axis(ax.xaxis, [*sizes, *deflated[~np.isnan(deflated)]])
    ax.set_ylim(places[-1] + 0.9, 0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("filled: file · open: deflated\n×: how many times smaller than the float32 weights")
    return ax


@styled
def representative_counts(counts: Any, *, ax: Any = None) -> Any:
    """Draw how many representative films of each answer the quantizer looked at, against all training films.

    Args:
        counts: DataFrame with a row per answer and the columns `representative`, `training` (films).
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = representative_counts(pd.DataFrame({"representative": [5, 9], "training": [50, 90]}, ["no", "yes"]))
    """
    ax = new_axes((6.0, 1.0 + 0.4 * len(counts))) if ax is None else ax
    shares = (counts / counts.sum())[["training", "representative"]].add_suffix(" films")
    grouped_bars(ax, shares, (MUTED, ACCENT))
    ax.set_xlabel("share of films")
    ax.legend()
    return ax
