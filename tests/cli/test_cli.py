"""The command line: helpful texts, one sentence per error, and the promised exit codes."""

import json
import os
import subprocess
import sys
import types

import click
import numpy as np
import pandas as pd
import pytest

from radlib.cli import app as cli
from radlib.cli.series import series
from radlib.evaluation.conclusions import conclusion
from radlib.foundation.errors import DataError, QualityGateError, RadlibError, SetupError, UsageError


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    """Return the exit code, standard output and standard error of `radlib ARGUMENTS`."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def commands() -> list[tuple[str, click.Command]]:
    return [("radlib", cli.radlib), *sorted(cli.radlib.commands.items())]


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_has_help(name, command):
    assert command.help and command.get_short_help_str(limit=200).endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"
        elif name != "list":
            assert (
                parameter.human_readable_name.strip("[]. ").split("...")[0]
                in command.help.upper() + "OUTPUTS"
            )


@pytest.mark.parametrize(("name", "command"), commands()[1:])
def test_help_is_shown_without_touching_anything(capsys, name, command):
    code, out, err = call(capsys, name, "--help")
    assert code == 0 and out.startswith(f"Usage: radlib {name}") and not err


def test_short_helps_fit_their_line(capsys):
    code, out, _ = call(capsys, "--help")
    assert code == 0 and "..." not in out.split("Commands:")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rn"], "'rn'"),
        (["run", "--stdy", "demo"], "'--study'"),
        (["run", "--study", "dmo"], "There is no study 'dmo' (did you mean 'demo'?); there are: "),
        (["run", "-p", "epochs"], "2 arguments"),
        (["list", "tecniques"], "'techniques'"),
        (["predict", "nowhere", "."], "There is no variant at 'nowhere'"),
        (["export", "nowhere", "x"], "There is no variant at 'nowhere'"),
        (["page", "nowhere"], "Name a bundle that radlib export wrote and the folder for the page"),
        (["page", "nowhere", "x"], "nowhere is no exported variant"),
        (["compare"], "OUTPUTS"),
        (["kaggle", "99"], "There is no notebook '99'"),
    ],
)
def test_usage_errors_are_one_line_on_standard_error_with_code_2(
    capsys, monkeypatch, tmp_path, arguments, sentence
):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, *arguments)
    assert code == 2 and not out
    assert sentence in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RadlibError("It broke."), 1), (UsageError("It broke."), 2), (DataError("It broke."), 3),
        (QualityGateError("It broke."), 4), (SetupError("It broke."), 5),
    ],
)  # fmt: skip
def test_every_error_ends_with_its_sentence_and_code(capsys, monkeypatch, error, code):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(series, "run_series", fail)
    assert call(capsys, "run") == (code, "", "It broke.\n")


def test_interruption_is_130_and_anything_unknown_is_1_in_one_line(capsys, monkeypatch):
    def fail(error):
        def run_series(*arguments, **options):
            raise error

        monkeypatch.setattr(series, "run_series", run_series)

    fail(KeyboardInterrupt())
    code, _, err = call(capsys, "run")
    assert code == 130 and err.strip().startswith("Stopped; what is finished is kept")
    fail(ValueError("two\nlines"))
    code, _, err = call(capsys, "run")
    assert code == 1 and "ValueError: two lines" in err and err.count("\n") == 1


def test_run_passes_what_was_typed(capsys, monkeypatch, tmp_path):
    seen = {}

    class Done:
        @staticmethod
        def path(name):
            return tmp_path / name

    def run_series(study, **options):
        seen.update(options, study=study)
        return Done

    monkeypatch.setattr(series, "run_series", run_series)
    monkeypatch.setattr(series, "alarm_of", lambda run: "")
    (tmp_path / "report.html").touch()
    typed = ["--study", "kermany", "--data", "films", "-p", "epochs", "8", "-p", "tag", "x", "--fresh"]
    code, out, _ = call(capsys, "run", *typed, "--notebooks", "01, 02")
    assert code == 0 and out.strip() == str(tmp_path / "report.html")
    assert seen.pop("say") and seen == {
        "study": "kermany", "output": "", "data": "films", "given": {"epochs": "8", "tag": "x"}, "fresh": True,
        "notebooks": ["01", "02"],
    }  # fmt: skip


def test_list_shows_every_kind_and_one_kind_with_parameters(capsys):
    code, out, err = call(capsys, "list")
    assert code == 0 and not err
    assert [line for line in out.splitlines() if line and line[0] != " "] == [
        "Datasets", "Architectures", "Techniques", "Studies",
    ]  # fmt: skip
    assert "demo" in out and "int8" in out and "mobilenet_v2" in out and "kermany" in out
    _, out, _ = call(capsys, "list", "architectures")
    assert "alpha = 1.0" in out


def write_run(folder, **columns):
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    pd.DataFrame(columns).to_csv(folder / "results.csv", index=False)


def test_compare_joins_runs_and_says_undefined_where_there_is_no_score(capsys, tmp_path):
    write_run(tmp_path / "a", variant=["n/original#0"], size_bytes=[1234567], auroc=[0.9], auroc_low=[0.8],
              auroc_high=[0.95], accuracy=[0.85], latency_p50_ms=[1.234])  # fmt: skip
    write_run(tmp_path / "b", variant=["n/int8#0"], size_bytes=[999], auroc=[None], accuracy=[0.5])
    csv = tmp_path / "both.csv"
    code, out, _ = call(capsys, "compare", str(tmp_path / "a"), str(tmp_path / "b"), "--csv", str(csv))
    lines = out.splitlines()
    assert code == 0 and len(lines) == 3
    assert "1,234.6" in lines[1] and "0.900 [0.800, 0.950]" in lines[1] and "1.23" in lines[1]
    assert "undefined" in lines[2] and "1.0" in lines[2]
    assert list(pd.read_csv(csv)["run"]) == ["a", "b"]


@pytest.mark.parametrize("runs", [1, 2])
def test_compare_says_of_each_chosen_file_what_its_report_says(capsys, tmp_path, runs):
    row = {"variant": "n/int8#0", "chain": "int8", "size_bytes": 999, "auroc": 0.9, "winner": True, "conclusion": "loses",
           "patients_asked": 40.0, "seeds_pooled": 1, "threshold": 0.4, "reason_sensitivity": ""}  # fmt: skip
    row |= {f"difference{name}{end}": -0.1 for name in ("", "_sensitivity") for end in ("", "_low", "_high")}
    row |= {"verdict": "non-inferior", "verdict_sensitivity": "inferior", "verdict_reason": ""}
    original = {
        "variant": "n/original#0",
        "chain": "original",
        "size_bytes": 9,
        "auroc": 0.9,
        "winner": False,
    }
    for name in "ab"[:runs]:
        (tmp_path / name).mkdir()
        pd.DataFrame([original, row]).to_csv(tmp_path / name / "results.csv", index=False)
        record = {"settings": [{"margin": 0.01, "rate_margin": 0.03}], "overrides": {"rate_margin": 0.05}}
        (tmp_path / name / "run.json").write_text(json.dumps(record))
    (tmp_path / "a" / "films.json").write_text(
        '{"patients_known": false, "splits": [{"films": 9, "patients": 8}]}'
    )
    code, out, _ = call(capsys, "compare", *(str(tmp_path / name) for name in "ab"[:runs]))
    assert (
        code == 0
        and "beside its original" in out
        and out.count("n/int8#0 reads worse than its original") == runs
    )
    said = conclusion(row, 0.01, 0.05)
    assert "sensitivity differs by −0.100" in said and "inferior at a margin of 0.010" in said
    assert "n/original#0 " not in out.split("a: n/int8#0")[1]
    if runs == 2:
        assert f"b: n/int8#0 {said}." in out
    assert "40 groups of like films" in out


def test_compare_says_by_what_each_run_is_judged_where_kinds_are_mixed(capsys, tmp_path):
    ends = {f"difference{end}": [-0.01] for end in ("", "_low", "_high")}
    judged = {
        "size_bytes": [999],
        "winner": [True],
        "conclusion": ["cannot tell"],
        "verdict": ["cannot tell"],
        **ends,
    }
    write_run(tmp_path / "films", variant=["n/int8#0"], auroc=[0.9], accuracy=[0.8], **judged)
    write_run(
        tmp_path / "lungs", variant=["u/int8#0"], dice=[0.93], verdict_failing=["cannot tell"], **judged
    )
    code, out, _ = call(capsys, "compare", str(tmp_path / "films"), str(tmp_path / "lungs"))
    lines = out.splitlines()
    assert code == 0 and "undefined" not in out
    assert lines[1].split()[-4:] == ["0.800", "–", "cannot", "tell"]  # accuracy, no Dice
    assert lines[2].split()[3:6] == ["–", "–", "0.930"]
    assert lines[3].startswith(
        "Judged are films by AUROC, sensitivity and specificity; lungs by mean Dice and 5th percentile of Dice. "
    )
    assert (
        "n/int8#0 may be as good as its original, which nobody can tell yet: AUROC differs by −0.010"
        in lines[4]
    )
    assert (
        "u/int8#0 may be as good as its original, which nobody can tell yet: mean Dice differs by −0.010"
        in lines[5]
    )
    code, out, _ = call(capsys, "compare", str(tmp_path / "films"))
    assert code == 0 and "Judged are" not in out


def test_compare_refuses_what_is_no_finished_run(capsys, tmp_path):
    code, _, err = call(capsys, "compare", str(tmp_path))
    assert code == 2 and "is not the folder of a run" in err
    (tmp_path / "run.json").write_text('{"study": "kermany"}')
    code, _, err = call(capsys, "compare", str(tmp_path))
    assert code == 2 and "has no results yet; finish it with radlib run --study kermany --output" in err


def test_predict_hides_file_names_unless_asked(capsys, monkeypatch, tmp_path):
    """The answers are made up; how they are read and decided is tested with their modules."""
    from radlib.deployment import answer_tables, own_films
    from radlib.evaluation.deciding import Answer

    def read(variant, folder, compared):
        answer = Answer("doe_jane.dcm", "0a", np.array([0.3, 0.7], np.float32))
        named = types.SimpleNamespace(task="binary", labels=("normal", "opacity"), name="n/int8#0")
        return own_films.Reading(named, {"thresholds": [0.7]}, 1, False, iter([answer]))

    monkeypatch.setattr(answer_tables, "read_films", read)
    code, out, _ = call(capsys, "predict", str(tmp_path), str(tmp_path))
    heading = "image_id,opacity_probability,opacity_decision,opacity_threshold,reason"
    assert code == 0 and out == f"{heading}\n0a,0.699999988079071,normal,0.7,\n"
    code, out, _ = call(capsys, "predict", str(tmp_path), str(tmp_path), "--with-files")
    assert out.splitlines()[1].startswith("doe_jane.dcm,0a,0.69")
    code, out, _ = call(capsys, "predict", str(tmp_path), str(tmp_path), "--csv", str(tmp_path / "x.csv"))
    assert (
        code == 0 and out.startswith("1 film:") and (tmp_path / "x.csv").read_text().startswith("image_id,")
    )
    code, _, err = call(capsys, "predict", str(tmp_path), str(tmp_path), "--csv", str(tmp_path))
    assert code == 2 and "is a folder; name the CSV file" in err


def test_predict_shows_names_that_no_terminal_should_be_sent(capsys, monkeypatch, tmp_path):
    from radlib.deployment import answer_tables, own_films
    from radlib.evaluation.deciding import Answer

    names = [os.fsdecode(b"film\xff.png"), "=HYPERLINK(1).png", "a\x1b[2J.png"]

    def read(variant, folder, compared):
        answers = [Answer(name, "0a", np.array([0.3, 0.7], np.float32)) for name in names]
        named = types.SimpleNamespace(task="binary", labels=("normal", "opacity"), name="n/int8#0")
        return own_films.Reading(named, {"thresholds": [0.7]}, 3, False, iter(answers))

    monkeypatch.setattr(answer_tables, "read_films", read)
    shown = ["film\\xff.png", "'=HYPERLINK(1).png", "a\\x1b[2J.png"]
    code, out, _ = call(capsys, "predict", str(tmp_path), str(tmp_path), "--with-files")
    assert code == 0 and [line.split(",")[0] for line in out.splitlines()[1:]] == shown
    code, _, _ = call(
        capsys, "predict", str(tmp_path), str(tmp_path), "--with-files", "--csv", str(tmp_path / "x.csv")
    )
    assert code == 0 and list(pd.read_csv(tmp_path / "x.csv")["file"]) == shown


def test_export_finds_the_run_of_a_variant(capsys, monkeypatch, tmp_path):
    from radlib.deployment import export

    seen = []
    monkeypatch.setattr(export, "export_variant", lambda *arguments, **_: seen.append(arguments))
    place = tmp_path / "demo" / "variants" / "n--int8--seed0"
    place.mkdir(parents=True)
    (place / "variant.json").write_text("{}")
    code, out, _ = call(capsys, "export", str(place), str(tmp_path / "out"))
    assert code == 0 and out.strip() == str(tmp_path / "out")
    assert seen == [(tmp_path / "demo", "n--int8--seed0", tmp_path / "out")]


def test_the_command_imports_nothing_heavy():
    source = "import sys, radlib.cli.app; print({'tensorflow', 'pandas', 'papermill', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m radlib.cli.app list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "Datasets\n" and not done.stderr
