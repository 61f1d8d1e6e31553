"""What `make test-arm` stands on: the Containerfile is understood step by step, and answers that differ are seen."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from drawn import drawn_settings, drawn_splits
from radlib.deployment.bundle.container_file import CONTAINERFILE
from radlib.formats.predictors import open_model
from radlib.techniques.data import TechniqueData
from radlib.techniques.quantization.converter import int8

ARM = Path(__file__).resolve().parents[2] / ".ci" / "arm"


@pytest.fixture(scope="module")
def arm():
    """The modules of `.ci/arm`, which stand in no package."""
    sys.path.insert(0, str(ARM))
    try:
        found = {}
        for name in ("debian", "board", "comparing", "containerfile", "cutting"):
            spec = importlib.util.spec_from_file_location(name, ARM / f"{name}.py")
            found[name] = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(found[name])
        yield found
    finally:
        sys.path.remove(str(ARM))
        for name in found:
            del sys.modules[name]


class Here:
    """A board whose commands are written down instead of run."""

    def __init__(self, root):
        self.root, self.emulator, self.ran = root, root, []

    def do(self, command, **how):
        self.ran.append((command, how))
        (self.root / how["folder"].lstrip("/") / "made").touch()


def built(arm, tmp_path, monkeypatch, text):
    (tmp_path / "context").mkdir(exist_ok=True)
    (tmp_path / "context" / "model.tflite").write_bytes(b"model")
    (tmp_path / "plain").mkdir(exist_ok=True)
    boards = []
    monkeypatch.setattr(
        arm["containerfile"], "Board", lambda root, emulator: boards.append(Here(root)) or boards[-1]
    )
    plain = Here(tmp_path / "plain")
    return arm["containerfile"].build(text, tmp_path / "context", plain, tmp_path / "place"), boards


def test_every_step_of_the_bundles_containerfile_is_executed(arm, tmp_path, monkeypatch):
    image, (first, last) = built(arm, tmp_path, monkeypatch, CONTAINERFILE)
    ((command, how),) = first.ran
    assert "sh install.sh" in command[-1] and how["folder"] == "/bundle" and how["user"] == 0
    assert (last.root / "bundle/model.tflite").read_bytes() == b"model"
    assert (last.root / "bundle/made").is_file() and (last.root / "films").is_dir()
    assert image.user == 65532 and image.entrypoint == ["/bundle/read"] and image.folder == "/films"
    assert image.environment["HOME"] == "/tmp"
    words = [line.split()[0] for line in image.steps]
    assert words == ["LABEL", "COPY", "ENV", "WORKDIR", "USER", "ENTRYPOINT"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RUN true", "before the first FROM"),
        ("FROM plain\nADD http://somewhere/file /file", "ADD is not known"),
        ("FROM plain\nCOPY --chown=1 . /here", "--chown=1 is not known"),
        ("FROM plain\nUSER", "without argument"),
        ("# nothing", "no FROM"),
    ],
)
def test_what_is_not_understood_is_refused(arm, tmp_path, monkeypatch, text, said):
    with pytest.raises(ValueError, match=said):
        built(arm, tmp_path, monkeypatch, text)


def answers(outputs, weights=None, films=(0.0, 0.0)):
    found = {"one/outputs": np.array(outputs, np.float32)}
    if weights is not None:
        found["one/weights"] = np.array(weights)
    return found | {
        "films/steps": np.array(["film.grey", "film.levels"]),
        "films/kinds": np.array(["float64", "uint8"]),
        "films/differences": np.array(films),
    }


def test_integers_must_be_the_very_bits_and_sums_of_reals_nearly(arm):
    compare, desk = arm["comparing"].compare, answers([[0.25, 0.75]])
    close, far = answers([[0.25, np.nextafter(np.float32(0.75), 1)]]), answers([[0.25, 0.750002]])
    assert compare(desk, answers([[0.25, 0.75]]), "one", True, None)["correct"]
    assert not compare(desk, close, "one", True, None)["correct"]
    told = compare(desk, close, "one", False, None)
    assert told["correct"] and not told["identical"] and 0 < told["largest_difference"] < 1e-6
    assert not compare(desk, far, "one", False, None)["correct"]
    coded = [answers([[0.25, 0.75]], weights) for weights in (["a", "b"], ["a", "c"])]
    assert not compare(coded[0], coded[1], "one", False, None)["correct"]


def test_a_softmax_of_integers_may_round_to_the_next_code_where_its_sums_are_the_very_bits(arm):
    def found(answer, sums):
        return answers([[1 - answer, answer]]) | {"one/sums": np.array([sums], np.float32)}

    compare, desk, step = arm["comparing"].compare, found(0.5, [1, 2]), 1 / 256
    told = compare(desk, found(0.5 + step, [1, 2]), "one", True, step)
    assert told["correct"] and not told["identical"] and told["other"] == 1
    assert not compare(desk, found(0.5 + 2 * step, [1, 2]), "one", True, step)["correct"]
    assert not compare(desk, found(0.5, [1, 3]), "one", True, step)["correct"]


def test_a_file_is_cut_before_its_softmax(arm, litert_network, tmp_path):
    data, (real, _) = TechniqueData(drawn_splits(), drawn_settings(), tmp_path), litert_network
    path, films = tmp_path / "int8.tflite", data.films.test.pixels[:16]
    path.write_bytes(int8(real, data).payload)
    content, step = arm["cutting"].before_softmax(path)
    (tmp_path / "cut.tflite").write_bytes(content)
    with open_model(path) as whole, open_model(tmp_path / "cut.tflite") as cut:
        told, sums = whole.predict(films), cut.predict(films)
    expected = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
    assert step == 1 / 256 and np.abs(told - expected).max() <= step
    path.write_bytes(real)
    assert arm["cutting"].before_softmax(path) is None  # of real numbers


def test_grey_levels_must_be_the_stored_ones(arm):
    films = arm["comparing"].compare_films
    assert films(answers([[0]], films=(1e-12, 0)))["wrong"] == []
    assert films(answers([[0]], films=(0, 1)))["wrong"] == ["film.levels"]
    assert films(answers([[0]], films=(1e-3, 0)))["wrong"] == ["film.grey"]
