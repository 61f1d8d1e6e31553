"""No file that comes from elsewhere runs code here: it is imported as data, or refused with one sentence."""

import re
from pathlib import Path

import numpy as np
import pytest

from drawn import SIDE, small_network
from foreign_hdf5 import changed_h5, code_gadgets, edited_h5, saved_h5
from foreign_models import (
    exported_program,
    hostile_files,
    lambda_layer,
    mutated,
    onnx_message,
    pickled_canary,
    plain_pickle,
    whole_model_h5,
    with_layer,
    zipped,
)
from radlib.formats.predictors import save_model
from radlib.formats.tensor_files.contents import looks_pickled
from radlib.formats.tensor_files.hdf5_files import data_sets, opened_hdf5
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.importing import keras_network, workers
from radlib.importing.answers import answers_for
from radlib.importing.guard import inspect
from radlib.importing.layout import InputLayout
from radlib.importing.pickles import names_beside_tensors
from radlib.importing.reading import read_network
from radlib.importing.workers import in_worker
from radlib.runs import tasks
from radlib.runs.settings import Settings
from radlib.techniques.quantization.converter import convert

TASK = tasks.binary("opacity")
REMEDIES = (
    "save",
    "give",
    "convert",
    "export",
    "check",
    "build",
    "replace",
    "name",
    "set",
    "see",
    "import",
    "say",
)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory) -> tuple[bytes, bytes]:
    """One good network as a Keras file of ours and as a LiteRT file."""
    folder = tmp_path_factory.mktemp("whole")
    model = small_network()
    save_model(model, folder / "model.keras")
    return (folder / "model.keras").read_bytes(), convert(model)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, whole_files) -> tuple[dict[str, Path], Path]:
    folder = tmp_path_factory.mktemp("hostile")
    return hostile_files(folder, folder / "canary", *whole_files), folder / "canary"


def opened(path: Path):
    finish = answers_for(TASK, TASK.outputs)
    return read_network(inspect(path), InputLayout(), finish, TASK, Settings(image_size=SIDE))


def test_there_are_forty_and_the_canary_would_sing(hostile, tmp_path):
    files, canary = hostile
    assert len(files) >= 40
    import marshal
    import pickle

    alive = tmp_path / "canary"
    pickle.loads(pickled_canary(alive))
    assert alive.exists()
    alive.unlink()
    import base64

    text = lambda_layer(alive)["config"]["function"]["config"]["value"][0]
    eval(marshal.loads(base64.b64decode(text)))
    assert alive.exists()


def test_every_hostile_file_is_refused_with_one_sentence_and_no_canary_runs(hostile, monkeypatch):
    files, canary = hostile
    imported = []
    monkeypatch.setattr(backend.keras().models, "load_model", lambda *a, **k: imported.append(a))
    for name, path in files.items():
        with pytest.raises(UsageError) as refusal:
            opened(path)
        text = str(refusal.value)
        assert "\n" not in text and text.endswith("."), f"{name}: {text}"
        assert re.search(rf"\b({'|'.join(REMEDIES)})", text.partition(";")[2] or text.partition(",")[2]), (
            f"{name}: {text}"
        )
        assert path.name in text and str(path.parent) not in text, f"{name}: {text}"
        assert not canary.exists(), f"{name} ran its code"
    assert imported == []


@pytest.mark.parametrize(
    "name, said",
    [
        ("lambda.keras", "Lambda"),
        ("lambda as tflite.tflite", "Lambda"),
        ("module of os.keras", "'os'"),
        ("registered class.keras", "custom class 'mypackage>Own'"),
        ("pickle 2: model.keras", "pickle"),
        ("pickle of a checkpoint.pth", "code of its author"),
        ("pickle 0: model.pkl", "pickle"),
        ("whole model.h5", "Lambda"),
        ("whole model behind a header.tflite", "Lambda"),
        ("torch zip with code.pth", "code of its author"),
        ("script module.pt2", "TorchScript"),
        ("calls the shell.pt2", "a call of 'torch.os.system'"),
        ("pickled weights.pt2", "pickled weights"),
        ("pickled constant.pt2", "pickled object"),
        ("example inputs are a program.pt2", "would call"),
        ("compiled library.pt2", "compiled library"),
        ("size to be evaluated.pt2", "formulas"),
        ("guards are code.pt2", "conditions that are code"),
        ("own class of arguments.pt2", "class of its own"),
        ("old export.pt2", "old PyTorch"),
        ("leads out.keras", "outside of itself"),
        ("absolute.keras", "outside of itself"),
        ("twice.keras", "twice"),
        ("link.keras", "link"),
        ("bomb.keras", "grow beyond reason"),
        ("two directories.keras", "two names"),
        ("asset.keras", "beside the network"),
        ("empty.tflite", "empty"),
        ("cut short.tflite", "damaged|cannot be run"),
    ],
)
def test_the_sentence_names_the_danger(hostile, name, said):
    with pytest.raises(UsageError, match=said):
        opened(hostile[0][name])


