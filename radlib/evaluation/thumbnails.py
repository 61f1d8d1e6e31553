"""Small pictures of the films that a variant decides otherwise than its original, for a radiologist to look at.

They are films of patients: they lie in the run's private folder, and only the report on this machine shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from radlib.datasets.films import Films
from radlib.evaluation.answers import Predictions
from radlib.evaluation.choices import FILE, read_selection, thresholds
from radlib.foundation.storage import atomic_path
from radlib.runs import private
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

FOLDER = "thumbnails"
SIDE = 160  # pixels
PER_VARIANT = 6


def write_thumbnails(
    run: Run, films: Films, variants: Sequence[Variant], answers: Mapping[str, Predictions]
) -> None:
    """Write a thumbnail of the first films of every variant that change sides at its original's threshold.

    Args:
        run: The run; nothing is written before thresholds were chosen.
        films: The test films.
        variants: Those that answered.
        answers: Their answers, by variant name.
    """
    if not run.path(FILE).is_file():
        return
    chosen, positions = read_selection(run)["variants"], {str(i): n for n, i in enumerate(films.image_ids)}
    for variant in variants:
        original = variant.original
        if not variant.chain or original not in answers or original not in chosen:
            continue
        for image in list(
            changed_films(answers[original], answers[variant.name], thresholds(chosen[original]))
        )[:PER_VARIANT]:
            path = thumbnail_path(run, image)
            if image in positions and not path.is_file():
                _write(films.images([positions[image]])[0, ..., 0], path)


def changed_films(before: Predictions, after: Predictions, at: np.ndarray) -> Iterator[str]:
    """Yield the ids of films that two networks decide otherwise, those first that the original got right."""
    if before.image_id.tolist() != after.image_id.tolist() or before.y_prob.shape != after.y_prob.shape:
        return
    first, second = (
        answers.y_prob >= at for answers in (before, after)
    )  # a threshold of NaN changes nothing
    changed = first != second
    right = changed & (first == (before.y_true == 1))
    for films in (right.any(axis=1), changed.any(axis=1) & ~right.any(axis=1)):
        yield from (str(image) for image in before.image_id[films])


def thumbnail_path(run: Run, image_id: str) -> Path:
    """Return where the thumbnail of a film lies, if it was written."""
    return run.path(private.FOLDER, FOLDER, f"{image_id}.png")


def _write(film: np.ndarray, path: Path) -> None:
    from PIL import Image

    private.private_folder(path.parent.parent.parent)
    image = Image.fromarray(np.floor(film * 255 + 0.5).astype(np.uint8))
    image.thumbnail((SIDE, SIDE))
    with atomic_path(path) as partial:
        image.save(partial, format="PNG")
