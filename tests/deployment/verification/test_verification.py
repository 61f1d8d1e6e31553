"""A run is checked against what it says of itself, and every way of spoiling it has its sentence."""

import dataclasses
import json
import sys

import numpy as np
import pandas as pd
import pytest

import radlib
from drawn import drawn_splits
from radlib.cli.app import main
from radlib.deployment.verification import films as verified_films
from radlib.deployment.verification.verify import verify
from radlib.evaluation.predictions import predictions_path
from radlib.foundation.errors import DataError
from radlib.foundation.storage import file_sha256
from stored import stored_run


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A scored run of an original and two LiteRT files; its films are found without any data set."""
    run, films = stored_run(tmp_path, chains=("", "float32", "int8"))
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    table = pd.DataFrame({"variant": [v.name for v in run.variants()]})
    answers = {v.name: np.load(predictions_path(run, v, "test")) for v in run.variants()}
    table["auroc"] = [
        radlib.metrics.discrimination.auroc(a["y_true"][:, 0], a["y_prob"][:, 0]) for a in answers.values()
    ]
    table.to_csv(run.path("results.csv"), index=False)
    monkeypatch.setattr(verified_films, "open_films", lambda run: films)
    return run


def failures(run, **given):
    return [check.failure for check in verify(run, **given) if check.failure]


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_answers(run, variant, split="test", **changes):
    path = predictions_path(run, variant, split)
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, **{name: change(arrays[name]) for name, change in changes.items()}})


def test_an_untouched_run_passes_and_everything_was_asked(run):
    checks = verify(run, films=5)
    assert [c.failure for c in checks if c.failure] == []
    counts = pd.Series([c.what for c in checks]).value_counts()
    assert counts["model file"] == 3 and counts["table of results"] == 3
    assert counts["answers"] == 6  # three variants, validation and test


def test_one_bit_of_a_model_file_is_noticed_and_the_file_is_not_run(run):
    variant = run.variants()[2]
    content = bytearray(run.model_path(variant).read_bytes())
    content[len(content) // 2] ^= 1
    run.model_path(variant).write_bytes(bytes(content))
    assert failures(run) == [
        f"The model file of {variant.name} is not the one that was stored; build it again."
    ]
    run.model_path(variant).unlink()
    assert failures(run) == [f"The model file of {variant.name} is missing; build it again."]


def test_a_changed_preparation_specification_or_choice_is_noticed(run):
    original, float32, int8 = run.variants()
    edit(run.path("variants", float32.key, "preprocessing.json"), image_size=17)
    edit(run.path("variants", int8.key, "spec.json"), chain="other")
    chosen = json.loads(run.path("selection.json").read_text())
    chosen["variants"][original.name]["model_sha256"] = "0" * 64
    run.path("selection.json").write_text(json.dumps(chosen))
    found = " ".join(failures(run, films=0))
    assert f"how films are prepared for {float32.name} was changed" in found
    assert f"specification of {int8.name} was changed" in found
    assert f"threshold of {original.name} was chosen for another model" in found
    run.path("variants", int8.key, "preprocessing.json").unlink()
    run.path("variants", int8.key, "spec.json").write_text("{")
    found = " ".join(failures(run, films=0))
    assert f"prepared for {int8.name} is missing or damaged" in found
    assert f"specification of {int8.name} is missing or damaged" in found


def test_answers_that_were_touched_are_noticed(run):
    _, float32, int8 = run.variants()
    edit_answers(run, int8, y_prob=lambda prob: 1 - prob)
    found = " ".join(failures(run, films=0))
    assert f"{int8.name} on the test films do not follow from its outputs" in found
    assert f"results.csv gives {int8.name} AUROC" in found
    edit_answers(run, float32, "validation", outputs=lambda o: o[:, ::-1], y_prob=lambda p: 1 - p)
    found = " ".join(failures(run, films=4))
    assert f"{float32.name} answers 4 of 4 validation films otherwise than stored" in found
    predictions_path(run, int8, "test").write_bytes(b"PK no more")
    assert f"answers of {int8.name} to the test films are damaged" in " ".join(failures(run))


def test_answers_of_another_model_file_are_noticed(run):
    edit_answers(run, run.variants()[1], model_sha256=lambda _: "0" * 64)
    assert "came from another model file" in " ".join(failures(run, films=0))


def test_other_films_and_no_films_are_said(run, monkeypatch):
    other = dataclasses.replace(drawn_splits(), fingerprint="f" * 16)
    monkeypatch.setattr(verified_films, "open_films", lambda run: other)
    assert all("the set of films, labels or splits has changed" in failure for failure in failures(run))
    fewer = dataclasses.replace(other, validation=other.validation.take(np.arange(30)))
    monkeypatch.setattr(verified_films, "open_films", lambda run: fewer)
    assert "10 validation films that" in failures(run)[0]

    def missing(run):
        raise DataError("The films are not here.")

    monkeypatch.setattr(verified_films, "open_films", missing)
    assert failures(run) == ["No film could be asked about again: The films are not here."]
    assert failures(run, films=0) == []


def test_the_command_says_each_failure_once_and_leaves_with_code_3(run, capsys):
    def call():
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(run.folder), "--films", "2"])
        return ended.value.code, *capsys.readouterr()

    code, out, err = call()
    assert code == 0 and "checks passed" in out and err == ""
    run.model_path(run.variants()[0]).write_bytes(b"")
    code, out, err = call()
    assert code == 3 and out == "" and "not the one that was stored" in err
    assert err.splitlines()[-1].startswith("out: 1 of ") and "(model file 1 of 3)" in err
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(run.folder.parent)])
    assert ended.value.code == 2


def test_the_digest_is_that_of_the_file(run):
    variant = run.variants()[1]
    assert file_sha256(run.model_path(variant)) == variant.sha256


def test_variants_that_cannot_be_opened_are_named_once_and_fail_nothing(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    checks = verify(run, films=5)
    assert [check.failure for check in checks if check.failure] == []
    (said,) = [check.left_out for check in checks if check.left_out]
    assert said.startswith("Not opened, and so not asked again: student_small/original#0: This needs h5py")
    assert "int8" not in said and "pip install 'radlib[train]'" in said


@pytest.mark.parametrize(
    "damage", ["", "variant,auroc\na,1,2\n", "variant,auroc\na,high\n", "name\na\n", 'variant\n"a']
)
def test_a_table_of_results_that_is_none_is_said(run, damage):
    run.path("results.csv").write_text(damage)
    assert failures(run, films=0) == ["results.csv is damaged; write the report again."]
