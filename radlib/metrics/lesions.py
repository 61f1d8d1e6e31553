"""Which lesions were found? Counted one by one, since a share of pixels is that of the large ones.

A lesion is a connected patch of what was outlined by hand (pixels that touch at a corner are one patch). It is *found* where the
network drew at least a tenth of it: an outline that is off still brings a reader there, and how far it is off, Dice and distances
say. A patch that the network drew and that touches no lesion is a *false* one.

The size of a lesion is the diameter of a disc of the same area, 2 √(area / π).

References:
    Maier-Hein et al. (2024). Metrics reloaded. Nature Methods 21 (per-object counts).
    Eisenhauer et al. (2009). New response evaluation criteria in solid tumours: RECIST 1.1. European Journal of Cancer 45
    (lesions are measured by their diameter).
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.mask_overlap import masks_of

LEAST_SHARE = 0.1  # of a lesion that has to be drawn for it to count as found
TOUCHING = np.ones((3, 3))


def lesion_table(truth: ArrayLike, drawn: ArrayLike, spacing: ArrayLike = 1.0) -> "pd.DataFrame":
    """Return one row per lesion: which film, how large, how much of it was drawn, and whether that is found.

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.
        spacing: Of rows and of columns, in mm for example: one number, two, or two of each film (n, 2).

    Returns:
        DataFrame with `film` (position), `diameter` (of a disc as large), `share` (of its pixels that are drawn), `found`.

    Example:
        >>> truth, drawn = np.zeros((2, 1, 6, 6))
        >>> truth[0, 0, 0], truth[0, 3:5, 3:5], drawn[0, 4:6, 4:6] = 1, 1, 1
        >>> lesion_table(truth, drawn)[["share", "found"]].to_numpy().tolist()
        [[0.0, False], [0.25, True]]
    """
    first, second = masks_of(truth, drawn)
    areas = np.broadcast_to(np.asarray(spacing, np.float64), (len(first), 2)).prod(axis=1)
    rows = []
    for film, (lesions, mask) in enumerate(zip(first, second, strict=True)):
        patches = _patches(lesions)
        sizes = np.bincount(patches.ravel())[1:]
        found = np.bincount(patches[mask], minlength=len(sizes) + 1)[1:]
        rows += [
            (film, 2 * np.sqrt(size * areas[film] / np.pi), share, share >= LEAST_SHARE)
            for size, share in zip(sizes, found / np.maximum(sizes, 1), strict=True)
        ]
    table = pd.DataFrame(rows, columns=["film", "diameter", "share", "found"])
    return table.astype({"film": int, "diameter": float, "share": float, "found": bool})


def false_patches(truth: ArrayLike, drawn: ArrayLike) -> np.ndarray:
    """Return of each film how many patches were drawn that touch no lesion, int64 (n,).

    Example:
        >>> truth, drawn = np.zeros((2, 1, 3, 7))
        >>> truth[0, 1, 0:2], drawn[0, 1, 1], drawn[0, 0, 4:6] = 1, 1, 1
        >>> false_patches(truth, drawn).tolist()
        [1]
    """
    first, second = masks_of(truth, drawn)
    counts = []
    for lesions, mask in zip(first, second, strict=True):
        patches = _patches(mask)
        counts.append(int(patches.max()) - len(set(patches[lesions & mask].tolist())))
    return np.array(counts, dtype=np.int64)


def _patches(mask: np.ndarray) -> np.ndarray:
    """Return the number of the patch that each pixel belongs to, 0 outside."""
    from scipy.ndimage import label

    return label(mask, TOUCHING)[0]
