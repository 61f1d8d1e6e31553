"""Films that use under a tenth of the grey levels: decoded without an error, and yet nearly black, white or flat.

A film of 12 bits in a file of 16 uses a sixteenth; a window that is another film's may leave less. Nothing in the file
is wrong then, so that such a film is no error, but whoever trains with it or asks about it should know. What counts is
the range that the network sees, without the brightest and darkest hundredth: a marker of lead must not hide the rest.
"""

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.imaging.images import Preprocessing, placement

SHARE = 0.1
OUTLIERS = 0.01  # of the pixels at either end
LOOKED_AT = 2000  # films of a large set
WARNING = "Uses under a tenth of the grey levels: is it a film of 12 bits in a file of 16, or its window not its own?"


def is_narrow(film: np.ndarray) -> bool:
    """Tell whether a film uses under a tenth of the grey levels.

    Args:
        film: uint8 (h, w), without the bars beside it.
    """
    counts = np.cumsum(np.bincount(film.ravel(), minlength=256))
    edges = np.searchsorted(counts, (OUTLIERS * counts[-1], (1 - OUTLIERS) * counts[-1]))
    return bool(edges[1] - edges[0] < SHARE * 255)


def narrow_films(
    pixels: np.ndarray, positions: np.ndarray, kept: "pd.DataFrame", preprocessing: Preprocessing
) -> np.ndarray:
    """Return which films use under a tenth of the grey levels, bool (n,).

    Args:
        pixels: uint8 (N, s, s).
        positions: Rows of `pixels`, (n,).
        kept: `stored_height` and `stored_width` of each, n rows.
        preprocessing: What they went through; its bars are left out.
    """
    found = np.zeros(len(positions), bool)
    for row, (position, height, width) in enumerate(
        zip(positions, kept["stored_height"], kept["stored_width"], strict=True)
    ):
        place = placement(int(height), int(width), preprocessing)
        inside = pixels[position, place.top : place.top + place.height, place.left : place.left + place.width]
        found[row] = is_narrow(inside[::2, ::2] if min(inside.shape) > 32 else inside)
    return found


def narrow_note(
    pixels: np.ndarray, positions: np.ndarray, kept: "pd.DataFrame", preprocessing: Preprocessing
) -> list[str]:
    """Return a sentence on how many films use under a tenth of the grey levels; of a large set some are looked at.

    Args:
        pixels: See `narrow_films`, as the following.
        positions: Rows of them.
        kept: Their stored sizes, with `image_id`.
        preprocessing: What they went through.
    """
    chosen = np.unique(np.linspace(0, max(len(positions) - 1, 0), min(len(positions), LOOKED_AT)).astype(int))
    narrow = narrow_films(pixels, positions[chosen], kept.iloc[chosen], preprocessing)
    if not (count := int(narrow.sum())):
        return []
    looked_at = (
        f"{count} of {len(chosen):,} films looked at {'uses' if count == 1 else 'use'}"
        if len(chosen) < len(positions)
        else plural(count, "film", "use")
    )
    first = kept["image_id"].iloc[chosen[np.flatnonzero(narrow)[0]]]
    return [
        f"{looked_at} under a tenth of the grey levels ({first} first): films of 12 bits in files of 16, or windows "
        "that are not theirs?"
    ]
