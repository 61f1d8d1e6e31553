"""Graphs as data: described and built again without a difference, edited, and nothing built that runs code."""

import json

import numpy as np
import pytest

from drawn import SIDE, small_network
from radlib.architectures.networks import build_network
from radlib.formats.graphs import build_graph, describe_graph
from radlib.formats.keras_configuration import checked_configuration
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.runs import tasks
from radlib.techniques.replacement import replace_layers


def answers(model, side, seed=0):
    return model.predict_on_batch(np.random.default_rng(seed).random((2, side, side, 1), np.float32))


def described(name, options=None):
    side = max(64, ARCHITECTURES[name].facts["minimum_size"])
    model = build_network(name, options or {}, tasks.findings(["a", "b", "c"]), (side, side, 1), dropout=0.2)
    return model, json.loads(json.dumps(describe_graph(model))), side


def assert_stored_and_opened_alike(model):
    """The closed list of `.keras` files changes nothing of a network of the series."""
    stored = json.loads(model.to_json())
    kind, checked = checked_configuration(stored)
    for layer in stored["config"]["layers"]:
        layer.pop("build_config", None)
    assert (kind, checked) == ("Functional", stored["config"])


@pytest.mark.parametrize(
    "name", ["student_tiny", "mobilenet_v3_small", "resnet50"]
)  # plain, with functions, deep
def test_a_built_graph_computes_what_the_described_one_does(name):
    model, description, side = described(name)
    assert_stored_and_opened_alike(model)
    built = build_graph(description)
    assert [layer.name for layer in built.layers] == [layer.name for layer in model.layers]
    for layer in built.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    assert np.array_equal(answers(built, side), answers(model, side))


@pytest.mark.slow
@pytest.mark.parametrize("entry", list(ARCHITECTURES), ids=lambda entry: entry.name)
def test_every_architecture_can_be_described(entry):
    model, description, side = described(entry.name)
    assert_stored_and_opened_alike(model)
    built = build_graph(description)
    for layer in built.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    assert np.array_equal(answers(built, side), answers(model, side))


def test_shared_layers_and_sequential_models_are_described():
    keras = backend.keras()
    image = keras.Input((SIDE, SIDE, 1))
    shared = keras.layers.Conv2D(4, 3, padding="same", name="shared", activation="relu")
    first = shared(image)
    merged = keras.layers.Add()([shared(keras.layers.Rescaling(2.0)(image)), first])
    twice = keras.Model(image, keras.layers.GlobalAveragePooling2D()(merged))
    sequence = keras.Sequential([keras.Input((SIDE, SIDE, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    for model in (twice, sequence):
        built = build_graph(json.loads(json.dumps(describe_graph(model))))
        built.set_weights(model.get_weights())
        assert np.array_equal(answers(built, SIDE), answers(model, SIDE))


def test_what_only_training_needs_is_left_out():
    _, description, _ = described("student_tiny")
    text = json.dumps(description)
    assert len(text) < 1500
    assert "initializer" not in text and "module" not in text


@pytest.mark.parametrize(
    "nodes, said",
    [
        ({"b": [[0]], "c": [[9]]}, None),
        ({"b": [[2]], "c": [[1]]}, "'b' waits"),
        ({"b": [], "c": [[1]]}, "'b' waits"),
        ({"b": "", "c": [[1]]}, "'b' waits"),
        ({"b": [[0]], "c": [[["b", 1, 0, {}]]]}, "'c' waits"),
        ({"b": [[0]], "c": [[["nobody", 0, 0, {}]]]}, "'c' waits"),
        ({"b": [[0]], "c": [[["b", -1, 0, {}]]]}, "does not say what it reads"),
        ({"b": [[0]], "c": [[["b", 0, 0, {"y": ["a", 7, 0]}]]]}, "does not say what it reads"),
    ],
)
def test_layers_that_wait_for_ever_are_refused_before_keras_waits(nodes, said):
    layers = [["InputLayer", "a", {"batch_input_shape": [None, 8, 8, 1]}, []]]
    layers += [["ReLU", name, {}, node] for name, node in nodes.items()]
    with pytest.raises((UsageError, IndexError), match=said):
        build_graph({"name": "n", "layers": layers, "outputs": [["c", 0, 0]]})


def test_layers_with_code_are_refused_by_name():
    keras = backend.keras()
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Lambda(lambda x: 2 * x, name="doubling")(image))
    with pytest.raises(UsageError, match="'doubling' is a Lambda"):
        describe_graph(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["layers"][1].__setitem__(0, "Lambda"), "is a Lambda"),
        (lambda d: d["layers"][1][2].update(activation={"class_name": "x"}), "holds no 'class_name'"),
        (lambda d: d["layers"][1][2].update(kernel_initializer={"module": "os"}), "holds no 'module'"),
        (lambda d: d["layers"][1][2].update(activation=["a"]), "not one of Keras's own"),
        (
            lambda d: d["layers"].append(["TFOpLambda", "read", {"function": "io.read_file"}, [[0]]]),
            "calls 'io.read_file'",
        ),
    ],
)
def test_descriptions_that_name_code_are_refused(change, message):
    _, description, _ = described("student_tiny")
    change(description)
    with pytest.raises(UsageError, match=message):
        build_graph(description)


def test_a_layer_replaced_by_two_computes_their_product():
    model = small_network()
    layers, kernel = backend.keras().layers, model.get_layer("deep").kernel.numpy()  # (3, 3, 16, 16)
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0].astype(np.float32)
    first = layers.Conv2D(16, 3, 2, padding="same", use_bias=False, name="deep_before")
    second = layers.Conv2D(16, 1, use_bias=False, name="deep")
    edited = replace_layers(
        model, {"deep": [(first, [kernel @ orthogonal]), (second, [orthogonal.T[None, None]])]}
    )
    assert [layer.name for layer in edited.layers].count("deep_before") == 1
    assert len(edited.layers) == len(model.layers) + 1
    assert np.allclose(answers(edited, SIDE), answers(model, SIDE), atol=1e-5)
    assert model.get_layer("deep").kernel.shape == kernel.shape  # the parent is as it was
    head = layers.Dense(2, activation="softmax", name="other_head")
    renamed = replace_layers(model, {"predictions": [(head, model.get_layer("predictions").get_weights())]})
    assert np.allclose(answers(renamed, SIDE), answers(model, SIDE), atol=1e-6)


def test_replacing_a_layer_that_is_not_there_names_it():
    with pytest.raises(UsageError, match="no layer 'absent'"):
        replace_layers(small_network(), {"absent": []})
