"""One finding that the winner sees and one that it misses, each with the places that speak for it: for the report's first page.

Of the test films with the finding that most have, the one of middling probability among those called and among those missed: a
typical hit and a typical miss, not the best and the worst. They are films of patients: they lie in the run's private folder, and only the report on
this machine shows them.
"""

from pathlib import Path
from typing import Any

import numpy as np

from radlib.datasets.films import Films
from radlib.evaluation.answers import Predictions
from radlib.evaluation.insides.network_maps import network_maps, resized, way_of
from radlib.foundation.errors import RadlibError
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import atomic_path, write_json
from radlib.runs import private
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

FOLDER = "hit_and_miss"
HIT, MISS = "hit", "miss"
SIDE = 240  # pixels of a film
TINT = np.array([230.0, 120.0, 0.0])


def write_hit_and_miss(
    run: Run, films: Films, variant: Variant, answers: Predictions, at: np.ndarray
) -> None:
    """Write a hit and a miss of a variant among the test films, each as it is and tinted where the network looks.

    Nothing is written where it was before for this very file and these films, nor of a network that cannot be asked.

    Args:
        run: The run.
        films: The test films, prepared as the variant wants them.
        variant: Usually the winner.
        answers: Its answers to them.
        at: Its thresholds, (labels,), NaN where none decides.
    """
    task = films.task
    chosen = typical_hit_and_miss(answers, at, exclusive=task.exclusive)
    record = {
        "sha256": variant.sha256,
        "films": {kind: found["image_id"] for kind, found in chosen.items()},
        "thresholds": [None if np.isnan(value) else float(value) for value in at],
    }
    path = hit_and_miss_path(run, variant)
    if record.items() <= remembered(path).items():
        return
    places = {str(image): place for place, image in enumerate(films.image_ids)}
    images = films.images([places[found["image_id"]] for found in chosen.values()])
    outputs = np.array([found["column"] + task.first_label for found in chosen.values()], int)
    method, heats = way_of(variant), np.zeros((len(chosen), SIDE, SIDE))
    try:
        if chosen:
            heats = np.stack(
                [resized(heat, SIDE) for heat in network_maps(run, variant, method, images, outputs)]
            )
    except RadlibError:
        method = ""  # the films alone then
    for kind, image, heat in zip(chosen, images, heats, strict=True):
        _write(image[..., 0], heat, picture_path(run, variant, kind))
        chosen[kind]["flat"] = bool(np.ptp(heat) == 0)
    for found in chosen.values():
        found["label"] = task.labels[found.pop("column")]
    write_json(path, {**record, "method": method, "found": chosen})


def typical_hit_and_miss(
    answers: Predictions, at: np.ndarray, *, exclusive: bool
) -> dict[str, dict[str, Any]]:
    """Return a typical hit and a typical miss, those that there are.

    Args:
        answers: To the films.
        at: Thresholds, (labels,); of classes that exclude each other the likeliest decides instead.
        exclusive: Whether exactly one label is true of each film.

    Returns:
        `hit` and `miss` -> `image_id`, `column`, `probability`, `threshold` (None of classes).
    """
    with_finding = answers.y_true == 1  # (n, labels)
    called = answers.y_prob >= np.broadcast_to(at, answers.y_prob.shape)
    if exclusive:
        called = answers.y_prob == answers.y_prob.max(axis=1, keepdims=True)
    decided = with_finding if exclusive else with_finding & ~np.isnan(at)
    if not decided.any():
        return {}
    column = int(decided.sum(axis=0).argmax())
    found = {}
    for kind, group in ((HIT, called), (MISS, ~called)):
        rows = np.flatnonzero(decided[:, column] & group[:, column])
        if len(rows):
            order = rows[np.lexsort((answers.image_id[rows], answers.y_prob[rows, column]))]
            row = order[(len(order) - 1) // 2]
            found[kind] = {
                "image_id": str(answers.image_id[row]),
                "column": column,
                "probability": float(answers.y_prob[row, column]),
                "threshold": None if exclusive else float(at[column]),
            }
    return found


def hit_and_miss_path(run: Run, variant: Variant) -> Path:
    """Return where the record of a variant's hit and miss lies, if it was written."""
    return run.path(private.FOLDER, FOLDER, f"{variant.key}.json")


def picture_path(run: Run, variant: Variant, kind: str) -> Path:
    """Return where the picture of a variant's hit or miss lies, if it was written."""
    return run.path(private.FOLDER, FOLDER, f"{variant.key}.{kind}.png")


def _write(film: np.ndarray, heat: np.ndarray, path: Path) -> None:
    """Write a film, (s, s) in [0, 1], as it is and beside it tinted by a map, (SIDE, SIDE)."""
    from PIL import Image

    private.private_folder(path.parent.parent.parent)
    grey = Image.fromarray(np.floor(film * 255 + 0.5).astype(np.uint8)).resize((SIDE, SIDE))
    plain = np.repeat(np.asarray(grey, float)[..., None], 3, axis=2)  # (SIDE, SIDE, 3)
    warm = np.clip(heat - heat.min(), 0, None) / max(np.ptp(heat), 1e-12)
    share = 0.6 * np.clip((warm - 0.5) / 0.5, 0, 1)[..., None]  # the cooler half stays as it is
    tinted = (1 - share) * plain + share * TINT
    gap = np.full((SIDE, 6, 3), 255.0)
    picture = Image.fromarray(np.concatenate([plain, gap, tinted], axis=1).round().astype(np.uint8))
    with atomic_path(path) as partial:
        picture.save(partial, format="PNG")
