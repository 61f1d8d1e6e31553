"""Figures of worked examples: small matrices with their numbers in the cells, before and after a method."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import KINDS, MUTED, new_axes, styled, wrapped

PANEL_INCHES = 3.1
LIGHTEST = 0.55  # share of the full colour that the largest number of a panel gets: black text stays legible


@styled
def number_grids(
    grids: Mapping[str, Any], *, columns: int = 2, digits: int = 2, axes: Any = None
) -> np.ndarray:
    """Draw small matrices with their numbers: blue above zero, orange below, zeros left white and grey.

    Args:
        grids: Title -> matrix (rows, columns); whole numbers are written without decimals.
        columns: Panels side by side.
        digits: Decimals of numbers that are not whole.
        axes: One Axes per matrix; None for a new figure.

    Example:
        >>> axes = number_grids({"weights": [[0.31, -0.02], [0.0, 0.4]], "codes": np.array([[2, 0], [0, 3]])})
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    colours = [(0, KINDS["pruned"]), (0.5, "#FFFFFF"), (1, KINDS["quantized"])]
    palette = LinearSegmentedColormap.from_list("signs", colours)
    rows = -(-len(grids) // columns)
    most = np.max([np.shape(grid) for grid in grids.values()], axis=0)  # all cells are drawn in one size
    if axes is None:
        size = (PANEL_INCHES * columns, (PANEL_INCHES * most[0] / most[1] + 0.5) * rows)
        axes = new_axes(size, rows, columns, squeeze=False)
    axes = np.ravel(axes)
    for ax, (title, grid) in zip(axes, grids.items(), strict=False):
        grid = np.asarray(grid)
        whole = np.issubdtype(grid.dtype, np.integer)
        limit = max(float(np.abs(grid).max(initial=0)), 1e-12) / LIGHTEST
        for (row, column), number in np.ndenumerate(grid):
            shade = palette((number / limit + 1) / 2)
            ax.add_patch(Rectangle((column, row), 1, 1, fc=shade, ec="#CCCCCC", lw=0.8))
            text = f"{int(number)}" if whole or number == 0 else f"{number:.{digits}f}"
            colour, place = MUTED if number == 0 else "black", (column + 0.5, row + 0.5)
            ax.text(*place, text.replace("-", "−"), ha="center", va="center", fontsize=9, color=colour)
        ax.set(xlim=(-0.03, most[1] + 0.03), ylim=(most[0] + 0.03, -0.03), aspect="equal")
        ax.set_title(wrapped(title, 34), fontsize=10)
        ax.set_axis_off()
    for ax in axes[len(grids) :]:
        ax.set_axis_off()
    return axes[: len(grids)]
