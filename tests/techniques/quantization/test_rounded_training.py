"""Training with rounded weights ends on the grid, learns from steps that are too small to be seen, and rounds as TensorFlow does."""

import numpy as np
import pytest

from drawn import drawn_settings, drawn_splits
from radlib.foundation import backend
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization import rounded_training as rounded
from radlib.techniques.quantization.rounding import round_to_grid


@pytest.fixture(scope="module")
def data():
    return TechniqueData(drawn_splits(training=24, validation=8, test=8), drawn_settings(), None)


@pytest.fixture
def network(data):
    keras = backend.keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    side = data.films.training.pixels.shape[1]
    film = keras.Input((side, side, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, 4)(film))
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    outputs = len(data.films.training.task.outputs)
    return keras.Model(film, layers.Dense(outputs, activation="softmax")(x))


def values(network):
    return [kernel.numpy() for kernel in rounded.kernels_of(network)]


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_tensorflow_rounds_to_the_same_grid_with_slope_one_within(bits):
    weights = np.linspace(-1.5, 1.5, 101, dtype=np.float32)
    value, slope = rounded.tensorflow_rounding(weights, 1.0, bits)
    same = np.isclose(value, round_to_grid(weights, 1.0, bits), atol=1e-5)
    assert same.mean() > 0.95  # halves may go either way
    assert slope.tolist() == (np.abs(weights) <= 1).astype(float).tolist()


def test_what_was_trained_with_rounding_lies_on_the_grid_and_has_moved(network, data):
    before = values(network)
    rounded.train_rounded(network, data, 3, passes=4)
    after = values(network)
    for kernel in after:
        assert np.allclose(kernel, rounded.round_kernel(kernel, 3), atol=1e-6)
        assert all(len(np.unique(kernel[..., c].round(5))) <= 7 for c in range(kernel.shape[-1]))
    assert any(
        not np.allclose(rounded.round_kernel(old, 3), new) for old, new in zip(before, after, strict=True)
    )


def test_without_bits_nothing_is_rounded(network, data):
    rounded.train_rounded(network, data, None)
    largest = max(values(network), key=np.size)
    assert not np.allclose(largest, rounded.round_kernel(largest, 3), atol=1e-6)


def test_an_empty_channel_stays_empty():
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[..., 0] = 0.3
    assert rounded.round_kernel(kernel, 2)[..., 1].tolist() == kernel[..., 1].tolist()
