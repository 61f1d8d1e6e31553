"""Which layers become coarse, what that saves, and that int8 gives back what rounding shifts."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drawn import drawn_settings, drawn_splits
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization import sensitivity_views
from radlib.techniques.quantization.converter import convert, float16, int8
from radlib.techniques.quantization.float_layers import answers_of
from radlib.techniques.quantization.mixed_precision import (
    coarse_curve,
    layer_table,
    mixed_precision,
    wanted_bytes,
)
from radlib.techniques.quantization.sensitivity import answer_noise, coarse_layers


@pytest.fixture(scope="module")
def data():
    return TechniqueData(drawn_splits(training=48, validation=8, test=8), drawn_settings(), None)


@pytest.fixture(scope="module")
def network():
    """A network in which one layer is much more sensitive than the others: its few weights differ by a factor of 100."""
    keras = backend.keras()
    keras.utils.set_random_seed(2)
    layers = keras.layers
    film = x = keras.Input((16, 16, 1))
    x = layers.Conv2D(24, 3, padding="same", activation="relu", name="first")(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="apart")(x)
    x = layers.Conv2D(32, 3, 2, activation="relu", name="sensitive")(x)
    x = layers.Conv2D(48, 3, activation="relu", name="wide")(x)
    model = keras.Model(film, layers.Dense(2, activation="softmax", name="answer")(layers.Flatten()(x)))
    sensitive = model.get_layer("sensitive").kernel
    values = sensitive.numpy()
    values[0, 0, 0] *= 30  # so that all other weights of a channel share a handful of codes
    sensitive.assign(values)
    return model


@pytest.fixture(scope="module")
def content(network):
    return convert(network)


def kernel_types(content):
    """The number type of each kernel of a LiteRT file, by layer."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    return {
        name: np.dtype(tensor["dtype"]).name
        for tensor in interpreter.get_tensor_details()
        for name in ("first", "apart", "sensitive", "wide", "answer")
        if len(tensor["shape_signature"]) > 1
        and f"/{name}/" in f"/{tensor['name']}/"
        and tensor["shape"][0] != 1
    }


@pytest.mark.parametrize("parent", ["keras", "tflite"])
@pytest.mark.parametrize("activations", ["dynamic", "fixed", "float"])
def test_the_least_sensitive_layers_become_coarse(parent, activations, network, content, data):
    model = network if parent == "keras" else content
    made = mixed_precision(
        model, data, budget=0.8, largest_noise=100.0, activations=activations, scoring_films=16
    )
    layers = {row["layer"]: row for row in made.details["layers"]}
    coarse = [row for row in layers.values() if row["bits"] == 4]
    depthwise = [row for row in layers.values() if row["weights"] == 24 * 9 and "apart" in row["layer"]]
    assert coarse and all(row["bits"] != 4 for row in depthwise)
    assert "float32" not in {row["bits"] for row in coarse}
    codes = [
        recipe["regex"]
        for recipe in made.details["recipe"]
        if recipe["op_config"].get("weight_tensor_config", {}).get("num_bits") == 4
    ]
    assert len(codes) == len(coarse)
    noise = answer_noise(
        answers_of(content, data.representative(16, seed=0)[0]),
        answers_of(made.payload, data.representative(16, seed=0)[0]),
    )
    assert made.details["noise"] == pytest.approx(noise)
    assert len(made.details["scoring_films"]) == 16


def test_the_budget_is_met_where_noise_allows_and_noise_where_not(content, data):
    eight = mixed_precision(content, data, budget=1.0)
    assert [row["bits"] for row in eight.details["layers"] if row["bits"] == 4] == []
    half = mixed_precision(content, data, budget=0.5, largest_noise=1000.0)
    weights = {row["weights"] for row in half.details["layers"] if row["bits"] == 4}
    assert max(row["weights"] for row in half.details["layers"]) in weights
    assert len(half.payload) < 0.7 * len(eight.payload)
    spared = mixed_precision(content, data, budget=0.5, largest_noise=1e-6)
    assert len(spared.payload) == len(eight.payload)


def test_the_order_goes_by_noise_for_each_byte_and_ends_when_enough_is_saved(content, data):
    images, _ = data.representative(16, seed=0)
    table = layer_table(content, images, smallest_kernel=0)
    assert table["saved"][table["operation"] == "DEPTHWISE_CONV_2D"].tolist() == [0]
    order = coarse_layers(table["noise"], table["saved"], wanted_bytes(table, 0.5))
    cost = [table["noise"][n] ** 2 / table["saved"][n] for n in order]
    assert cost == sorted(cost)
    assert wanted_bytes(table, 1.0) == 0 and wanted_bytes(table, 2000) == table["bytes"].sum() - 2000
    curve = coarse_curve(content, images, table)
    assert curve["layers"].tolist() == list(range(len(order) + 1)) and curve["noise"].iloc[0] == 0
    assert curve["share"].is_monotonic_decreasing and curve["noise"].iloc[-1] > curve["noise"].iloc[1]


def test_a_file_that_is_rounded_already_is_refused(content, data):
    with pytest.raises(NotApplicable, match="already half precision"):
        mixed_precision(float16(content, data).payload, data)


def logits(answers):
    return np.log(answers / (1 - answers))


def test_int8_gives_back_the_mean_of_few_weights(data):
    """Depthwise channels of one large weight and eight that are all rounded down shift every film the same way."""
    keras = backend.keras()
    keras.utils.set_random_seed(8)
    layers = keras.layers
    film = x = keras.Input((16, 16, 1))
    kernel = np.full((3, 3), 3.45 / 127, np.float32)
    kernel[1, 1] = 1.0
    x = layers.Conv2D(4, 3, activation="relu", bias_initializer="ones", kernel_initializer="he_uniform")(x)
    for size in (1.0, 0.9, 0.8):  # a kernel that two layers share is left alone
        given = keras.initializers.Constant(size * kernel[..., None, None].repeat(4, axis=2))
        x = layers.DepthwiseConv2D(3, activation="relu", depthwise_initializer=given)(x)
    x = layers.GlobalAveragePooling2D()(x)
    weights = keras.initializers.Constant([[1.0, -1.0]] * 4)
    model = keras.Model(
        film, layers.Dense(1, activation="sigmoid")(layers.Dense(2, kernel_initializer=weights)(x))
    )
    films, _ = data.representative(48, seed=0)
    model.layers[-1].set_weights([np.array([[0.01], [-0.01]]), np.array([0.0])])
    middle = float(logits(model.predict(films, verbose=0)).mean()) / 0.01
    model.layers[-1].set_weights([np.array([[0.3], [-0.3]]), np.array([-0.3 * middle])])
    reference = logits(model.predict(films, verbose=0))
    shift = {}
    for correct in (True, False):
        made = int8(model, data, correct_bias=correct)
        shift[correct] = abs((logits(answers_of(made.payload, films)) - reference).mean())
    assert shift[True] < 0.5 * shift[False], shift


def test_each_layer_alone_is_shown_as_it_was_measured_and_the_other_order_begins_elsewhere(content, data):
    images, _ = data.representative(16, seed=0)
    before, answers = sensitivity_views.rounded_alone(content, images)
    layers, better, worse = sensitivity_views.two_orders(content, images)
    assert [answer_noise(before, each) for each in answers] == pytest.approx(layers["noise"].tolist())
    assert better["share"].iloc[-1] == worse["share"].iloc[-1]
    assert better["noise"].iloc[1] < worse["noise"].iloc[1]
