"""Figures of 15_decompose: a matrix as the product of two thin ones, and what a network reads with fewer components."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import KINDS, MUTED, new_axes, styled

MOST_WRITTEN = 64  # numbers in a matrix that are written into its picture


@styled
def factored_matrix(matrix: Any, left: Any, right: Any) -> np.ndarray:
    """Draw a matrix beside the product of its factors, each number of the product under its column and beside its row.

    Args:
        matrix: W, (rows, columns).
        left: A, (rows, rank).
        right: B, (rank, columns).

    Returns:
        The Axes of B, A, A B and W, in this order.

    Example:
        >>> axes = factored_matrix([[2.0, 4.0], [1.0, 2.1]], [[2.0], [1.0]], [[1.0, 2.0]])
    """
    matrix, left, right = (np.asarray(each, float) for each in (matrix, left, right))
    rank, columns = right.shape
    room = {"width_ratios": (max(rank, columns / 6), columns, columns),
            "height_ratios": (max(rank, len(left) / 6), len(left))}  # fmt: skip
    axes = new_axes((6.4, 3.7), 2, 3, gridspec_kw=room)
    parts = {"B": right, "A": left, "A · B": left @ right, "W": matrix}
    places = (axes[0, 1], axes[1, 0], axes[1, 1], axes[1, 2])
    for ax, (name, part) in zip(places, parts.items(), strict=True):
        _cells(ax, part)
        ax.set_title(f"{name}: {part.shape[0]} × {part.shape[1]}", fontsize=10)
    for ax in (axes[0, 0], axes[0, 2]):
        ax.set_axis_off()
    return np.array(places)


def _cells(ax: Any, part: np.ndarray) -> None:
    """Draw a matrix as squares, its numbers written into them where they are few."""
    furthest = float(np.abs(part).max()) or 1.0
    ax.imshow(part, cmap="RdBu", vmin=-1.4 * furthest, vmax=1.4 * furthest, aspect="auto")
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    if part.size <= MOST_WRITTEN:
        for (row, column), value in np.ndenumerate(part):
            text = f"{value:.1f}".replace("-", "−").replace("−0.0", "0.0")
            ax.text(column, row, text, ha="center", va="center", fontsize=9)


@styled
def kept_components(curves: Mapping[str, Any], *, measure: str = "AUROC", ax: Any = None) -> Any:
    """Draw how a network reads with ever fewer components: its leading ones, and as many drawn at random.

    Args:
        curves: {name: DataFrame with `weights_share` (of the layers, in [0, 1]), `leading` and `random`}.
        measure: What the two last columns measure.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"weights_share": [0.2, 1.0], "leading": [0.8, 0.95], "random": [0.5, 0.95]}
        >>> ax = kept_components({"3 × 3 layers": pd.DataFrame(rows)})
    """
    ax = new_axes((6.4, 3.6)) if ax is None else ax
    for line, (name, table) in zip(("-", "--", ":"), curves.items(), strict=False):
        ax.plot(table["weights_share"], table["leading"], "o", ls=line, ms=4, color=KINDS["low rank"],
                label=f"{name}, leading")  # fmt: skip
        ax.plot(table["weights_share"], table["random"], "s", ls=line, ms=3.5, color=MUTED,
                label=f"{name}, random")  # fmt: skip
    ax.set(xlabel="weights that the layers keep", ylabel=f"{measure}, no training after", xlim=(0, 1.03))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend(loc="lower right")
    return ax
