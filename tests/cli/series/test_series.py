"""The engine of `radlib run`, on small notebooks that are each named for their fault."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pandas as pd
import pytest

from radlib.cli.series import series
from radlib.cli.series.failures import exit_codes
from radlib.cli.series.jupyter_kernels import fresh_kernel, peak_memory_of
from radlib.foundation.errors import DataError, RadlibError, SetupError, UsageError
from radlib.runs.private import read_places

STUDY = "notebooks: [01_passes, 02_per_network, {last}]\nnetworks: [{{tag: a}}, {{tag: b}}]\n"


@pytest.fixture
def study(tmp_path, fixture_notebooks):
    """A function that writes a study ending with the given fixture notebook and returns its path."""

    def write(last: str) -> str:
        path = tmp_path / "small.yaml"
        path.write_text(STUDY.format(last=last))
        return str(path)

    return write


def test_a_run_executes_all_notebooks_once_per_network_where_that_matters(tmp_path, study):
    said = []
    run = series.run_series(
        study("06_checked_output"),
        output=str(tmp_path / "out"),
        given={"epochs": "3", "colour": "a 'quoted' \"word\""},
        say=said.append,
    )
    executed = (tmp_path / "out" / "executed.txt").read_text().splitlines()
    assert executed == [
        "01 small 3 a 'quoted' \"word\"",
        "02 student_small@a 0 3",
        "02 student_small@b 0 3",
    ]
    reports = sorted(p.name for p in run.path("reports").glob("*.ipynb"))
    assert reports == [
        "01_passes.ipynb",
        "02_per_network-student_small@a-seed0.ipynb",
        "02_per_network-student_small@b-seed0.ipynb",
        "06_checked_output.ipynb",
    ]
    assert re.match(r"About \d+ min on two cores and ", said[0])
    times = pd.read_csv(run.path("reports", "times.csv"))
    assert list(times["report"]) == reports
    assert (times["peak_memory_bytes"].dropna() > 10e6).all()


def test_the_kernel_is_this_interpreter_and_reports_hold_no_path_of_the_series(tmp_path, study):
    run = series.run_series(study("06_checked_output"), output=str(tmp_path / "out"), notebooks=["01"])
    report = nbformat.read(run.path("reports", "01_passes.ipynb"), as_version=4)
    assert report.cells[-1].outputs[0].text.strip() == sys.executable
    assert report.metadata.papermill["input_path"] == "01_passes.ipynb"
    assert report.metadata.papermill["output_path"] == "01_passes.ipynb"


@pytest.mark.parametrize(
    ("last", "kind", "code", "sentence"),
    [
        ("05_raises_data_error", DataError, 3, "Class 'pneumonia' has no image; put its films into a folder"),
        ("05_raises_value_error", RadlibError, 1, "05_raises_value_error failed in cell 3 with ValueError; private/failure.txt"),
        ("05_kernel_dies", SetupError, 5, "ended unexpectedly, most likely for lack of memory"),
    ],
)  # fmt: skip
def test_a_failing_notebook_ends_with_its_sentence_and_leaves_one_file(
    tmp_path, study, last, kind, code, sentence
):
    output = tmp_path / "out"
    with pytest.raises(kind) as raised:
        series.run_series(study(last), output=str(output), given={"epochs": "3"}, notebooks=["05"])
    assert type(raised.value) is kind and raised.value.exit_code == code and sentence in str(raised.value)
    assert "\n" not in str(raised.value)
    text = (output / "failure.txt").read_text()
    assert f"notebook    {last}.ipynb" in text and "epochs = 3" in text and "tensorflow 2." in text
    assert "\x1b" not in text
    if code != 5:
        assert "Traceback (most recent call last)" in text and "Cell In[" in text
        whole = (output / "private" / "failure.txt").read_text()
        assert "raise " in whole and "\x1b" not in whole
    assert "broken on" not in text.split("source of the cell")[1].split("Traceback")[-1]
    assert [p.name for p in (output / "reports").glob("*.ipynb")] == [f"{last}.failed.ipynb"]
    assert not list((output / "reports").glob(".*"))


def test_a_method_that_does_not_apply_to_one_network_ends_its_own_report_alone(tmp_path, study):
    said = []
    run = series.run_series(
        study("13_does_not_apply"), output=str(tmp_path / "out"), say=said.append, notebooks=["13"]
    )
    reports = {path.name: path.read_text() for path in run.path("reports").glob("*.ipynb")}
    assert sorted(reports) == [f"13_does_not_apply-student_small@{tag}-seed0.ipynb" for tag in "ab"]
    assert all("as far as" in text for text in reports.values())
    (line,) = [line for line in said if "the run goes on" in line]
    assert line.startswith("13_does_not_apply-student_small@a-seed0 ends there") and "no convolution" in line
    assert not run.path("failure.txt").exists()


def test_success_clears_what_an_earlier_failure_left(tmp_path, study):
    output = tmp_path / "out"
    (output / "reports").mkdir(parents=True)
    (output / "failure.txt").write_text("old")
    (output / "reports" / "01_passes.failed.ipynb").write_text("old")
    series.run_series(study("06_checked_output"), output=str(output), notebooks=["01"])
    assert not (output / "failure.txt").exists()
    assert [p.name for p in (output / "reports").glob("*.ipynb")] == ["01_passes.ipynb"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": "3"}, "did you mean 'epochs'"),
        ({"epochs": "three"}, "takes a whole number"),
        ({"architecture": "student_smal"}, "student_small"),
        ({"x=1;import os;os.mkdir('ran')#": "1"}, "no parameter"),
    ],
)
def test_what_is_refused_is_refused_before_the_first_cell_and_not_recorded(
    tmp_path, study, given, message, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(series, "execute", lambda *arguments: pytest.fail("a notebook was executed"))
    with pytest.raises(UsageError, match=message):
        series.run_series(study("06_checked_output"), output="out", given=given)
    assert not (tmp_path / "out" / "run.json").exists() and not (tmp_path / "ran").exists()


def test_a_refused_setting_does_not_stay_in_the_record_of_a_run(tmp_path, study, monkeypatch):
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    output = tmp_path / "out"
    series.run_series(study("06_checked_output"), output=str(output), given={"epochs": "3"})
    before = (output / "run.json").read_text()
    with pytest.raises(UsageError):
        series.run_series(
            study("06_checked_output"), output=str(output), given={"epochs": "4", "dataset": "x"}
        )
    assert (output / "run.json").read_text() == before


def test_a_mistyped_folder_of_films_is_not_remembered(tmp_path, study, monkeypatch):
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    output, asked = tmp_path / "out", {"given": {"dataset": "folders"}, "output": str(tmp_path / "out")}
    with pytest.raises(DataError, match="'nope' does not exist"):
        series.run_series(study("06_checked_output"), data=str(tmp_path / "nope"), **asked)
    assert not output.exists()
    for name in ("normal", "sick"):
        (tmp_path / "0" / name).mkdir(parents=True)
        (tmp_path / "0" / name / "film.png").touch()
    series.run_series(study("06_checked_output"), data=str(tmp_path / "0"), **asked)
    with pytest.raises(DataError, match="'nope' does not exist"):
        series.run_series(study("06_checked_output"), data=str(tmp_path / "nope"), **asked)
    assert read_places(output)["overrides"]["data"] == str(tmp_path / "0")


def test_what_fails_while_notebooks_run_is_no_refusal_of_the_settings(tmp_path, study, monkeypatch):
    def fails(*arguments):
        raise SetupError("No space is left on the disk.")

    output = tmp_path / "out"
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    series.run_series(study("06_checked_output"), output=str(output), given={"epochs": "3"})
    monkeypatch.setattr(series, "execute", fails)
    with pytest.raises(SetupError):
        series.run_series(study("06_checked_output"), output=str(output), given={"epochs": "4"})
    assert json.loads((output / "run.json").read_text())["overrides"]["epochs"] == 4


def test_a_parameters_cell_outside_the_grammar_stops_before_the_first_cell(tmp_path, study):
    with pytest.raises(UsageError, match=r"Line 1 of the parameters cell of 06_untyped_parameter"):
        series.run_series(study("06_untyped_parameter"), output=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_every_error_class_of_radlib_has_its_exit_code():
    codes = exit_codes()
    assert {k: codes[k] for k in ("RadlibError", "UsageError", "DataError", "QualityGateError", "SetupError")} == {
        "RadlibError": 1, "UsageError": 2, "DataError": 3, "QualityGateError": 4, "SetupError": 5,
    }  # fmt: skip
    assert codes["UnreadableImage"] == 3  # a class that this process did not import
    assert "ValueError" not in codes and "Variant" not in codes


@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_stop_ends_the_kernel_removes_what_is_temporary_and_says_so(
    tmp_path, study, fixture_notebooks, sent, code
):
    output, temporary = tmp_path / "out", tmp_path / "t"
    temporary.mkdir()
    source = (
        "import signal, sys, pathlib\nfrom radlib.cli import app as cli; from radlib.cli.series import plan\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job inherits it ignored
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "plan.notebooks_folder = lambda: pathlib.Path(sys.argv[1])\n"
        "cli.main(['run', '--study', sys.argv[2], '--output', sys.argv[3], '--notebooks', '05'])"
    )
    command = [sys.executable, "-c", source, str(fixture_notebooks), study("05_waits"), str(output)]
    places = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=places
    ) as process:
        waiting = output / "waiting"
        deadline = time.monotonic() + 120
        while not waiting.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        kernel = int(waiting.read_text())
        process.send_signal(getattr(signal, sent))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert errors.strip().splitlines()[-1].startswith("Stopped; what is finished is kept")
    assert "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)
    assert not list(temporary.iterdir())


def test_a_kernel_says_nothing_on_the_terminal_and_leaves_no_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with fresh_kernel(tmp_path / "log" / "radlib.log", HELLO="1") as kernel:
        peak = peak_memory_of(kernel)
    assert peak is None or peak > 1e6
    assert [p.name for p in tmp_path.iterdir()] == ["log"]
    assert capfd.readouterr() == ("", "")
