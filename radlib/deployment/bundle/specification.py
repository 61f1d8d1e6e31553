"""The specification of a bundle: every step from a file to a decision, in words and numbers, for one variant.

A variant is a model file and all that was done to films before it. Whoever reads films with it elsewhere, in a browser or on
a board, does the same or runs another classifier. So the bundle says it all in `specification.json`, versioned; whoever
changes a step raises `VERSION`, and a reader refuses a version that it does not know.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from radlib.deployment.bundle.answer_words import (
    ANSWER_STEPS,
    FILTERS,
    OPERATION_WORDS,
    PREPARED_STEPS,
    TOLERANCES,
)
from radlib.deployment.bundle.box_examples import edges_apart
from radlib.deployment.bundle.film_words import FILM_STEPS, KINDS
from radlib.deployment.bundle.outline_examples import agreed
from radlib.deployment.export_texts import NOTICE
from radlib.evaluation.deciding import ROUNDING
from radlib.formats.tflite import TensorEnd
from radlib.imaging.centre_maps import MOST, STRIDE
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import Task

FILE = "specification.json"
FORMAT, VERSION = "radlib-reader", 1


def specification(
    preparation: Preprocessing,
    ends: tuple[TensorEnd, TensorEnd],
    task: Task,
    thresholds: Sequence[float | None],
    step: float = 0.0,
) -> dict[str, Any]:
    """Return all that a reader of films must do.

    Args:
        preparation: What is done to a grey film.
        ends: The first and the last tensor of the LiteRT file.
        task: What the network was asked.
        thresholds: One per label, None where there is none.
        step: What one code of an output of integers is worth; 0 of real numbers.

    Returns:
        Plain values, for JSON; what holds for this bundle under `preparation`, `input`, `output` and `decision`.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "notice": NOTICE,
        "kinds": dict(KINDS),
        "steps": [*FILM_STEPS, *PREPARED_STEPS, *ANSWER_STEPS[task.record]],
        "filters": {name: dict(each) for name, each in FILTERS.items()},
        "operations": dict(OPERATION_WORDS),
        "tolerances": dict(TOLERANCES),
        "preparation": all_said(preparation),
        "input": ends[0].to_dict(),
        "output": ends[1].to_dict(),
        "decision": {
            "task": task.name,
            "outputs": list(task.outputs),
            "labels": list(task.labels),
            "rounding": ROUNDING,
            **DECISIONS[task.record](task, thresholds, step, preparation.image_size),
        },
    }


def _of_thresholds(task: Task, thresholds: Sequence[float | None], step: float, side: int) -> dict[str, Any]:
    """Return at which threshold each label is there, and what the decision is called where it is not."""
    if task.exclusive:
        return {"negatives": {}, "thresholds": {}}
    return {
        "negatives": {label: task.negative(label) for label in task.labels},
        "thresholds": dict(zip(task.labels, thresholds, strict=True)),
    }


def _of_pixels(task: Task, thresholds: Sequence[float | None], step: float, side: int) -> dict[str, Any]:
    """Return from which probability on a pixel is outlined, and how far two runtimes may lie apart."""
    return {"least": task.fixed_threshold, "apart": agreed(step)}


def _of_centres(task: Task, thresholds: Sequence[float | None], step: float, side: int) -> dict[str, Any]:
    """Return from which height on a peak is a box, and how far the boxes of two runtimes may lie apart."""
    apart = agreed(step)
    said = {"least": task.fixed_threshold, "apart": apart, "edges_apart": edges_apart(apart, side)}
    return {**said, "stride": STRIDE, "most": MOST}


DECISIONS: Mapping[str, Callable[[Task, Sequence[float | None], float, int], dict[str, Any]]] = {
    "probabilities": _of_thresholds,
    "masks": _of_pixels,
    "boxes": _of_centres,
}


def all_said(preparation: Preprocessing) -> dict[str, Any]:
    """Return a preparation with what its record leaves unsaid; what the network does inside needs no reader."""
    said: Mapping[str, Any] = {
        "window": preparation.window,
        "resampling": preparation.resampling,
        **preparation.to_dict(),
    }
    return {name: value for name, value in said.items() if name != "inside_network"}
