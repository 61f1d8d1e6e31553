"""Masks of films: found beside them, and brought to where the film comes to lie in the network's square.

A film may have several masks, one for each lung or lesion, of which a pixel belongs where any has it. A mask goes the way of its
film, stretched or padded alike and averaged over what a new pixel covers; a pixel belongs where at least half of it does.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.imaging import images

HALF = 0.5
CALLED = re.compile(r"(?i)_mask(_\d+)?$")  # the end of a mask's name that lies beside its film


def masks_among(films: Sequence[Path], folder: Path) -> list[Path]:
    """Return which of the pictures of a folder are masks of others: called so, or in a folder that is, beside a film of their name.

    Args:
        films: Pictures in the folder or below.
        folder: The folder.
    """
    apart = [
        path
        for path in films
        if CALLED.search(path.stem)
        or any("mask" in part.lower() for part in path.relative_to(folder).parts[:-1])
    ]
    others = {path.stem.casefold() for path in set(films).difference(apart)}
    return [path for path in apart if CALLED.sub("", path.stem).casefold() in others]


def with_masks(index: "pd.DataFrame", found: Sequence[Sequence[Path]]) -> "pd.DataFrame":
    """Return an index with a column `masks`: the paths of each film's, none where nothing is outlined.

    Args:
        index: A row per film.
        found: Of each film, in the same order.
    """
    return index.assign(masks=[tuple(str(path) for path in sorted(paths)) for paths in found])


def read_masks(index: "pd.DataFrame", preprocessing: images.Preprocessing) -> np.ndarray:
    """Return the masks of films as the network's answers should be.

    Args:
        index: With `image_id`, `masks` (paths), `stored_height` and `stored_width` (pixels) of each film.
        preprocessing: What the films go through; grey levels are none of a mask's business.

    Returns:
        uint8 (n, side, side, 1), 1 or 0.

    Raises:
        DataError: When a mask cannot be read, or has another shape than its film.
    """
    plain = images.Preprocessing(preprocessing.image_size, preprocessing.resize)
    masks = np.zeros((len(index), plain.image_size, plain.image_size, 1), np.uint8)
    columns = index[["image_id", "masks", "stored_height", "stored_width"]]
    for place, (image, paths, height, width) in enumerate(columns.itertuples(index=False)):
        whole = np.zeros((int(height), int(width)), np.float32)
        for path in paths:
            whole = np.maximum(whole, _read(path, image, whole.shape))
        masks[place, ..., 0] = images.prepare(whole, plain) >= HALF * 255
    return masks


def _read(path: str, image: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return one mask as 1 and 0."""
    try:
        mask = images.read_image(path)
    except images.UnreadableImage as error:
        raise DataError(
            f"A mask of the film {image} {images.reason_text(error.reason)}; replace it."
        ) from None
    if mask.shape != shape:
        raise DataError(
            f"A mask of the film {image} has {mask.shape[0]} × {mask.shape[1]} pixels and the film {shape[0]} × {shape[1]}; "
            "give masks of the film's size."
        )
    return (mask >= HALF).astype(np.float32)
