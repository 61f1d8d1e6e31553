"""Figures of 16_round and 17_sensitivity: a kernel before and after, a weight on its way, scores and noise against bits."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, GROUPS, KINDS, MUTED, new_axes, styled

WAY_STYLES = ((KINDS["original"], "o:"), (MUTED, "s--"), (KINDS["quantized"], "D-"))
NAMED = 3  # layers whose curve has a name


@styled
def weight_walk(kept: Any, computing: Any, *, ax: Any = None) -> Any:
    """Draw a weight that is kept and the one that computes instead of it, step by step of a training.

    Args:
        kept: Its value after each step.
        computing: What the network computed with at each step.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = weight_walk([0.30, 0.42, 0.53, 0.49], [0.0, 0.0, 1.0, 0.0])
    """
    ax = new_axes((7.6, 2.9)) if ax is None else ax
    steps = np.arange(len(kept))
    ax.step(steps, computing, where="mid", color=KINDS["quantized"], lw=1.4, label="computes")
    ax.plot(steps, kept, color=ACCENT, lw=1.8, label="is kept")
    ax.set(xlabel="step of the training", ylabel="weight")
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return ax


@styled
def scores_by_bits(table: Any, *, before: float | None = None, ax: Any = None) -> Any:
    """Draw what a network scores with weights of ever fewer bits, a line for each way to get there.

    Args:
        table: DataFrame with `bits`, `way` and `score`.
        before: Score of the network that was not rounded; None draws no line.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"bits": [8, 2, 8, 2], "way": ["a", "a", "b", "b"], "score": [0.95, 0.7, 0.95, 0.93]}
        >>> ax = scores_by_bits(pd.DataFrame(rows), before=0.95)
    """
    ax = new_axes((7.2, 3.6)) if ax is None else ax
    if before is not None:
        ax.axhline(before, color=MUTED, lw=1.0, label="float32")
    for (way, line), (colour, style) in zip(table.groupby("way", sort=False), WAY_STYLES, strict=False):
        ax.plot(-line["bits"], line["score"], style, color=colour, ms=6, label=way)
    bits = sorted(set(table["bits"]))
    ax.set_xticks([-width for width in bits], [str(width) for width in bits])
    ax.set(xlabel="bits of a weight", ylabel="AUROC, validation films")
    ax.legend(loc="lower left")
    return ax


@styled
def noise_by_bits(table: Any, largest_noise: float | None = None, *, ax: Any = None) -> Any:
    """Draw how far the answers move when one layer has few bits, a curve for each layer, on a logarithmic axis.

    Args:
        table: DataFrame with `number` of the layer, `weights`, `bits` and `noise`; the noisiest layers have a name.
        largest_noise: How far the answers may move; None draws no line.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"number": [1, 1, 2, 2], "weights": [90, 90, 4000, 4000], "bits": [8, 4, 8, 4]}
        >>> ax = noise_by_bits(pd.DataFrame(rows | {"noise": [0.01, 0.2, 0.001, 0.02]}), 0.1)
    """
    ax = new_axes((7.2, 3.8)) if ax is None else ax
    loudest = table.groupby("number")["noise"].mean().nlargest(NAMED).index.tolist()
    for number, curve in table.groupby("number"):
        named = number in loudest
        name = f"layer {number}, {curve['weights'].iloc[0]:,} weights"
        colour = GROUPS[loudest.index(number)] if named else "#BBBBBB"
        ax.plot(-curve["bits"], curve["noise"], "o-", ms=4, lw=1.8 if named else 1.2, color=colour,
                zorder=2 + named, label=name if named else None)  # fmt: skip
    if largest_noise is not None:
        ax.axhline(largest_noise, color="black", lw=1.0, ls=(0, (4, 3)), label="as far as allowed")
    bits = sorted(set(table["bits"]))
    ax.set_xticks([-width for width in bits], [str(width) for width in bits])
    ax.set(yscale="log", xlabel="bits of the layer's weights", ylabel="noise of the answers")
    ax.legend(loc="upper left")
    return ax


@styled
def logits_moved(before: Any, after: Mapping[str, Any], *, axes: Any = None) -> np.ndarray:
    """Draw the logits of films before and after a change, one panel per change, with the diagonal of no change.

    Args:
        before: Logits, (films,).
        after: Mapping from a heading to the logits after it.
        axes: One Axes per change; None for a new figure.

    Example:
        >>> axes = logits_moved([-2.0, 1.0], {"one layer": [-1.0, 1.2], "another": [-2.0, 1.0]})
    """
    axes = new_axes((3.6 * len(after), 3.4), 1, len(after), sharey=True) if axes is None else axes
    axes = np.atleast_1d(axes)
    ends = [min(before), max(before)]
    for ax, (name, values) in zip(axes, after.items(), strict=True):
        ax.plot(ends, ends, color=MUTED, lw=1.0, ls=(0, (4, 3)))
        ax.vlines(before, before, values, color=ACCENT, lw=1.0)
        ax.plot(before, values, "o", ms=4, color=KINDS["quantized"])
        ax.set(title=name, xlabel="logit before")
    axes[0].set_ylabel("logit after")
    return axes
