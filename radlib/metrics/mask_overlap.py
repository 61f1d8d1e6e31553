"""How much of two outlines is the same? Dice and intersection over union, film by film.

    Dice = 2 |A ∩ B| / (|A| + |B|)          IoU = |A ∩ B| / |A ∪ B| = Dice / (2 − Dice)

Both are shares of pixels, 0 where the outlines have none in common and 1 where they are the same; Dice counts what is common
twice and is the higher of the two. Neither says where the rest lies: a rim of one pixel and a hole cost alike, and the same
rim costs a small lesion more than a lung (`surface_distance`, `lesions`).

Where neither outline has a pixel they agree: 1. Where only one has none they have nothing in common: 0. A film without a lesion
is therefore read rightly or wrongly, and never left out of a mean (other programs leave it out, which hides false alarms).

References:
    Dice (1945). Measures of the amount of ecologic association between species. Ecology 26.
    Jaccard (1912). The distribution of the flora in the alpine zone. New Phytologist 11.
    Maier-Hein et al. (2024). Metrics reloaded: recommendations for image analysis validation. Nature Methods 21.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError


def dice(truth: ArrayLike, drawn: ArrayLike) -> np.ndarray:
    """Return the Dice of each film, float64 (n,).

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.

    Example:
        >>> dice([[[1, 1, 0, 0]], [[0, 0, 0, 0]], [[0, 0, 0, 0]]], [[[0, 1, 1, 0]], [[0, 0, 0, 0]], [[1, 0, 0, 0]]]).tolist()
        [0.5, 1.0, 0.0]
    """
    common, sizes = _counts(truth, drawn)
    return np.divide(2 * common, sizes, out=np.ones(len(sizes)), where=sizes > 0)


def intersection_over_union(truth: ArrayLike, drawn: ArrayLike) -> np.ndarray:
    """Return the intersection over union of each film, float64 (n,).

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.

    Example:
        >>> intersection_over_union([[[1, 1, 0]], [[0, 0, 0]]], [[[0, 1, 0]], [[0, 0, 0]]]).tolist()
        [0.5, 1.0]
    """
    common, sizes = _counts(truth, drawn)
    union = sizes - common
    return np.divide(common, union, out=np.ones(len(union)), where=union > 0)


def masks_of(truth: ArrayLike, drawn: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of masks as bool (n, rows, columns).

    Raises:
        UsageError: When their shapes differ, or they are no films of rows and columns.
    """
    first, second = np.asarray(truth), np.asarray(drawn)
    if first.shape != second.shape or first.ndim != 3:
        raise UsageError(
            f"Masks of shapes {first.shape} and {second.shape} cannot be compared; both are films × rows × columns."
        )
    return first.astype(bool), second.astype(bool)


def _counts(truth: ArrayLike, drawn: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pixels both have and how many each has, added, of each film."""
    first, second = masks_of(truth, drawn)
    common = (first & second).sum(axis=(1, 2), dtype=np.float64)
    return common, first.sum(axis=(1, 2), dtype=np.float64) + second.sum(axis=(1, 2))
