"""Layers of a LiteRT file found by name, and what compression did in each, against a network converted here."""

import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from drawn import SIDE, drawn_splits, small_network
from radlib import metrics
from radlib.evaluation.insides import layer_comparison as insides
from radlib.evaluation.insides.correspondence import kernel_of, match_layers, open_transparent
from radlib.evaluation.insides.layer_comparison import insides_path, look_inside, watched_films
from radlib.evaluation.insides.layers import block_ends, compare_layers, litert_reader
from radlib.evaluation.insides.phantom_films import phantom_films
from radlib.evaluation.insides.stored_weights import (
    compare_weights,
    describe_values,
    histogram,
    rounding_noise_db,
    stored_kernels,
)
from radlib.formats.keras import load_model
from radlib.foundation import backend
from radlib.foundation.errors import SetupError
from radlib.imaging.images import Preprocessing
from stored import model_bytes, stored_run

KERNELS = ("first", "middle", "deep", "predictions")


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """The original, and the paths of its conversions."""
    folder, paths = tmp_path_factory.mktemp("converted"), {}
    for chain, content in model_bytes().items():
        paths[chain] = folder / (f"{chain}.tflite" if chain else "model.keras")
        paths[chain].write_bytes(content)
    return load_model(paths[""]), paths


def films(count=12):
    return drawn_splits().validation.images(np.arange(count))


@pytest.mark.parametrize("chain", ["float32", "int8", "int8_io"])
def test_every_layer_with_a_kernel_is_found_and_folding_is_said(converted, chain):
    model, paths = converted
    matches = match_layers(model, open_transparent(paths[chain]))
    assert list(matches) == [layer.name for layer in model.layers]
    for name in KERNELS[:3]:
        assert matches[name].compared.startswith("re_lu") and "Folded into re_lu" in matches[name].reason
        assert matches[name].kernel >= 0
    relu = matches[matches["first"].compared]
    assert relu.compared == relu.layer and relu.reason == ""
    assert matches["predictions"].compared == "predictions"


def test_what_is_called_a_layers_output_is_that_output(converted):
    """The mapping is by name; here the numbers of every mapped tensor are held against Keras."""
    model, paths = converted
    interpreter = open_transparent(paths["float32"])
    exact = {m.layer: m.tensor for m in match_layers(model, interpreter).values() if m.compared == m.layer}
    part = backend.keras().Model(model.inputs, [model.get_layer(name).output for name in exact])
    expected = dict(zip(exact, part(films(3), training=False), strict=True))
    for name, values in litert_reader(interpreter, exact)(films(3)).items():
        assert values == pytest.approx(expected[name].numpy(), abs=1e-4), name


def test_a_kernel_of_the_shape_of_an_output_is_not_taken_for_it():
    """A widened float16 kernel bears its layer's name, and over a small film (out, 3, 3, in) looks like (1, 3, 3, out)."""
    tensorflow, layers = backend.tensorflow(), backend.keras().layers
    backend.keras().utils.set_random_seed(1)
    x = image = backend.keras().Input((3, 3, 1))
    for name in ("first", "second", "third"):
        x = layers.Conv2D(4, 3, padding="same", use_bias=False, name=name)(x)
        x = layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))
    model = backend.keras().Model(image, layers.Dense(2, name="predictions")(layers.Flatten(name="flat")(x)))
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tensorflow.float16]
    with backend.quiet_stderr():
        content = converter.convert()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "half.tflite"
        path.write_bytes(content)
        table = compare_layers(model, path, np.random.default_rng(0).random((6, 3, 3, 1), np.float32))
    assert table["compared"].tolist() == ["first_relu", "second_relu", "third_relu", "predictions"]
    assert (table["signal_to_noise_db"] > 40).all() and (table["cka"] > 0.999).all()


def test_an_output_that_no_film_changes_gets_no_noise():
    layers = backend.keras().layers
    image = backend.keras().Input((4, 4, 1))
    made = [backend.keras().Model(image, layers.Conv2D(2, 3, name="conv")(image)) for _ in range(2)]
    made[1].set_weights([np.zeros((3, 3, 1, 2)), np.array([0.0, 1e-3])])
    (row,) = compare_layers(*made, np.random.default_rng(0).random((5, 4, 4, 1), np.float32)).to_dict(
        "records"
    )
    assert (
        np.isnan(row["signal_to_noise_db"])
        and np.isnan(row["cka"])
        and "same for every film" in row["reason"]
    )


