"""Boxes drawn by hand, brought to where the film comes to lie in the network's square.

An index has a column `boxes`, a list of (x, y, width, height) in stored pixels, and where there are several labels `box_labels`, the
label of each. A box goes the way of its film, stretched or padded alike; a film without a box is an answer, too.
"""

from collections.abc import Sequence

import numpy as np

from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.imaging import images
from radlib.imaging.centre_maps import MOST

MARKED = "boxes"  # the word of tasks that ask for them (`record`)


def read_marks(
    index: "pd.DataFrame", labels: Sequence[str], preprocessing: images.Preprocessing
) -> np.ndarray:
    """Return the boxes of films in pixels of the prepared square.

    Args:
        index: With `image_id`, `boxes`, `stored_height` and `stored_width` (pixels) of each film, and `box_labels` where there is more
            than one label.
        labels: In the order of the task.
        preprocessing: What the films go through.

    Returns:
        float64 (n, most, 5): number of the label, left, top, width, height; NaN where a film has fewer. At least one row each.

    Raises:
        DataError: When a film has too many boxes, or a box lies outside of its film.
    """
    most = max([len(boxes) for boxes in index["boxes"]], default=0)
    marks = np.full((len(index), max(most, 1), 5), np.nan)
    named = (
        index["box_labels"]
        if "box_labels" in index.columns
        else [[labels[0]] * len(b) for b in index["boxes"]]
    )
    rows = zip(
        index["image_id"], index["boxes"], named, index["stored_height"], index["stored_width"], strict=True
    )
    for film, (image, boxes, names, height, width) in enumerate(rows):
        place = images.placement(int(height), int(width), preprocessing)
        for number, (box, name) in enumerate(zip(boxes, names, strict=True)):
            x, y, wide, high = box
            if not (wide > 0 and high > 0 and -wide < x < width and -high < y < height):  # nor a number
                raise DataError(
                    f"A box of the film {image} is empty or lies outside of its {width} × {height} pixels; correct the table."
                )
            marks[film, number] = [
                list(labels).index(name),
                *place.of_box((x, y, wide, high), int(width), int(height)),
            ]
    for number, label in enumerate(labels):
        if (count := (marks[..., 0] == number).sum(axis=1).max(initial=0)) > MOST:
            raise DataError(
                f"A film has {count} boxes of {label}, and at most {MOST} are kept; leave that film out."
            )
    return marks
