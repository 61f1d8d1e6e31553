"""Every film of a split through every variant, once; stored with what the answers should have been.

The test films are scored only when thresholds and winner lie in `selection.json`, and every such scoring
leaves a line in a log: choices made after a look at the test films are how published figures get too good. Whether they are
of the kind that everything was chosen on is asked first (`film_shift`), and how often they were looked at before
(`earlier_looks`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.datasets.films import Films, FilmSplits, films_for
from radlib.datasets.perturbed_films import PERTURBATION_SEED, perturbation_of, perturbed
from radlib.evaluation.choices import check_selected
from radlib.evaluation.deciding import no_probability
from radlib.evaluation.earlier_looks import count_earlier_looks
from radlib.evaluation.film_groups import VALIDATION, write_film_groups
from radlib.evaluation.film_shift import compare_splits, reference_films
from radlib.evaluation.inference import predict_files
from radlib.evaluation.records import Record, made, predictions_in
from radlib.evaluation.scoring_log import log_test
from radlib.evaluation.shown_films import show_test_films
from radlib.evaluation.workers import Workers
from radlib.foundation.errors import DataError
from radlib.foundation.names import check_known
from radlib.foundation.storage import atomic_path, spec_digest
from radlib.imaging.augmentation import REVISION
from radlib.imaging.decoding.pixels import StoredFilms, stored_films
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

SPLITS = ("validation", "perturbed", "test")


def predict(run: Run, films: FilmSplits, variants: Sequence[Variant], *, split: str) -> dict[str, Any]:
    """Return what every variant answers to the films of a split; predict what is not stored.

    Stored answers count only for the same model file and the same films.

    Args:
        run: The run.
        films: Its films. Variants of networks that want them prepared otherwise get theirs.
        variants: Those to ask.
        split: `validation`; `perturbed`, the validation films with other exposure and framing; or `test`.

    Returns:
        By variant name, the record that belongs to the task: `answers.Predictions`, of outlines `outlined.Outlined`, of boxes `boxed.Boxed`.

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
    found: dict[str, Record] = {}
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
                    found[variant.name] = _ask(run, variant, split, chosen, pixels, fingerprint, workers)
    if split == "test":
        own = {v.name: films_of(run_of(run, v), films, v).test for v in variants}
        show_test_films(run, films.test, variants, found, own)
    return {variant.name: found[variant.name] for variant in variants}


def predictions_path(run: Run, variant: Variant, split: str) -> Path:
    """Return where a variant's predictions of a split lie."""
    return run.path("predictions", f"{variant.key}.{split}.npz")


def was_scored(run: Run, variant: Variant, split: str) -> bool:
    """Tell whether a variant's model file has answered a split; answers that are damaged count as given."""
    try:
        return load_predictions(run, variant, split) is not None
    except DataError:
        return True


def load_predictions(run: Run, variant: Variant, split: str) -> Any:
    """Return stored predictions of this very model file; None when there are none.

    Raises:
        DataError: When they are damaged.
    """
    path = predictions_path(run, variant, split)
    if not path.is_file():
        return None
    return predictions_in(path, variant)


def _intact_predictions(run: Run, variant: Variant, split: str) -> Record | None:
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
    run: Run,
    variant: Variant,
    split: str,
    films: Films,
    pixels: StoredFilms,
    fingerprint: str,
    workers: Workers,
) -> Record:
    outputs = predict_files(
        run.model_path(variant), variant.format, pixels, name=variant.name, workers=workers
    )
    if wrong := no_probability(outputs):
        bad = next(i for i, row in zip(films.image_ids, outputs, strict=True) if no_probability(row))
        raise DataError(
            f"{variant.name} cannot be judged: {wrong} for film {bad}; its weights are damaged, or its training went astray: "
            "build or import it again."
        )
    if split == "test":
        log_test(run, variant, films.image_ids)  # before anything of it is stored
    record = made(run, variant, split, films, outputs, fingerprint)
    with atomic_path(predictions_path(run, variant, split)) as partial, partial.open("wb") as stream:
        np.savez(stream, **record.arrays())
    return record
