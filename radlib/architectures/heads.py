"""What turns a feature extractor into answers, by the word that a task says: one number per film, one at every pixel, or maps of centres.

`pooled`: global average pooling (Lin et al., 2013, arXiv 1312.4400), dropout, one dense layer. `map`: dropout and one 1 × 1
convolution, for extractors that give their features at the size of the film (Ronneberger et al., 2015, arXiv 1505.04597). `centres`: the
same at a quarter of the film's side, for boxes (Zhou et al., 2019, arXiv 1904.07850); it begins at a heat of one in ten everywhere, as the
loss of so many cells without a box would otherwise be all that is learnt first (Lin et al., 2017, arXiv 1708.02002).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.imaging.centre_maps import STRIDE
from radlib.runs.tasks import Task

HEAD_NAME = "predictions"
FIRST_HEAT, FIRST_SIZE = (
    0.1,
    0.2,
)  # what maps of centres begin with: a probability, and a share of the film's side


def with_head(extractor: Any, task: Task, *, dropout: float = 0.0, seed: int = 0, name: str = "") -> Any:
    """Return a network: an extractor and the head of a task, uncompiled.

    Args:
        extractor: A Keras model from films to features, (n, h, w, c) or, for a pooled head, (n, c).
        task: Says which head, how many outputs there are and with which activation.
        dropout: Share of features dropped while training, in [0, 1).
        seed: Of the dropout.
        name: Of the network; empty takes the extractor's.

    Raises:
        UsageError: When the features do not fit the head.
    """
    answers = HEADS[task.head](extractor, task, dropout, seed)
    return backend.keras().Model(extractor.input, answers, name=name or extractor.name)


def pooled(extractor: Any, task: Task, dropout: float, seed: int) -> Any:
    """Return one answer per output and film, (n, outputs)."""
    layers, features = backend.keras().layers, extractor.output
    if len(features.shape) == 4:  # (n, h, w, c)
        features = layers.GlobalAveragePooling2D(name="pooling")(features)
    if dropout:
        features = layers.Dropout(dropout, seed=seed, name="dropout")(features)
    return layers.Dense(len(task.outputs), activation=task.activation, name=HEAD_NAME)(features)


def mapped(extractor: Any, task: Task, dropout: float, seed: int) -> Any:
    """Return one answer per output and pixel, (n, rows, columns, outputs)."""
    _check_sides(extractor, 1, "an outline needs one at every pixel; choose a network that draws outlines.")
    return _at_every_place(extractor.output, task, dropout)


def centred(extractor: Any, task: Task, dropout: float, seed: int) -> Any:
    """Return the maps that boxes are read from, (n, cells, cells, outputs)."""
    _check_sides(
        extractor,
        STRIDE,
        f"boxes need one at every {STRIDE} × {STRIDE} pixels; choose a network that finds centres.",
    )
    start = np.zeros(len(task.outputs), np.float32)
    start[: len(task.labels)] = np.log(FIRST_HEAT / (1 - FIRST_HEAT))
    start[len(task.labels) : len(task.labels) + 2] = np.log(FIRST_SIZE / (1 - FIRST_SIZE))
    return _at_every_place(extractor.output, task, dropout, start)


def _check_sides(extractor: Any, stride: int, needed: str) -> None:
    """Refuse an extractor whose features have another size than a head needs."""
    features, sides = extractor.output, extractor.input_shape[1:3]
    if tuple(side * stride for side in features.shape[1:3]) != tuple(sides):
        rows, columns = features.shape[1:3] if len(features.shape) == 4 else (1, 1)
        raise UsageError(
            f"{extractor.name} gives features of {rows} × {columns} for a film of {sides[0]} × {sides[1]}, and {needed}"
        )


def _at_every_place(features: Any, task: Task, dropout: float, start: np.ndarray | None = None) -> Any:
    """Return one answer per output and place; `start` is what the bias begins with, where it is not zero."""
    layers = backend.keras().layers
    if dropout:
        features = layers.SpatialDropout2D(dropout, name="dropout")(features)
    head = layers.Conv2D(len(task.outputs), 1, activation=task.activation, name=HEAD_NAME)
    answers = head(features)
    if start is not None:  # not as an initializer: a stored network may hold plain values only
        head.set_weights([head.get_weights()[0], start])
    return answers


HEADS: Mapping[str, Callable[[Any, Task, float, int], Any]] = {
    "pooled": pooled,
    "map": mapped,
    "centres": centred,
}
