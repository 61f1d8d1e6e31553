"""The baseline: one trained network of a run, stored as the variant that all others are made from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from radlib.datasets.films import FilmSplits, preprocessing_of
from radlib.datasets.perturbed_films import choice_films
from radlib.foundation import backend
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.places import discard
from radlib.foundation.plain_text import table_text
from radlib.foundation.record_files import read_table
from radlib.foundation.storage import file_sha256, spec_digest, write_json, write_text
from radlib.runs.imported_networks import is_imported
from radlib.runs.runs import Run
from radlib.runs.settings import Settings
from radlib.runs.variants import REBUILT, Variant, read_variant, variant_key
from radlib.training.learning_curves import best_position
from radlib.training.recipe import Recipe, recipe_from
from radlib.training.replicas import replicated, synchronize
from radlib.training.training import GoesOn, TrainingStopped, check_numbers, fit, validate

TRAINING_REVISION = 2  # raised when the same settings would train another network


def train_baseline(run: Run, films: FilmSplits, goes_on: GoesOn | None = None) -> Variant:
    """Return the trained network of the run's settings; train and store it if it is not there.

    With `epochs: 0` nothing is trained: the weights file brings the whole network, as its authors published it.

    Args:
        run: The run, with the settings of one network and seed.
        films: Its films.
        goes_on: See `training.fit`.

    Returns:
        The variant `architecture[@tag]/original#seed`; `history.csv` lies beside its model.
    """
    if is_imported(run.settings):
        return imported_original(run, films)
    from radlib.architectures.weights import find_weights

    settings = run.settings
    weights = find_weights(settings.weights)
    name = run.name_of()
    spec = baseline_spec(settings, films, weights)
    checkpoints = run.path("checkpoints", f"{variant_key(name)}-{spec_digest(spec)}")

    def build(folder: Path) -> dict[str, Any]:
        from radlib.architectures.inputs import input_record
        from radlib.formats.keras import save_model

        model, history = _trained(run, films, weights, checkpoints, goes_on)
        save_model(model, folder / "model.keras")
        write_text(folder / "history.csv", table_text(history))
        inside = None
        if weights not in (
            "none",
            "imagenet",
        ):  # whoever brings weights must be able to check what they are fed
            inside = input_record(settings.architecture, settings.architecture_options)
        preparation = replace(films.preprocessing, inside_network=inside)
        write_json(folder / "preprocessing.json", preparation.to_dict())
        best, measure = history.iloc[best_position(history)], films.training.task.measure
        return {
            "file": "model.keras",
            "label": "original",
            "parent": None,
            "chain": (),
            "architecture": settings.architecture,
            "task": films.training.task.name,
            "seed": settings.seed,
            "format": "keras",
            "labels": films.training.task.outputs,
            "input_shape": tuple(model.input_shape[1:]),
            "preprocessing": films.preprocessing.digest(),
            "details": {
                "epochs": int(history["epoch"].iloc[-1]),
                f"validation_{measure}": float(best[f"val_{measure}"]),
            },
        }

    try:
        variant = run.load_or_build(name, spec, build)
    except TrainingStopped:
        discard(checkpoints, run.folder)
        raise
    discard(checkpoints, run.folder)  # not before: a kill while storing must cost no training
    return variant


def untrained_history(model: Any, films: FilmSplits) -> "pd.DataFrame":
    """Return the learning curves of a network that was brought and not trained: where it stands, as epoch 0."""
    return pd.DataFrame(
        [{"epoch": 0, "loss": np.nan, **validate(model, films.validation), "learning_rate": 0.0}]
    )


def imported_original(run: Run, films: FilmSplits) -> Variant:
    """Return the network that `radlib import` brought into the run; nothing is trained.

    Raises:
        UsageError: When it was not imported, or for films prepared otherwise, or for another question.
        SetupError: When its file is missing or damaged.
    """
    path = run.record_path(run.name_of())
    if not path.is_file():
        raise UsageError(
            f"{run.folder.name} has no network {run.network} yet; bring it with radlib import FILE --name "
            f"{run.settings.tag} --output {run.folder.name}, or leave it out of the study."
        )
    variant = read_variant(path)
    if variant.preprocessing != films.preprocessing.digest():
        raise UsageError(
            f"{run.network} was imported for films of {variant.input_shape[0]} pixels prepared otherwise than now; set "
            "image_size, resize, resampling, operations and window back, or import it again with --fresh."
        )
    if variant.labels != films.training.task.outputs:
        raise UsageError(
            f"{run.network} answers with {', '.join(variant.labels)}, but the films ask for "
            f"{', '.join(films.training.task.outputs)}; choose the same reading, or import it again with --fresh."
        )
    model = run.model_path(variant)
    if not model.is_file() or file_sha256(model) != variant.sha256:
        raise SetupError(f"The file of {variant.name} is missing or damaged; import it again.")
    return variant


def original_format(run: Run) -> str:
    """Return the format of the run's original: `keras` of one that is trained here, that of the file of an import."""
    path = run.record_path(run.name_of())
    return read_variant(path).format if is_imported(run.settings) and path.is_file() else "keras"


