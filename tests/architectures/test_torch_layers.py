"""PyTorch's padding and pooling, against loops that follow its documentation."""

import math

import numpy as np
import pytest

from radlib.architectures.torch_layers import batch_norm, convolution, max_pool
from radlib.foundation import backend


def answer(layer, x):
    """Return what a layer makes of one map (h, w, c)."""
    keras = backend.keras()
    image = keras.Input(x.shape)
    model = keras.Model(image, layer(image))
    return model, model(x[None]).numpy()[0]


def windows(x, size, strides, padding, sizes):
    """Return the windows (rows, columns, size, size, c) of a map with NaN around it, as many as `sizes` says."""
    wide = np.pad(x, ((padding, padding + size), (padding, padding + size), (0, 0)), constant_values=np.nan)
    rows, columns = sizes
    return np.stack(
        [
            [wide[strides * i : strides * i + size, strides * j : strides * j + size] for j in range(columns)]
            for i in range(rows)
        ]
    )


@pytest.mark.parametrize("shape", [(8, 8), (9, 9), (7, 10)])
@pytest.mark.parametrize(("size", "strides", "padding", "ceil"), [
    (3, 2, 1, False), (3, 2, 0, True), (2, 2, 0, True), (3, 1, 1, False), (2, 2, 0, False),
])  # fmt: skip
def test_max_pool(shape, size, strides, padding, ceil):
    x = np.random.default_rng(0).random((*shape, 2), dtype=np.float32)
    rounded = math.ceil if ceil else math.floor
    sizes = [rounded((n + 2 * padding - size) / strides) + 1 for n in shape]
    expected = np.nanmax(windows(x, size, strides, padding, sizes), axis=(2, 3))
    _, found = answer(
        lambda image: max_pool(image, size, "pool", strides=strides, padding=padding, ceil_mode=ceil), x
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(8, 8), (9, 7)])
@pytest.mark.parametrize(
    ("size", "strides", "padding"), [(7, 2, 3), (3, 2, 1), (3, 1, 1), (1, 2, 0), (1, 1, 0)]
)
def test_convolution(shape, size, strides, padding):
    x = np.random.default_rng(0).random((*shape, 2), dtype=np.float32)
    sizes = [(n + 2 * padding - size) // strides + 1 for n in shape]
    model, found = answer(
        lambda image: convolution(image, 4, size, "conv", strides=strides, padding=padding, bias=True), x
    )
    kernel, bias = model.get_layer("conv").get_weights()
    seen = np.nan_to_num(windows(x, size, strides, padding, sizes))
    np.testing.assert_allclose(found, np.tensordot(seen, kernel, 3) + bias, atol=1e-5)


def test_batch_norm_has_the_epsilon_it_is_given():
    x = np.full((1, 1, 2), 3.0, np.float32)
    model, _ = answer(lambda image: batch_norm(image, "norm", 0.001), x)
    model.get_layer("norm").set_weights([np.float32(v) for v in ([2, 2], [1, 1], [1, 1], [0, 0])])
    np.testing.assert_allclose(model(x[None]).numpy()[0, 0, 0], 2 * (3 - 1) / np.sqrt(0.001) + 1, rtol=1e-5)
