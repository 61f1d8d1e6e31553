"""What errors mean at a place's prevalence, against plain counting."""

import numpy as np
import pytest

from binormal import binormal
from radlib import metrics
from radlib.foundation.errors import UsageError
from radlib.metrics import net_benefit


def drawn(seed=0, **stated):
    truth, score, _, patients = binormal(
        seed, **{"auroc": 0.9, "patients": 200, "films_per_patient": 2, "prevalence": 0.3, **stated}
    )
    return truth, 1 / (1 + np.exp(-2 * score + 1.5)), patients


def test_at_the_films_own_prevalence_it_is_counting():
    truth, prob, patients = drawn()
    called = prob >= 0.4
    found = metrics.usefulness(metrics.rates_of(truth, called, patients), truth.mean(), 0.25)
    films = len(truth)
    assert found["missed_per_1000"][0] == pytest.approx(1000 * (truth & ~called).sum() / films)
    assert found["needless_per_1000"][0] == pytest.approx(1000 * (called & (truth == 0)).sum() / films)
    scores = metrics.scores(truth, prob, 0.4)
    assert found["ppv_at_prevalence"][0] == pytest.approx(scores["positive_predictive_value"])
    assert found["npv_at_prevalence"][0] == pytest.approx(scores["negative_predictive_value"])
    plain = ((called & (truth == 1)).sum() - 0.25 * (called & (truth == 0)).sum()) / films
    assert found["net_benefit"][0] == pytest.approx(plain)
    assert all(low < value < high for value, low, high in found.values())


def test_another_prevalence_is_that_of_films_counted_more_often():
    truth, prob, patients = drawn(1)
    films = np.repeat(np.arange(len(truth)), np.where(truth == 1, 1, 5))
    there = metrics.scores(truth[films], prob[films], 0.4)
    share = truth[films].mean()
    found = metrics.usefulness(metrics.rates_of(truth, prob >= 0.4, patients), share, 1.0)
    assert found["ppv_at_prevalence"][0] == pytest.approx(there["positive_predictive_value"])
    assert found["npv_at_prevalence"][0] == pytest.approx(there["negative_predictive_value"])


def test_where_nobody_was_missed_the_interval_says_how_many_may_be():
    truth = np.r_[np.ones(20), np.zeros(40)]
    found = metrics.usefulness(metrics.rates_of(truth, truth == 1, np.arange(60)), 0.1, 1.0)
    assert found["missed_per_1000"][:2] == (0, 0) and found["missed_per_1000"][2] > 15
    assert found["ppv_at_prevalence"][0] == 1 and found["ppv_at_prevalence"][1] < 0.6
    assert found["net_benefit"][1] < found["net_benefit"][0]


def test_the_decision_curve_of_every_probability_and_of_calling_all():
    truth, prob, patients = drawn(2)
    table = metrics.decision_curve(truth, prob, patients, probabilities=[0.001, 0.2, 0.5])
    share = truth.mean()
    assert table["call_all"].tolist() == pytest.approx(
        [share - (1 - share) * p / (1 - p) for p in (0.001, 0.2, 0.5)]
    )
    assert table["net_benefit"].iloc[0] == pytest.approx(table["call_all"].iloc[0], abs=1e-3)
    assert (table["net_benefit_low"] < table["net_benefit"]).all()
    with pytest.raises(UsageError, match="between 0 and 1"):
        metrics.decision_curve(np.zeros(4), prob[:4], range(4))


def test_intervals_of_predictive_values_and_net_benefit_hold():
    """Nominal 95 %, 250 drawn sets of 150 patients with two films each."""
    truth, prob, _ = drawn(999, patients=60_000)
    rates = metrics.scores(truth, prob, 0.4)
    exact = metrics.usefulness(
        net_benefit.Rates((rates["sensitivity"],) * 3, (rates["specificity"],) * 3), 0.1, 1 / 9
    )
    held = {name: [] for name in exact}
    for seed in range(250):
        truth, prob, patients = drawn(seed, patients=150)
        found = metrics.usefulness(metrics.rates_of(truth, prob >= 0.4, patients), 0.1, 1 / 9)
        for name, (_, low, high) in found.items():
            held[name].append(low <= exact[name][0] <= high)
    slack = 2.5 * np.sqrt(0.95 * 0.05 / 250)
    assert all(0.93 - slack <= np.mean(values) <= 0.98 + slack for values in held.values()), held
