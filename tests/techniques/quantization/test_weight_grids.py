"""What is done to a float32 file before it is rounded: layers as matrix products, biases, channels, learnt rounding, ranges."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from radlib.formats.litert_tables import packed, read_tables
from radlib.foundation import backend
from radlib.techniques.quantization.activation_ranges import clipped, least_error_range
from radlib.techniques.quantization.aeq_recipes import quantize, rule
from radlib.techniques.quantization.bias_correction import expected_patches
from radlib.techniques.quantization.converter import convert
from radlib.techniques.quantization.equalization import equalized
from radlib.techniques.quantization.float_layers import (
    add_to_bias,
    answers_of,
    biases_of,
    channels_of,
    float_layers,
    mean_patch,
    observed,
    patches,
    products,
    set_channels,
    values_of,
)
from radlib.techniques.quantization.learned_rounding import learned_rounding
from radlib.techniques.quantization.rounding import weight_codes
from radlib.techniques.quantization.weight_grids import on_grids

SIDE = 17  # odd, so that padding is uneven


@pytest.fixture(scope="module")
def network():
    """Strides, padding, dilation, depthwise kernels with two channels each, ReLU6, a dense layer; weights as drawn."""
    keras = backend.keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    film = x = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(8, 3, 2, padding="same", bias_initializer="normal")(x)
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, depthwise_initializer="normal")(
        layers.ReLU()(x)
    )
    x = layers.Conv2D(12, 1, activation="relu")(layers.ReLU(6.0)(x))
    x = layers.Conv2D(16, 3, padding="valid", dilation_rate=2, activation="relu")(x)
    x = layers.DepthwiseConv2D(3, 2, padding="valid", activation="relu")(layers.ZeroPadding2D()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(film, layers.Dense(2, activation="softmax")(x))


@pytest.fixture(scope="module")
def content(network):
    return convert(network)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((12, SIDE, SIDE, 1)).astype(np.float32)


def test_every_layer_is_a_matrix_product_of_its_patches(content, images):
    tables = read_tables(content)
    layers = float_layers(tables)
    assert len(layers) == 6 and sum(layer.depthwise for layer in layers) == 2
    for layer in layers:
        shape = values_of(tables, layer.kernel).shape
        (seen,) = observed(content, images[:1], [layer.source, layer.target])
        read = patches(layer, shape, seen[layer.source])
        found = products(channels_of(tables, layer), read) + biases_of(tables, layer)
        written = seen[layer.target].reshape(found.shape)
        np.testing.assert_allclose(np.clip(found, *layer.limits), written, atol=1e-5)
        np.testing.assert_allclose(mean_patch(layer, shape, seen[layer.source]), read.mean(axis=0), atol=1e-6)


def test_layers_that_share_their_zeros_get_biases_of_their_own(content):
    tables = read_tables(content)
    layers = [layer for layer in float_layers(tables) if len(channels_of(tables, layer)) == 16]
    assert len(layers) == 3  # of 16 channels each, with biases of 0 that the converter stored once
    for number, layer in enumerate(layers):
        for _ in range(2):
            add_to_bias(tables, layer, np.full(16, number + 1, np.float32))
    again = read_tables(packed(tables))
    for number, layer in enumerate(layers):
        np.testing.assert_array_equal(biases_of(again, layer), 2 * (number + 1))


def pre_activations(content, tables, layer, images):
    """The mean of what a layer adds up, by channel, from what it reads in another file."""
    (mean,) = expected_patches(content, tables, [layer], images)
    return products(channels_of(tables, layer), mean[None])[0] + biases_of(tables, layer)


def test_a_corrected_bias_gives_back_the_mean_and_a_plain_one_does_not(content, images):
    before, bits = read_tables(content), {layer.scope: 4 for layer in float_layers(read_tables(content))}
    for correct in (True, False):
        after = read_tables(on_grids(content, images, bits, correct_bias=correct))
        shifts = [
            abs(
                pre_activations(content, before, old, images) - pre_activations(content, after, new, images)
            ).max()
            for old, new in zip(float_layers(before), float_layers(after), strict=True)
        ]
        assert max(shifts) < 1e-4 if correct else max(shifts) > 1e-3, shifts


def test_equalized_channels_change_no_answer_and_have_one_range(content, images):
    tables = read_tables(content)
    unlike = float_layers(tables)[2]  # a 1 × 1 convolution that a ReLU follows, and a dilated one reads
    factors = np.geomspace(0.05, 20, 12).astype(np.float32)
    set_channels(tables, unlike, channels_of(tables, unlike) * factors[:, None])
    add_to_bias(tables, unlike, biases_of(tables, unlike) * (factors - 1))
    stretched = packed(tables)
    even, pairs = equalized(stretched, images)
    assert pairs >= 4
    np.testing.assert_allclose(answers_of(even, images), answers_of(stretched, images), atol=1e-4)
    found = read_tables(even)
    first, second = (float_layers(found)[place] for place in (2, 3))
    ranges = [
        abs(channels_of(found, first)).max(axis=1),
        abs(values_of(found, second.kernel)).max(axis=(0, 1, 2)),
    ]
    assert np.ptp(np.log(ranges[0] / ranges[1])) < np.ptp(np.log(factors)) / 10


def test_a_channel_that_reaches_six_stays_as_it_is(content):
    """Division would move what the ReLU6 cuts off."""
    bright = np.full((2, SIDE, SIDE, 1), 4000.0, np.float32)
    before = read_tables(content)
    writes = float_layers(before)[1]
    assert writes.limits == (0, 6)
    top = np.max(
        [seen[writes.target] for seen in observed(content, bright, [writes.target])], axis=(0, 1, 2, 3)
    )
    assert (top == 6).any() and (top < 6).any()
    even, _ = equalized(content, bright)
    np.testing.assert_allclose(answers_of(even, bright), answers_of(content, bright), atol=1e-3)


@pytest.mark.parametrize("bits", [8, 4])
def test_learned_rounding_moves_no_weight_by_a_step_and_errs_less(bits):
    generator = np.random.default_rng(5)
    weights = generator.normal(size=(6, 27)).astype(np.float32)
    read = np.abs(generator.normal(size=(400, 27)) + 2 * generator.normal(size=(400, 1)))
    wanted, ends = products(weights, read), abs(weights).max(axis=1)
    found = learned_rounding(weights, read, wanted, ends, bits, limits=(0.0, np.inf), steps=200)
    scale = ends[:, None] / (2 ** (bits - 1) - 1)
    nearest = np.clip(np.round(weights / scale), -(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1) * scale
    inside = abs(weights) < ends[:, None]
    assert (abs(found - weights)[inside] <= (scale + 1e-6).repeat(27, axis=1)[inside]).all()
    np.testing.assert_allclose(found / scale, np.round(found / scale), atol=1e-3)
    np.testing.assert_allclose(abs(found).max(axis=1), ends, rtol=1e-6)

    def error(rounded):
        return ((np.maximum(products(rounded, read), 0) - np.maximum(wanted, 0)) ** 2).mean()

    assert error(found) < 0.9 * error(nearest)
    again = learned_rounding(weights, read, wanted, ends, bits, limits=(0.0, np.inf), steps=200)
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("rounding", ["nearest", "learned"])
def test_weights_on_grids_are_found_by_the_quantizer_to_the_bit(content, images, bits, rounding):
    layers = float_layers(read_tables(content))
    widths = {layer.scope: 8 if layer.depthwise else bits for layer in layers}
    file = on_grids(content, images[:4], widths, rounding=rounding)
    recipe = [rule(weight_bits=8)]
    if bits == 4:
        recipe += [rule(weight_bits=4, operation=kind) for kind in ("CONV_2D", "FULLY_CONNECTED")]
    stored, tables = weight_codes(quantize(file, recipe)), read_tables(file)
    for layer in float_layers(tables):
        weights = channels_of(tables, layer)
        highest = 2 ** (widths[layer.scope] - 1) - 1
        codes = np.round(weights / np.abs(weights).max(axis=1, keepdims=True) * highest)
        name = tables.subgraphs[0].tensors[layer.kernel].name.decode()
        np.testing.assert_array_equal(stored[name].reshape(codes.shape), codes)


def test_the_least_error_is_what_brute_force_finds():
    values = np.sort(np.abs(np.random.default_rng(1).standard_t(3, 4000)))
    _, top = least_error_range(np.ones(4000), values, 4)
    assert 0.3 * values[-1] <= top < values[-1]

    def error(end):
        step = end / 15
        return ((values - np.clip(np.round(values / step), 0, 15) * step) ** 2).sum()

    assert error(top) <= 1.001 * min(error(share * values[-1]) for share in np.linspace(0.3, 1, 71))


@pytest.mark.parametrize("ends", ["percentile", "least_error"])
def test_one_bright_film_does_not_set_the_range(content, images, ends):
    films = images.repeat(8, axis=0)
    films[-1, 2, 2] = 3.0  # one pixel of many thousand
    extreme, cut = (
        quantize(content, [rule(weight_bits=8, activation_bits=8)], films, each)
        for each in ("extremes", ends)
    )
    scales = [
        Interpreter(model_content=each).get_input_details()[0]["quantization"][0] for each in (extreme, cut)
    ]
    assert scales[1] < 0.96 * scales[0]


def test_ranges_of_weights_are_not_touched(content, images):
    tables = read_tables(content)
    kernel = tables.subgraphs[0].tensors[float_layers(tables)[0].kernel].name.decode()
    given = {kernel: {"min": np.float32(-1), "max": np.float32(1)}}
    assert clipped(content, images, given, "percentile") == given
