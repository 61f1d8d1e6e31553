"""Train a network on films, so that a killed training ends as if nothing had happened.

The loop runs one `fit` call per epoch. Everything random in an epoch (order, augmentation, dropout) follows
from the seed and the number of that epoch alone, and after each epoch weights, optimizer and history are
stored together. A training killed in mid-epoch repeats that epoch and ends with the same bits as the
uninterrupted one, on the same machine, threads and versions. Before an epoch is judged, batch norm gets the statistics
of its weights (see `batch_statistics`); which epoch is kept is said in `learning_curves`.

The learning rate warms up linearly and falls along a half cosine (Loshchilov and Hutter, 2017); the weights
kept may be an exponential moving average of those visited (Polyak and Juditsky, 1992), over a share of the training:
a horizon in steps would be too long for a short one, whose first weights it would never forget.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib.datasets.films import Films, FilmSplits
from radlib.foundation import backend
from radlib.foundation.errors import DataError, NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import plain_line
from radlib.training.batch_statistics import estimator, random_layers
from radlib.training.checkpoints import Checkpoints
from radlib.training.losses import loss_named
from radlib.training.recipe import Recipe
from radlib.training.training_films import (
    batch_slices,
    chance_loss,
    check_answers,
    epoch_batches,
    statistics_batches,
)

GoesOn = Callable[[Sequence[Mapping[str, float]]], bool]


class TrainingStopped(NotApplicable):
    """Whoever watched a training had it stopped, as others do better: there will be no such network."""


def fit(
    model: Any,
    films: FilmSplits,
    recipe: Recipe,
    *,
    seed: int,
    folder: Path,
    callbacks: Sequence = (),
    keep: str = "best",
    name: str = "",
    goes_on: GoesOn | None = None,
    replicas: int = 1,
) -> "pd.DataFrame":
    """Train a Keras model in place and leave it with its best weights.

    Args:
        model: A Keras model, images (n, h, w, 1) in [0, 1] to probabilities (n, outputs).
        films: Training and validation films; the test films are not touched.
        recipe: How to train.
        seed: Of order, augmentation and dropout.
        folder: Where checkpoints lie; a folder with checkpoints is continued from.
        callbacks: Further Keras callbacks.
        keep: Whose weights the model is left with: the `best` epoch's (see `learning_curves`) or the `last`.
        name: What the progress bar calls the network.
        goes_on: Asked after every epoch with the rows so far, whether the training is worth going on.
        replicas: Devices that the model was built on, see `replicas.replicated`.

    Returns:
        One row per epoch: epoch, loss, val_loss, val_auroc (or what else the task measures), learning_rate, chance_loss
        (what the best answer that is the same for every film would cost in training).

    Raises:
        DataError: When all training films have one answer, or the weights or the loss are not numbers.
        TrainingStopped: When `goes_on` says no; what was trained is discarded then.
    """
    keras = backend.keras()
    check_answers(films.training)
    check_numbers(model, name)
    backend.make_deterministic(seed)
    steps = len(batch_slices(len(films.training), recipe.batch_size, replicas))
    optimizer = _optimizer(recipe, steps)
    model.compile(optimizer, loss=loss_named(films.training.task.loss))
    optimizer.build(model.trainable_variables)
    memory = Checkpoints(model, folder, recipe)
    rows = memory.restore()
    estimate, chance = estimator(model), chance_loss(films.training, recipe)
    redraw = any(isinstance(layer, random_layers()) for layer in _all_layers(model))
    measure = f"val_{films.training.task.measure}"
    bar = tqdm(
        total=recipe.epochs * steps,
        initial=len(rows) * steps,
        desc=plain_line(name),
        unit="step",
        leave=False,
    )
    tell = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: bar.update())
    for epoch in range(len(rows), recipe.epochs):
        if memory.stalled():
            break
        keras.utils.set_random_seed(seed * 1000 + epoch)
        if redraw:
            model.make_train_function(force=True)  # a fresh trace starts the random layers afresh
        history = model.fit(
            epoch_batches(films.training, recipe, seed, epoch, replicas),
            steps_per_epoch=steps,
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=0,
            callbacks=[keras.callbacks.TerminateOnNaN(), tell, *callbacks],
        ).history
        row = {"epoch": epoch + 1, "loss": history["loss"][0]}
        if not math.isfinite(row["loss"]):
            bar.close()
            raise DataError(
                f"The loss of {name or 'the network'} is not a number in epoch {epoch + 1}; "
                "lower the learning rate, the last good checkpoint is kept."
            )
        with memory.averaged_weights():
            estimate(statistics_batches(films.training, recipe, seed, epoch))
            row |= validate(model, films.validation)
        row["learning_rate"] = float(keras.backend.get_value(optimizer.learning_rate))
        row["chance_loss"] = chance
        rows.append(row)
        memory.save(rows)
        if goes_on is not None and not goes_on(rows):
            bar.close()
            raise TrainingStopped(f"{name or 'The network'} was stopped after {len(rows)} epochs.")
        bar.set_postfix({"loss": f"{row['loss']:.3f}", measure: f"{row[measure]:.3f}"})
    bar.close()
    memory.load(keep)
    return pd.DataFrame(rows)


def validate(model: Any, films: Films, *, batch_size: int = 64) -> dict[str, float]:
    """Return `val_loss` (cross-entropy, nats) and what the task measures, as `val_auroc`, of a Keras model."""
    outputs = np.concatenate(
        [
            model.predict_on_batch(films.images(np.arange(start, min(start + batch_size, len(films)))))
            for start in range(0, len(films), batch_size)
        ]
    )
    truth, probabilities = films.truth, films.task.probabilities(outputs)
    merit = films.task.merit(truth, probabilities)
    return {"val_loss": films.task.cross_entropy(truth, probabilities), f"val_{films.task.measure}": merit}


def check_numbers(model: Any, name: str = "") -> None:
    """Make sure that the weights of a network are numbers.

    Raises:
        DataError: When some are not; the message names the first layer.
    """
    for layer in _all_layers(model):
        if not all(np.isfinite(values).all() for values in layer.get_weights()):
            raise DataError(
                f"The weights of {name or 'the network'} are no numbers (NaN or infinite) in layer {layer.name}; the file "
                "they come from is damaged, take another."
            )


def _optimizer(recipe: Recipe, steps_per_epoch: int) -> Any:
    """Return AdamW (Loshchilov and Hutter, 2019) on the recipe's schedule; plain Adam without decay."""
    keras = backend.keras()
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        warmup = round(recipe.warmup_epochs * steps_per_epoch)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=rate / 100 if warmup else rate,
            decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    horizon = recipe.average_share * recipe.epochs * steps_per_epoch  # steps that weights are averaged over
    average = {"use_ema": True, "ema_momentum": max(0.0, 1 - 1 / horizon)} if horizon else {}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, jit_compile=False, **average)
    # shadow weights of binary layers too: only their signs count, and decay would turn them at random
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "shadow_kernel"])
    return optimizer


def _all_layers(model: Any) -> list:
    return list(model._flatten_layers(include_self=False, recursive=True))
