"""A report says how often its test films had been looked at before, and warns when they were."""

import json

import pytest

from radlib import report
from radlib.report.looks import UNCOUNTED, looks_caution, looks_lines
from radlib.report.readings import read
from written_runs import write_run

NONE = {"test_films": "d", "choice": [], "scorings": 0, "models": 0, "networks": 0, "studies": 0, "unnamed": 0,
        "torn": 0}  # fmt: skip
SOME = {**NONE, "scorings": 71, "models": 64, "networks": 5, "studies": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("looks"), chains=("", "int8"), films=120)


def told(run, found):
    run.path("earlier_looks.json").write_text(json.dumps(found))
    return read(run)


def test_earlier_looks_are_warned_of_in_report_and_cards_and_none_are_not(run):
    for found, warned in ((SOME, True), (NONE, False)):
        readings = told(run, found)
        assert bool(looks_caution(readings)) == warned
        report.write_report(run)
        cards = [path.read_text() for path in run.path("cards").glob("*.md")]
        for text in (run.path("report.html").read_text(), *cards):
            assert ("71 scorings logged (64 model files, 5 networks, 1 study)" in text) == warned
        assert ("No earlier scoring" in run.path("report.md").read_text()) == (not warned)
    published = report.publish(run, run.folder.parent / "published")
    assert "earlier_looks.json" in {path.name for path in published}


def test_what_is_not_known_is_said(run):
    lines = looks_lines(told(run, {**NONE, "unnamed": 2, "torn": 1}))
    assert "2 earlier scorings of as many films" in lines[1] and "1 log of scorings" in lines[2]
    assert looks_lines(told(run, {})) == (UNCOUNTED,)
