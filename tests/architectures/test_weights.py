"""Weights files: what fits is loaded completely, anything else is refused with a sentence and nothing changed."""

import shutil
import warnings

import h5py
import numpy as np
import pytest

from radlib.architectures.networks import build_network
from radlib.architectures.weights import find_weights, load_weights
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.runs.tasks import binary

TASK = binary("pneumonia")
SHAPE = (32, 32, 1)
OPTIONS = {"alpha": 0.25}


@pytest.fixture(scope="module")
def published():
    """MobileNet 0.25 as Keras publishes it (three channels, no top), with weights of its own."""
    keras = backend.keras()
    keras.utils.set_random_seed(99)
    return keras.applications.MobileNet(include_top=False, weights=None, alpha=0.25, input_shape=(32, 32, 3))


def colour(films):
    """Return grey films as the published network takes them: three channels in [-1, 1]."""
    return np.repeat(films, 3, axis=-1) * 2 - 1


def films(count=2):
    return np.random.default_rng(1).random((count, *SHAPE), dtype=np.float32)


def backbone_values(network):
    return network.get_weights()[:-2]


def assert_equal(values, others):
    assert len(values) == len(others)
    for value, other in zip(values, others, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.fixture(scope="module")
def refused():
    """Return a function: a file is refused with one sentence, and the network keeps every value."""
    network = build_network("mobilenet", OPTIONS, TASK, SHAPE)
    before = network.get_weights()

    def check(path, message):
        with pytest.raises(UsageError, match=message) as caught:
            load_weights([network], path)
        assert str(caught.value).count("\n") == 0 and str(caught.value).endswith(".")
        assert_equal(network.get_weights(), before)

    return check


# What fits


@pytest.mark.parametrize("name", ["notop.h5", "notop.weights.h5"])
def test_a_published_file_fits_the_backbone(published, tmp_path, name):
    published.save_weights(tmp_path / name)
    network = build_network("mobilenet", OPTIONS, TASK, SHAPE, weights=str(tmp_path / name))
    assert_equal(backbone_values(network), published.get_weights())
    backbone = backend.keras().Model(network.input, network.get_layer("pooling").input)
    expected = published(colour(films())).numpy()
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(backbone(films()), expected, rtol=1e-4, atol=1e-12)


def test_a_file_of_the_whole_network_brings_its_head(tmp_path):
    trained = build_network("student_tiny", {}, TASK, SHAPE, seed=7)
    trained.save_weights(tmp_path / "trained.weights.h5")
    network = build_network("student_tiny", {}, TASK, SHAPE, weights=str(tmp_path / "trained.weights.h5"))
    assert_equal(network.get_weights(), trained.get_weights())


def test_a_file_of_a_frozen_network_fits(published, tmp_path):
    values = published.get_weights()
    published.trainable = False
    published.save_weights(tmp_path / "frozen.h5")
    published.trainable = True
    network = build_network("mobilenet", OPTIONS, TASK, SHAPE, weights=str(tmp_path / "frozen.h5"))
    assert_equal(backbone_values(network), values)


@pytest.mark.real_data
def test_the_real_imagenet_file_is_loaded(shared_data):
    path = shared_data / "weights" / "imagenet" / "mobilenet_v2_alpha0.35_notop.h5"
    network = build_network("mobilenet_v2", {"alpha": 0.35}, TASK, (96, 96, 1), weights=str(path))
    with h5py.File(path) as file:
        first = file["Conv1"]["Conv1"]["kernel:0"][()]
        last = file["Conv_1_bn"]["Conv_1_bn"]["moving_variance:0"][()]
    np.testing.assert_array_equal(network.get_layer("Conv1").kernel, first)
    np.testing.assert_array_equal(network.get_layer("Conv_1_bn").moving_variance, last)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mobilenet", "mobilenet_v2_alpha0.35_notop.h5"),
        ("mobilenet_v2", "mobilenet_alpha1.0_to_conv_pw_12.h5"),
        ("mobilenet", "mobilenet_alpha1.0_to_conv_pw_12.h5"),
        ("student_small", "squeezenet1.1_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ],
)
def test_real_files_of_other_networks_are_refused(shared_data, name, file):
    with pytest.raises(UsageError, match=f"{file} does not fit this network"):
        build_network(name, {}, TASK, SHAPE, weights=str(shared_data / "weights" / "imagenet" / file))


# What does not fit


def test_another_width_is_refused_naming_the_first_layer(refused, tmp_path):
    keras = backend.keras()
    wider = keras.applications.MobileNet(include_top=False, weights=None, alpha=0.5, input_shape=(32, 32, 3))
    wider.save_weights(tmp_path / "wider.h5")
    refused(tmp_path / "wider.h5", r"layer conv1 takes \(3, 3, 3, 8\), the file's conv1 has \(3, 3, 3, 16\)")


def test_a_difference_in_the_last_layer_changes_nothing(refused, published, tmp_path):
    published.save_weights(tmp_path / "last.h5")
    with h5py.File(tmp_path / "last.h5", "r+") as file:
        group = file["conv_pw_13_bn"]["conv_pw_13_bn"]
        del group["moving_variance:0"]
        group["moving_variance:0"] = np.ones(255, np.float32)
    refused(
        tmp_path / "last.h5", r"layer conv_pw_13_bn takes \(256,\), the file's conv_pw_13_bn has \(255,\)"
    )


def test_a_file_with_fewer_layers_is_refused(refused, published, tmp_path):
    published.save_weights(tmp_path / "cut.h5")
    with h5py.File(tmp_path / "cut.h5", "r+") as file:
        file.attrs["layer_names"] = file.attrs["layer_names"][:-3]
    said = "it holds 52 layers with weights, the network has 55; it lacks conv_.*, it lacks"
    refused(tmp_path / "cut.h5", said)


def test_layers_are_paired_by_name_whatever_their_order_in_the_file(published, tmp_path):
    published.save_weights(tmp_path / "turned.h5")
    with h5py.File(tmp_path / "turned.h5", "r+") as file:
        file.attrs["layer_names"] = file.attrs["layer_names"][::-1]
        group = file["conv1_bn"]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]
    network = build_network("mobilenet", OPTIONS, TASK, SHAPE, weights=str(tmp_path / "turned.h5"))
    assert_equal(backbone_values(network), published.get_weights())


