"""What a page is told of a variant: how films are prepared and decided on, its card, and films to prove itself on.

A bundle's record holds more than a page that is shown to anyone may: ids of films that a network was calibrated on, and
versions of libraries. So what goes is named one by one.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.bundle.box_examples import drawn_boxes, edges_apart, undecided_boxes
from radlib.deployment.bundle.outline_examples import agreed, golden_masks
from radlib.deployment.described_variants import intact_model, read_described
from radlib.deployment.export_state import FINISHED
from radlib.deployment.page.browser_models import BrowserModel, browser_model
from radlib.deployment.reading.answering import TYPICAL
from radlib.evaluation.deciding import ROUNDING
from radlib.evaluation.typical_films import Typical, read_typical
from radlib.formats.predictors import open_model
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.record_files import read_arrays
from radlib.foundation.storage import file_sha256
from radlib.imaging.centre_maps import FAINTEST, MOST, STRIDE
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

GOLDEN = "golden.npz"
DRAWN, UNDECIDED = 1, 2  # bits of a pixel of `masks`
STATED = ("state", "missing", "alarm", "verdict", "margin", "rate_margin", "counted", "thresholds_from")


@dataclass(frozen=True)
class PageVariant:
    """A variant as it goes into a page.

    Attributes:
        key: Name of its folder there.
        record: What the page is told, for JSON.
        model: The file that the browser runs.
        golden: Films that the page proves itself on at every start, uint8 (n, s, s), drawn.
        masks: What is outlined in them, uint8 (n, s, s, labels), of each pixel whether it is drawn and whether a runtime that
            rounds otherwise may turn it; None of networks that outline nothing.
    """

    key: str
    record: dict[str, Any]
    model: BrowserModel
    golden: np.ndarray
    masks: np.ndarray | None = None


def page_variant(bundle: Path) -> PageVariant:
    """Read an exported variant for a page.

    Args:
        bundle: What `radlib export` wrote.

    Raises:
        UsageError: When the folder is no export.
        SetupError: When it is damaged, or a browser cannot run its model.
    """
    if not (bundle / GOLDEN).is_file():
        raise UsageError(f"{bundle.name} is no exported variant; give a folder that radlib export wrote.")
    variant, record = read_described(bundle)
    intact_model(bundle / Path(variant.file).name, variant)
    golden = read_arrays(bundle / GOLDEN, ("films",))
    runs = bundle / Path(str(record.get("runs", record["file"]))).name
    films = golden["films"]
    answers = _answers(runs, record, films)
    model = browser_model(runs.read_bytes(), films, answers, name=variant.name)
    typical = read_typical(bundle / TYPICAL)
    known = typical if typical is not None and typical.sha256 == variant.sha256 else None
    masks, proved = EXPECTED[task_of(variant).record](task_of(variant), answers, model.step)
    said = {**_record(variant, record, model, known), **proved}
    return PageVariant(_key(bundle), said, model, films, masks)


def _of_numbers(task: Task, answers: np.ndarray, step: float) -> tuple[None, dict[str, Any]]:
    """Return the numbers that the page is held to, and how near it must come."""
    return None, {"golden": answers.tolist(), "agreed": agreed(step)}


def _of_pixels(task: Task, answers: np.ndarray, step: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the masks that the page is held to, of which no pixel that is decided may be another."""
    found = golden_masks(task, answers, step)
    masks = found["masks"] * DRAWN + found["undecided"] * UNDECIDED
    told = {"golden": [], "agreed": 0, "least": task.fixed_threshold, "negatives": [], "thresholds": []}
    return masks.astype(np.uint8), told


def _of_centres(task: Task, answers: np.ndarray, step: float) -> tuple[None, dict[str, Any]]:
    """Return the boxes that the page is held to, of which none that is decided may be another, and how they come out of maps."""
    apart = agreed(step)
    films = [
        {"boxes": drawn_boxes(task, each).tolist(), "undecided": undecided_boxes(task, each, apart).tolist()}
        for each in answers
    ]
    centres = {
        "stride": STRIDE, "least": task.fixed_threshold, "faintest": FAINTEST, "most": MOST, "apart": apart,
        "edges_apart": edges_apart(apart, STRIDE * answers.shape[1]), "films": films,
    }  # fmt: skip
    return None, {"golden": [], "agreed": 0, "negatives": [], "thresholds": [], "centres": centres}


EXPECTED: Mapping[str, Callable[[Task, np.ndarray, float], tuple[np.ndarray | None, dict[str, Any]]]] = {
    "probabilities": _of_numbers,
    "masks": _of_pixels,
    "boxes": _of_centres,
}


def _answers(runs: Path, record: Mapping[str, Any], films: np.ndarray) -> np.ndarray:
    """Return what the file that LiteRT runs answers to the drawn films: what the page is held to.

    Of a coded variant that is the decoded file, which may differ from the coded one by rounding.
    """
    noted = record.get("hashes", {}).get(runs.name)
    if not runs.is_file() or (noted is not None and noted != file_sha256(runs)):
        raise SetupError(f"{runs.name} of {record['name']} is missing or damaged; export the variant again.")
    with open_model(runs, "tflite") as model:
        return model.predict(films)


def _key(bundle: Path) -> str:
    """Return a name for a folder that every server and file system takes."""
    name = bundle.resolve().name
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-" for letter in name
    )


def _record(
    variant: Variant,
    record: Mapping[str, Any],
    model: BrowserModel,
    typical: Typical | None,
) -> dict[str, Any]:
    task = task_of(variant)
    labels = list(task.labels)
    return {
        "name": variant.name,
        "label": variant.label,
        "architecture": variant.architecture,
        "size_bytes": variant.size_bytes,
        "runs_bytes": len(model.content),
        "runs_sha256": hashlib.sha256(model.content).hexdigest(),
        "sha256": variant.sha256,
        "task": task.name,
        "outputs": list(task.outputs),
        "labels": labels,
        "negatives": [] if task.exclusive else [task.negative(label) for label in labels],
        "thresholds": [] if task.exclusive else list(record["thresholds"]),
        "rounding": ROUNDING,
        "preparation": {"window": 0, "resampling": "bilinear", **record["preparation"]},
        "films": record.get("study", ""),
        **{name: record[name] for name in STATED if name in record},
        "finished": record.get("state") == FINISHED,
        "embedding": model.embedding,
        "typical": None if typical is None else _numbers(typical, model),
    }  # fmt: skip


def _numbers(typical: Typical, model: BrowserModel) -> dict[str, Any]:
    """Return what is usual among training films, for JSON; the embedding where the browser can read it."""
    read = model.embedding and len(typical.mean) > 0
    limits = [limit if math.isfinite(limit) else None for limit in typical.limits.tolist()]
    return {
        "middle": typical.middle.tolist(),
        "spread": typical.spread.tolist(),
        "limits": limits,
        "mean": typical.mean.tolist() if read else [],
        "directions": typical.directions.tolist() if read else [],
        "variances": typical.variances.tolist() if read else [],
        "rest": typical.rest,
    }
