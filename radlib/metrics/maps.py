"""Do two heat maps point at the same place, and is it the right one?

Heat maps have no common scale: only the order of their places can be compared. *Rank correlation* (Spearman) does so
over the whole film; the *overlap* asks whether the warmest fifth is the same fifth (intersection over union); the
*pointing game* asks whether the warmest place lies in a box that a radiologist drew. Two maps drawn by chance have
rank correlation 0 and, of fifths, overlap 1/9.

References:
    Spearman (1904). The proof and measurement of association between two things. Am. J. Psychol. 15.
    Zhang et al. (2018). Top-down neural attention by excitation backprop. IJCV 126 (the pointing game).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError

TOP = 0.2  # share of a film that counts as its warmest part


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Return Spearman's rank correlation of two maps; ties share their rank, NaN where a map is flat.

    Example:
        >>> rank_correlation([[1, 2], [3, 4]], [[10, 20], [30, 90]]), rank_correlation([1, 1], [1, 2])
        (1.0, nan)
    """
    from scipy.stats import rankdata

    a, b = _maps(first, second)
    ranks = [rankdata(values) - (values.size + 1) / 2 for values in (a, b)]
    spread = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum() / spread) if spread > 0 else np.nan


def top_overlap(first: ArrayLike, second: ArrayLike, share: float = TOP) -> float:
    """Return the intersection over union of the warmest places of two maps; NaN where a map is flat.

    Args:
        first: Any shape.
        second: The same shape.
        share: How much of the film counts as warmest, in (0, 1).

    Example:
        >>> top_overlap([9, 1, 2, 3, 4], [9, 5, 2, 3, 4]), top_overlap([9, 1, 2, 3, 4], [0, 1, 2, 3, 9])
        (1.0, 0.0)
    """
    a, b = _maps(first, second)
    if min(np.ptp(a), np.ptp(b)) == 0:
        return np.nan
    count = max(1, round(share * a.size))
    top = [set(np.argsort(-values, kind="stable")[:count].tolist()) for values in (a, b)]
    return len(top[0] & top[1]) / len(top[0] | top[1])


def points_inside(heat: ArrayLike, boxes: Sequence[tuple[float, float, float, float]]) -> float:
    """Return 1.0 when the warmest place of a map lies in a box, 0.0 when not; NaN without a box or a warm place.

    Args:
        heat: (rows, columns).
        boxes: (x, y, width, height) each, in the map's own pixels.

    Example:
        >>> points_inside([[0, 0], [0, 9]], [(1, 1, 1, 1)]), points_inside([[0, 0], [9, 0]], [(1, 1, 1, 1)])
        (1.0, 0.0)
    """
    heat = np.asarray(heat, dtype=np.float64)
    if not len(boxes) or np.ptp(heat) == 0:
        return np.nan
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    x, y = column + 0.5, row + 0.5  # the middle of the pixel
    return float(any(left <= x <= left + wide and top <= y <= top + high for left, top, wide, high in boxes))


def _maps(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise UsageError(f"Maps of shapes {a.shape} and {b.shape} cannot be compared; draw both on one grid.")
    return a.ravel(), b.ravel()
