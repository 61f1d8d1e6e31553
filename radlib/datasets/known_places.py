"""What is known of places in the films of a store: masks or boxes, in its rows."""

from typing import TYPE_CHECKING

import numpy as np

from radlib.datasets.marks import MARKED, read_marks
from radlib.datasets.masks import read_masks
from radlib.imaging import images
from radlib.runs.tasks import Task

if TYPE_CHECKING:
    from radlib.foundation.extras import pandas as pd
    from radlib.imaging.decoding.decode import Decoded


def known_places(
    task: Task,
    ordered: "pd.DataFrame",
    kept: "pd.DataFrame",
    decoded: "Decoded",
    preprocessing: images.Preprocessing,
) -> dict[str, np.ndarray]:
    """Return `masks` or `marked` of `films.Films`, in the rows of the store; nothing where no place is asked for.

    Args:
        task: What is asked.
        ordered: All films of the data set, with their masks where it has such.
        kept: Those that could be decoded and are in a split, with `stored_height` and `stored_width`.
        decoded: The store; its `kept` and `positions` say where each film lies.
        preprocessing: What the films went through.

    Raises:
        DataError: When a mask or a box does not fit its film.
    """
    if "masks" in ordered.columns:
        columns = kept[["image_id", "stored_height", "stored_width"]]
        drawn = read_masks(columns.merge(ordered[["image_id", "masks"]], on="image_id"), preprocessing)
        name, whole = "masks", np.zeros((len(decoded.pixels), *drawn.shape[1:]), np.uint8)
    elif task.record == MARKED:
        drawn = read_marks(kept, task.labels, preprocessing)
        name, whole = "marked", np.full((len(decoded.pixels), *drawn.shape[1:]), np.nan)
    else:
        return {}
    place = dict(zip(decoded.kept["image_id"], decoded.positions.tolist(), strict=True))
    whole[[place[image] for image in kept["image_id"]]] = drawn
    return {name: whole}
