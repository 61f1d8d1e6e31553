"""The rule for thresholds that a study names: obeyed, written down, kept after test films, and passed on."""

import dataclasses
import json

import numpy as np
import pytest

import radlib
from radlib import metrics
from radlib.deployment.described_variants import read_described
from radlib.deployment.site_threshold import choose_anew
from radlib.evaluation.deciding import Answer
from radlib.evaluation.predictions import load_predictions
from radlib.evaluation.threshold_rules import why_none
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.runs import tasks
from stored import stored_run


def ruled(run, **settings):
    return dataclasses.replace(run, settings=run.settings.override(settings))


def test_the_studys_rule_chooses_and_is_written_down(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    costly = ruled(run, threshold_rule="cost", missed_cost=5, prevalence=0.3)
    chosen = radlib.select(costly, films)
    assert chosen["rule"] == "cost 5 at prevalence 0.3"
    rule = metrics.ThresholdRule("cost", missed_cost=5, prevalence=0.3)
    assert chosen["threshold_rule"] == dataclasses.asdict(rule)
    assert json.loads(run.path("selection.json").read_text()) == chosen
    for variant in run.variants():
        answers = load_predictions(run, variant, "validation")
        expected = metrics.operating_point(
            answers.y_true[:, 0], answers.y_prob[:, 0], rule, answers.patient_id
        )
        threshold = chosen["variants"][variant.name]["threshold"]
        assert threshold == expected or (threshold is None and np.isnan(expected))
    folder = run.path("variants") / run.variants()[0].key
    assert read_described(folder)[1]["threshold_rule"] == chosen["threshold_rule"]
    again = radlib.select(ruled(run), films)
    assert again["rule"] == "youden" and "threshold_rule" not in again
    assert "threshold_rule" not in read_described(folder)[1]


def test_a_rule_that_was_used_on_test_films_stands(tmp_path):
    run, films = stored_run(tmp_path, chains=("",))
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    with pytest.raises(UsageError, match="cannot be chosen again"):
        radlib.select(ruled(run, threshold_rule="half"), films)


def test_a_promise_without_enough_patients_gives_no_threshold_and_a_reason(tmp_path):
    run, films = stored_run(tmp_path, chains=("",))
    promised = ruled(run, threshold_rule="sensitivity")
    chosen = radlib.select(promised, films)
    (variant,) = run.variants()
    assert chosen["variants"][variant.name]["threshold"] is None
    (reason,) = why_none(load_predictions(run, variant, "validation"), metrics.ThresholdRule("sensitivity"))
    assert "59 are needed" in reason


def test_a_site_chooses_by_the_rule_of_the_run():
    task, generator = tasks.binary("opacity"), np.random.default_rng(0)
    truth = np.arange(120) % 2
    probability = 1 / (1 + np.exp(-2 * truth - generator.normal(size=120)))
    answers = [
        Answer(f"{n}.png", f"{n:012x}", np.array([1 - p, p], np.float32), pixels=bytes([n]))
        for n, p in enumerate(probability)
    ]
    names = [answer.file for answer in answers]
    site = pd.DataFrame(
        {"file": names, "opacity": truth.astype(float), "patient_id": names, "row": np.arange(120) + 2}
    )
    for rule in (metrics.ThresholdRule("sensitivity"), metrics.ThresholdRule("cost", missed_cost=3)):
        found = choose_anew(answers, site, task, [0.5], rule=rule)
        expected = metrics.operating_point(truth, probability.astype(np.float32), rule)
        assert found.thresholds == [pytest.approx(expected)]
        assert found.facts()["rule"] == str(rule)
