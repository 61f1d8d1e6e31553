"""Figures of 13_binarize: what a binary convolution takes of a film, and gives."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import new_axes, styled


@styled
def binary_layer(maps: Mapping[str, Any], *, axes: Any = None) -> Any:
    """Draw the maps of a binary convolution side by side, each on its own scale.

    Args:
        maps: Title -> (h, w), as `techniques.binary_views.layer_maps` returns them.
        axes: Axes, one per map; None for a new figure.

    Returns:
        The Axes, (n,).

    Example:
        >>> binary_layer({"film": np.zeros((8, 8)), "K": np.ones((4, 4))}).shape
        (2,)
    """
    axes = new_axes((2.0 * len(maps), 2.3), 1, len(maps), squeeze=False)[0] if axes is None else axes
    for ax, (title, values) in zip(axes, maps.items(), strict=True):
        ax.imshow(np.asarray(values), interpolation="nearest")
        ax.set_title(title, fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return axes