def test_the_softmax_of_a_dense_layer_is_not_confused_with_what_goes_into_it(converted):
    model, paths = converted
    interpreter = open_transparent(paths["int8"])
    outputs = litert_reader(
        interpreter, {"predictions": match_layers(model, interpreter)["predictions"].tensor}
    )
    assert outputs(films(4))["predictions"].sum(axis=1) == pytest.approx(1, abs=0.02)


def test_a_block_ends_where_the_converter_folds(converted):
    model, paths = converted
    matches = match_layers(model, open_transparent(paths["float32"]))
    assert block_ends(model) == {name: matches[name].compared for name in KERNELS}


def test_a_branch_ends_a_block():
    layers = backend.keras().layers
    image = backend.keras().Input((8, 8, 1))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(image)
    y = layers.BatchNormalization(name="norm")(x)
    model = backend.keras().Model(image, layers.Add(name="sum")([layers.ReLU()(y), x]))
    assert block_ends(model) == {"conv": "conv"}


def test_noise_grows_from_float_to_integers_and_is_none_for_the_network_itself(converted):
    model, paths = converted
    same, float32, int8 = (
        compare_layers(model, v, films()) for v in (model, paths["float32"], paths["int8"])
    )
    assert np.isinf(same["signal_to_noise_db"]).all() and same["cka"].to_numpy() == pytest.approx(1)
    assert (float32["signal_to_noise_db"] > 90).all()
    assert int8["signal_to_noise_db"].between(15, 60).all() and (int8["cka"] > 0.95).all()
    assert int8["layer"].tolist() == list(KERNELS)


def test_the_ratio_is_that_of_the_outputs_themselves(converted):
    model, paths = converted
    interpreter = open_transparent(paths["int8"])
    tensor = match_layers(model, interpreter)["deep"].tensor
    after = litert_reader(interpreter, {"deep": tensor})(films())["deep"]
    end = block_ends(model)["deep"]
    before = backend.keras().Model(model.inputs, model.get_layer(end).output)(films(), training=False).numpy()
    found = compare_layers(model, paths["int8"], films()).set_index("layer").loc["deep"]
    assert found["signal_to_noise_db"] == pytest.approx(metrics.signal_to_noise_db(before, after), abs=1e-6)


def test_other_channels_and_missing_layers_are_said_not_guessed(converted):
    narrow = compare_layers(small_network(), small_network(filters=(8, 12, 16)), films()).set_index("layer")
    assert np.isnan(narrow.loc["middle", "signal_to_noise_db"]) and np.isfinite(narrow.loc["middle", "cka"])
    assert "only CKA" in narrow.loc["middle", "reason"] and narrow.loc["first", "reason"] == ""
    gone = compare_layers(small_network(pointwise=4), converted[1]["float32"], films()).set_index("layer")
    assert np.isnan(gone.loc["mix", "cka"]) and "folded away" in gone.loc["mix", "reason"]
    replaced = compare_layers(small_network(pointwise=4), small_network(), films()).set_index("layer")
    assert "replaced" in replaced.loc["mix", "reason"] and replaced.loc["mix", "compared"] == ""


def test_codes_are_those_of_the_file_and_mean_the_kernel(converted):
    model, paths = converted
    kernels = stored_kernels(model, paths["int8"])
    assert list(kernels) == list(KERNELS) and all(codes.dtype == np.int8 for codes in kernels.values())
    assert all(codes.min() >= -127 for codes in kernels.values())
    dense, codes = kernel_of(model.get_layer("predictions")), kernels["predictions"].astype(float)
    scale = np.abs(dense).max(axis=0) / 127  # nothing is folded into the last layer: symmetric, per channel
    assert codes == pytest.approx(np.clip(np.round(dense / scale), -127, 127), abs=1)
    table = compare_weights(model, kernels).set_index("layer")
    assert table["signal_to_noise_db"].between(30, 60).all() and (table["highest"] <= 127).all()
    float32 = compare_weights(model, stored_kernels(model, paths["float32"]))
    assert (float32["signal_to_noise_db"] > 120).all() and float32["at_limit"].isna().all()


