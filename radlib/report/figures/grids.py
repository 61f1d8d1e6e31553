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

    colours = [(0, KINDS["pruned"]), (0.5, "#FFFFFF"), (1, KINDS["quantized"])]
    palette = LinearSegmentedColormap.from_list("signs", colours)
    rows = -(-len(grids) // columns)
    if axes is None:
        shapes = [np.asarray(grid).shape for grid in grids.values()]
        tallest = max(max(shape[0] / shape[1] for shape in shapes), 0.3)
        size = (PANEL_INCHES * columns, (PANEL_INCHES * tallest + 0.55) * rows)
        axes = new_axes(size, rows, columns, squeeze=False)
    axes = np.ravel(axes)
    for ax, (title, grid) in zip(axes, grids.items(), strict=False):
        grid = np.asarray(grid)
        whole = np.issubdtype(grid.dtype, np.integer)
        limit = max(float(np.abs(grid).max(initial=0)), 1e-12) / LIGHTEST
        ax.imshow(grid, cmap=palette, vmin=-limit, vmax=limit)
        for (row, column), number in np.ndenumerate(grid):
            text = f"{int(number)}" if whole or number == 0 else f"{number:.{digits}f}"
            colour = MUTED if number == 0 else "black"
            ax.text(column, row, text.replace("-", "−"), ha="center", va="center", fontsize=9, color=colour)
        ax.set_xticks(np.arange(grid.shape[1] - 1) + 0.5, [])
        ax.set_yticks(np.arange(grid.shape[0] - 1) + 0.5, [])
        ax.tick_params(length=0)
        ax.set_title(wrapped(title, 34), fontsize=10)
    for ax in axes[len(grids) :]:
        ax.set_axis_off()
    return axes[: len(grids)]
