"""The report names the rule of the thresholds, how far the films they were chosen on flatter, and why one is missing."""

import dataclasses

import radlib
from radlib import report
from radlib.evaluation.predictions import load_predictions
from radlib.metrics import optimism
from radlib.report.readings import read
from radlib.report.threshold_words import threshold_lines
from radlib.report.wording import signed
from stored import stored_run


def chosen(tmp_path, **settings):
    tmp_path.mkdir(exist_ok=True)
    run, films = stored_run(tmp_path, chains=("", "int8"))
    run = dataclasses.replace(run, settings=run.settings.override(settings))
    return run, radlib.select(run, films)


def test_youden_says_by_how_much_it_flatters(tmp_path):
    run, selection = chosen(tmp_path)
    (line,) = threshold_lines(read(run))
    winner = next(v for v in run.variants() if v.name == selection["winner"])
    answers = load_predictions(run, winner, "validation")
    found = optimism(answers.y_true[:, 0], answers.y_prob[:, 0], answers.patients, draws=100)
    assert f"{signed(found['sensitivity'])} sensitivity" in line and winner.label in line
    assert f"{signed(found['specificity'])} specificity" in line


def test_the_tables_name_the_rule(tmp_path):
    run, films = stored_run(tmp_path, chains=("",))
    run = dataclasses.replace(
        run, settings=run.settings.override({"threshold_rule": "cost", "missed_cost": 7})
    )
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    report.write_report(run)
    text = run.path("report.md").read_text(encoding="utf-8")
    words = "least cost: a missed finding weighs 7 films called back for nothing"
    assert f"thresholds by {words}" in text.split("## Each label")[1].split("##")[0]
    assert f"thresholds by {words}" in text.split("## Methods")[1]
    (card,) = run.path("cards").iterdir()
    assert f"chosen on validation films, by {words}" in card.read_text(encoding="utf-8")


def test_a_convention_flatters_nobody_and_a_broken_promise_says_why(tmp_path):
    assert threshold_lines(read(chosen(tmp_path / "half", threshold_rule="half")[0])) == ()
    (line,) = threshold_lines(read(chosen(tmp_path / "promise", threshold_rule="sensitivity")[0]))
    assert line.startswith("No threshold, so no decisions") and "59 are needed" in line
