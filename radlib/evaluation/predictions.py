"""Every film of a split through every variant, once; stored with what the answers should have been.

The test films are scored only when thresholds and winner lie in `selection.json`, and every such scoring
leaves a line in a log: choices made after a look at the test films are how published figures get too good.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from radlib import metrics, tasks
from radlib.errors import DataError, UsageError
from radlib.evaluation.choices import check_selected, selection_digest
from radlib.evaluation.film_groups import write_film_groups
from radlib.evaluation.thumbnails import write_thumbnails
from radlib.films import PERTURBATION_SEED, Films, FilmSplits, films_for, perturbed
from radlib.inference import predict_files
from radlib.pixels import StoredFilms, stored_films
from radlib.runs import Run
from radlib.storage import atomic_path, disk_errors, spec_digest
from radlib.studies import notebooks_folder
from radlib.variants import Variant
from radlib.workers import Workers

SPLITS = ("validation", "perturbed", "test")
TEST_LOG = ("date", "study", "variant", "model", "films", "selection")


@dataclass(frozen=True)
class Predictions:
    """What one variant answered to the films of one split.

    Attributes:
        image_id: (n,) text.
        patient_id: (n,) text.
        y_true: float32 (n, labels), NaN where unknown.
        y_prob: float32 (n, labels).
        outputs: float32 (n, outputs), what the network itself gave.
        model_sha256: Of the model file that answered.
        fingerprint: Of the films that were asked about.
    """

    image_id: np.ndarray
    patient_id: np.ndarray
    y_true: np.ndarray
    y_prob: np.ndarray
    outputs: np.ndarray
    model_sha256: str
    fingerprint: str


def predict(
    run: Run, films: FilmSplits, variants: Sequence[Variant], *, split: str
) -> dict[str, Predictions]:
    """Return what every variant answers to the films of a split; predict what is not stored.

    Stored answers count only for the same model file and the same films.

    Args:
        run: The run.
        films: Its films. Variants of networks that want them prepared otherwise get theirs.
        variants: Those to ask.
        split: `validation`; `perturbed`, the validation films with other exposure and framing; or `test`.

    Returns:
        Predictions by variant name.

    Raises:
        UsageError: For an unknown split, or for `test` while a variant has no entry in `selection.json`.
    """
    if split not in SPLITS:
        raise UsageError(f"There is no split {split!r}; there are: {', '.join(SPLITS)}.")
    if split == "test":
        check_selected(run, variants)
        write_film_groups(run, films.test)
    found, missing = {}, {}
    for variant in variants:
        network = run_of(run, variant)
        prepared = films_of(network, films, variant)
        fingerprint = split_fingerprint(network, prepared, split)
        stored = load_predictions(run, variant, split)
        if stored is not None and stored.fingerprint == fingerprint:
            found[variant.name] = stored
        else:
            missing.setdefault(fingerprint, (network, prepared, []))[2].append(variant)
    with Workers() as workers:
        for fingerprint, (network, prepared, group) in missing.items():
            chosen = _choose(network, prepared, split)
            with stored_films(chosen.source, chosen.positions) as pixels:
                for variant in group:
                    predictions = _ask(run, variant, chosen, pixels, fingerprint, workers)
                    _store(run, variant, split, predictions)
                    found[variant.name] = predictions
    if split == "test":
        write_thumbnails(run, films.test, variants, found)
    return {variant.name: found[variant.name] for variant in variants}


def predictions_path(run: Run, variant: Variant, split: str) -> Path:
    """Return where a variant's predictions of a split lie."""
    return run.path("predictions", f"{variant.key}.{split}.npz")


def load_predictions(run: Run, variant: Variant, split: str) -> Predictions | None:
    """Return stored predictions of this very model file; None when there are none."""
    path = predictions_path(run, variant, split)
    if not path.is_file():
        return None
    with np.load(path) as arrays:
        fields = {name: arrays[name] for name in Predictions.__dataclass_fields__}
    for name in ("model_sha256", "fingerprint"):
        fields[name] = str(fields[name])
    return Predictions(**fields) if fields["model_sha256"] == variant.sha256 else None


