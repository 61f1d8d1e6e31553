"""Intervals that do not collapse: their formulas by hand, and how often they hold the true number."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import evidence_coverage
from binormal import binormal
from radlib import metrics
from radlib.metrics import auroc_intervals, rate_intervals

# ---- shares -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("right", "patients"), [(40, 40), (35, 40), (5, 5), (0, 12), (1, 9)])
def test_one_film_a_patient_is_wilson_with_students_quantile_and_never_above_the_exact_end(right, patients):
    low, high = metrics.rate_interval([1] * right + [0] * (patients - right), range(patients))
    quantile = stats.t.ppf(0.975, patients - 1)
    share, design = right / patients, 1.0
    if 0 < share < 1:  # patients / (patients - 1) is all that a design effect of independent films can be
        rare = min(right, patients - right)
        found = patients / (patients - 1)
        design = (rare * found + found) / (rare + 1)
    films = patients / design
    center = (share + quantile**2 / (2 * films)) / (1 + quantile**2 / films)
    reach = np.sqrt(share * (1 - share) / films + quantile**2 / (4 * films**2)) / (1 + quantile**2 / films)
    exact = stats.binomtest(right, patients).proportion_ci(method="exact")
    assert high == pytest.approx(min(center + quantile * reach, 1))
    assert low <= exact.low + 1e-12 and low >= center - quantile * reach - 0.05
    if right == patients:
        assert low <= 0.025 ** (1 / patients) + 1e-12 and high == 1.0


def test_ten_copies_of_each_film_say_nothing_new():
    right = np.array([1] * 30 + [0] * 10)
    once = metrics.rate_interval(right, range(40))
    copies = metrics.rate_interval(np.repeat(right, 10), np.repeat(range(40), 10))
    assert copies == pytest.approx(once, abs=0.01)
    films = metrics.rate_interval(np.repeat(right, 10), range(400))
    assert films[1] - films[0] < 0.5 * (copies[1] - copies[0])


def test_one_error_more_never_promises_more():
    """Films of twenty patients, five each: with errors the clustering is known, without any it is not."""
    patient = np.repeat(np.arange(20), 5)
    for spread in (
        np.arange(100),
        np.arange(100).reshape(20, 5).T.ravel(),
    ):  # in one patient first, or in all
        lows = []
        for errors in range(0, 60):
            right = np.ones(100)
            right[spread[:errors]] = 0
            lows.append(metrics.rate_interval(right, patient)[0])
        assert lows[0] == pytest.approx(0.025 ** (1 / 20), abs=0.02)
        assert max(lows) < lows[0] + 0.08


def test_undefined_shares_have_no_interval():
    assert np.isnan(metrics.rate_interval([], [])).all()
    table = metrics.intervals([1, 1, 1], [0.2, 0.7, 0.9], range(3), 0.5, draws=20).set_index("metric")
    assert (
        np.isnan(table.loc[["auroc", "specificity", "balanced_accuracy"], ["low", "high"]].astype(float))
        .all()
        .all()
    )
    assert table.loc["sensitivity", "low"] < 2 / 3 < table.loc["sensitivity", "high"]
    none = metrics.intervals([0, 1], [0.2, 0.9], range(2), np.nan, draws=20).set_index("metric")
    assert np.isnan(none.loc["sensitivity", "low"]) and not np.isnan(none.loc["auroc", "low"])


def test_balanced_accuracy_follows_from_both_shares():
    truth, score, _, patient = binormal(0, patients=80, films_per_patient=2)
    table = metrics.intervals(truth, score, patient, 1.0, draws=20).set_index("metric")
    sensitivity, specificity, both = (
        table.loc[name] for name in ("sensitivity", "specificity", "balanced_accuracy")
    )
    below = np.hypot(sensitivity.value - sensitivity.low, specificity.value - specificity.low) / 2
    assert both.low == pytest.approx(both.value - below)


# ---- AUROC ------------------------------------------------------------------------------------------------


def test_the_auroc_interval_is_delongs_on_the_logit_scale_with_one_patient_counted_twice():
    truth, score, _, patient = binormal(1, auroc=0.9, patients=60, films_per_patient=2)
    value, variance, influence = metrics.auroc_influence(truth, score, patient)
    assert value == pytest.approx(metrics.auroc(truth, score))
    assert variance == pytest.approx(metrics.auroc_covariance(truth, [score], patient)[1][0, 0])
    error = np.sqrt(variance + (influence**2).max())
    expected = metrics.logit_interval(value, error)
    assert metrics.auroc_interval(truth, score, patient) == pytest.approx(expected)
    plain = metrics.logit_interval(value, variance**0.5)
    assert expected[0] < plain[0] < value < plain[1] < expected[1]


def test_without_a_wrong_pair_the_fewer_patients_bound_it():
    truth = np.repeat([1, 0], [40, 100])
    patient = np.r_[np.repeat(np.arange(20), 2), np.arange(20, 120)]
    low, high = metrics.auroc_interval(truth, truth + 0.0, patient)
    assert (low, high) == pytest.approx((0.025 ** (1 / 20), 1.0))
    assert metrics.auroc_interval(truth, -truth, patient) == pytest.approx((0.0, 1 - low))


def test_a_constant_score_and_a_single_patient_have_width():
    truth = np.repeat([1, 0], [20, 50])
    low, high = metrics.auroc_interval(truth, np.zeros(70))
    assert low < 0.45 and high > 0.55
    low, high = metrics.auroc_interval([1, 0, 0, 0, 0], [0.5, 0.1, 0.2, 0.6, 0.7])
    assert low < 0.1 and high > 0.9


def test_labels_that_repeat_each_other_are_no_surer_than_one():
    truth, score, _, patient = binormal(2, auroc=0.9, patients=150)
    one = metrics.auroc_interval(truth, score, patient)
    four = metrics.auroc_interval(np.tile(truth[:, None], 4), np.tile(score[:, None], 4), patient)
    assert four == pytest.approx(one, abs=0.006)
    generator = np.random.default_rng(0)
    others = np.column_stack([generator.permutation(np.c_[truth, score]) for _ in range(4)])
    unrelated = metrics.auroc_interval(others[:, ::2], others[:, 1::2], patient)
    assert unrelated[1] - unrelated[0] < 0.65 * (one[1] - one[0])


def test_a_label_with_one_patient_widens_the_mean():
    truth, score, _, patient = binormal(3, auroc=0.9, patients=100)
    rare = np.zeros(100)
    rare[0] = 1
    one = metrics.auroc_interval(truth, score, patient)
    both = metrics.auroc_interval(np.c_[truth, rare], np.c_[score, rare + 0.0], patient)
    assert both[1] - both[0] > 2 * (one[1] - one[0])


# ---- coverage ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("5 positives, sensitivity 0.90", 0.93, 1.0),  # six values: the next coverage above 0.95 is 0.991
        ("20 positives, sensitivity 0.90", 0.93, 0.97),
        ("AUROC 0.998", 0.93, 0.97),
        ("like Kermany, AUROC 0.96", 0.93, 0.97),
    ],
)
def test_95_percent_intervals_hold_95_percent(name, lowest, highest):
    (row,) = evidence_coverage.rows(400, 1, [name], ["metrics.label_intervals"])
    slack = 2.5 * row["monte_carlo_error"]
    assert lowest - slack <= row["coverage"] <= highest + slack
    assert row["zero_width_share"] == 0


def test_the_bootstrap_of_five_positives_holds_less_than_half():
    (row,) = evidence_coverage.rows(100, 1, ["5 positives, sensitivity 0.90"], ["percentile bootstrap"])
    assert row["coverage"] < 0.6 and row["zero_width_share"] > 0.4


def test_one_patient_with_the_finding_has_the_widest_interval_that_there_is():
    """Shares of one patient have no variance of their own: that of a coin, which no share exceeds, stands in."""
    truth, scores = np.array([1.0, 0, 0, 0, 0]), np.array([0.6, 0.5, 0.7, 0.2, 0.1])
    found = auroc_intervals.auroc_estimate(truth, scores, np.arange(5), 5)
    assert found.value == 0.75
    assert found.variance == pytest.approx(0.75 * 0.25 + (found.influence**2).max())


def test_the_mean_of_two_rates_leaves_open_on_each_side_half_of_what_both_do():
    low, high = rate_intervals.mover_mean(0.9, (0.8, 0.95), 0.7, (0.6, 0.82))
    assert (low, high) == pytest.approx((0.8 - np.hypot(0.1, 0.1) / 2, 0.8 + np.hypot(0.05, 0.12) / 2))
