"""Batch-norm statistics that belong to the weights they are used with: estimated anew before every validation.

While it trains, batch norm divides by the spread of the batch at hand; when it answers, by a moving average over past
steps. That average belongs to weights that are gone. With ten steps an epoch it still holds mostly the values it began
with, and the validation loss of the first epochs tells of these, not of the network. So, after every epoch, training
films pass once more through the finished weights, and the statistics of their batches are pooled exactly: no momentum,
no history, the same for ten steps an epoch as for a thousand, for averaged weights as for visited ones.

References:
    Ioffe, Szegedy (2015). Batch normalization. ICML, arXiv 1502.03167 (their algorithm 2 asks for exactly this).
    Wu, Johnson (2021). Rethinking "batch" in BatchNorm. arXiv 2105.07576, section 3.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from radlib.foundation import backend


def estimator(model: Any) -> Callable[[Iterable[np.ndarray]], None]:
    """Return the function that gives a network the statistics of films, traced once for all epochs.

    Everything else that a pass in training mode changes, such as the ranges of a rounding layer, is put back; dropout
    and noise are off, since the network answers without them (Li et al., 2019, arXiv 1801.05134).

    Args:
        model: A Keras model. Frozen batch norm keeps its statistics; without any other the function does nothing.

    Returns:
        A function of batches, float32 (b, h, w, 1) each, as training sees them.
    """
    tf = backend.tensorflow()
    norms = batch_norms(model)
    shape = (None, *model.inputs[0].shape[1:])

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def passed(images: Any) -> None:
        with _plain(model, norms):  # while it is traced, and that once
            model(images, training=True)

    def estimate(batches: Iterable[np.ndarray]) -> None:
        if not norms:
            return
        kept = [variable.numpy() for variable in model.variables]
        pooled = _pooled(norms, passed, batches)
        for variable, values in zip(model.variables, kept, strict=True):
            variable.assign(values)
        for norm, (mean, variance) in zip(norms, pooled, strict=True):
            norm.moving_mean.assign(mean)
            norm.moving_variance.assign(variance)

    return estimate


def batch_norms(model: Any) -> list[Any]:
    """Return the layers of batch normalisation whose statistics training moves, wrapped and nested ones too."""
    kind = backend.keras().layers.BatchNormalization
    layers = model._flatten_layers(include_self=False, recursive=True)
    return [layer for layer in layers if isinstance(layer, kind) and layer.trainable]


def _pooled(
    norms: list[Any], passed: Callable[[Any], None], batches: Iterable[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return mean and variance per layer over all batches: the spread within batches, and that between them."""
    films, sums = 0, [np.zeros((2, norm.moving_mean.shape[0])) for norm in norms]
    for images in batches:
        passed(backend.tensorflow().constant(images))
        films += len(images)
        for norm, total in zip(norms, sums, strict=True):
            mean = norm.moving_mean.numpy().astype(np.float64)
            total += len(images) * np.stack([mean, norm.moving_variance.numpy() + mean**2])
    means = [total / films for total in sums]
    return [(mean, np.maximum(square - mean**2, 0)) for mean, square in means]


@contextlib.contextmanager
def _plain(model: Any, norms: list[Any]) -> Iterator[None]:
    """Let batch norm store a batch's own statistics, and switch chance off, inside the block."""
    layers = list(model._flatten_layers(include_self=False, recursive=True))
    changed = [(norm, "momentum", 0.0) for norm in norms]
    for layer in layers:
        if isinstance(layer, random_layers()):
            changed += [(layer, name, 0.0) for name in ("rate", "stddev") if hasattr(layer, name)]
    before = [(layer, name, getattr(layer, name)) for layer, name, _ in changed]
    for layer, name, value in changed:
        setattr(layer, name, value)
    try:
        yield
    finally:
        for layer, name, value in before:
            setattr(layer, name, value)


def random_layers() -> tuple[type, ...]:
    """Return the kinds of layers that draw numbers while a network trains."""
    layers = backend.keras().layers
    return (layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout)
