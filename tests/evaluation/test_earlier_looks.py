"""Earlier looks at the same test films are counted over all logs, and no log stops a scoring."""

import csv
import dataclasses
import json

import pytest

import radlib
from radlib.evaluation import scoring_log
from radlib.evaluation.earlier_looks import count_earlier_looks
from radlib.evaluation.scoring_log import TEST_LOG, UNNAMED, films_digest, read_log
from radlib.runs.runs import open_run
from stored import add_variant, stored_run

COUNTS = ("scorings", "models", "networks", "studies", "unnamed", "torn")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A run, its films, and a folder of outputs and of published results that nobody else writes to."""
    monkeypatch.setenv("RADLIB_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setattr(scoring_log, "notebooks_folder", lambda: tmp_path / "checkout" / "notebooks")
    run, films = stored_run(tmp_path, chains=("", "int8"))
    radlib.select(run, films)
    return run, films, tmp_path


def line(films, variant="vgg16/int8#0", study="other", date="2020-01-01T00:00:00+00:00", model="a" * 12):
    return [date, study, variant, model, len(films.test), "c" * 12, films_digest(films.test.image_ids)]


def write_log(path, rows, header=TEST_LOG):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def counts(found):
    return tuple(found[name] for name in COUNTS)


def test_looks_of_all_studies_at_the_same_films_are_counted_once(place):
    run, films, folder = place
    first = [line(films), line(films, "vgg16/original#0", model="b" * 12), line(films, date="2021")]
    write_log(folder / "outputs" / "one" / "test_log.csv", first)
    write_log(
        folder / "checkout" / "docs" / "results" / "archive" / "other" / "test_log.csv", first
    )  # a copy
    write_log(folder / "beside" / "test_log.csv", [line(films, "student/int8#1", "third")])
    others = [*line(films)[:-1], films_digest(["another film"])]
    write_log(folder / "outputs" / "two" / "test_log.csv", [others])
    assert counts(count_earlier_looks(run, films)) == (4, 2, 2, 2, 0, 0)


def test_films_are_the_same_whatever_they_were_prepared_to(place):
    run, films, folder = place
    write_log(folder / "outputs" / "one" / "test_log.csv", [line(films)])
    smaller = dataclasses.replace(films.test, source=films.test.source[:, ::2, ::2])
    shuffled = smaller.take(range(len(smaller))[::-1])
    other = dataclasses.replace(films, test=shuffled, fingerprint="0" * 16)
    assert count_earlier_looks(run, other)["scorings"] == 1


def test_what_is_torn_foreign_or_older_stops_nothing_and_is_said(place):
    run, films, folder = place
    outputs = folder / "outputs"
    torn = outputs / "torn" / "test_log.csv"
    write_log(torn, [line(films)])
    torn.write_text(torn.read_text() + "2020-01-02,other,vgg")
    for name, content in (("binary", b"\xff\x00\x01"), ("foreign", b"time,who\n1,2\n"), ("empty", b"")):
        (outputs / name).mkdir()
        (outputs / name / "test_log.csv").write_bytes(content)
    (outputs / "folder" / "test_log.csv").mkdir(parents=True)
    older = [line(films, date="2019")[:-1], [*line(films, date="2018")[:4], 7, "c"]]
    write_log(outputs / "older" / "test_log.csv", older, UNNAMED)
    radlib.predict(run, films, run.variants(), split="test")
    found = json.loads(run.path("earlier_looks.json").read_text())
    assert counts(found) == (1, 1, 1, 1, 1, 5)


def test_own_scorings_are_no_earlier_looks_unless_another_choice_is_made_of_them(place):
    run, films, folder = place
    radlib.predict(run, films, run.variants(), split="test")
    assert count_earlier_looks(run, films)["scorings"] == 0
    add_variant(run, films, "int8_io")  # built later: chosen by the rule that stood
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    found = json.loads(run.path("earlier_looks.json").read_text())
    assert found["scorings"] == 0 and len(read_log(run.path("test_log.csv"))[0]) == 3

    fresh = dataclasses.replace(run, fresh=True, settings=run.settings.override({"selection_loss": 0.5}))
    radlib.select(fresh, films)
    assert count_earlier_looks(fresh, films)["scorings"] == 3

    second = open_run(str(folder / "again"), study=str(folder / "squares.yaml"))  # the study, started over
    for chain in ("", "int8"):
        add_variant(second, films, chain)
    radlib.select(second, films)
    radlib.predict(second, films, second.variants(), split="test")
    found = json.loads(second.path("earlier_looks.json").read_text())
    assert counts(found) == (3, 3, 1, 1, 0, 0)


def test_a_run_that_was_scored_before_looks_were_counted_counts_those_before_its_own(place):
    run, films, folder = place
    radlib.predict(run, films, run.variants(), split="test")
    run.path("earlier_looks.json").unlink()
    write_log(
        folder / "outputs" / "one" / "test_log.csv",
        [line(films), line(films, "vgg16/original#0", date="2999-01-01T00:00:00+00:00")],
    )
    assert count_earlier_looks(run, films)["scorings"] == 1


def test_a_log_that_was_begun_without_the_films_goes_on_with_them(place):
    run, films, _ = place
    write_log(run.path("test_log.csv"), [["2020", "squares", "n/int8#0", "a" * 12, 9, "c" * 12]], UNNAMED)
    radlib.predict(run, films, run.variants(), split="test")
    rows, whole = read_log(run.path("test_log.csv"))
    assert whole and [row["test_films"] for row in rows] == ["", *[films_digest(films.test.image_ids)] * 2]
