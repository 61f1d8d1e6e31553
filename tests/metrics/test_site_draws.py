"""Thresholds that a few patients of a place choose, against what is known of the others."""

import numpy as np
import pytest
from scipy import special

from binormal import binormal
from radlib import metrics
from radlib.metrics import site_draws as module
from radlib.metrics.operating_points import ThresholdRule


def place(patients, shift, seed=0):
    """Films of a place whose probabilities lie lower than where the threshold 0.5 was chosen."""
    truth, score, _, patient = binormal(
        seed, auroc=0.9, patients=patients, films_per_patient=2, prevalence=0.4
    )
    return truth, special.expit(2 * score - 1.5 + shift), patient


def test_the_frozen_threshold_stands_first_and_is_asked_of_all():
    truth, prob, patient = place(60, -2.0)
    frozen, *others = metrics.site_films(truth, prob, patient, 0.5)
    scores = metrics.scores(truth, prob, 0.5)
    assert (frozen["sensitivity"], frozen["specificity"]) == (scores["sensitivity"], scores["specificity"])
    assert np.isnan(frozen["sensitivity_5th"]) and frozen["chosen"] == 0
    assert [row["patients_labelled"] for row in others] == [
        10,
        20,
        30,
    ]  # half of the patients stay to be asked


def test_films_of_the_place_win_back_what_the_frozen_threshold_misses_and_more_of_them_more_surely():
    truth, prob, patient = place(400, -2.0)
    frozen, *rows = metrics.site_films(truth, prob, patient, 0.5)
    youden = [row["sensitivity"] + row["specificity"] for row in rows]
    assert frozen["sensitivity"] + frozen["specificity"] < youden[0] < youden[-1]
    spread = [row["sensitivity_95th"] - row["sensitivity_5th"] for row in rows]
    assert spread[0] > 1.5 * spread[-1]
    assert all(row["sensitivity_5th"] <= row["sensitivity"] <= row["sensitivity_95th"] for row in rows)


def test_nobody_is_asked_at_a_threshold_that_they_chose(monkeypatch):
    truth, prob, patient = place(80, 0.0)
    chosen_by, asked = [], []

    def choose(truth, prob, rule, patients):
        chosen_by.append(set(patients))
        return 0.5

    def score(truth, prob, threshold):
        asked.append(len(truth))
        return {"sensitivity": 1.0, "specificity": 1.0}

    monkeypatch.setattr(module, "operating_point", choose)
    monkeypatch.setattr(module, "scores", score)
    metrics.site_films(truth, prob, patient, 0.5, sizes=[20], draws=5)
    assert [len(drawn) for drawn in chosen_by] == [20] * 5 and len({frozenset(d) for d in chosen_by}) > 1
    assert asked == [160, *[120] * 5]  # two films of each of the sixty others


def test_a_rule_that_so_few_cannot_carry_leaves_the_frozen_threshold():
    truth, prob, patient = place(200, 0.0)
    rule = ThresholdRule("sensitivity", 0.95, 0.95)
    *_, row = metrics.site_films(truth, prob, patient, 0.3, sizes=[20], rule=rule)
    assert row["chosen"] == 0
    whole = metrics.scores(truth, prob, 0.3)
    assert row["sensitivity"] == pytest.approx(whole["sensitivity"], abs=0.02)
    even = metrics.site_films(
        truth, prob, patient, 0.3, sizes=[30], rule=ThresholdRule("sensitivity", 0.9, 0.5)
    )
    assert even[-1]["chosen"] > 0.9 and even[-1]["sensitivity"] == pytest.approx(0.9, abs=0.05)


def test_one_answer_and_unknown_labels_and_the_same_seed():
    truth, prob, patient = place(60, 0.0)
    only = metrics.site_films(np.zeros(40), np.linspace(0, 1, 40), np.arange(40), 0.5, sizes=[10])
    assert [row["chosen"] for row in only] == [0, 0] and np.isnan(only[1]["sensitivity"])
    unknown = np.where(np.arange(len(truth)) < 20, np.nan, truth)
    assert metrics.site_films(unknown, prob, patient, 0.5, sizes=[10]) == metrics.site_films(
        truth[20:], prob[20:], patient[20:], 0.5, sizes=[10]
    )
    assert metrics.site_films(truth, prob, patient, 0.5) != metrics.site_films(
        truth, prob, patient, 0.5, seed=1
    )
