"""How far does one outline run from another? Distances between their edges, film by film.

The edge of a mask are its pixels that have a neighbour outside of it, beside, above or below (or lie at the film's border). From
each pixel of either edge the nearest of the other is sought. The *average surface distance* is the mean over both edges; the
*Hausdorff distance at 95 %* takes of each edge the distance that 95 % of its pixels do not exceed, and the larger of the two: how
far off the worst stretch is, without a single stray pixel deciding it (Huttenlocher et al., 1993; at 100 % it would).

    HD95 = max( P₉₅ over a ∈ ∂A of d(a, ∂B),  P₉₅ over b ∈ ∂B of d(b, ∂A) )

Where neither mask has a pixel, both are 0. Where only one has none there is nothing to measure to: the film's diagonal stands for
it, which is as far as two of its points lie apart, so that a lesion that was not drawn at all makes a mean worse, not better.

Distances are in pixels, or in what the pixels' spacing is given in. Of films that were squeezed into a square, rows and columns
have spacings of their own.

References:
    Huttenlocher, Klanderman, Rucklidge (1993). Comparing images using the Hausdorff distance. IEEE PAMI 15.
    Heimann et al. (2009). Comparison and evaluation of methods for liver segmentation from CT datasets. IEEE TMI 28.
    Maier-Hein et al. (2024). Metrics reloaded. Nature Methods 21 (how an empty mask counts).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.mask_overlap import masks_of

PERCENTILE = 95.0


def hausdorff_95(truth: ArrayLike, drawn: ArrayLike, spacing: ArrayLike = 1.0) -> np.ndarray:
    """Return the Hausdorff distance at 95 % of each film, float64 (n,).

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.
        spacing: Of rows and of columns, in mm for example: one number, two, or two of each film (n, 2).

    Example:
        >>> first, second = np.zeros((2, 1, 8, 8))
        >>> first[0, 2, 1:6], second[0, 4, 1:6] = 1, 1
        >>> hausdorff_95(first, second).tolist(), hausdorff_95(first, second, (0.5, 1.0)).tolist()
        ([2.0], [1.0])
    """
    return _of_films(truth, drawn, spacing, _farthest)


def average_surface_distance(truth: ArrayLike, drawn: ArrayLike, spacing: ArrayLike = 1.0) -> np.ndarray:
    """Return the mean distance between the edges of each film, both ways, float64 (n,).

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.
        spacing: Of rows and of columns: one number, two, or two of each film (n, 2).

    Example:
        >>> first, second = np.zeros((2, 1, 8, 8))
        >>> first[0, 2, 1:6], second[0, 2, 1:7] = 1, 1
        >>> average_surface_distance(first, second).round(3).tolist()  # one of eleven edge pixels is one pixel off
        [0.091]
    """
    return _of_films(truth, drawn, spacing, _mean)


def edge(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask that have a neighbour outside of it, or lie at the border, bool (rows, columns)."""
    from scipy.ndimage import binary_erosion

    return mask & ~binary_erosion(mask)


def _farthest(there: np.ndarray, back: np.ndarray) -> float:
    return float(max(np.percentile(there, PERCENTILE), np.percentile(back, PERCENTILE)))


def _mean(there: np.ndarray, back: np.ndarray) -> float:
    return float(np.concatenate([there, back]).mean())


def _of_films(
    truth: ArrayLike, drawn: ArrayLike, spacing: ArrayLike, measured: Callable[[np.ndarray, np.ndarray], float]
) -> np.ndarray:  # fmt: skip
    """Return of each film what is measured of the distances from the one edge to the other and back."""
    first, second = masks_of(truth, drawn)
    spacings = np.broadcast_to(np.asarray(spacing, np.float64), (len(first), 2))
    values = np.zeros(len(first))
    for film, (a, b, step) in enumerate(zip(first, second, spacings, strict=True)):
        if a.any() and b.any():
            values[film] = measured(*_distances(edge(a), edge(b), step))
        elif a.any() or b.any():
            values[film] = np.hypot(*(np.array(a.shape) * step))
    return values


def _distances(first: np.ndarray, second: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance from each pixel of one edge to the nearest of the other, and back."""
    from scipy.ndimage import distance_transform_edt

    to_second = distance_transform_edt(~second, sampling=spacing)
    to_first = distance_transform_edt(~first, sampling=spacing)
    return to_second[first], to_first[second]
