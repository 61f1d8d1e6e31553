"""The boxes that a network finds in a drawn film, kept so that another runtime can be held to them, one by one.

A box is there or not, and a runtime that rounds the last bit otherwise may draw one whose peak is as high as the threshold, or find the
peak in the next cell where two are equally high. So beside the boxes lie those that are *undecided*: wherever some answer within
rounding of this one has a box, and another has none. Every other box must be found everywhere, none may be found elsewhere, and
edges differ by no more than rounding moves them.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.deployment.box_files import COLUMNS, film_boxes
from radlib.deployment.bundle.outline_examples import agreed
from radlib.evaluation.deciding import Answer
from radlib.imaging.centre_maps import MOST, STRIDE, boxes_at, boxes_of
from radlib.imaging.images import Preprocessing, placement
from radlib.runs.tasks import Task

BOX = ("label", "score", "left", "top", "width", "height")  # the columns of a box, its label by number


def edges_apart(apart: float, side: int) -> float:
    """Return by how many pixels of a square of this side an edge of a box may lie elsewhere; a share differs by `apart`.

    Example:
        >>> edges_apart(1 / 256, 32)
        0.078125
    """
    return apart * (STRIDE + side / 2)


def drawn_boxes(task: Task, outputs: np.ndarray) -> np.ndarray:
    """Return the boxes that are drawn on a film, float64 (k, 6), `BOX` in pixels of the square; `outputs` (cells, cells, outputs)."""
    (found,) = boxes_of(outputs[None], len(task.labels), least=task.fixed_threshold or 0.0)
    return _rows([boxes[~np.isnan(boxes[:, 0])] for boxes in found])


def undecided_boxes(task: Task, outputs: np.ndarray, apart: float) -> np.ndarray:
    """Return the boxes that another runtime may draw or leave out, in the form of `drawn_boxes`.

    Args:
        task: What was asked.
        outputs: To one film, (cells, cells, outputs).
        apart: By how much each of them may be another one there.
    """
    maps, count, least = np.asarray(outputs, np.float64), len(task.labels), task.fixed_threshold or 0.0
    found = []
    for label in range(count):
        heat = maps[..., label]
        above = heat - _highest_beside(heat)
        may = (heat >= least - apart) & (above >= -2 * apart)
        sure = (heat > least + apart) & (above > 2 * apart)
        ranked = np.sort(heat[may])  # no more than so many are drawn
        ahead = len(ranked) - np.searchsorted(ranked, heat - 2 * apart)
        cells = np.flatnonzero(may & ~(sure & (ahead <= MOST)))
        found.append(boxes_at(maps, count, label, cells))
    return _rows(found)


def golden_boxes(task: Task, outputs: np.ndarray, step: float) -> dict[str, np.ndarray]:
    """Return what is expected of some films.

    Args:
        task: What was asked.
        outputs: To the films, float32 (n, cells, cells, outputs).
        step: What one code of the output is worth; 0 of real numbers.

    Returns:
        `outputs`; `boxes` and `undecided`, float64 (k, 7): the number of the film, then `BOX` in pixels of the square.
    """
    drawn = [drawn_boxes(task, each) for each in outputs]
    undecided = [undecided_boxes(task, each, agreed(step)) for each in outputs]
    return {"outputs": outputs, "boxes": _rows(drawn), "undecided": _rows(undecided)}


def box_vector(
    task: Task, outputs: np.ndarray, size: tuple[int, int], preparation: Preprocessing, step: float
) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Return what `vectors.json` says of a film with boxes, and the arrays that are kept of it.

    Args:
        task: What was asked.
        outputs: To the film, float32 (cells, cells, outputs).
        size: Of the film as it is stored.
        preparation: What it went through.
        step: What one code of the output is worth; 0 of real numbers.

    Returns:
        By label how many boxes are drawn (`boxes`) and how many may come or go (`may_differ`); and by step `outputs`, float32, `boxes`,
        `film_boxes` and `undecided`, float64 (k, 6), see `BOX`: the first in pixels of the square, the others of the film.
    """
    drawn, undecided = drawn_boxes(task, outputs), undecided_boxes(task, outputs, agreed(step))
    told = {
        name: {label: int((each[:, 0] == number).sum()) for number, label in enumerate(task.labels)}
        for name, each in (("boxes", drawn), ("may_differ", undecided))
    }
    rows = film_boxes(task, Answer("", "", outputs, size=size), preparation)
    there = [[task.labels.index(row["label"]), *(row[name] for name in COLUMNS[2:])] for row in rows]
    place, (height, width) = placement(*size, preparation), size
    near = [[*row[:2], *place.to_film(row[2:], width, height)] for row in undecided]
    return told, {
        "outputs": outputs.astype(np.float32),
        "boxes": drawn,
        "film_boxes": np.reshape(np.array(there, np.float64), (-1, len(BOX))),
        "undecided": np.reshape(np.array(near, np.float64), (-1, len(BOX))),
    }


def _rows(parts: list[np.ndarray]) -> np.ndarray:
    """Return the rows of several tables in one, each behind the number of its table."""
    return np.concatenate([np.insert(part, 0, number, axis=1) for number, part in enumerate(parts)])


def _highest_beside(heat: np.ndarray) -> np.ndarray:
    """Return the highest of each cell's eight neighbours, (cells, cells)."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(heat, 1, constant_values=-1.0), (3, 3)).copy()
    around[:, :, 1, 1] = -1.0
    highest: np.ndarray = around.max(axis=(2, 3))
    return highest
