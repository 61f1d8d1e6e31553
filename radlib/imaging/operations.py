"""What may be done to a grey film before the network sees it: a closed list, each with a formula.

These cannot live inside the network, so whoever runs it must repeat them exactly. The list is closed, the
formulas are written out, and the tests hold vectors to check another implementation against. All operations
take and return float32 (h, w) in [0, 1], and leave their argument as it was.

References:
    Pizer et al. (1987). Adaptive histogram equalization and its variations. Computer Vision, Graphics, and
        Image Processing 39.
"""

from collections.abc import Callable, Mapping

import numpy as np


def equalize_histogram(image: np.ndarray) -> np.ndarray:
    """Spread the grey levels so that each is about equally frequent.

    With v = round(255 x), and c(v) the number of pixels at or below level v: x -> (c(v) - c0) / (n - c0),
    where n is the number of pixels and c0 the count of the darkest level present. A flat image is unchanged.
    """
    levels = np.floor(image * 255 + 0.5).astype(np.intp)
    cumulative = np.bincount(levels.ravel(), minlength=256).cumsum()
    darkest = cumulative[levels.min()]
    if darkest == image.size:
        return image
    table = (cumulative - darkest) / np.float64(image.size - darkest)
    return np.clip(table, 0, 1).astype(np.float32)[levels]


def equalize_locally(image: np.ndarray) -> np.ndarray:
    """Equalise in an 8 × 8 grid of tiles with limited contrast (CLAHE; Pizer et al., 1987).

    Each tile's 256-level histogram is clipped at twice its mean count and the excess spread evenly; between
    the tile centres the four nearest tables are mixed bilinearly. Tiles cover the image with edges at
    round(i·h/8); sides below 16 pixels are equalised as a whole.
    """
    height, width = image.shape
    if min(height, width) < 16:
        return equalize_histogram(image)
    levels = np.floor(image * 255 + 0.5).astype(np.intp)
    rows, columns = (np.round(np.arange(9) * side / 8).astype(int) for side in (height, width))
    tables = np.empty((8, 8, 256), np.float32)
    for i in range(8):
        for j in range(8):
            tile = levels[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
            count = np.bincount(tile.ravel(), minlength=256).astype(np.float64)
            limit = 2 * tile.size / 256
            count = np.minimum(count, limit) + np.maximum(count - limit, 0).sum() / 256
            tables[i, j] = count.cumsum() / tile.size
    top, bottom, down = _between(np.arange(height), (rows[:-1] + rows[1:] - 1) / 2)
    left, right, across = _between(np.arange(width), (columns[:-1] + columns[1:] - 1) / 2)
    top, bottom, down = top[:, None], bottom[:, None], down[:, None]
    upper = tables[top, left, levels] * (1 - across) + tables[top, right, levels] * across
    lower = tables[bottom, left, levels] * (1 - across) + tables[bottom, right, levels] * across
    return np.clip(upper * (1 - down) + lower * down, 0, 1)


def _between(positions: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each position the two neighbouring centres and the share of the second."""
    second = np.clip(np.searchsorted(centres, positions), 1, len(centres) - 1)
    first = second - 1
    share = (positions - centres[first]) / (centres[second] - centres[first])
    return first, second, np.clip(share, 0, 1).astype(np.float32)


def stretch_percentiles(image: np.ndarray) -> np.ndarray:
    """Stretch the grey levels from the 1st to the 99th percentile over [0, 1]; a flat image is unchanged."""
    low, high = np.percentile(image, (1, 99))
    if high <= low:
        return image
    return np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1)


OPERATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "equalize_histogram": equalize_histogram,
    "equalize_locally": equalize_locally,
    "stretch_percentiles": stretch_percentiles,
}
