"""The test films that a network marks best, in the middle and worst, each with the boxes by hand and its own: for the report.

As those of outlines (`overlays`): films of patients, which lie in the run's private folder. Of several labels all boxes are drawn. A
film with no box of either kind is read rightly and shows nothing, so that it is not among them.
"""

import numpy as np

from radlib.datasets.films import Films
from radlib.evaluation.boxed import Boxed
from radlib.evaluation.overlays import (
    BY_HAND,
    BY_NETWORK,
    SIDE,
    enlarged,
    overlay_path,
    overlays_path,
    typical_films,
    write_picture,
)
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import write_json
from radlib.runs.runs import Run
from radlib.runs.variants import Variant


def write_box_overlays(run: Run, films: Films, variant: Variant, answers: Boxed) -> None:
    """Write the best, the median and the worst test film of a variant with all boxes; what is there is kept.

    Args:
        run: The run.
        films: The test films, prepared as the variant wants them.
        variant: Usually the winner.
        answers: What it marked on them.
    """
    answers = answers.take(with_boxes(answers))
    chosen = typical_films(answers, "box_score")
    record = {"sha256": variant.sha256, "films": {kind: one["image_id"] for kind, one in chosen.items()}}
    path = overlays_path(run, variant)
    if record.items() <= remembered(path).items():
        return
    places = {str(image): place for place, image in enumerate(films.image_ids)}
    rows = {str(image): row for row, image in enumerate(answers.image_id)}
    for kind, one in chosen.items():
        film, row = films.images([places[one["image_id"]]])[0, ..., 0], rows[one["image_id"]]
        drawn = answers.found[row][answers.found[row][..., 0] >= answers.least[row, 0]]
        picture = box_overlay(film, answers.marked[row].reshape(-1, 4), drawn[:, 1:])
        write_picture(picture, overlay_path(run, variant, kind))
    write_json(path, {**record, "found": chosen})


def with_boxes(answers: Boxed) -> np.ndarray:
    """Return which films have a box of either kind, bool (n,): an empty film that stays empty shows nothing."""
    drawn = (answers.found[..., 0] >= answers.least[:, :, None]).any(axis=(1, 2))
    return drawn | (~np.isnan(answers.marked[..., 0])).any(axis=(1, 2))


def box_overlay(film: np.ndarray, marked: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return a film with the boxes by hand in blue and those of the network in orange.

    Args:
        film: Grey in [0, 1], (s, s).
        marked: Left, top, width, height in pixels of the film, (boxes, 4); rows of NaN are none.
        drawn: Likewise, of the network.

    Returns:
        uint8 (SIDE, SIDE, 3).
    """
    colours = np.repeat(enlarged(film)[..., None], 3, axis=2)
    for boxes, colour in ((marked, BY_HAND), (drawn, BY_NETWORK)):
        for left, top, width, height in boxes[~np.isnan(boxes[:, 0])] * SIDE / len(film):
            ends = np.array([left, left + width, top, top + height])
            first, last, upper, lower = np.rint(ends).clip(0, SIDE - 1).astype(int)
            colours[upper : lower + 1, [first, last]] = colour
            colours[[upper, lower], first : last + 1] = colour
    return colours.round().astype(np.uint8)