def test_a_layer_by_another_name_is_named(refused, published, tmp_path):
    published.save_weights(tmp_path / "renamed.h5")
    with h5py.File(tmp_path / "renamed.h5", "r+") as file:
        names = [name if isinstance(name, bytes) else name.encode() for name in file.attrs["layer_names"]]
        file.attrs["layer_names"] = [b"conv_pw_4_old" if name == b"conv_pw_4" else name for name in names]
        file.move("conv_pw_4", "conv_pw_4_old")
    refused(tmp_path / "renamed.h5", "has 55; it lacks conv_pw_4, it lacks predictions, it has conv_pw_4_old")


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_a_whole_model_is_refused_whatever_its_name(refused, tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras calls the format legacy
        build_network("student_tiny", {}, TASK, SHAPE).save(tmp_path / "whole.h5")
    shutil.move(tmp_path / "whole.h5", tmp_path / name)
    refused(tmp_path / name, f"{name} holds a whole model .*radlib import")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a .keras file", b"layer,value\n"])
def test_a_file_that_is_not_hdf5_is_refused(refused, tmp_path, content):
    (tmp_path / "weights.h5").write_bytes(content)
    refused(tmp_path / "weights.h5", r"weights\.h5 is not a weights file in HDF5")


def test_hdf5_without_weights_is_refused(refused, tmp_path):
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["scores"] = np.arange(3)
    refused(tmp_path / "table.h5", "holds no network weights")


def test_values_kept_in_another_file_are_refused(refused, published, tmp_path):
    published.save_weights(tmp_path / "linked.h5")
    (tmp_path / "values.bin").write_bytes(bytes(3 * 3 * 3 * 8 * 4))
    with h5py.File(tmp_path / "linked.h5", "r+") as file:
        del file["conv1"]["conv1"]["kernel:0"]
        outside = [(str(tmp_path / "values.bin"), 0, h5py.h5f.UNLIMITED)]
        file["conv1"]["conv1"].create_dataset("kernel:0", (3, 3, 3, 8), "f4", external=outside)
    refused(tmp_path / "linked.h5", "points to other files")


# Where a file is looked for


def test_a_missing_file_names_the_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupError, match=r"no weights file absent\.h5.*data/weights.*RADLIB_WEIGHTS"):
        find_weights("somewhere/absent.h5")


def test_a_file_is_found_in_the_named_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "weights").mkdir(parents=True)
    (tmp_path / "data" / "weights" / "near.h5").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "far.h5").touch()
    monkeypatch.setenv("RADLIB_WEIGHTS", str(tmp_path / "elsewhere"))
    assert find_weights("near.h5") == "data/weights/near.h5"
    assert find_weights("far.h5") == str(tmp_path / "elsewhere" / "far.h5")
    assert find_weights("imagenet") == "imagenet"
    assert find_weights("none") == "none"


# ImageNet weights, with the download replaced


def replace_download(monkeypatch, download):
    backend.keras()
    from tf_keras.src.utils import data_utils

    monkeypatch.setattr(data_utils, "get_file", download)


def test_without_a_network_imagenet_is_one_sentence(monkeypatch):
    def fail(*_, **__):
        raise Exception("URL fetch failure on https://example.org/weights.h5: None")

    replace_download(monkeypatch, fail)
    with pytest.raises(SetupError, match="ImageNet weights of mobilenet could not be downloaded"):
        build_network("mobilenet", OPTIONS, TASK, SHAPE, weights="imagenet")


def test_imagenet_weights_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match=r"no ImageNet weights for mobilenet with alpha 0\.4"):
        build_network("mobilenet", {"alpha": 0.4}, TASK, SHAPE, weights="imagenet")
    with pytest.raises(UsageError, match="student_tiny has no ImageNet weights"):
        build_network("student_tiny", {}, TASK, SHAPE, weights="imagenet")


@pytest.mark.slow
def test_efficientnet_from_imagenet_answers_as_keras_does(monkeypatch, tmp_path):
    """Keras builds another graph for these weights: it divides by the root of the deviation once more."""
    keras = backend.keras()
    keras.utils.set_random_seed(5)
    source = keras.applications.EfficientNetB0(include_top=False, weights=None)
    values = source.get_weights()
    values[0], values[1] = np.float32([0.485, 0.456, 0.406]), np.float32([0.229**2, 0.224**2, 0.225**2])
    source.set_weights(values)
    source.save_weights(tmp_path / "efficientnetb0_notop.h5")
    replace_download(monkeypatch, lambda *_, **__: str(tmp_path / "efficientnetb0_notop.h5"))
    published = keras.applications.EfficientNetB0(
        include_top=False, weights="imagenet", input_shape=(32, 32, 3)
    )
    network = build_network("efficientnet_b0", {}, TASK, SHAPE, weights="imagenet")
    backbone = keras.Model(network.input, network.get_layer("stem_conv").output)
    expected = keras.Model(published.input, published.get_layer("stem_conv").output)
    answer = expected(np.repeat(films() * 255, 3, axis=-1)).numpy()
    assert np.ptp(answer) > 0.1
    np.testing.assert_allclose(backbone(films()), answer, atol=1e-4)
