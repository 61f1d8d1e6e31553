"""Training with weights of few bits, to be looked at: what the straight-through estimator gains where rounding hurts.

The network computes with weights on a grid, and the step that the gradient takes there is taken by weights that are kept in
float32 (Bengio et al., 2013; Courbariaux et al., 2015). Done around each step of a training it needs no layer of its own.

A device's file comes from `qat`, whose eight bits no runtime goes below; here are two to four, where there is something to
repair, and weights alone are rounded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.datasets.films import FilmSplits
from radlib.foundation import backend
from radlib.foundation.extras import pandas as pd
from radlib.runs.runs import Run
from radlib.runs.variants import Variant
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization.rounding import round_to_grid
from radlib.training import estimator, load_network

WAYS = ("rounded afterwards", "trained on, then rounded", "trained with rounding")
LEARNING_RATE_SHARE = 0.1


def kernels_of(network: Any) -> list[Any]:
    """Return the kernels of a Keras network, in its order; biases and batch norm are no part of it."""
    return [weight for weight in network.trainable_weights if weight.shape.rank > 1]


def channel_clips(kernel: np.ndarray) -> np.ndarray:
    """Return where the grid of each output channel (a kernel's last axis) ends: at its largest weight."""
    clip = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    return np.where(clip > 0, clip, 1.0)


def round_kernel(kernel: np.ndarray, bits: int) -> np.ndarray:
    """Return a kernel rounded to nearest, on a grid for each output channel."""
    return round_to_grid(kernel, channel_clips(kernel), bits).astype(np.float32)


def round_network(network: Any, bits: int) -> None:
    """Round all kernels of a Keras network in place."""
    for kernel in kernels_of(network):
        kernel.assign(round_kernel(kernel.numpy(), bits))


def tensorflow_rounding(weights: np.ndarray, clip: float, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what TensorFlow's fake quantizer, with which tfmot trains, makes of weights, and the slope that it reports.

    Args:
        weights: Any shape.
        clip: End of the grid, greater than 0.
        bits: Of a code.
    """
    tf = backend.tensorflow()
    kept = tf.constant(weights, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(kept)
        value = tf.quantization.fake_quant_with_min_max_vars(kept, -clip, clip, bits, narrow_range=True)
    return value.numpy(), tape.gradient(value, kept).numpy()


def train_rounded(network: Any, data: TechniqueData, bits: int | None, passes: int = 1) -> None:
    """Train a Keras network in place while it computes with rounded kernels; they are rounded when it ends.

    After every step `w ← w + Δ(q(w))`: the kept weights take the change of the rounded ones (the straight-through estimator
    of Bengio et al., 2013). Films are taken as they are, in an order that follows from the settings' seed; in the end batch
    norm gets the statistics that fit the weights.

    Args:
        network: A trained Keras model.
        data: The films.
        bits: Of a weight; None trains without rounding.
        passes: Over the training films.
    """
    rate = data.settings.learning_rate * LEARNING_RATE_SHARE
    network.compile(backend.keras().optimizers.Adam(rate), loss=data.loss())
    kernels, everything = kernels_of(network), len(data.films.training)
    kept = [kernel.numpy() for kernel in kernels]
    for number in range(passes):
        for images, targets in data.labelled_batches(everything, seed=data.settings.seed + number):
            computing = [weights if bits is None else round_kernel(weights, bits) for weights in kept]
            for kernel, weights in zip(kernels, computing, strict=True):
                kernel.assign(weights)
            network.train_on_batch(images, targets)
            kept = [k + v.numpy() - q for k, v, q in zip(kept, kernels, computing, strict=True)]
    for kernel, weights in zip(kernels, kept, strict=True):
        kernel.assign(weights if bits is None else round_kernel(weights, bits))
    refresh_statistics(network, data)


def refresh_statistics(network: Any, data: TechniqueData) -> None:
    """Give batch norm the statistics of training films under the weights that a network has now."""
    batches = data.labelled_batches(len(data.films.training), seed=data.settings.seed)
    estimator(network)(images for images, _ in batches)


def fewer_bits(
    run: Run, films: FilmSplits, baseline: Variant, bits: Sequence[int] = (8, 4, 3, 2), passes: int = 2
) -> "pd.DataFrame":
    """Return what is left of a network with weights of few bits, rounded in three ways, on validation films.

    One that was trained on *without* rounding stands between, with statistics of batch norm that fit its rounded weights: what
    training on and fresh statistics give anyway is no merit of training with rounding.

    Args:
        run: The run; nothing is stored in it.
        films: Its films.
        baseline: A trained Keras variant.
        bits: Of a weight, each at least 2.
        passes: Further passes over the training films, for the two that are trained.

    Returns:
        A row per number of bits and way (of `WAYS`): `bits`, `way`, `score` (the AUROC, or what else the task measures).
    """
    data, rows = TechniqueData(films, run.settings, run.folder), []
    longer = load_network(run, baseline)
    train_rounded(longer, data, None, passes)
    for width in bits:
        networks = dict(zip(WAYS, (load_network(run, baseline) for _ in WAYS), strict=True))
        afterwards, trained_on, with_rounding = networks.values()
        round_network(afterwards, width)
        trained_on.set_weights(longer.get_weights())
        round_network(trained_on, width)
        refresh_statistics(trained_on, data)
        train_rounded(with_rounding, data, width, passes)
        rows += [(width, way, data.score(network)) for way, network in networks.items()]
    return pd.DataFrame(rows, columns=["bits", "way", "score"])
