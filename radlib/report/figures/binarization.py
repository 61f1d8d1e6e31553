"""Figures of 13_binarize: a kernel and its signs, what a network reads with ever fewer bits, one layer on one film."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, KINDS, new_axes, styled


@styled
def binary_layer(maps: Mapping[str, Any], *, axes: Any = None) -> Any:
    """Draw the maps of a binary convolution, three in a row, each on its own scale.

    Args:
        maps: Title -> (h, w), as `techniques.binary_views.layer_maps` returns them.
        axes: Axes, one per map; None for a new figure.

    Returns:
        The Axes, (n,).

    Example:
        >>> binary_layer({"film": np.zeros((8, 8)), "K": np.ones((4, 4))}).shape
        (2,)
    """
    if axes is None:
        rows = -(-len(maps) // 3)
        axes = np.ravel(new_axes((6.4, 2.4 * rows), rows, 3, squeeze=False))
        for ax in axes[len(maps) :]:
            ax.set_axis_off()
        axes = axes[: len(maps)]
    for ax, (title, values) in zip(axes, maps.items(), strict=True):
        ax.imshow(np.asarray(values), interpolation="nearest")
        ax.set_title(title, fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return axes


@styled
def kernel_tables(tables: Mapping[str, Any]) -> np.ndarray:
    """Draw small kernels in numbers side by side, one scale of colours for all.

    Args:
        tables: Title -> (h, w).

    Returns:
        The Axes, (n,).

    Example:
        >>> axes = kernel_tables({"W": [[0.5, -0.3]], "signs": [[1, -1]]})
    """
    axes = new_axes((6.4, 2.1), 1, len(tables), squeeze=False)[0]
    furthest = max(float(np.abs(values).max()) for values in tables.values())
    for ax, (title, values) in zip(axes, tables.items(), strict=True):
        values = np.asarray(values, float)
        ax.imshow(values, cmap="RdBu", vmin=-1.4 * furthest, vmax=1.4 * furthest)
        for (row, column), value in np.ndenumerate(values):
            text = f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
            ax.text(column, row, text, ha="center", va="center", fontsize=9)
        ax.set_title(title, fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return axes


@styled
def weight_bits(table: Any, *, trained: float, measure: str = "AUROC", ax: Any = None) -> Any:
    """Draw how a network reads with ever fewer bits a weight, untrained, and the binary network that was trained.

    Args:
        table: DataFrame with `bits` and `score`.
        trained: Score of the network that was trained with binary weights and inputs.
        measure: What the scores measure.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = weight_bits(pd.DataFrame({"bits": [8, 1], "score": [0.95, 0.7]}), trained=0.9)
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    places = np.arange(len(table))
    ax.plot(places, table["score"], "o-", color=KINDS["quantized"], label="rounded, nothing trained")
    ax.plot(places[-1], trained, "*", ms=14, color=ACCENT, label="trained as a binary network, inputs too")
    ax.set_xticks(places, [str(bits) for bits in table["bits"]])
    ax.margins(x=0.08)
    ax.set(xlabel="bits a weight", ylabel=f"{measure}, validation films")
    ax.legend(loc="lower left")
    return ax
