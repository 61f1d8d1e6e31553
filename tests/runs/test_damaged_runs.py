"""Every file of a finished run, damaged in every way: named in one sentence, and no other exception anywhere."""

import json
import shutil

import numpy as np
import pytest

import radlib
from radlib.cli.listing import compared
from radlib.deployment.own_films import read_described
from radlib.deployment.verification.files import MADE_BY_RUN
from radlib.deployment.verification.verify import verify
from radlib.evaluation.predictions import load_predictions, predictions_path
from radlib.foundation.errors import RadlibError
from radlib.report.column_pages import FILE as COLUMNS
from radlib.report.readings import read
from radlib.report.writing import PUBLISHED, publish, write_results
from radlib.runs.damaged_variants import set_aside_damaged
from radlib.runs.run_records import read_record
from radlib.runs.runs import reopen_run
from stored import add_variant, stored_run

HARMLESS = ("radlib.log", ".lock.", COLUMNS)  # nothing rests on them
DAMAGES = {
    "cut off": lambda content: content[: len(content) // 2],
    "one bit": lambda content: bytes([*content[: len(content) // 2], content[len(content) // 2] ^ 1,
                                      *content[len(content) // 2 + 1 :]]),
    "empty": lambda content: b"",
    "another kind": lambda content: b'["\\u001b[2J", 1e999]',
    "nested": lambda content: b"[" * 100_000,
    "zeros": lambda content: bytes(len(content)),
    "missing": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A scored run with its tables, and its films."""
    run, films = stored_run(tmp_path_factory.mktemp("damaged"), chains=("", "float32"))
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    write_results(run)
    return run, films


def files_of(run):
    return sorted(path for path in run.folder.rglob("*") if path.is_file())


def snapshot(run):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_of(run)}


def failures(run):
    return [check.failure for check in verify(run, films=0) if check.failure]


def is_one_sentence(text):
    return text.count("\n") == 0 and text.endswith(".") and "Traceback" not in text and "\x1b" not in text


def tolerated(work):
    """Do something that may be refused with a sentence, and must not fail otherwise."""
    try:
        work()
    except RadlibError as error:
        assert is_one_sentence(str(error)), error


def test_an_untouched_run_is_whole_and_is_left_as_it_is(finished):
    run, _ = finished
    before = snapshot(run)
    assert failures(run) == []
    assert snapshot(run) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_file_damaged_is_named_and_nothing_else_escapes(finished, damage, tmp_path):
    run, _ = finished
    place = str(run.folder.parent)
    for path in files_of(run):
        if any(word in path.name for word in HARMLESS):
            continue
        content = path.read_bytes()
        if not content:  # a lock: nothing in it to damage, and made again when it is gone
            continue
        changed = b"" if DAMAGES[damage] is None else DAMAGES[damage](content)
        if changed == content and DAMAGES[damage] is not None:
            continue
        try:
            path.unlink() if DAMAGES[damage] is None else path.write_bytes(changed)
            found = failures(run)
            assert found, f"{damage}: {path.name} was not noticed"
            assert all(is_one_sentence(failure) and place not in failure for failure in found), found
            tolerated(lambda: read(run))
            tolerated(lambda: compared([run.folder]))
            tolerated(lambda: read_record(run.folder))
            for variant in run.folder.glob("variants/[!.]*/"):
                tolerated(lambda folder=variant: read_described(folder))
        finally:
            path.write_bytes(content)


def test_a_halved_threshold_neither_passes_nor_decides(finished):
    run, _ = finished
    path, name = run.path("selection.json"), run.variants()[1].name
    content = path.read_text()
    chosen = json.loads(content)
    chosen["variants"][name]["threshold"] /= 2
    path.write_text(json.dumps(chosen))
    try:
        assert any(f"gives {name} the threshold" in failure for failure in failures(run))
        with pytest.raises(RadlibError, match="selection.json is damaged .it is not what was written"):
            read_described(run.path("variants", run.variants()[1].key))
    finally:
        path.write_text(content)


def test_an_inverted_truth_and_a_lost_scoring_are_noticed_without_any_digest(finished, tmp_path):
    run, _ = finished
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    (copy / "digests.jsonl").unlink()
    chosen = json.loads((copy / "selection.json").read_text())
    chosen.pop("digests")
    chosen["winner"] = run.variants()[0].name if chosen["winner"] != run.variants()[0].name else None
    (copy / "selection.json").write_text(json.dumps(chosen))
    other = reopen_run(copy)
    path = predictions_path(other, other.variants()[1], "validation")
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **{**arrays, "y_true": 1 - arrays["y_true"]})
    lines = (copy / "test_log.csv").read_text().splitlines(keepends=True)
    (copy / "test_log.csv").write_text("".join(lines[:-1]))
    found = " ".join(failures(other))
    assert f"The labels in the answers of {other.variants()[1].name} to the validation films" in found
    assert "names another winner" in found and "has no line of the scoring of" in found


def test_a_damaged_record_steps_aside_and_the_variant_is_built_anew(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "float32"))
    variant = run.variants()[1]
    folder = run.path("variants", variant.key)
    for number, name in enumerate(("variant.json", "spec.json", "preprocessing.json"), start=1):
        (folder / name).write_bytes(b"{")
        (sentence,) = set_aside_damaged(run)
        assert variant.key in sentence and "built anew" in sentence
        assert add_variant(run, films, "float32") == variant
        assert len(list(run.path("variants").glob(".damaged.*"))) == number
    assert set_aside_damaged(run) == [] and failures(run) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"films": 3}', b"\xff\xfe"])
def test_a_start_finds_a_damaged_record_and_goes_on(tmp_path, content):
    """What is asked is held against what was made before anything runs; a record that is none stands in no way."""
    run, _ = stored_run(tmp_path, chains=("float32",))
    (variant,) = run.variants()
    folder = run.path("variants", variant.key)
    known = {"chain": "float32", "content": 0}
    run.check_as_made(variant.name, known, {})
    for name in ("spec.json", "variant.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        run.check_as_made(variant.name, known, {})
        with pytest.raises(RadlibError, match="damaged|was made otherwise"):
            run.stored(variant.name, {"chain": "other"})
        (folder / name).write_bytes(whole)


def test_damaged_answers_are_asked_for_again(tmp_path):
    run, films = stored_run(tmp_path, chains=("",))
    (variant,) = run.variants()
    whole = radlib.predict(run, films, [variant], split="validation")[variant.name]
    predictions_path(run, variant, "validation").write_bytes(b"PK")
    with pytest.raises(RadlibError, match="validation.npz is damaged"):
        load_predictions(run, variant, "validation")
    again = radlib.predict(run, films, [variant], split="validation")[variant.name]
    assert np.array_equal(whole.outputs, again.outputs) and failures(run) == []


def test_every_published_table_is_among_those_whose_digest_counts():
    assert set(PUBLISHED) - {COLUMNS} <= set(MADE_BY_RUN)


def test_what_was_changed_by_hand_is_not_published(finished, tmp_path):
    run, _ = finished
    path = run.path("selection.json")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.", b"0.0", 1))
    try:
        with pytest.raises(RadlibError, match="selection.json is damaged .it is not what was written"):
            publish(run, tmp_path / "changed")
        assert not (tmp_path / "changed").exists()
    finally:
        path.write_bytes(content)
