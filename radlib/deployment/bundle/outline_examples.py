"""What a network outlines in a drawn film, kept so that another runtime can be held to it, pixel by pixel.

A mask is all or nothing at every pixel, and a runtime that rounds the last bit otherwise may turn one whose probability is one half.
So beside each mask lies which of its pixels are *undecided*: those whose probability lies as near one half as two runtimes may
lie apart. Every other pixel must be the same everywhere, and no share of pixels is forgiven for which there is no such reason. On
the way back to the film's own size probabilities are only averaged, which takes two runtimes no further apart.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from radlib.imaging.images import Preprocessing, placement
from radlib.runs.tasks import Task

APART = 1e-4  # by which real answers of two runtimes may differ; three orders above what was seen of float32
CODE = 1.001  # an output of integers may lie one code away where the last bit is rounded otherwise


def agreed(step: float) -> float:
    """Return by how much the answers of two runtimes may lie apart.

    Args:
        step: What one code of an output of integers is worth; 0 of real numbers.

    Example:
        >>> agreed(0.0), agreed(1 / 256) > 1 / 256
        (0.0001, True)
    """
    return max(APART, CODE * step)


def film_maps(
    task: Task, outputs: np.ndarray, size: tuple[int, int], preparation: Preprocessing
) -> dict[str, np.ndarray]:
    """Return each label's probability at every pixel of a film as it is stored, float32 (height, width), by label.

    Args:
        task: What was asked.
        outputs: To the film, float32 (s, s, outputs).
        size: Height and width of the film.
        preparation: What the film went through.
    """
    (probabilities,) = task.probabilities(np.asarray(outputs)[None])
    height, width = size
    place = placement(height, width, preparation)
    square = probabilities[place.top : place.top + place.height, place.left : place.left + place.width]
    found = {}
    for number, label in enumerate(task.labels):
        picture = Image.fromarray(square[..., number].astype(np.float32))
        found[label] = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return found


def drawn_and_undecided(probabilities: np.ndarray, task: Task, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what is outlined, and which pixels another runtime may turn, both bool, in the shape of the probabilities."""
    least = np.float64(task.fixed_threshold or 0.5)
    values = np.asarray(probabilities, np.float64)
    return values >= least, np.abs(values - least) <= apart


def golden_masks(task: Task, outputs: np.ndarray, step: float) -> dict[str, np.ndarray]:
    """Return `masks` and `undecided` of some films, uint8 1 or 0, (n, s, s, labels), from outputs (n, s, s, outputs)."""
    masks, undecided = drawn_and_undecided(task.probabilities(outputs), task, agreed(step))
    return {"masks": masks.astype(np.uint8), "undecided": undecided.astype(np.uint8)}


def outline_vector(
    task: Task, outputs: np.ndarray, size: tuple[int, int], preparation: Preprocessing, step: float
) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
    """Return what `vectors.json` says of an outlined film, and the arrays that are kept of it; arguments as of `film_maps`.

    Args:
        task: What was asked.
        outputs: To the film.
        size: Of the film.
        preparation: What it went through.
        step: What one code of the output is worth; 0 of real numbers.

    Returns:
        By label the share of the square that is outlined (`shares`), and that may be turned (`may_differ`); and by step
        `outputs`, float32, and `outline` and `undecided`, uint8 1 or 0, (height, width, labels).
    """
    square, near = drawn_and_undecided(task.probabilities(outputs[None])[0], task, agreed(step))
    maps = np.stack(list(film_maps(task, outputs, size, preparation).values()), axis=-1)
    outline, undecided = drawn_and_undecided(maps, task, agreed(step))
    told = {
        name: {label: float(each[..., number].mean()) for number, label in enumerate(task.labels)}
        for name, each in (("shares", square), ("may_differ", near))
    }
    return told, {
        "outputs": outputs.astype(np.float32),
        "outline": outline.astype(np.uint8),
        "undecided": undecided.astype(np.uint8),
    }