def test_whole_models_in_hdf5_run_nothing_either(tmp_path, monkeypatch):
    canary, imported = tmp_path / "canary", []
    sound = saved_h5(small_network(), tmp_path / "sound.h5")
    monkeypatch.setattr(backend.keras().models, "load_model", lambda *a, **k: imported.append(a))
    changes = dict(list(code_gadgets(canary).items())) | {
        "lambda": with_layer(lambda_layer(canary)),
        "no such layer": lambda c: c["config"]["layers"][1].update(class_name="TFSMLayer"),
    }
    monkeypatch.setattr(workers, "in_worker", here)
    monkeypatch.setattr(keras_network, "in_worker", here)
    for number, (name, change) in enumerate(changes.items()):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(changed_h5(sound, change))
        with pytest.raises(UsageError) as refusal:
            opened(path)
        assert re.fullmatch(rf"{path.name} [^\n]*\.", str(refusal.value)), f"{name}: {refusal.value}"
        assert not canary.exists(), name
    assert imported == []


def test_hdf5_that_leads_elsewhere_or_holds_nothing_is_refused(tmp_path):
    import h5py

    sound = saved_h5(small_network(), tmp_path / "sound.h5")

    def replaced(file, make):
        groups = file["model_weights"].values()
        group = next(each for each in groups if len(each.attrs.get("weight_names", ())))
        place = next(iter(group.attrs["weight_names"]))
        del group[place]
        make(group, place.decode() if isinstance(place, bytes) else place)

    elsewhere = {
        "link": lambda g, place: g.__setitem__(place, h5py.ExternalLink("/etc/passwd", "/x")),
        "soft link": lambda g, place: g.__setitem__(place, h5py.SoftLink("/model_weights")),
        "external": lambda g, place: g.create_dataset(place, (2, 2), "f4", external=[("/etc/passwd", 0, 16)]),
        "nothing stored": lambda g, place: g.create_dataset(place, (30_000, 30_000), "f4", chunks=(100, 100)),
        "a bomb": lambda g, place: g.create_dataset(
            place, data=np.zeros((6000, 6000), "f4"), chunks=(1000, 1000), compression="gzip"
        ),
        "text": lambda g, place: g.create_dataset(place, data=np.array([b"x"] * 4)),
    }
    for name, make in elsewhere.items():
        path = tmp_path / f"{name}.h5"
        path.write_bytes(edited_h5(sound, lambda file, make=make: replaced(file, make)))
        with opened_hdf5(path, path.name) as file, pytest.raises(UsageError, match="save"):
            data_sets(file, path.name)

    def circle(file):
        file["model_weights/again"] = file["model_weights"]
        file["model_weights/twice"] = file["model_weights"]

    path.write_bytes(edited_h5(sound, circle))
    with opened_hdf5(path, path.name) as file, pytest.raises(UsageError, match="without end"):
        data_sets(file, path.name)


def here(task: str, arguments: dict, *, name: str, seconds: float = 0):
    """Do what a worker would do, in this process."""
    from radlib.importing import tasks

    return getattr(tasks, task)(**arguments)


def test_mutated_litert_files_kill_at_most_their_worker(tmp_path, whole_files):
    """Each is opened in a process of its own; refused, or scored with finite probabilities."""
    refused = 0
    for number, content in enumerate(mutated(whole_files[1], 12)):
        path = tmp_path / f"{number}.tflite"
        path.write_bytes(content)
        try:
            assert opened(path).format == "tflite"
        except UsageError as error:
            refused += 1
            assert path.name in str(error) and "\n" not in str(error)
    assert refused >= 6