def test_depthwise_kernels_are_compared_channel_by_channel(tmp_path):
    layers, tensorflow = backend.keras().layers, backend.tensorflow()
    image = backend.keras().Input((8, 8, 3))
    x = layers.DepthwiseConv2D(3, padding="same", name="depth")(image)
    model = backend.keras().Model(image, layers.Dense(2, name="head")(layers.GlobalAveragePooling2D()(x)))
    path = tmp_path / "model.tflite"
    with backend.quiet_stderr():
        path.write_bytes(tensorflow.lite.TFLiteConverter.from_keras_model(model).convert())
    kernels = stored_kernels(model, path)
    assert kernels["depth"] == pytest.approx(kernel_of(model.get_layer("depth")), abs=1e-6)
    scaled = kernels["depth"] * np.array([1, 5, 9])[:, None]
    assert rounding_noise_db(kernel_of(model.get_layer("depth")), scaled) > 100


def test_a_kernel_that_is_not_there_has_a_sentence():
    table = compare_weights(small_network(), {"first": np.zeros((3, 3, 1, 4))}).set_index("layer")
    assert "Another shape" in table.loc["first", "reason"] and "no kernel" in table.loc["deep", "reason"]
    pruned = np.where(np.arange(9) % 3 == 0, 0.0, 1.0)
    assert describe_values(pruned)["zeros"] == pytest.approx(1 / 3)


def test_a_histogram_of_codes_has_a_bin_per_code():
    found = histogram(np.array([-128, -127, 0, 0, 127], np.int8))
    assert len(found["counts"]) == 255 and found["counts"][0] == 2 and found["counts"][127] == 2
    floats = histogram(np.array([-1.0, 0.0, 1.0]))
    assert sum(floats["counts"]) == 3 and floats["edges"][0] == -1


def test_insides_are_described_once_and_again_for_another_file(tmp_path, monkeypatch):
    run, splits = stored_run(tmp_path, chains=("", "int8"))
    look_inside(run, splits, run.variants())
    original, int8 = run.variants()
    found = json.loads(insides_path(run.folder, int8).read_text())
    assert [row["layer"] for row in found["layers"]] == list(KERNELS) and found["layers"][0]["films"] == 32
    assert len(found["histograms"]["deep"]["counts"]) == 255
    with np.load(insides_path(run.folder, int8).with_suffix(".npz")) as pictures:
        assert pictures["first_maps"].shape == (SIDE, SIDE, 8) and pictures["first_filters"].shape == (
            3,
            3,
            8,
        )
    monkeypatch.setattr(insides, "_describe", lambda *_: pytest.fail("described again"))
    look_inside(run, splits, run.variants())
    with pytest.raises(pytest.fail.Exception):
        look_inside(run, splits, [dataclasses.replace(int8, sha256="0" * 64)])


def test_a_format_without_layers_and_a_damaged_file_are_said_in_one_sentence(tmp_path):
    run, splits = stored_run(tmp_path, chains=("", "int8"))
    int8 = run.variants()[1]
    run.model_path(int8).write_bytes(b"TFL3 no more")
    look_inside(run, splits, [int8])
    assert "cannot be looked into" in json.loads(insides_path(run.folder, int8).read_text())["reason"]
    with pytest.raises(SetupError, match="cannot be looked into"):
        open_transparent(run.model_path(int8))


def test_watched_films_are_of_different_patients_as_far_as_there_are():
    chosen = watched_films(drawn_splits().validation, 20)
    assert len(set(chosen.patient_ids)) == 20
    assert len(watched_films(drawn_splits().validation, 30)) == 30
    assert len(watched_films(drawn_splits().validation, 99)) == 40


def test_phantoms_show_an_opacity_inside_the_film():
    drawn, boxes = phantom_films(Preprocessing(64, "stretch", ()), 2)
    assert drawn.shape == (2, 64, 64) and drawn.dtype == np.uint8
    for left, top, width, height in boxes[0]:
        assert 0 <= left < left + width <= 64 and 0 <= top < top + height <= 64
