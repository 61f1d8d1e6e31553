"""Which boxes of a network are right? The surest chooses first, and a box marked by hand is found once.

Two boxes agree as far as they overlap, IoU = |A ∩ B| / |A ∪ B|. In the order of its scores each box of the network takes the box marked
by hand that it overlaps most, of those that none has taken and that it overlaps by more than the asked share; it is a *hit* then, and
otherwise false. What was marked and is taken by none was missed. So two boxes on one opacity are a hit and a false one.

Boxes come as films × boxes, with rows of NaN where a film has fewer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def box_overlap(found: ArrayLike, marked: ArrayLike) -> np.ndarray:
    """Return the intersection over union of every pair of boxes, float64 (…, found, marked); 0 where one is none.

    Args:
        found: Left, top, width, height, (…, found, 4).
        marked: Likewise, (…, marked, 4).

    Example:
        >>> box_overlap([[0, 0, 2, 2], [5, 5, 1, 1]], [[1, 0, 2, 2]]).round(3).tolist()
        [[0.333], [0.0]]
    """
    first, second = (
        np.asarray(found, np.float64)[..., :, None, :],
        np.asarray(marked, np.float64)[..., None, :, :],
    )
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    common = np.prod(np.maximum(high - low, 0), axis=-1)
    union = np.prod(first[..., 2:], axis=-1) + np.prod(second[..., 2:], axis=-1) - common
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(common / union, nan=0.0, posinf=0.0)


def hits(found: ArrayLike, marked: ArrayLike, overlaps: Sequence[float]) -> np.ndarray:
    """Return which boxes of a network are hits, bool (n, overlaps, found).

    Args:
        found: Score, left, top, width, height by falling score, (n, found, 5).
        marked: Left, top, width, height, (n, marked, 4).
        overlaps: Shares that an overlap must exceed, each asked by itself.

    Example:
        >>> twice = [[[0.9, 0, 0, 4, 4], [0.8, 0, 0, 4, 4]]]
        >>> hits(twice, [[[0, 0, 4, 5]]], [0.5, 0.9]).tolist()
        [[[True, False], [False, False]]]
    """
    found, marked = np.asarray(found, np.float64), np.asarray(marked, np.float64)
    overlap = box_overlap(found[..., 1:], marked)  # (n, found, marked)
    asked = np.asarray(overlaps, np.float64)[None, :, None]
    films, places = np.ogrid[: len(found), : asked.size]
    free = np.ones((len(found), asked.size, marked.shape[1]), bool)
    right = np.zeros((len(found), asked.size, found.shape[1]), bool)
    if not marked.shape[1]:
        return right
    for place in range(found.shape[1]):
        reached = np.where(free & (overlap[:, None, place] > asked), overlap[:, None, place], -1.0)
        best = reached.argmax(axis=2)  # (n, overlaps)
        right[:, :, place] = np.take_along_axis(reached, best[..., None], axis=2)[..., 0] > 0
        free[films, places, best] &= ~right[:, :, place]
    return right
