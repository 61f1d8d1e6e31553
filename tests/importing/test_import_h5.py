"""Whole models in HDF5, the commonest file that people have: rebuilt from JSON and numbers, they answer as they did."""

import io
import json

import numpy as np
import pytest
from test_hostile_models import here
from test_import import keras3, outputs_of, transfer_network

from drawn import SIDE
from foreign_hdf5 import changed_h5, edited_h5, keras_1_h5, saved_h5
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.importing import keras_network
from radlib.importing.answers import answers_for
from radlib.importing.guard import ForeignFile
from radlib.importing.layout import InputLayout
from radlib.importing.old_configurations import modern
from radlib.runs import tasks

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TASK = tasks.binary("opacity")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """A worker process costs seconds; what it does is the same."""
    monkeypatch.setattr(keras_network, "in_worker", here)


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    return np.random.default_rng(5).random((4, SIDE, SIDE, 1), dtype=np.float32)


PLAIN = InputLayout()


def rebuilt(path, layout=PLAIN, labels=("opacity",), answers="probabilities"):
    finish = answers_for(TASK, list(labels), answers)
    return keras_network.build_keras(ForeignFile(path, "keras_h5"), layout, finish, SIDE)


def shuffled(model):
    """Give every weight other values, so that two of one shape cannot be confused unnoticed."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if "seed" in weight.name or "count" in weight.name or "int" in str(weight.dtype):
            continue
        values = generator.normal(0.2, 0.3, weight.shape)
        weight.assign(np.abs(values) + 0.1 if "variance" in weight.name else values)
    return model


def keras_2_network(freeze: str = "none"):
    keras = backend.keras()
    layers = keras.layers
    inside = keras.Input((None, None, 6))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(inside)
    x = layers.ReLU(6.0)(layers.BatchNormalization(name="a")(x))
    x = layers.SeparableConv2D(8, 3, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization(name="b", scale=False)(x))
    trunk = keras.Model(inside, layers.Concatenate()([x, layers.Conv2D(4, 1)(inside)]), name="trunk")
    film = keras.Input((SIDE, SIDE, 3))
    varied = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)], name="varied")(film)
    x = layers.Conv2D(6, 3, activation="relu", padding="same")(layers.Rescaling(1 / 127.5, offset=-1)(varied))
    x = layers.BatchNormalization()(layers.ZeroPadding2D()(trunk(layers.MaxPooling2D()(x))))
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D(keepdims=False)(x))
    model = shuffled(keras.Model(film, layers.Dense(1, activation="sigmoid")(x)))
    if freeze == "trunk":
        trunk.trainable = False
    if freeze == "half":
        for layer in trunk.layers[:3]:
            layer.trainable = False
    if freeze == "statistics":
        trunk.get_layer("a").trainable = False
    return model


@pytest.mark.parametrize("freeze", ["none", "trunk", "half", "statistics"])
def test_a_keras_2_file_with_a_trunk_inside_answers_as_it_did(tmp_path, films, freeze):
    model = keras_2_network(freeze)
    model.compile("adam", "binary_crossentropy")
    if freeze == "none":  # what the optimizer leaves in the file is not read
        model.fit(np.zeros((2, SIDE, SIDE, 3)), np.zeros((2, 1)), verbose=0)
        shuffled(model)
    saved_h5(model, tmp_path / "pneumonia_model.h5")
    layout = InputLayout(channels=3, range=(0, 255))
    expected = outputs_of(model, layout.apply(films))
    assert np.ptp(expected) > 1e-4
    found = outputs_of(rebuilt(tmp_path / "pneumonia_model.h5", layout), films)
    np.testing.assert_allclose(found, np.concatenate([1 - expected, expected], axis=1), atol=1e-6)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_keras_3_file_answers_as_it_did(tmp_path, films, frozen):
    model = transfer_network()
    for layer in model.get_layer("trunk").layers[:2]:
        layer.trainable = not frozen
    saved_h5(model, tmp_path / "own.h5")
    layout = InputLayout(channels=3, range=(-1, 1))
    expected = outputs_of(model, layout.apply(films))
    found = outputs_of(rebuilt(tmp_path / "own.h5", layout), films)
    np.testing.assert_allclose(found, np.concatenate([1 - expected, expected], axis=1), atol=1e-6)


def test_sequential_models_with_and_without_an_input_layer(tmp_path, films):
    for keras in (backend.keras(), keras3()):
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 1)),
                layers.Normalization(),
                layers.Conv2D(4, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(2, activation="softmax"),
            ]
        )
        model.layers[0].adapt(films) if keras is backend.keras() else None
        path = tmp_path / "own.h5"
        content = saved_h5(model, path)
        expected = outputs_of(model, films)
        np.testing.assert_allclose(outputs_of(rebuilt(path, labels=TASK.outputs), films), expected, atol=1e-6)

        def without_input(config):
            shape = config["config"]["layers"].pop(0)["config"]
            given = shape.get("batch_input_shape") or shape["batch_shape"]
            config["config"]["layers"][0]["config"]["batch_input_shape"] = given

        path.write_bytes(changed_h5(content, without_input))
        np.testing.assert_allclose(outputs_of(rebuilt(path, labels=TASK.outputs), films), expected, atol=1e-6)


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_preprocessing_written_as_arithmetic_becomes_a_layer(tmp_path, films, suffix):
    from radlib.importing.guard import inspect

    for keras in (backend.keras(), keras3()):
        film = keras.Input((SIDE, SIDE, 3))
        x = (film / 127.5 - 1.0) * 2.0 + 0.25
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 3, activation="relu")(x))
        model = keras.Model(film, keras.layers.Dense(1, activation="sigmoid")(x))
        path = tmp_path / f"{keras.__name__}{suffix}"
        saved_h5(model, path)
        layout = InputLayout(channels=3, range=(0, 255))
        expected = outputs_of(model, layout.apply(films))
        kind = {".h5": "keras_h5", ".keras": "keras"}[suffix]
        assert kind == "keras_h5" or inspect(path).kind == kind
        found = keras_network.build_keras(
            ForeignFile(path, kind), layout, answers_for(TASK, ["opacity"]), SIDE
        )
        np.testing.assert_allclose(outputs_of(found, films)[:, 1:], expected, atol=1e-6)


def test_two_inputs_and_two_outputs_are_said_as_what_they_are(tmp_path):
    keras = backend.keras()
    film, age = keras.Input((SIDE, SIDE, 1), name="film"), keras.Input((1,), name="age")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(film), age])
    one = keras.layers.Dense(1, activation="sigmoid")(both)
    saved_h5(keras.Model([film, age], one), tmp_path / "model.h5")
    with pytest.raises(UsageError, match=r"takes 2 inputs \(film, age\).*takes the film alone"):
        rebuilt(tmp_path / "model.h5")
    two = keras.layers.Dense(2)(keras.layers.Flatten()(film))
    alone = keras.layers.Dense(1)(two)
    saved_h5(keras.Model(film, [two, alone]), tmp_path / "model.h5")
    with pytest.raises(UsageError, match="has 2 outputs; save the one"):
        rebuilt(tmp_path / "model.h5")


def test_a_file_of_keras_1(tmp_path, films):
    generator = np.random.default_rng(2)
    shapes = {"c": {"c_W": (3, 3, 1, 4), "c_b": (4,)}, "d": {"d_W": (4 * 7 * 7, 2), "d_b": (2,)}}
    shapes["n"] = dict.fromkeys(("n_gamma", "n_beta", "n_running_mean", "n_running_std"), (4,))
    weights = {
        layer: {name: np.abs(generator.normal(0.3, 0.2, shape)).astype("f4") for name, shape in own.items()}
        for layer, own in shapes.items()
    }
    layers = [
        ("Convolution2D", {"name": "c", "nb_filter": 4, "nb_row": 3, "nb_col": 3, "border_mode": "valid", "subsample": [1, 1],
                           "dim_ordering": "tf", "bias": True, "activation": "relu", "init": "glorot_uniform",
                           "W_regularizer": None, "batch_input_shape": [None, SIDE, SIDE, 1], "input_dtype": "float32"}),
        ("BatchNormalization", {"name": "n", "mode": 0, "axis": -1, "epsilon": 0.001, "momentum": 0.99, "gamma_regularizer": None}),
        ("MaxPooling2D", {"name": "m", "pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": "tf"}),
        ("Dropout", {"name": "o", "p": 0.5}),
        ("Flatten", {"name": "f"}),
        ("Dense", {"name": "d", "output_dim": 2, "bias": True, "activation": "softmax", "input_dim": None}),
    ]  # fmt: skip
    path = tmp_path / "model.h5"
    path.write_bytes(keras_1_h5([{"class_name": kind, "config": config} for kind, config in layers], weights))
    found = outputs_of(rebuilt(path, labels=TASK.outputs), films)
    keras = backend.keras()
    by_hand = keras.Sequential(
        [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.BatchNormalization(), keras.layers.MaxPooling2D(),
         keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )  # fmt: skip
    by_hand.build((None, SIDE, SIDE, 1))
    by_hand.set_weights([values for layer in ("c", "n", "d") for values in weights[layer].values()])
    np.testing.assert_allclose(found, outputs_of(by_hand, films), atol=1e-6)


def test_early_keras_2_lists_layers_and_writes_numpy_values():
    layer = {"class_name": "LeakyReLU", "config": {"name": "l", "alpha": {"type": "ndarray", "value": 0.3}}}
    made = modern({"class_name": "Sequential", "config": [layer]})
    assert made["config"]["layers"][0]["config"] == {"name": "l", "alpha": 0.3}
    merge = {"class_name": "Merge", "name": "m", "config": {"name": "m", "mode": "concat", "concat_axis": -1}}
    made = modern({"class_name": "Model", "config": {"name": "x", "layers": [merge]}})
    assert made["class_name"] == "Functional" and made["config"]["layers"][0]["class_name"] == "Concatenate"


def test_what_cannot_be_rebuilt_is_said_with_what_to_do(tmp_path):
    content = saved_h5(keras_2_network(), tmp_path / "sound.h5")
    layout = InputLayout(channels=3, range=(0, 255))

    def names(file, layer="trunk", change=lambda names: names[:-1]):
        group = file["model_weights"][layer]
        group.attrs["weight_names"] = change(list(group.attrs["weight_names"]))

    swapped = lambda own: [own[2], own[1], *own[2:4], own[1], *own[5:]]  # noqa: E731
    cases = {
        "tensors for the layer": edited_h5(content, names),
        "can hold|cannot be told|holds tensors": edited_h5(content, lambda f: names(f, change=swapped)),
        "without its weights": edited_h5(content, lambda f: f.__delitem__("model_weights")),
        "trained with 'theano'": edited_h5(content, lambda f: f["model_weights"].attrs.__setitem__("backend", b"theano")),
        "which is not one that can be imported": changed_h5(
            content, lambda c: c["config"]["layers"][-1].update(class_name="MyHead")
        ),
        "damaged configuration": edited_h5(content, lambda f: f.attrs.__setitem__("model_config", "{")),
        "channels first": changed_h5(
            content, lambda c: c["config"]["layers"][3]["config"].update(data_format="channels_first")
        ),
    }  # fmt: skip
    for said, damaged in cases.items():
        path = tmp_path / "model.h5"
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match=said) as refusal:
            rebuilt(path, layout)
        assert "\n" not in str(refusal.value) and str(refusal.value).endswith(".")


def test_long_lists_of_names_are_read_in_their_parts():
    import h5py

    from radlib.formats.tensor_files.hdf5_files import attribute_names

    with h5py.File(io.BytesIO(), "w") as file:
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [b"a", b"b"], [b"c"]
        file.attrs["weight_names"] = np.array([], "S1")
        assert attribute_names(file, "layer_names", "x.h5") == ["a", "b", "c"]
        assert attribute_names(file, "weight_names", "x.h5") == attribute_names(file, "none", "x.h5") == []
        assert json.dumps(attribute_names(file, "layer_names", "x.h5"))