def task_of(variant: Variant) -> tasks.Task:
    """Return the task that a variant's outputs answer."""
    return tasks.named(variant.task, variant.labels)


def run_of(run: Run, variant: Variant) -> Run:
    """Return the run with the settings of the variant's network and seed; `run` itself when it has none."""
    for network in run.networks():
        if (network.network, network.settings.seed) == (variant.network, variant.seed):
            return network
    return run


def films_of(run: Run, films: FilmSplits, variant: Variant) -> FilmSplits:
    """Return the films prepared as the variant wants them.

    Raises:
        DataError: When neither `films` nor the settings of its network prepare them so.
    """
    if films.preprocessing.digest() == variant.preprocessing:
        return films
    prepared = films_for(run, films)
    if prepared.preprocessing.digest() != variant.preprocessing:
        raise DataError(
            f"{variant.name} was trained on films prepared otherwise (record {variant.preprocessing}); "
            "run the study that it comes from, or rebuild it with --fresh."
        )
    return prepared


def split_fingerprint(run: Run, films: FilmSplits, split: str) -> str:
    """Return a digest of the films of a split; that of perturbed films includes how they were perturbed."""
    if split != "perturbed":
        return films.fingerprint
    return spec_digest({"films": films.fingerprint, "perturbation": run.settings.perturbation})


def _choose(run: Run, films: FilmSplits, split: str) -> Films:
    if split == "perturbed":
        return perturbed(films.validation, run.settings.perturbation, seed=PERTURBATION_SEED)
    return films.validation if split == "validation" else films.test


def _ask(
    run: Run, variant: Variant, films: Films, pixels: StoredFilms, fingerprint: str, workers: Workers
) -> Predictions:
    outputs = predict_files(
        run.model_path(variant), variant.format, pixels, name=variant.name, workers=workers
    )
    if not np.isfinite(outputs).all():
        bad = films.image_ids[np.flatnonzero(~np.isfinite(outputs).all(axis=1))[0]]
        raise DataError(
            f"{variant.name} answered film {bad} with something that is no number: its weights are damaged, or its "
            "training went astray; build or import it again."
        )
    return Predictions(
        image_id=np.asarray(films.image_ids, dtype=np.str_),
        patient_id=np.asarray(films.patient_ids, dtype=np.str_),
        y_true=np.asarray(films.labels, np.float32),
        y_prob=task_of(variant).probabilities(outputs),
        outputs=outputs,
        model_sha256=variant.sha256,
        fingerprint=fingerprint,
    )


def _store(run: Run, variant: Variant, split: str, predictions: Predictions) -> None:
    """Write predictions; those of the test films after their line in the log."""
    if split == "test":
        _log_test(run, variant, predictions)
    with atomic_path(predictions_path(run, variant, split)) as partial, partial.open("wb") as stream:
        np.savez(stream, **vars(predictions))


def _log_test(run: Run, variant: Variant, predictions: Predictions) -> None:
    """Append a line to the run's test log, and to the study's in the checkout when its films are public."""
    line = (
        datetime.now(UTC).isoformat(timespec="seconds"),
        run.study.name,
        variant.name,
        variant.sha256[:12],
        len(predictions.image_id),
        selection_digest(run),
    )
    for path in test_logs(run):
        with disk_errors(path), path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if stream.tell() == 0:
                writer.writerow(TEST_LOG)
            writer.writerow(line)


def test_logs(run: Run) -> list[Path]:
    """Return the logs that a scoring of the run's test films goes to."""
    published = notebooks_folder().parent / "docs" / "results" / run.study.name
    return [
        run.path("test_log.csv"),
        *([published / "test_log.csv"] if run.study.test_is_public and published.is_dir() else []),
    ]


def per_label(predictions: Predictions) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (answers, probabilities) of each label, without the films whose answer is unknown."""
    columns = zip(predictions.y_true.T, predictions.y_prob.T, strict=True)
    return [(y_true[~np.isnan(y_true)], y_prob[~np.isnan(y_true)]) for y_true, y_prob in columns]


def mean_auroc(predictions: Predictions) -> float | None:
    """Return the AUROC, averaged over the labels that have one; None when none has."""
    values = [metrics.auroc(*known) for known in per_label(predictions)]
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else None
