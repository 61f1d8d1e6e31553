"""A network of one run starts one of another: all but its last layer, and nothing of a file that does not fit."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from radlib.architectures import build_network
from radlib.formats.keras import save_model
from radlib.foundation.errors import UsageError
from radlib.runs.tasks import binary, classes

SHAPE = (32, 32, 1)
CLASSES = classes(["normal", "bacterial", "viral"])
BINARY = binary("tuberculosis")


@pytest.fixture(params=["student_residual", "mobilenet"])
def trained(request, tmp_path):
    """A network of three classes, of which all weights are told apart from new ones, and its file."""
    options = {"alpha": 0.25} if request.param == "mobilenet" else {}
    network = build_network(request.param, options, CLASSES, SHAPE, seed=1)
    generator = np.random.default_rng(0)
    network.set_weights([generator.random(w.shape).astype(np.float32) for w in network.get_weights()])
    save_model(network, tmp_path / "model.keras")
    return request.param, options, network, tmp_path / "model.keras"


def values(network, *, last):
    layers = [layer for layer in network.layers if layer.weights]
    return [w for layer in (layers[-1:] if last else layers[:-1]) for w in layer.get_weights()]


def test_all_but_the_last_layer_is_taken_for_another_question(trained):
    name, options, network, path = trained
    started = build_network(name, options, BINARY, SHAPE, weights=str(path), seed=3)
    new = build_network(name, options, BINARY, SHAPE, seed=3)
    assert len(values(started, last=False)) > 4
    for given, own in zip(values(network, last=False), values(started, last=False), strict=True):
        np.testing.assert_array_equal(given, own)
    for fresh, own in zip(values(new, last=True), values(started, last=True), strict=True):
        np.testing.assert_array_equal(fresh, own)


def test_for_the_same_question_the_last_layer_begins_anew_too_unless_it_is_needed(trained):
    name, options, network, path = trained
    started = build_network(name, options, CLASSES, SHAPE, weights=str(path), seed=3)
    assert not np.array_equal(values(started, last=True)[0], values(network, last=True)[0])
    whole = build_network(name, options, CLASSES, SHAPE, weights=str(path), need_head=True)
    for given, own in zip(network.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(given, own)


def test_another_network_is_refused_before_any_value_is_taken(trained):
    name, options, _, path = trained
    other = "student_tiny" if name == "student_residual" else "student_residual"
    with pytest.raises(UsageError, match="model.keras does not fit this network"):
        build_network(other, {}, BINARY, SHAPE, weights=str(path))
    if options:
        with pytest.raises(UsageError, match="check architecture and options such as alpha"):
            build_network(name, {"alpha": 0.5}, BINARY, SHAPE, weights=str(path))
    with pytest.raises(UsageError, match="does not fit"):
        build_network(name, options, BINARY, SHAPE, weights=str(path), need_head=True)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"config": {"layers": [1]}}', b'{"config": {"layers": [{}]}}']
)
def test_a_damaged_file_is_one_sentence(trained, tmp_path, content):
    name, options, _, path = trained
    damaged = tmp_path / "damaged.keras"
    with zipfile.ZipFile(path) as there, zipfile.ZipFile(damaged, "w") as here:
        for member in there.namelist():
            here.writestr(member, content if member == "config.json" else there.read(member))
    with pytest.raises(UsageError, match="damaged"):
        build_network(name, options, BINARY, SHAPE, weights=str(damaged))


def test_nothing_but_layers_and_numbers_is_read(trained, tmp_path):
    """A file that names code, as a Lambda layer does, is only a layer that does not fit, and never run."""
    name, options, _, path = trained
    poisoned, ran = tmp_path / "poisoned.keras", tmp_path / "ran"
    shutil.copy(path, poisoned)
    with zipfile.ZipFile(path) as there, zipfile.ZipFile(poisoned, "w") as here:
        for member in there.namelist():
            text = there.read(member)
            if member == "config.json":
                whole = json.loads(text)
                code = f"open({str(ran)!r}, 'w')"
                whole["config"]["layers"].insert(
                    1, {"class_name": "Lambda", "config": {"name": "x", "function": code}}
                )
                text = json.dumps(whole).encode()
            here.writestr(member, text)
    build_network(name, options, BINARY, SHAPE, weights=str(poisoned))
    assert not ran.exists()
