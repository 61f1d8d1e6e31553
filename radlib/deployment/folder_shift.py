"""Are a site's films, as a whole, of the kind that the variant was tested on? Said with the answers, without a label.

A film alone is seldom odd; a hundred of them show that a room exposes, sharpens or crops otherwise. They are compared
with what is kept of the test films, see `evaluation.film_shift`. Nobody says here whose a film is, so each counts as another
patient's: where one patient has many, the p-value is too small, and the AUROC is the number to go by. How sure the network is of the
folder beside its test films is said as well, see `evaluation.mean_confidence`.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.deciding import Answer, no_probability
from radlib.evaluation.film_shift import (
    FILMS,
    compared,
    is_shifted,
    read_reference,
    reference_path,
    told_apart_words,
)
from radlib.evaluation.mean_confidence import compared_confidence, film_confidence
from radlib.imaging.film_features import film_features
from radlib.runs.tasks import Task
from radlib.runs.variants import Variant

Look = Callable[[np.ndarray], None]

REFERENCE = "reference_films.npz"  # beside an exported model
WHOSE = "each film counted as another patient’s"


def reference_of(source: Path, variant: Variant) -> dict[str, np.ndarray] | None:
    """Return what is kept of the test films, from the folder of an export or of a variant in a run; None without any."""
    run_folder = source.resolve().parent.parent
    return read_reference(source / REFERENCE) or read_reference(
        reference_path(run_folder, variant.preprocessing)
    )


def looker(looks: list[np.ndarray], count: int) -> Look:
    """Return what is shown films as they are read, uint8 (k, s, s), and keeps their features.

    Args:
        looks: Takes the features, (k, features) at a time.
        count: How many films there will be; of more than `FILMS` only some are looked at, spread over the folder.
    """
    every, read = max(1, -(-count // FILMS)), itertools.count()

    def look(films: np.ndarray) -> None:
        looks.append(film_features(films[[next(read) % every == 0 for _ in films]]))

    return look


def folder_shift(reference: dict[str, np.ndarray] | None, looks: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return how far a folder's films can be told from the test films.

    Args:
        reference: See `film_shift.read_reference`.
        looks: Features of the films that could be read, (n, features) each.

    Returns:
        As `film_shift.compared`, `first` being the test films, with `sentence`; {} where nothing is kept of test films, or the
        folder has too few.
    """
    films = np.concatenate(looks) if looks else np.zeros((0, 0))
    if reference is None or len(films) < metrics.FEWEST_PATIENTS:
        return {}
    found = compared(reference["features"], reference["patients"], films, np.arange(len(films)))
    return {**found, "sentence": _sentence(found)} if not found["reason"] else {}


def noting(answers: Iterable[Answer], task: Task, sure: list[float]) -> Iterator[Answer]:
    """Yield answers, noting how sure the network was of each film that it answered with probabilities.

    Args:
        answers: As they are given.
        task: What the network was asked; of outlines and boxes nothing is noted.
        sure: Takes the confidence of each film, see `mean_confidence.film_confidence`.
    """
    for answer in answers:
        outputs = answer.outputs
        if outputs is not None and task.record == Task.record and not no_probability(outputs):
            sure.append(float(film_confidence(task, task.probabilities(outputs[None]))[0]))
        yield answer


def folder_kind(
    reference: dict[str, np.ndarray] | None,
    looks: Sequence[np.ndarray],
    tested: Mapping[str, Any],
    sure: Sequence[float],
) -> dict[str, Any]:
    """Return of what kind a folder's films are, and how sure the network is of them.

    Args:
        reference: See `film_shift.read_reference`.
        looks: See `folder_shift`.
        tested: How sure it was of the test films, see `mean_confidence.confidence_at_test`; {} where nobody knows.
        sure: Of the folder's, see `noting`.

    Returns:
        As `folder_shift`, and `confidence`, see `mean_confidence.compared_confidence`, where there is one.
    """
    confidence = compared_confidence(tested, sure)
    return {**folder_shift(reference, looks), **({"confidence": confidence} if confidence else {})}


def _sentence(found: dict[str, Any]) -> str:
    count, words = found["films"][1], told_apart_words(found)
    if is_shifted(found):
        return (
            f"As a whole these {count:,} films are unlike those that the variant was tested on ({words}; {WHOSE}): its scores "
            "need not hold here."
        )
    return f"As a whole these {count:,} films are not unlike those that the variant was tested on ({words}; {WHOSE})."
