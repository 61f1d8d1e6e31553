"""Model files: every format keeps the model contract, and says what is wrong with a file."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from drawn import SIDE, small_network
from radlib.formats.keras import load_model
from radlib.formats.predictors import format_of, grey_levels, open_model, save_model
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.registry import FORMATS
from stored import CHAINS, model_bytes, random_films


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    paths = {chain: folder / f"{chain or 'original'}.{'tflite' if chain else 'keras'}" for chain in CHAINS}
    for chain, path in paths.items():
        path.write_bytes(model_bytes()[chain])
    return paths


@pytest.mark.parametrize("chain", CHAINS)
def test_grey_levels_and_unit_range_are_the_same_input(files, chain):
    films = random_films(40)
    unit = (films / np.float32(255))[..., None]
    with open_model(files[chain]) as predictor:
        assert predictor.input_shape == (SIDE, SIDE, 1)
        assert predictor.outputs == 2
        from_grey, from_unit = predictor.predict(films), predictor.predict(unit)
        assert predictor.predict(films[:0]).shape == (0, 2)
    assert from_grey.dtype == np.float32
    assert np.array_equal(from_grey, from_unit)
    assert np.allclose(from_grey.sum(axis=1), 1, atol=0.01)


def test_float_litert_answers_as_keras(files):
    films = random_films(70)  # more than two Keras batches, the last one short
    keras, litert = (open_model(files[chain]).predict(films) for chain in ("", "float32"))
    assert np.abs(keras - litert).max() < 1e-5
    expected = load_model(files[""]).predict((films / np.float32(255))[..., None], verbose=0)
    assert np.abs(keras - expected).max() < 1e-6


def test_integer_inputs_and_outputs_are_within_one_step_of_float_ones(files):
    films = random_films(60)
    with open_model(files["int8"]) as plain, open_model(files["int8_io"]) as integer:
        assert np.abs(plain.predict(films) - integer.predict(films)).max() <= 1 / 256 + 1e-7


def test_integer_input_is_quantized_by_the_scale_of_the_file(files):
    from ai_edge_litert.interpreter import Interpreter

    from radlib.foundation.backend import quiet_stderr

    films = random_films(10)
    with quiet_stderr():
        interpreter = Interpreter(str(files["int8_io"]), num_threads=1)
        interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    expected = []
    for film in films:
        scale, zero_point = source["quantization"]
        stored = [[round(float(v) / 255 / scale) + zero_point for v in row] for row in film]
        stored = np.array(stored).clip(-128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], stored[None, :, :, None])
        interpreter.invoke()
        scale, zero_point = target["quantization"]
        answer = interpreter.get_tensor(target["index"])[0].astype(int)
        expected.append([(v - zero_point) * scale for v in answer])
    with open_model(files["int8_io"]) as predictor:
        assert np.allclose(predictor.predict(films), expected, atol=1e-6)


def test_predictors_say_what_computes(files):
    with open_model(files["int8"]) as device, open_model(files[""]) as keras:
        assert device.runtime.startswith("ai-edge-litert ")
        assert (device.delegate, device.threads) == ("XNNPACK", 1)
        assert keras.runtime.startswith("tensorflow ")
        assert keras.delegate == "none"


def test_litert_is_opened_without_tensorflow(files):
    code = (
        "import sys, numpy as np; from pathlib import Path; from radlib.formats.predictors import open_model\n"
        f"films = np.zeros((1, {SIDE}, {SIDE}), np.uint8)\n"
        f"print(open_model(Path({str(files['int8'])!r})).predict(films).shape, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "(1, 2) False"
    assert done.stderr == ""  # LiteRT's own announcements go to the log


def test_saving_twice_gives_the_same_bytes_without_the_optimizer(tmp_path):
    model = small_network()
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((2, SIDE, SIDE, 1), np.float32), np.zeros((2, 2), np.float32))
    save_model(model, tmp_path / "first.keras")
    save_model(load_model(tmp_path / "first.keras"), tmp_path / "second.keras")
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    assert len(digests) == 1
    stored = sum(weight.size for weight in load_model(tmp_path / "first.keras").get_weights())
    assert (tmp_path / "first.keras").stat().st_size < 4 * stored + 60_000  # graph and HDF5, no moments


def test_litert_bytes_are_written_as_they_are(tmp_path):
    save_model(b"any bytes", tmp_path / "model.tflite")
    assert (tmp_path / "model.tflite").read_bytes() == b"any bytes"
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]


def test_endings_name_their_format(tmp_path):
    names = {entry.facts["suffix"]: entry.name for entry in FORMATS}
    assert (names[".keras"], names[".tflite"]) == ("keras", "tflite")
    assert format_of(tmp_path / "a.tflite") == "tflite"
    with pytest.raises(UsageError, match=r"Model files end in .*\.keras.*, not in"):
        format_of(tmp_path / "model.h5")
    with pytest.raises(UsageError, match="model.h5"):
        load_model(tmp_path / "model.h5")


@pytest.mark.parametrize("name", ["model.tflite", "model.keras"])
@pytest.mark.parametrize("content", [b"", b"no model at all" * 100])
def test_damaged_files_are_one_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SetupError, match=name) as caught:
        open_model(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("wrong", ["two answers", "a map", "two films"])
def test_networks_of_another_shape_are_one_sentence(tmp_path, wrong):
    """A damaged description may leave a network with other ends than it was stored with."""
    keras = backend.keras()
    films = [keras.Input((SIDE, SIDE, 1)) for _ in range(2 if wrong == "two films" else 1)]
    image = keras.layers.Concatenate()(films) if len(films) > 1 else films[0]
    maps = keras.layers.Conv2D(2, 3)(image)
    answers = keras.layers.Dense(2)(keras.layers.Flatten()(maps))
    outputs = {"two answers": [answers, answers], "a map": maps, "two films": answers}[wrong]
    save_model(keras.Model(films, outputs), tmp_path / "model.keras")
    with pytest.raises(SetupError, match="not one (film|row of answers) per film") as told:
        open_model(tmp_path / "model.keras")
    assert "\n" not in str(told.value)


def test_grey_levels_are_divided_in_float32():
    assert grey_levels().dtype == np.float32
    assert [float(v) for v in grey_levels()[[0, 51, 255]]] == [0.0, float(np.float32(0.2)), 1.0]
