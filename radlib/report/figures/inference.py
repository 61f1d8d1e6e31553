"""Figures of 05_infer: what the variants say about one film, and what they look at."""

from typing import Any

import numpy as np

from radlib.report.figures.films import film_grid
from radlib.report.figures.style import GROUPS, new_axes, styled


@styled
def film_readings(
    images: Any, probabilities: Any, titles: Any = None, *, thresholds: Any = None
) -> np.ndarray:
    """Draw films side by side, and under each what every variant says about it.

    Args:
        images: (n, h, w) or (n, h, w, 1), uint8 or float in [0, 1].
        probabilities: DataFrame with a row per variant, named by the index, and a column per film, in [0, 1].
        titles: One short line per film.
        thresholds: One per variant; drawn as a short line, and bars that reach it are of another colour.

    Returns:
        The Axes, (2, n).

    Example:
        >>> import pandas as pd
        >>> film_readings(np.zeros((2, 8, 8)), pd.DataFrame([[0.1, 0.9], [0.2, 0.8]], ["original", "int8"])).shape
        (2, 2)
    """
    names, count = list(probabilities.index), len(images)
    height = 0.5 + 0.2 * len(names)
    axes = new_axes((1.75 * count + 1.4, 1.9 + height), 2, count, squeeze=False,
                    gridspec_kw={"height_ratios": [1.8, height]})  # fmt: skip
    film_grid(images, titles, axes=axes[:1])
    for place, ax in enumerate(axes[1]):
        values = probabilities.iloc[:, place].to_numpy(float)
        limits = np.inf if thresholds is None else np.asarray(thresholds, float)
        ax.barh(range(len(names)), values, 0.62, color=np.where(values >= limits, GROUPS[1], GROUPS[0]))
        if thresholds is not None:
            ax.vlines(
                thresholds, np.arange(len(names)) - 0.42, np.arange(len(names)) + 0.42, color="black", lw=1.2
            )
        ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xticks=(0, 1))
        ax.set_yticks(range(len(names)), names if place == 0 else [])
        ax.grid(axis="y", visible=False)
    return axes


@styled
def occlusion_map(image: Any, drop: Any, *, title: str = "", ax: Any = None) -> Any:
    """Draw where covering the film lowers (orange) or raises (blue) the probability.

    Args:
        image: The film, (h, w) or (h, w, 1), uint8 or float in [0, 1].
        drop: Probability of the whole film minus that with the place covered, (rows, columns), any grid.
        title: Heading.
        ax: Axes to draw into; None for a new figure.

    References:
        Zeiler and Fergus, 2014, Visualizing and understanding convolutional networks, arXiv 1311.2901.

    Example:
        >>> ax = occlusion_map(np.zeros((16, 16)), np.eye(4) / 10)
    """
    from matplotlib.colors import LinearSegmentedColormap

    ax = new_axes((4.6, 4.0)) if ax is None else ax
    film_grid([image], axes=np.array([[ax]]))
    height, width = np.asarray(image).shape[:2]
    drop = np.asarray(drop, dtype=float)
    limit = max(float(np.abs(drop).max()), 1e-6)
    colours = [(0, 0.45, 0.70, 0.75), (0.5, 0.5, 0.5, 0.0), (0.90, 0.45, 0.0, 0.75)]
    colour_map = LinearSegmentedColormap.from_list("occlusion", colours)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    shown = ax.imshow(drop, cmap=colour_map, vmin=-limit, vmax=limit, extent=extent, interpolation="bilinear")
    bar = ax.figure.colorbar(shown, ax=ax, shrink=0.8, pad=0.02)
    bar.set_label("fall of the probability when covered", fontsize=9)
    bar.outline.set_visible(False)
    ax.set_title(title)
    return ax
