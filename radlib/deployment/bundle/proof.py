"""What proves a reader, written into a bundle: the specification of its variant, and vectors with the answers expected."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bundle import conformance, specification
from radlib.evaluation.deciding import Answer, Decider
from radlib.formats.predictors import Predictor, open_model
from radlib.formats.tflite import tensor_ends
from radlib.foundation.storage import write_json
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import task_of
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
    task = task_of(variant)
    said = specification.specification(preparation, ends, task, record["thresholds"])
    write_json(folder / specification.FILE, said)
    decider = Decider(task, record["thresholds"])
    with open_model(folder / runs, "tflite") as predictor:
        conformance.write_conformance(
            folder / conformance.FOLDER,
            preparation,
            ends[0],
            lambda levels: _answer(predictor, decider, levels),
        )


def _answer(predictor: Predictor, decider: Decider, levels: np.ndarray) -> dict[str, Any]:
    """Return what the network gives for a prepared film and what is decided, as `vectors.json` has it."""
    (outputs,) = predictor.predict(levels[None])
    row = decider.row(Answer("", "", outputs))
    decisions = {name.removesuffix("_decision"): row[name] for name in row if name.endswith("_decision")}
    return {
        "outputs": [float(value) for value in outputs],
        "decisions": decisions,
        "no_decision": row["reason"],
    }