def _trained(
    run: Run, films: FilmSplits, weights: str, checkpoints: Path, goes_on: GoesOn | None
) -> tuple[Any, "pd.DataFrame"]:
    """Return the network of a run's settings and its learning curves; without epochs, as its weights file brings it."""
    from radlib.architectures.networks import build_network

    settings = run.settings
    recipe, judged = recipe_from(settings), replace(films, validation=choice_films(films, settings))
    backend.make_deterministic(settings.seed)
    with replicated(settings.replicas, settings.batch_size):
        model = build_network(
            settings.architecture,
            settings.architecture_options,
            films.training.task,
            (settings.image_size, settings.image_size, 1),
            weights=weights,
            dropout=settings.dropout,
            seed=settings.seed,
            need_head=settings.epochs == 0,
        )
        if not settings.epochs:
            check_numbers(model, run.network)
            return model, untrained_history(model, judged)
        if settings.replicas > 1:
            synchronize(model)
        how: dict[str, Any] = {"seed": settings.seed, "folder": checkpoints, "name": run.network}
        return model, fit(model, judged, recipe, **how, goes_on=goes_on, replicas=settings.replicas)


def baseline_spec(settings: Settings, films: FilmSplits, weights: str) -> dict[str, Any]:
    """Return all that decides a trained network, as `Run.load_or_build` wants it."""
    return {"films": films.fingerprint, **settings_spec(settings, weights)}


def settings_spec(settings: Settings, weights: str) -> dict[str, Any]:
    """Return the part of a trained network's specification that is known before a film is opened."""
    recipe = recipe_from(settings)
    return {
        "preprocessing": preprocessing_of(settings).digest(),
        "architecture": settings.architecture,
        "architecture_options": settings.architecture_options,
        "weights": weights if weights in ("none", "imagenet") else file_sha256(Path(weights)),
        "dropout": settings.dropout,
        **{k: getattr(recipe, k) for k in Recipe.__dataclass_fields__ if k != "augmentation"},
        "augmentation": recipe.augmentation.to_dict(),
        "best_epoch_on": [settings.operating_point_films, settings.perturbation],
        **({"replicas": settings.replicas} if settings.replicas > 1 else {}),  # other sums, other bits
        "seed": settings.seed,
        "revision": TRAINING_REVISION,
    }


def read_history(run: Run, variant: Variant) -> "pd.DataFrame":
    """Return the learning curves stored beside a trained or fine-tuned variant."""
    path = run.model_path(variant).with_name("history.csv")
    if not path.is_file():
        raise DataError(f"{variant.name} has no learning curves: it was converted, not trained.")
    return read_table(path, remedy=REBUILT)


def load_network(run: Run, variant: Variant) -> Any:
    """Return the Keras model of a variant.

    Raises:
        UsageError: For a variant that is a LiteRT file; open that with `formats.open_model`.
    """
    from radlib.formats.keras import load_model

    return load_model(run.model_path(variant))
