"""Every film of a split through every variant, once; stored with what the answers should have been.

The test films are scored only when thresholds and winner lie in `selection.json`, and every such scoring
leaves a line in a log: choices made after a look at the test films are how published figures get too good. Whether they are
of the kind that everything was chosen on is asked first (`film_shift`), and how often they were looked at before
(`earlier_looks`).
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films, FilmSplits, films_for
from radlib.datasets.perturbed_films import PERTURBATION_SEED, perturbation_of, perturbed
from radlib.evaluation.answers import Predictions
from radlib.evaluation.choices import check_selected, read_selection, thresholds
from radlib.evaluation.deciding import no_probability
from radlib.evaluation.earlier_looks import count_earlier_looks
from radlib.evaluation.film_groups import VALIDATION, write_film_groups
from radlib.evaluation.film_shift import compare_splits, reference_films
from radlib.evaluation.hit_and_miss import write_hit_and_miss
from radlib.evaluation.inference import predict_files
from radlib.evaluation.scoring_log import log_test
from radlib.evaluation.thumbnails import write_thumbnails
from radlib.evaluation.workers import Workers
from radlib.foundation.errors import DataError
from radlib.foundation.names import check_known
from radlib.foundation.record_files import RUN_AGAIN, damaged, read_arrays
from radlib.foundation.storage import atomic_path, spec_digest
from radlib.imaging.augmentation import REVISION
from radlib.imaging.decoding.pixels import StoredFilms, stored_films
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

SPLITS = ("validation", "perturbed", "test")


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
    check_known("split", split, SPLITS)
    if split == "test":
        check_selected(run, variants)
        compare_splits(run, films)  # before any score is seen
        count_earlier_looks(run, films)
        write_film_groups(run, films.test)
    elif split == "validation":
        write_film_groups(run, films.validation, VALIDATION)
    found: dict[str, Predictions] = {}
    missing: dict[str, Any] = {}
    for variant in variants:
        network = run_of(run, variant)
        prepared = films_of(network, films, variant)
        fingerprint = split_fingerprint(network, prepared, split)
        if split == "test":
            reference_films(run, prepared)
        stored = _intact_predictions(run, variant, split)
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
        _show_winner(run, films, variants, found)
    return {variant.name: found[variant.name] for variant in variants}


def _show_winner(
    run: Run, films: FilmSplits, variants: Sequence[Variant], found: dict[str, Predictions]
) -> None:
    """Write a test film that the winner gets right and one that it misses, where the winner is among the variants."""
    chosen = read_selection(run)
    for variant in variants:
        if variant.name == chosen.get("winner"):
            own = films_of(run_of(run, variant), films, variant).test
            at = thresholds(chosen["variants"][variant.name])
            write_hit_and_miss(run, own, variant, found[variant.name], at)


def predictions_path(run: Run, variant: Variant, split: str) -> Path:
    """Return where a variant's predictions of a split lie."""
    return run.path("predictions", f"{variant.key}.{split}.npz")


def was_scored(run: Run, variant: Variant, split: str) -> bool:
    """Tell whether a variant's model file has answered a split; answers that are damaged count as given."""
    try:
        return load_predictions(run, variant, split) is not None
    except DataError:
        return True


def load_predictions(run: Run, variant: Variant, split: str) -> Predictions | None:
    """Return stored predictions of this very model file; None when there are none.

    Raises:
        DataError: When they are damaged.
    """
    path = predictions_path(run, variant, split)
    if not path.is_file():
        return None
    return predictions_in(path, variant)


def predictions_in(path: Path, variant: Variant, *, digest: bool = True) -> Predictions | None:
    """Return the predictions of a file; None when another model file made them.

    Args:
        path: The file.
        variant: Whose they are.
        digest: Whether the file must be the one that was written, where that was noted.

    Raises:
        DataError: When the file is damaged.
    """
    fields: dict[str, Any] = read_arrays(path, tuple(Predictions.__dataclass_fields__), digest=digest)
    for name in ("model_sha256", "fingerprint"):
        fields[name] = str(fields[name])
    if fields["model_sha256"] != variant.sha256:
        return None
    films, labels = len(fields["image_id"].reshape(-1)), len(task_of(variant).labels)
    shapes = {"image_id": (films,), "patient_id": (films,), "y_true": (films, labels), "y_prob": (films, labels),
              "outputs": (films, len(variant.labels))}  # fmt: skip
    for name, shape in shapes.items():
        if fields[name].shape != shape or (fields[name].dtype.kind == "f") != (len(shape) == 2):
            raise damaged(path, f"{name} is of another size or type", RUN_AGAIN)
    return Predictions(**fields)


def _intact_predictions(run: Run, variant: Variant, split: str) -> Predictions | None:
    """Return stored predictions; None when there are none or they are damaged, so that they are made anew."""
    try:
        return load_predictions(run, variant, split)
    except DataError:
        return None


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
    varied = {"perturbation": perturbation_of(run.settings), "revision": REVISION}
    return spec_digest({"films": films.fingerprint, **varied})


def _choose(run: Run, films: FilmSplits, split: str) -> Films:
    if split == "perturbed":
        return perturbed(films.validation, perturbation_of(run.settings), seed=PERTURBATION_SEED)
    return films.validation if split == "validation" else films.test


def _ask(
    run: Run, variant: Variant, films: Films, pixels: StoredFilms, fingerprint: str, workers: Workers
) -> Predictions:
    outputs = predict_files(
        run.model_path(variant), variant.format, pixels, name=variant.name, workers=workers
    )
    if wrong := no_probability(outputs):
        bad = next(i for i, row in zip(films.image_ids, outputs, strict=True) if no_probability(row))
        raise DataError(
            f"{variant.name} cannot be judged: {wrong} for film {bad}; its weights are damaged, or its training went astray: "
            "build or import it again."
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
        log_test(run, variant, predictions.image_id)
    with atomic_path(predictions_path(run, variant, split)) as partial, partial.open("wb") as stream:
        np.savez(stream, **predictions.arrays())


def per_label(predictions: Predictions) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (answers, probabilities) of each label, without the films whose answer is unknown."""
    columns = zip(predictions.y_true.T, predictions.y_prob.T, strict=True)
    return [(y_true[~np.isnan(y_true)], y_prob[~np.isnan(y_true)]) for y_true, y_prob in columns]


def mean_auroc(predictions: Predictions) -> float | None:
    """Return the AUROC, averaged over the labels that have one; None when none has."""
    values = [metrics.auroc(*known) for known in per_label(predictions)]
    defined = [value for value in values if not math.isnan(value)]
    return float(np.mean(defined)) if defined else None
