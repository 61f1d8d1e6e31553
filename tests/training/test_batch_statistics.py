"""Batch norm gets the statistics of the films it is shown, exactly, and nothing else of a network changes."""

import numpy as np
import pytest

from drawn import SIDE, small_network
from radlib.foundation import backend
from radlib.training.batch_statistics import batch_norms, estimator


def batches(count=3, size=8, seed=0):
    generator = np.random.default_rng(seed)
    return [(n + 1) * generator.random((size, SIDE, SIDE, 1), dtype=np.float32) for n in range(count)]


def kept(model):
    return {variable.name: variable.numpy() for variable in model.variables}


def expected(model, norm, shown):
    """Pool a layer's inputs over batches in which each earlier batch norm used the batch's own statistics."""
    inner = backend.keras().Model(model.input, norm.input)
    inputs = [inner(images, training=True).numpy() for images in shown]
    means = np.array([values.mean((0, 1, 2)) for values in inputs])
    squares = np.array([values.var((0, 1, 2)) for values in inputs]) + means**2
    return means.mean(0), squares.mean(0) - means.mean(0) ** 2


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_statistics_are_those_of_all_films_and_nothing_else_moves(dropout):
    model, shown = small_network(dropout, momentum=0.999), batches()
    before = kept(model)
    estimator(model)(shown)
    moved = {name for name, values in kept(model).items() if not np.array_equal(values, before[name])}
    assert moved and all("moving_" in name for name in moved)
    for norm in batch_norms(model):
        assert norm.momentum == 0.999
    after = kept(model)
    for norm in batch_norms(model):
        mean, variance = expected(model, norm, shown)
        np.testing.assert_allclose(after[norm.moving_mean.name], mean, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(
            after[norm.moving_variance.name], variance, rtol=0.01, atol=1e-5
        )  # n or n - 1


def test_what_was_there_before_does_not_count_and_chance_has_no_say():
    model = small_network(0.5)
    estimate = estimator(model)
    estimate(batches())
    first = kept(model)
    estimate(batches(seed=5))
    for norm in batch_norms(model):
        norm.moving_mean.assign(norm.moving_mean + 1e4)
    estimate(batches())
    for name, values in kept(model).items():
        np.testing.assert_allclose(values, first[name], rtol=1e-5, atol=1e-5)


def test_frozen_layers_and_networks_without_batch_norm_stay_as_they_are():
    model = small_network()
    frozen = next(layer for layer in model.layers if "batch_normalization" in layer.name)
    frozen.trainable = False
    before = kept(model)
    estimator(model)(batches())
    np.testing.assert_array_equal(kept(model)[frozen.moving_mean.name], before[frozen.moving_mean.name])
    assert len(batch_norms(model)) == 2
    layers = backend.keras().layers
    plain = backend.keras().Sequential([layers.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(2)])
    before = plain.get_weights()
    estimator(plain)(batches())
    for values, wanted in zip(plain.get_weights(), before, strict=True):
        np.testing.assert_array_equal(values, wanted)


def test_layers_in_a_network_within_a_network_are_found():
    keras, inner = backend.keras(), small_network()
    film = keras.Input((SIDE, SIDE, 1))
    outer = keras.Model(film, inner(film))
    estimator(outer)(batches())
    alone = small_network()
    estimator(alone)(batches())
    assert len(batch_norms(outer)) == 3
    for values, wanted in zip(outer.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-6)


def test_the_ranges_of_a_network_that_trains_with_rounding_stay_as_they_are():
    from radlib.techniques.quantization.fake_quantization import fake_quantized, start_ranges

    rounding = fake_quantized(small_network(), [], [])
    start_ranges(rounding, batches()[0])
    before = kept(rounding)
    estimator(rounding)(batches())
    moved = {name for name, values in kept(rounding).items() if not np.array_equal(values, before[name])}
    assert moved and all("moving_mean" in name or "moving_variance" in name for name in moved)
