"""The specification of a bundle: every step from a file to a decision, in words and numbers, for one variant.

A variant is a model file and all that was done to films before it. Whoever reads films with it elsewhere, in a browser or on
a board, does the same or runs another classifier. So the bundle says it all in `specification.json`, versioned; whoever
changes a step raises `VERSION`, and a reader refuses a version that it does not know.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from radlib.deployment.bundle.answer_words import ANSWER_STEPS, FILTERS, OPERATION_WORDS, TOLERANCES
from radlib.deployment.bundle.film_words import FILM_STEPS, KINDS
from radlib.deployment.export_texts import NOTICE
from radlib.evaluation.deciding import ROUNDING
from radlib.formats.tflite import TensorEnd
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import Task

FILE = "specification.json"
FORMAT, VERSION = "radlib-reader", 1


def specification(
    preparation: Preprocessing,
    ends: tuple[TensorEnd, TensorEnd],
    task: Task,
    thresholds: Sequence[float | None],
) -> dict[str, Any]:
    """Return all that a reader of films must do.

    Args:
        preparation: What is done to a grey film.
        ends: The first and the last tensor of the LiteRT file.
        task: What the network was asked.
        thresholds: One per label, None where there is none.

    Returns:
        Plain values, for JSON; what holds for this bundle under `preparation`, `input`, `output` and `decision`.
    """
    labels = list(task.labels)
    return {
        "format": FORMAT,
        "version": VERSION,
        "notice": NOTICE,
        "kinds": dict(KINDS),
        "steps": [*FILM_STEPS, *ANSWER_STEPS],
        "filters": {name: dict(each) for name, each in FILTERS.items()},
        "operations": dict(OPERATION_WORDS),
        "tolerances": dict(TOLERANCES),
        "preparation": all_said(preparation),
        "input": ends[0].to_dict(),
        "output": ends[1].to_dict(),
        "decision": {
            "task": task.name,
            "outputs": list(task.outputs),
            "labels": labels,
            "negatives": {} if task.exclusive else {label: task.negative(label) for label in labels},
            "thresholds": {} if task.exclusive else dict(zip(labels, thresholds, strict=True)),
            "rounding": ROUNDING,
        },
    }


def all_said(preparation: Preprocessing) -> dict[str, Any]:
    """Return a preparation with what its record leaves unsaid; what the network does inside needs no reader."""
    said: Mapping[str, Any] = {
        "window": preparation.window,
        "resampling": preparation.resampling,
        **preparation.to_dict(),
    }
    return {name: value for name, value in said.items() if name != "inside_network"}
