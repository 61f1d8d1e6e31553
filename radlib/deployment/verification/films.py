"""The films of a run opened again, and every variant asked again about a sample of them.

Answers asked again may differ in the last bits on another processor, and by a step of the output grid where an integer
rounds the other way; more than that is another network. What opening films writes goes into a folder of its own, so
that a run is left as it is, on a disk that cannot be written, too.
"""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from radlib.datasets.films import Films, FilmSplits, open_films
from radlib.deployment.verification.answers import answers_place
from radlib.deployment.verification.checks import Check
from radlib.deployment.verification.files import AGAIN
from radlib.evaluation.predictions import (
    films_of,
    predictions_path,
    run_of,
    split_fingerprint,
)
from radlib.evaluation.records import Record, predictions_in
from radlib.formats.predictors import open_model
from radlib.foundation.errors import DataError, MissingExtra, RadlibError
from radlib.foundation.record_files import read_object, read_table
from radlib.foundation.storage import file_sha256
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

TOLERANCE = 0.01  # of a probability: two and a half steps of an int8 output
ASKED_AGAIN = ("validation", "test")
RECORDED = (
    "splits",
    "overlapping_test_films",
    "patients_known",
)  # of films.json, what follows from the films


def film_checks(run: Run, variants: list[Variant], count: int, seed: int) -> Iterator[Check]:
    """Yield whether the films are those of the run, and whether its variants still answer as stored.

    Args:
        run: The run.
        variants: Those whose record can be read.
        count: How many films of each split to ask about.
        seed: Of the draw of films.
    """
    with _elsewhere(run) as scratch:
        try:
            films = open_films(scratch)
        except MissingExtra as error:
            yield Check("films", left_out=f"No film was asked about again: {error}")
            return
        except RadlibError as error:
            yield Check("films", f"No film could be asked about again: {error}")
            return
        yield from _records(run, scratch)
        unopened: dict[str, list[str]] = {}
        for variant in variants:
            model = run.model_path(variant)
            if model.is_file() and file_sha256(model) == variant.sha256:  # else said above
                try:
                    yield from _answers(run, scratch, variant, films, (count, seed))
                except MissingExtra as error:
                    unopened.setdefault(str(error), []).append(variant.name)
        for why, names in unopened.items():
            yield Check("answers", left_out=f"Not opened, and so not asked again: {', '.join(names)}: {why}")


@contextlib.contextmanager
def _elsewhere(run: Run) -> Iterator[Run]:
    """Yield the run with another folder to write to, and with the decoded films that it shares."""
    with tempfile.TemporaryDirectory(prefix="radlib-verify-") as folder:
        scratch = dataclasses.replace(run, folder=Path(folder).resolve() / "run")
        cache = run.cache_folder.resolve()
        if cache.is_dir() and os.access(cache, os.W_OK):
            with contextlib.suppress(OSError):  # where links are not allowed, films are decoded again
                scratch.cache_folder.symlink_to(cache, target_is_directory=True)
        yield scratch


def _records(run: Run, scratch: Run) -> Iterator[Check]:
    """Yield whether the records of films, splits, copies and unreadable films say what the films say now."""
    if run.path("films.json").is_file():
        failure = ""
        try:
            then, now = (read_object(place.path("films.json"), AGAIN) for place in (run, scratch))
            wrong = [name for name in RECORDED if then.get(name) != now.get(name)]
            failure = (
                f"films.json says other {wrong[0].replace('_', ' ')} than the films; {AGAIN}."
                if wrong
                else ""
            )
        except DataError as error:
            failure = str(error)
        yield Check("record of films", failure, "films.json")
    for name in ("quarantine.csv", "copies.csv"):
        if run.path(name).is_file() and scratch.path(name).is_file():
            failure = ""
            try:
                tables = [
                    read_table(place.path(name), dtype=str, keep_default_na=False) for place in (run, scratch)
                ]
                were, are = (sorted(map(tuple, table.to_numpy().tolist())) for table in tables)
                failure = "" if were == are else f"{name} lists other films than are so now; {AGAIN}."
            except DataError as error:
                failure = str(error)
            yield Check("record of films", failure, name)


def _answers(
    run: Run, scratch: Run, variant: Variant, films: FilmSplits, draw: tuple[int, int]
) -> Iterator[Check]:
    network = run_of(scratch, variant)
    try:
        prepared = films_of(network, films, variant)
    except RadlibError as error:
        yield Check("answers", str(error))
        return
    for split in ASKED_AGAIN:
        path = predictions_path(run, variant, split)
        try:
            stored = predictions_in(path, variant, digest=False) if path.is_file() else None
        except DataError:
            continue  # said above
        if stored is not None:
            failure = _differing(run, variant, split, stored, prepared, draw)
            yield Check("answers", failure, answers_place(variant, split))


def _differing(
    run: Run, variant: Variant, split: str, stored: Record, films: FilmSplits, draw: tuple[int, int]
) -> str:
    """Return a sentence when a variant no longer answers as it did, else nothing."""
    chosen: Films = films.split(split)
    places = {str(image): place for place, image in enumerate(chosen.image_ids)}
    if missing := sum(str(image) not in places for image in stored.image_id):
        return f"{missing:,} {split} films that {variant.name} answered to are not among the films now; give the same films."
    order = np.array([places[str(image)] for image in stored.image_id], np.int64)
    rows = np.sort(np.random.default_rng(draw[1]).permutation(len(order))[: draw[0]])
    drawn = chosen.take(order[rows])
    with open_model(run.model_path(variant), variant.format) as model:
        change = stored.moved(variant, rows, drawn, model.predict(drawn.images()))
    if change.size and not change.max() <= TOLERANCE:
        worst = stored.image_id[rows[int(np.nanargmax(change))]]
        return (
            f"{variant.name} answers {int((change > TOLERANCE).sum())} of {len(rows)} {split} films otherwise than "
            f"stored, film {worst} by {change.max():.3f}; its films or its runtime changed."
        )
    if not np.array_equal(stored.known_of(chosen.take(order)), stored.known, equal_nan=True):
        return (
            f"The labels in the answers of {variant.name} to the {split} films are not those of the films; "
            "run the study again."
        )
    if stored.fingerprint != split_fingerprint(run_of(run, variant), films, split):
        return (
            f"{variant.name} still answers the {split} films as stored, but the set of films, labels or splits has changed "
            "since; run the study again."
        )
    return ""