def test_a_worker_that_dies_hangs_or_grows_becomes_a_sentence(monkeypatch):
    from radlib.importing import workers

    for code, seconds, said in (
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 20, "damaged: .* status -11"),
        ("import time; time.sleep(60)", 0.5, "took longer"),
        ("bytes(10**12)", 20, "damaged: .* status 1"),
    ):
        import sys

        with pytest.raises(UsageError, match=said):
            workers.run_worker([sys.executable, "-c", code], {}, {}, name="x.tflite", seconds=seconds)


def test_a_task_that_refuses_says_why(tmp_path):
    path = tmp_path / "x.tflite"
    path.write_bytes(bytes(100))
    with pytest.raises(UsageError, match=r"^x\.tflite is a damaged HDF5 file; save the weights again\.$"):
        in_worker("describe_hdf5", {"path": str(path)}, name="x.tflite")


def test_weights_alone_in_hdf5_are_no_whole_model(tmp_path):
    import h5py

    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file["dense/kernel"] = [1.0] * 100
    assert inspect(path).kind == "weights"
    path.write_bytes(whole_model_h5(tmp_path / "canary"))
    assert inspect(path).kind == "keras_h5"
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
        file.attrs["training_config"] = "{}"
    with pytest.raises(UsageError, match="whole model in HDF5 without its configuration"):
        inspect(path)


def test_good_files_are_told_by_content_whatever_they_are_called(tmp_path, whole_files):
    others = (
        zipped(exported_program()),
        onnx_message(),
        zipped({"a/data.pkl": plain_pickle(), "a/version": b"3"}),
    )
    for kind, content in zip(
        ("keras", "litert", "pt2", "onnx", "weights"), (*whole_files, *others), strict=True
    ):
        path = tmp_path / f"{kind}.pkl"
        path.write_bytes(content)
        assert inspect(path).kind == kind
        assert not looks_pickled(content[:4096])


def test_an_onnx_message_is_followed_to_its_end(tmp_path):
    path = tmp_path / "x.onnx"
    for damaged in (
        onnx_message()[:-3],
        onnx_message() + b"abc",
        onnx_message().replace(b"\x3a", b"\x32"),
        bytes(200),
    ):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="no network that can be told by its content"):
            inspect(path)


def test_a_folder_and_nothing_at_all_are_refused(tmp_path):
    with pytest.raises(UsageError, match="is a folder; give"):
        inspect(tmp_path)
    (tmp_path / "model.json").write_text(
        '{"format": "layers-model", "modelTopology": {}, "weightsManifest": []}'
    )
    for path in (tmp_path, tmp_path / "model.json"):
        with pytest.raises(UsageError, match="TensorFlow.js.*tensorflowjs_converter.*model.h5"):
            inspect(path)
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01\x12" + bytes(60))
    for path in (tmp_path, tmp_path / "saved_model.pb"):
        with pytest.raises(UsageError, match="SavedModel.*from_saved_model"):
            inspect(path)
    with pytest.raises(UsageError, match="There is no model file"):
        inspect(tmp_path / "nothing.tflite")


def test_a_pickle_says_what_it_would_call_without_being_opened(tmp_path):
    import pickle
    from collections import OrderedDict

    for protocol in range(6):
        harmless = pickle.dumps(OrderedDict(a=1), protocol=protocol)
        assert names_beside_tensors(harmless) in ([], ["copyreg _reconstructor"]), protocol
        found = names_beside_tensors(pickled_canary(tmp_path / "canary", protocol))
        assert any("Path" in name or "getattr" in name for name in found), protocol
    assert names_beside_tensors(b"\x80\x04\x93.") == ["something that cannot be told"]
    assert names_beside_tensors(harmless[:-3]) == ["something that cannot be told"]
    assert not (tmp_path / "canary").exists()


def test_the_notebooks_dangerous_files_are_all_refused(tmp_path):
    from radlib.importing.demonstration import refusals

    said = refusals(tmp_path, tmp_path / "canary")
    assert len(said) == 5 and not (tmp_path / "canary").exists()
    for name, words in zip(
        said, ("pickle", "Lambda", "TorchScript", "torch.os.system", "outside of itself"), strict=True
    ):
        assert words in said[name]
