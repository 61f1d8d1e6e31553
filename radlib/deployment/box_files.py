"""The boxes that a network finds on films of one's own, as a table with a row per box, in pixels of the film as it is stored.

Maps come in the square that the network sees. Boxes are read from them here, outside the network's file, and go back the way that the film
came. A film without a row has no box; whether it was read at all stands in the table of films.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.answer_tables import heading_text, row_text
from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.own_films import Reading, read_films
from radlib.evaluation.deciding import Answer, at_or_above, no_probability
from radlib.foundation.errors import UsageError
from radlib.foundation.storage import write_text
from radlib.imaging.centre_maps import boxes_of
from radlib.imaging.images import Preprocessing, placement
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

COLUMNS = ("image_id", "label", "score", "x", "y", "width", "height")
BOXED = "boxes"  # the word of tasks that find them (`record`)

Find = Callable[[Answer], list[Mapping[str, Any]]]


def reading_with_boxes(
    variant: Path, to: Path, with_files: bool, read: Callable[..., Reading] | None = None
) -> Callable[..., Reading]:
    """Return how films are read so that, once all are, their boxes are written.

    Args:
        variant: Folder of a variant in a run.
        to: The CSV file.
        with_files: Whether a column `file` comes first; names of files may name patients.
        read: How films are read, in place of `own_films.read_films`.

    Raises:
        UsageError: When the variant finds no boxes, or `to` is a folder.
    """
    described, record = read_described(folder_of(variant))
    find = checked_finder(described, record, to)
    columns = box_columns(with_files)

    def written(answers: Iterator[Answer]) -> Iterator[Answer]:
        lines = [heading_text(columns)]
        for answer in answers:
            lines += [row_text(columns, row) for row in find(answer)]
            yield answer
        write_text(to, "".join(lines))

    def reading(*given: Any, **further: Any) -> Reading:
        found = (read or read_films)(*given, **further)
        return dataclasses.replace(found, answers=written(found.answers))

    return reading


def box_columns(with_files: bool) -> list[str]:
    """Return the columns of a table of boxes."""
    return [*["file"] * with_files, *COLUMNS]


def finder(variant: Variant, record: Mapping[str, Any]) -> Find | None:
    """Return what turns an answer into rows, see `film_boxes`; None of a variant that finds no boxes.

    Args:
        variant: Who is asked.
        record: See `described_variants.read_described`.
    """
    task, preparation = task_of(variant), Preprocessing.from_dict(record["preparation"])
    if task.record != BOXED:
        return None
    return lambda answer: film_boxes(task, answer, preparation)


def checked_finder(variant: Variant, record: Mapping[str, Any], to: Path) -> Find:
    """Return the same for a table that is to be written.

    Raises:
        UsageError: When the variant finds no boxes, or `to` is a folder.
    """
    found = finder(variant, record)
    if found is None:
        raise UsageError(f"{variant.name} finds no boxes; leave --boxes out.")
    if to.is_dir():
        raise UsageError(f"{to.name} is a folder; name the CSV file to write.")
    return found


def film_boxes(task: Task, answer: Answer, preparation: Preprocessing) -> list[Mapping[str, Any]]:
    """Return the boxes that are drawn on a film, by label and falling score; none of one that has no answer.

    Args:
        task: What was asked.
        answer: To one film; its size says how large the film is.
        preparation: What the film went through.

    Returns:
        Rows with `file` and `COLUMNS`: left upper corner and sides in pixels of the stored film.
    """
    if answer.outputs is None or no_probability(answer.outputs):
        return []
    (found,) = boxes_of(task.probabilities(np.asarray(answer.outputs)[None]), len(task.labels))
    height, width = answer.size
    place = placement(height, width, preparation)
    rows: list[Mapping[str, Any]] = []
    for label, boxes in zip(task.labels, found, strict=True):
        for score, *box in boxes[at_or_above(boxes[:, 0], task.fixed_threshold)]:
            x, y, wide, high = place.to_film(box, width, height)
            known = {"file": answer.file, "image_id": answer.image_id, "label": label, "score": score}
            rows.append({**known, "x": x, "y": y, "width": wide, "height": high})
    return rows
