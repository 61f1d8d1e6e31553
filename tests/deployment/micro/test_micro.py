"""The micro runtime answers as LiteRT does, what it refuses is said in words, and the array compiles and is whole."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from radlib.cli.app import main
from radlib.deployment.export import export_variant
from radlib.deployment.micro import sources
from radlib.deployment.micro.operators import answer_step, method_of, operators_of
from radlib.deployment.micro.sources import FILES, add_micro, fnv1a, quoted
from radlib.deployment.micro.trial import MicroTrial, micro_trial
from radlib.foundation.errors import DataError, NotApplicable
from stored import model_bytes, random_films, stored_run

IN_MICRO = pytest.mark.skipif(
    not (sys.platform == "linux" and __import__("platform").machine() == "x86_64"),
    reason="tflite-micro has wheels for Linux on x86-64 alone",
)
COMPILER = shutil.which("gcc")


@pytest.fixture
def model(tmp_path):
    def write(chain: str, content: bytes = b""):
        path = tmp_path / f"{chain}.tflite"
        path.write_bytes(content or model_bytes()[chain])
        return path

    return write


def rounded(path, recipe_name):
    """A file of weights alone in integers, by the AI Edge Quantizer."""
    from ai_edge_quantizer import quantizer, recipe

    made = quantizer.Quantizer(str(path))
    made.load_quantization_recipe(getattr(recipe, recipe_name)())
    return bytes(made.quantize().quantized_model)


@IN_MICRO
@pytest.mark.parametrize("chain", ["int8", "int8_io", "float32"])
def test_answers_are_those_of_litert(model, chain):
    trial = micro_trial(model(chain), random_films(6))
    assert trial.runs and trial.same_answers and trial.why_not == ""
    assert 1000 < trial.arena_bytes < 100_000 and trial.flash_bytes == len(model_bytes()[chain])
    assert trial.outputs.shape == (6, 2) and np.ptp(trial.outputs[:, 1]) > 0
    if chain == "float32":
        assert trial.step == 0 and trial.largest_difference < 1e-5
    else:
        assert trial.step == 1 / 256 and trial.largest_difference == 0  # the same reference kernels
        assert trial.largest_difference_xnnpack <= 1.001 * trial.step


@IN_MICRO
def test_what_the_runtime_refuses_is_said_in_words(model):
    single = model("float32")
    hybrid = micro_trial(model("dynamic", rounded(single, "dynamic_wi8_afp32")), random_films(2))
    assert hybrid.runs is False and "hybrid kernels" in hybrid.why_not and hybrid.arena_bytes is None
    assert "CONV_2D" in hybrid.operators


@IN_MICRO
def test_a_file_that_runs_and_answers_otherwise_cannot_go_there(model):
    weights = micro_trial(
        model("weights", rounded(model("float32"), "weight_only_wi8_afp32")), random_films(6)
    )
    assert weights.runs and not weights.same_answers and "it answers otherwise there" in weights.why_not


@IN_MICRO
def test_a_file_that_would_end_the_process_is_refused(model):
    content = bytearray(model_bytes()["int8"])
    content[8:64] = bytes(56)
    with pytest.raises(DataError):  # already the tables are none
        micro_trial(model("damaged", bytes(content)), random_films(1))


def test_without_the_runtime_nothing_is_tried_and_the_line_to_type_is_said(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    trial = micro_trial(model("int8"), random_films(1))
    assert (
        trial.runs is None
        and "radlib[micro]" in trial.reason
        and trial.operators
        and trial.arena_bytes is None
    )


def test_operators_are_named_as_a_program_names_them(model):
    found = operators_of(model("int8"))
    assert found[0] == "QUANTIZE" and {"CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "DEQUANTIZE"} <= set(found)
    assert len(set(found)) == len(found)
    assert [method_of(name) for name in ("CONV_2D", "SPACE_TO_BATCH_ND", "RELU6", "PADV2", "BATCH_MATMUL")] == [
        "AddConv2D", "AddSpaceToBatchNd", "AddRelu6", "AddPadV2", "AddBatchMatMul",
    ]  # fmt: skip
    assert answer_step(model("int8")) == answer_step(model("int8_io")) == 1 / 256
    assert answer_step(model("float32")) == 0


def test_a_digest_and_a_literal_of_c():
    assert fnv1a(b"") == 0x811C9DC5 and fnv1a(b"a") == 0xE40C292C  # of the RFC
    assert quoted('é"\\?\n') == '"\\303\\251\\042\\134\\077\\012"'


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return stored_run(tmp_path_factory.mktemp("run"), chains=("", "float32", "int8", "int8_io"))[0]


@pytest.mark.skipif(COMPILER is None, reason="no gcc on this machine")
@pytest.mark.parametrize("chain", ["int8_io", "int8", "original"])
def test_an_export_compiles_against_nothing_but_the_array(run, tmp_path, chain):
    export_variant(
        run.folder, f"student_small--{chain}--seed0", tmp_path / "out", unfinished=True, micro=True
    )
    folder = tmp_path / "out" / "micro"
    assert {path.name for path in folder.iterdir()} == set(FILES)
    command = [
        COMPILER,
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pedantic",
        "-o",
        "sizes",
        "main.c",
        "model.c",
    ]
    subprocess.run(command, cwd=folder, check=True)
    said = dict(
        line.rsplit(" bytes", 1)[0].split(" ", 1)
        for line in subprocess.run(
            [folder / "sizes"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    )
    runs = (tmp_path / "out" / "model.tflite").read_bytes()
    assert int(said["flash"]) == len(runs)
    assert int(said["film"]) == 16 * 16 * (1 if chain == "int8_io" else 4)
    assert said["output"] == "1 opacity"
    stored = [
        int(number) for number in re.findall(r"\b(\d+),", (folder / "model.c").read_text().partition("{")[2])
    ]
    assert bytes(stored) == runs
    listed = (folder / "operators.txt").read_text().splitlines()
    assert listed[0] == f"# tflite::MicroMutableOpResolver<{len(listed) - 1}>"
    text = (folder / "model.c").read_text().replace("84,", "85,", 1)  # T of the file's mark
    (folder / "model.c").write_text(text)
    subprocess.run(command, cwd=folder, check=True)
    told = subprocess.run([folder / "sizes"], capture_output=True, text=True, check=False)
    assert told.returncode == 1 and "damaged" in told.stderr


def test_what_cannot_go_there_is_not_exported_and_the_sentence_says_why(run, tmp_path, monkeypatch, capsys):
    refused = MicroTrial(("CONV_2D",), 9, False, "it has hybrid kernels")
    monkeypatch.setattr(sources, "micro_trial", lambda *_: refused)
    place = run.folder / "variants" / "student_small--int8--seed0"
    with pytest.raises(SystemExit) as left:
        main(["export", str(place), str(tmp_path / "out"), "--unfinished", "--micro"])
    assert (
        left.value.code == 2
        and "cannot go onto a microcontroller: it has hybrid kernels." in capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_files_that_nobody_tried_say_so(run, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sources, "micro_trial", lambda *_: MicroTrial(("CONV_2D",), 9, None, "not tried: no runtime")
    )
    variant = run.variant("student_small/int8#0")
    add_micro(tmp_path, run.model_path(variant), variant, random_films(1))
    assert (
        "was not tried in the micro runtime (no runtime)" in (tmp_path / "micro" / "README.txt").read_text()
    )
    assert "RADLIB_ARENA_BYTES 0u" in (tmp_path / "micro" / "model.h").read_text()
    with pytest.raises(NotApplicable):
        monkeypatch.setattr(sources, "micro_trial", lambda *_: MicroTrial((), 9, False, "no"))
        add_micro(tmp_path, run.model_path(variant), variant, random_films(1))
