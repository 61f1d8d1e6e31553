"""The banner over the winner stands when test films are of another kind, and only then; everywhere the same sentence."""

import json

import numpy as np
import pytest

from radlib.evaluation.film_shift import CARRY_OVER
from radlib.report.blocks import Page
from radlib.report.model_cards import model_card
from radlib.report.notebook_views import red_alarm
from radlib.report.readings import read
from radlib.report.shift_section import caution, shift_section
from radlib.report.writing import render, script_hash
from written_runs import write_run

FEATURE = {"feature": "grey_50", "aspect": "grey level", "meaning": "grey that half of the pixels are darker than",
           "auroc": 0.91, "p": 0.005, "first": 0.41, "second": 0.62}  # fmt: skip
SHIFTED = {"fingerprint": "f", "revision": 1, "films": [150, 400], "patients": [75, 200], "reason": "", "auroc": 0.82,
           "p": 0.005, "usual": 0.57, "permutations": 199, "features": [FEATURE]}  # fmt: skip
ALIKE = {**SHIFTED, "auroc": 0.52, "p": 0.34, "features": [{**FEATURE, "auroc": 0.53, "p": 0.8}]}


@pytest.fixture
def run(tmp_path):
    """A run whose winner is a little less sure of the test films than of the validation films."""
    made = write_run(tmp_path, chains=("", "int8"), films=120)
    for variant in made.variants():
        path = made.path("predictions", f"{variant.key}.test.npz")
        answers = dict(np.load(path))
        answers["fingerprint"] = "f"
        answers["y_prob"] = np.clip(1.2 * (answers["y_prob"] - 0.5) + 0.5, 0.001, 0.999)
        np.savez(made.path("predictions", f"{variant.key}.validation.npz"), **answers)
    return made


def told(run, found):
    run.path("shift.json").write_text(json.dumps(found))
    return read(run)


def texts(section):
    return " ".join(" ".join(getattr(block, "lines", ())) for block in section.blocks)


def test_a_shift_stands_over_the_winner_in_report_cards_and_notebook(run):
    readings = told(run, SHIFTED)
    sentence = caution(readings)
    assert sentence.startswith(CARRY_OVER) and "AUROC 0.82" in sentence and "grey level" in sentence
    page = Page("t", "s", "1", None, ("the winner",), (), (), caution=sentence)
    for template in ("report.html.j2", "report.md.j2"):
        text = render(page, template, script="", script_hash=script_hash(""), embedded=str, film=str)
        assert 0 < text.index(CARRY_OVER) < text.index("the winner")
    assert CARRY_OVER in red_alarm(run).data
    assert red_alarm(run, run.variants()[0]) is None  # asked of one original's learning alone
    results = pytest.importorskip("radlib").results(run)
    empty = dict.fromkeys(("agreement", "decisions", "harm"), results.iloc[:0])
    labels = results.iloc[:0].assign(metric="")
    assert model_card(readings, run.variants()[1], results, labels, empty).caution == sentence


def test_films_of_a_kind_have_a_section_and_no_banner(run):
    readings = told(run, ALIKE)
    assert caution(readings) == "" and red_alarm(run) is None
    section = shift_section(readings)
    assert (
        "No difference that matters was found: 150 validation films of 75 patients and 400 test films"
        in texts(section)
    )


def test_the_section_names_what_differs_and_how_sure_the_networks_were(run):
    verdict, features, confidence = shift_section(told(run, SHIFTED)).blocks
    assert (
        verdict.lines[0].startswith("The test films are of another kind: ")
        and "without any label" in verdict.lines[1]
    )
    assert [cell.text for cell in features.rows[0]][1:] == ["0.410", "0.620", "91 of 100", "< 0.01"]
    assert [row[0].text for row in confidence.rows] == ["original", "int8"]
    for row in confidence.rows:
        before, after = float(row[1].text), float(row[2].text)
        assert after < before and row[3].text.startswith("−") and "to" in row[3].note


def test_too_few_films_are_said_and_a_run_before_its_test_has_no_section(run):
    assert shift_section(read(run)).blocks == ()
    few = {"films": [9, 12], "patients": [9, 12], "reason": "fewer than 20 patients on one side"}
    assert texts(shift_section(told(run, few))).startswith(
        "Nobody can tell from 9 validation films of 9 patients"
    )
