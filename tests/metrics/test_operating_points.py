"""Threshold rules against what they promise, on drawn patients whose true rates are known."""

import numpy as np
import pytest
from scipy import special, stats

from radlib import metrics
from radlib.metrics import operating_points


def test_the_promised_sensitivity_holds_where_the_naive_threshold_breaks_it():
    """Sixty patients with the finding: the naive 95 % threshold is truly below in about 65 %, the promised in 5 %."""
    generator, below = np.random.default_rng(0), []
    for _ in range(600):
        score = np.concatenate([generator.normal(1.5, 1, 60), generator.normal(size=100)])
        naive = np.sort(score[:60])[3]  # 57 of 60 are at or above
        promised = metrics.operating_point([1] * 60 + [0] * 100, score, "sensitivity")
        below.append([special.ndtr(1.5 - threshold) < 0.95 for threshold in (naive, promised)])
    naive, promised = np.mean(below, axis=0)
    assert naive == pytest.approx(0.65, abs=2.5 * np.sqrt(0.65 * 0.35 / 600))
    assert promised <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 600)


def test_the_promise_holds_for_films_of_patients_with_several():
    generator, broken = np.random.default_rng(1), []
    patient = np.repeat(np.arange(80), 3)
    truth = np.r_[np.ones(240), np.zeros(100)]
    for _ in range(300):
        shared, own = generator.normal(size=80)[patient], generator.normal(size=240)
        score = np.r_[1.5 + np.sqrt(0.7) * shared + np.sqrt(0.3) * own, generator.normal(size=100)]
        threshold = metrics.operating_point(truth, score, "sensitivity", np.r_[patient, np.arange(80, 180)])
        broken.append(special.ndtr(1.5 - threshold) < 0.95)
    assert np.mean(broken) <= 0.05


@pytest.mark.parametrize(
    ("sensitivity", "assurance", "count"), [(0.95, 0.95, 93), (0.9, 0.8, 200), (0.95, 0.95, 59)]
)
def test_the_rank_is_the_largest_that_assures(sensitivity, assurance, count):
    score = np.arange(count + 10.0)
    truth = np.r_[np.zeros(10), np.ones(count)]
    rule = metrics.ThresholdRule("sensitivity", sensitivity, assurance)
    rank = int((score[10:] < metrics.operating_point(truth, score, rule)).sum()) + 1
    assert stats.beta.cdf(1 - sensitivity, rank, count - rank + 1) >= assurance
    assert stats.beta.cdf(1 - sensitivity, rank + 1, count - rank) < assurance


def test_too_few_patients_are_counted_as_patients_not_as_films():
    truth, score = np.r_[np.ones(120), np.zeros(50)], np.arange(170)
    threshold, reason = metrics.choose_threshold(
        truth, score, "sensitivity", np.r_[np.arange(120) // 3, np.arange(50) + 99]
    )
    assert np.isnan(threshold) and "40 patients with the finding, 59 are needed" in reason


def test_cost_weighs_a_missed_finding_by_prevalence():
    generator = np.random.default_rng(2)
    truth = (np.arange(4000) % 4 == 0).astype(int)
    score = 1.5 * truth + generator.normal(size=4000)
    for cost, prevalence in ((1, 0.0), (10, 0.0), (10, 0.05), (30, 0.25)):
        threshold = metrics.operating_point(
            truth, score, metrics.ThresholdRule("cost", missed_cost=cost, prevalence=prevalence)
        )
        share = prevalence or 0.25
        costs = [
            share * cost * (score[truth == 1] < t).mean() + (1 - share) * (score[truth == 0] >= t).mean()
            for t in np.r_[threshold, np.sort(score)]
        ]
        assert costs[0] == pytest.approx(min(costs))
    nothing, reason = metrics.choose_threshold(
        truth, -score, metrics.ThresholdRule("cost", missed_cost=0.001)
    )
    assert np.isnan(nothing) and "calling no film positive" in reason


def test_youden_is_cost_of_equal_odds_and_half_needs_no_films():
    generator = np.random.default_rng(3)
    truth = (np.arange(300) % 3 == 0).astype(int)
    score = truth + generator.normal(size=300)
    youden = metrics.operating_point(truth, score)
    assert youden == metrics.operating_point(truth, score, metrics.ThresholdRule("cost", missed_cost=2))
    assert metrics.choose_threshold([], [], "half") == (0.5, "")
    assert np.isnan(metrics.operating_point([1, 1], [0.2, 0.4]))


def test_each_rule_says_its_numbers():
    assert str(metrics.ThresholdRule()) == "youden"
    said = {str(metrics.ThresholdRule(name)) for name in operating_points.RULES}
    assert len(said) == 4 and "sensitivity 0.95 with confidence 0.95" in said
    assert all(metrics.ThresholdRule(name).words for name in operating_points.RULES)
