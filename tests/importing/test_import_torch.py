"""PyTorch programs and ONNX files: what radlib does around the converters, and the converters where they are installed."""

import subprocess

import numpy as np
import pytest
from test_import import plain_litert

from foreign_models import exported_program, onnx_message, zipped
from radlib.foundation.errors import SetupError, UsageError
from radlib.importing import converters
from radlib.importing.answers import answers_for
from radlib.importing.guard import inspect
from radlib.importing.layout import InputLayout
from radlib.importing.reading import read_network
from radlib.runs import tasks
from radlib.runs.settings import Settings

TASK = tasks.binary("opacity")
LAYOUT = InputLayout("NCHW", 3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))

NETWORK = """
import sys, numpy, torch
torch.manual_seed(0)
class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.nn.BatchNorm2d(8)
        self.deep, self.head = torch.nn.Conv2d(8, 8, 3, padding=1, groups=2), torch.nn.Linear(8, 2)
    def forward(self, film):
        maps = torch.nn.functional.max_pool2d(torch.relu(self.norm(self.first(film))), 3, 2, 1)
        return self.head(torch.relu(self.deep(maps)).mean((2, 3)))
network = Network().eval()
network.norm.running_mean.uniform_(-1, 1)
film = torch.from_numpy(numpy.load(sys.argv[1]))
torch.export.save(torch.export.export(network, (film[:1],)), sys.argv[2])
torch.onnx.export(network, (film[:1],), sys.argv[3], dynamo=False)
numpy.save(sys.argv[4], network(film).detach().numpy())
"""


def read(path):
    finish = answers_for(TASK, TASK.outputs, "logits")
    return read_network(inspect(path), LAYOUT, finish, TASK, Settings())


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "net.pt2"
    path.write_bytes(zipped(exported_program()))
    return path


def test_without_the_environment_the_sentence_says_how_to_get_it(program, monkeypatch):
    monkeypatch.setenv(converters.VARIABLE, str(program.with_name("no-python")))
    with pytest.raises(SetupError, match="make import-environment"):
        read(program)


@pytest.mark.parametrize("changed", [0.0, 0.1], ids=["same", "other"])
def test_what_a_converter_gives_is_compared_with_what_pytorch_answered(
    tmp_path, monkeypatch, program, changed
):
    content, model = plain_litert((3, 16, 16), order=(2, 3, 1))

    def converted(file, asked):
        if not asked["films"]:
            return {"shape": [1, 3, 16, 16]}, {}
        films = np.load(asked["films"])
        outputs = np.asarray(model(films, training=False)) + np.array([changed, 0])
        return {"libraries": {"torch": "2"}}, {"model": np.frombuffer(content, np.uint8), "outputs": outputs}

    monkeypatch.setattr(converters, "_run", converted)
    if changed:
        with pytest.raises(UsageError, match="answers otherwise as a LiteRT file than in PyTorch"):
            read(program)
        return
    found = read(program)
    assert found.format == "tflite" and found.input_shape == (16, 16, 1)
    assert found.facts["difference"] < 1e-6 and found.facts["libraries"] == {"torch": "2"}


def test_an_onnx_file_of_another_layout_is_refused_before_it_is_converted(tmp_path, monkeypatch):
    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_message())
    monkeypatch.setattr(converters, "_run", lambda file, asked: ({"shape": [1, 1, 16, 16]}, {}))
    with pytest.raises(UsageError, match="1 × 1 × 16 × 16, which is not NCHW with 3 channels"):
        read(path)


@pytest.mark.slow
def test_a_program_and_an_onnx_file_of_pytorch_answer_as_pytorch_does(tmp_path):
    path = tmp_path / "net.pt2"
    path.write_bytes(zipped(exported_program()))
    try:
        python = converters.import_python(inspect(path))
    except SetupError:
        pytest.skip("the import environment is not built (make import-environment)")
    films = np.random.default_rng(0).random((3, 16, 16, 1), dtype=np.float32)
    places = [tmp_path / name for name in ("given.npy", "net.pt2", "net.onnx", "answers.npy")]
    np.save(places[0], LAYOUT.apply(films))
    subprocess.run(
        [python, "-W", "ignore", "-c", NETWORK, *map(str, places)], check=True, capture_output=True
    )
    logits = np.load(places[3])
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    from radlib.formats.predictors import open_model, save_model

    for path in places[1:3]:
        content = read(path)
        save_model(content.model, tmp_path / "net.tflite")
        with open_model(tmp_path / "net.tflite") as predictor:
            np.testing.assert_allclose(predictor.predict(films), expected, atol=1e-5)
        assert content.facts["difference"] < 1e-5
