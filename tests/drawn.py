"""Tiny films for tests, noise with a bright square somewhere in those that have an opacity, and a network for them."""

import dataclasses

import numpy as np
import pandas as pd

from radlib.datasets.dataset import Dataset
from radlib.datasets.films import Films, FilmSplits
from radlib.foundation import backend
from radlib.imaging.augmentation import NO_AUGMENTATION
from radlib.imaging.images import Preprocessing
from radlib.runs import tasks
from radlib.runs.settings import Settings

SIDE = 16


def drawn_splits(
    training: int = 96, validation: int = 40, test: int = 40, seed: int = 0, enlarged: int = 1
) -> FilmSplits:
    """Return films of 16 × 16 pixels, so many times enlarged, in three splits, two films per patient."""
    generator = np.random.default_rng(seed)
    splits = np.repeat(["training", "validation", "test"], [training, validation, test])
    opacity = np.tile([0, 1], len(splits) // 2)
    pixels = generator.integers(60, 120, (len(splits), SIDE, SIDE)).astype(np.uint8)
    for film in np.flatnonzero(opacity):
        row, column = generator.integers(2, SIDE - 7, 2)
        pixels[film, row : row + 5, column : column + 5] += 60
    pixels, side = pixels.repeat(enlarged, axis=1).repeat(enlarged, axis=2), SIDE * enlarged
    index = pd.DataFrame(
        {
            "image_id": [f"{n:012x}" for n in range(len(splits))],
            "patient_id": [f"P{n // 2}" for n in range(len(splits))],
            "opacity": opacity,
            "split": splits,
            "stored_height": side,
            "stored_width": side,
        }
    )
    task = tasks.binary("opacity")
    preprocessing = Preprocessing(side, "stretch", ())
    films = Films(index, pixels, np.arange(len(index)), task.label_matrix(index), task, preprocessing)
    parts = {name: films.take(np.flatnonzero(splits == name)) for name in ("training", "validation", "test")}
    quarantine = pd.DataFrame({"image_id": [], "reason": []})
    return FilmSplits(
        dataset=Dataset(index.assign(path=""), task, None, name="squares", title="Drawn squares"),
        preprocessing=preprocessing,
        quarantine=quarantine,
        fingerprint=f"{seed:016x}",
        **parts,
    )


def drawn_outlines(training: int = 96, validation: int = 40, seed: int = 0, test: int = 40) -> FilmSplits:
    """Return the same films with the task to outline the square; the mask of a film without one is empty."""
    films = drawn_splits(training, validation, test, seed)
    task = tasks.outlines(["opacity"])
    masks = np.zeros((*films.training.source.shape, 1), np.uint8)
    generator = np.random.default_rng(seed + 1)
    pixels = generator.integers(60, 120, masks.shape[:3]).astype(np.uint8)
    for film in range(1, len(masks), 2):
        row, column, side = generator.integers((1, 1, 4), (SIDE - 8, SIDE - 8, 8))
        masks[film, row : row + side, column : column + side] = 1
        pixels[film, row : row + side, column : column + side] += 60
    parts = {
        name: dataclasses.replace(getattr(films, name), source=pixels, task=task, masks=masks)
        for name in ("training", "validation", "test")
    }
    return dataclasses.replace(films, dataset=dataclasses.replace(films.dataset, task=task), **parts)


def drawn_boxes(training: int = 96, validation: int = 40, seed: int = 0, test: int = 40) -> FilmSplits:
    """Return films of 32 × 32 pixels with the task to find one or two bright rectangles; every second film has none."""
    films = drawn_splits(training, validation, test, seed, enlarged=2)
    task, count = tasks.boxes(["opacity"]), len(films.training.source)
    marked, generator = np.full((count, 2, 5), np.nan), np.random.default_rng(seed + 1)
    pixels = generator.integers(60, 120, (count, 2 * SIDE, 2 * SIDE)).astype(np.uint8)
    for film in range(1, count, 2):
        for place in range(1 + film // 2 % 2):
            width, height = generator.integers(7, 13, 2)
            left, top = 16 * place + generator.integers(0, 17 - width), generator.integers(0, 33 - height)
            marked[film, place] = [0, left, top, width, height]
            pixels[film, top : top + height, left : left + width] += 90
    parts = {
        name: dataclasses.replace(getattr(films, name), source=pixels, task=task, marked=marked)
        for name in ("training", "validation", "test")
    }
    return dataclasses.replace(films, dataset=dataclasses.replace(films.dataset, task=task), **parts)


def drawn_settings(**given: object) -> Settings:
    """Return settings that train on the drawn squares in a second or two."""
    plain = {"image_size": SIDE, "batch_size": 16, "learning_rate": 0.01, "representative_films": 32}
    return Settings(augmentation=NO_AUGMENTATION.to_dict()).override({**plain, **given})


def small_network(
    dropout: float = 0.0,
    seed: int = 0,
    *,
    filters: tuple[int, int, int] = (8, 16, 16),
    pointwise: int = 0,
    momentum: float = 0.9,
):
    """Return a Keras network with kernels named first, middle, deep and predictions; its films as input.

    Args:
        dropout: Rate before the head.
        seed: Of the weights.
        filters: Of the three convolutions.
        pointwise: Filters of a further one, 1 × 1, named mix, after the middle one; 0 for none.
        momentum: Of batch norm's moving statistics.
    """
    keras = backend.keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    image = x = keras.Input((SIDE, SIDE, 1))
    for name, count, strides in zip(("first", "middle", "deep"), filters, (1, 2, 2), strict=True):
        if name == "deep" and pointwise:
            x = layers.Conv2D(pointwise, 1, use_bias=False, name="mix")(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
        x = layers.Conv2D(count, 3, strides, padding="same", use_bias=False, name=name)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=momentum)(x))
    x = layers.GlobalMaxPooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return keras.Model(image, layers.Dense(2, activation="softmax", name="predictions")(x))


def same_bits(first, second) -> bool:
    """Tell whether two Keras networks have the same weights, to the bit."""
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)
