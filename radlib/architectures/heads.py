"""What turns a feature extractor into answers, by the word that a task says: one number per film, or one at every pixel.

`pooled`: global average pooling (Lin et al., 2013, arXiv 1312.4400), dropout, one dense layer. `map`: dropout and one 1 × 1
convolution, for extractors that give their features at the size of the film (Ronneberger et al., 2015, arXiv 1505.04597).
"""

from collections.abc import Callable, Mapping
from typing import Any

from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.runs.tasks import Task

HEAD_NAME = "predictions"


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
    layers, features, sides = backend.keras().layers, extractor.output, extractor.input_shape[1:3]
    if tuple(features.shape[1:3]) != tuple(sides):
        rows, columns = features.shape[1:3] if len(features.shape) == 4 else (1, 1)
        raise UsageError(
            f"{extractor.name} gives features of {rows} × {columns} for a film of {sides[0]} × {sides[1]}, and an outline needs "
            "one at every pixel; choose a network that draws outlines."
        )
    if dropout:
        features = layers.SpatialDropout2D(dropout, name="dropout")(features)
    return layers.Conv2D(len(task.outputs), 1, activation=task.activation, name=HEAD_NAME)(features)


HEADS: Mapping[str, Callable[[Any, Task, float, int], Any]] = {"pooled": pooled, "map": mapped}
