"""What proves a reader, written into a bundle: the specification of its variant, and vectors with the answers expected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bundle import conformance, specification
from radlib.deployment.bundle.box_examples import box_vector
from radlib.deployment.bundle.conformance import write_conformance
from radlib.deployment.bundle.outline_examples import outline_vector
from radlib.deployment.micro.operators import answer_step
from radlib.evaluation.deciding import Answer, Decider
from radlib.formats.predictors import open_model
from radlib.formats.tflite import tensor_ends
from radlib.foundation.storage import write_json
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant


def write_proof(folder: Path, variant: Variant, record: Mapping[str, Any], runs: str) -> None:
    """Write `specification.json` and `conformance/`.

    Args:
        folder: Of the bundle.
        variant: What is exported.
        record: What variant.json holds.
        runs: Name of the LiteRT file in the bundle.
    """
    preparation, ends = Preprocessing.from_dict(record["preparation"]), tensor_ends(folder / runs)
    task, step = task_of(variant), answer_step(folder / runs)
    said = specification.specification(preparation, ends, task, record["thresholds"], step)
    write_json(folder / specification.FILE, said)
    with open_model(folder / runs, "tflite") as predictor:

        def ask(levels: np.ndarray, size: tuple[int, int]) -> conformance.Vector:
            (outputs,) = predictor.predict(levels[None])
            asked = Asked(task, record["thresholds"], preparation, step, size)
            return VECTORS[task.record](asked, outputs)

        write_conformance(folder / conformance.FOLDER, preparation, ends[0], ask)


@dataclass(frozen=True)
class Asked:
    """What a film was asked by: all that its answer follows from beside the outputs.

    Attributes:
        task: What was asked.
        thresholds: One per label, None where there is none.
        preparation: What the film went through.
        step: What one code of the output is worth; 0 of real numbers.
        size: Height and width of the film.
    """

    task: Task
    thresholds: Sequence[float | None]
    preparation: Preprocessing
    step: float
    size: tuple[int, int]


def _decided(asked: Asked, outputs: np.ndarray) -> conformance.Vector:
    """Return what the network gives for a prepared film and what is decided, as `vectors.json` has it."""
    row = Decider(asked.task, asked.thresholds).row(Answer("", "", outputs))
    decisions = {name.removesuffix("_decision"): row[name] for name in row if name.endswith("_decision")}
    said = {
        "outputs": [float(value) for value in outputs],
        "decisions": decisions,
        "no_decision": row["reason"],
    }
    return said, {}


def _outlined(asked: Asked, outputs: np.ndarray) -> conformance.Vector:
    """Return the shares that are outlined, and the masks."""
    return outline_vector(asked.task, outputs, asked.size, asked.preparation, asked.step)


def _boxed(asked: Asked, outputs: np.ndarray) -> conformance.Vector:
    """Return how many boxes there are, and where."""
    return box_vector(asked.task, outputs, asked.size, asked.preparation, asked.step)


VECTORS: Mapping[str, Callable[[Asked, np.ndarray], conformance.Vector]] = {
    "probabilities": _decided,
    "masks": _outlined,
    "boxes": _boxed,
}
