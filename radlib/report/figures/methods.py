"""Figures of the notebooks on single methods (10 to 19): shared values, bytes by part, soft answers, spectra."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.foundation.human_units import human_bytes
from radlib.report.figures.style import ACCENT, GROUPS, KINDS, MUTED, new_axes, styled


@styled
def codebook(before: Any, after: Any, *, name: str = "", ax: Any = None) -> Any:
    """Draw the weights of a layer as a hill, and the few values that stand for them as sticks.

    Args:
        before: Weights of the layer before they shared values; zeros are left out.
        after: The same afterwards; zeros are left out.
        name: Of the layer, for the title.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = codebook([-0.4, -0.3, 0.2, 0.3], [-0.35, -0.35, 0.25, 0.25], name="conv")
    """
    ax = new_axes((8.4, 2.9)) if ax is None else ax
    before, after = (np.asarray(values).ravel() for values in (before, after))
    values, counts = np.unique(after[after != 0], return_counts=True)
    ax.hist(before[before != 0], bins=80, color="#D0D0D0", label="weights before")
    sticks = ax.twinx()
    sticks.vlines(values, 0, counts, color=KINDS["clustered or coded"], lw=1.4)
    sticks.plot(values, counts, "o", ms=4, color=KINDS["clustered or coded"], label="shared values")
    sticks.set(ylabel="weights of each value", ylim=(0, None))
    sticks.grid(visible=False)
    sticks.spines["right"].set_visible(True)
    ax.set(xlabel="weight", ylabel="weights before", title=name)
    ax.text(0.99, 0.95, f"{len(values)} values", ha="right", va="top", transform=ax.transAxes, color=MUTED)
    return ax


@styled
def byte_parts(table: Any, *, ax: Any = None) -> Any:
    """Draw of what a coded file consists, one bar per file.

    Args:
        table: DataFrame of bytes: a row per file (the index names it), a column per part.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = byte_parts(pd.DataFrame({"ids": [700, 300], "gaps": [300, 200]}, index=["32", "8"]))
    """
    ax = new_axes((8.4, 1.9 + 0.5 * len(table))) if ax is None else ax
    left = np.zeros(len(table))
    for number, part in enumerate(table):
        colour = GROUPS[number % len(GROUPS)]
        hatch = "" if number < len(GROUPS) else "//"
        ax.barh(range(len(table)), table[part], 0.62, left=left, color=colour, label=part, hatch=hatch)
        left = left + table[part].to_numpy(float)
    for place, total in enumerate(left):
        ax.text(total, place, f"  {human_bytes(total)}", va="center", fontsize=9)
    ax.set_yticks(range(len(table)), [str(name).replace(" (", "\n(") for name in table.index])
    ax.set(xlabel="bytes of the file", ylim=(len(table) - 0.4, -0.6), xlim=(0, 1.15 * left.max()))
    ax.xaxis.set_major_formatter(lambda value, _: human_bytes(value))
    ax.figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    ax.grid(axis="y", visible=False)
    return ax


@styled
def softened_answers(answers: Mapping[float, Any], *, ax: Any = None) -> Any:
    """Draw what a teacher says about films at several temperatures, the films in the order of its answers.

    Args:
        answers: {temperature: probabilities (n,)}, of the same films.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = softened_answers({1.0: [0.01, 0.5, 0.99], 4.0: [0.24, 0.5, 0.76]})
    """
    ax = new_axes((7.0, 3.0)) if ax is None else ax
    order = np.argsort(np.asarray(next(iter(answers.values()))), kind="stable")
    for number, (temperature, probabilities) in enumerate(answers.items()):
        share = np.arange(len(order)) / max(1, len(order) - 1)
        colour = "black" if temperature == 1 else GROUPS[number % len(GROUPS)]
        ax.plot(share, np.asarray(probabilities)[order], color=colour, label=f"T = {temperature:g}")
    ax.set(xlabel="films, in the order of the teacher's answers", ylabel="probability", ylim=(-0.02, 1.02))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend(loc="upper left")
    return ax


@styled
def spectra(table: Any, *, most: int = 6, axes: Any = None) -> Any:
    """Draw the singular values of layers, and the bound above which variational Bayes calls them signal.

    Args:
        table: DataFrame with columns `layer`, `channels` (which mode: inputs or outputs), `place` (from 1), `value`
            (singular value), `bound`, and `rank` (how many are kept by the rule in use).
        most: At most so many spectra are drawn, those with most values.
        axes: Axes, one per spectrum; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> facts = {"layer": "a", "channels": "outputs", "bound": 1.5, "rank": 2}
        >>> axes = spectra(pd.DataFrame([{**facts, "place": n, "value": 4 / n} for n in (1, 2, 3)]))
    """
    sizes = table.groupby(["layer", "channels"], sort=False).size().nlargest(most)
    chosen = [
        key
        for key in dict.fromkeys(zip(table["layer"], table["channels"], strict=True))
        if key in sizes.index
    ]
    if axes is None:
        rows = -(-len(chosen) // 2)
        axes = new_axes(
            (3.2 * min(2, len(chosen)), 0.5 + 2.1 * rows), rows, min(2, len(chosen)), squeeze=False
        )
    axes = np.ravel(axes)
    for ax, (layer, channels) in zip(axes, chosen, strict=False):
        one = table[(table["layer"] == layer) & (table["channels"] == channels)]
        ax.plot(one["place"], one["value"], "o-", ms=3, color=KINDS["low rank"])
        ax.axhline(one["bound"].iloc[0], color="black", lw=0.9, ls=(0, (4, 3)), label="variational Bayes")
        ax.axvline(one["rank"].iloc[0] + 0.5, color=ACCENT, lw=1.0, label="kept")
        ax.set_title(f"{layer}, {channels}", fontsize=10)
        ax.set(ylim=(0, None))
    for ax in axes[len(chosen) :]:
        ax.set_visible(False)
    axes[0].figure.supxlabel("component", fontsize=10)
    axes[0].figure.supylabel("singular value", fontsize=10)
    axes[0].figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return axes
