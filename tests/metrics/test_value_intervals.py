"""Intervals of means and percentiles over films: by hand, by the binomial distribution, and where resampling collapses."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from radlib import metrics
from radlib.metrics.froc import in_order
from radlib.metrics.value_intervals import _student, estimate_ends, value_estimate


def test_the_interval_of_a_mean_is_students_on_logits_with_one_patient_more():
    values, patients = np.array([0.9, 0.8, 0.95, 0.7, 1.0, 0.6]), np.array([0, 0, 1, 2, 3, 3])
    sums = np.bincount(patients, values - values.mean()) / 6
    error = np.sqrt(4 / 3 * (sums**2).sum() + (sums**2).max())
    mean = values.mean()
    reach = stats.t.ppf(0.975, 3) * error / (mean * (1 - mean))
    expected = expit(logit(mean) - reach), expit(logit(mean) + reach)
    assert metrics.value_interval(values, patients) == pytest.approx(expected)


@pytest.mark.parametrize("freedom", [1, 3, 18, 19, 25, 60, 400])
def test_students_quantile_is_scipys_also_where_a_series_stands_for_it(freedom):
    assert _student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-6)


def test_of_counts_the_scale_is_logarithmic_and_has_no_upper_bound():
    counts = np.array([0, 0, 0, 0, 1, 0, 12, 0, 0, 0])
    low, high = metrics.value_interval(counts, range(10), shares=False)
    assert 0 < low < counts.mean() < high
    assert low * high == pytest.approx(counts.mean() ** 2)


def test_where_every_film_is_perfect_the_exact_bound_is_left():
    perfect, none = (metrics.value_interval(np.full(50, value), range(50)) for value in (1.0, 0.0))
    bound = 1 - 0.025 ** (1 / 50)
    assert perfect == pytest.approx((1 - bound, 1.0)) and none == pytest.approx((0.0, bound))
    assert all(np.isnan(end) for end in metrics.value_interval([], []))
    nothing = value_estimate(np.array([]), np.array([], int), 0)
    assert all(np.isnan(end) for end in estimate_ends(nothing))


def test_the_mean_of_numbers_of_either_sign_has_students_interval_with_one_patient_more():
    values, patients = np.array([0.1, -0.2, 0.05, 0.0, 0.3, 0.2]), np.array([0, 0, 1, 2, 3, 3])
    sums = np.bincount(patients, values - values.mean()) / 6
    reach = stats.t.ppf(0.975, 3) * np.sqrt(4 / 3 * (sums**2).sum() + (sums**2).max())
    expected = values.mean() - reach, values.mean() + reach
    assert metrics.signed_interval(values, patients) == pytest.approx(expected)
    assert metrics.signed_interval(-values, patients) == pytest.approx((-expected[1], -expected[0]))
    bound = 1 - 0.025 ** (1 / 50)
    assert metrics.signed_interval(np.zeros(50), range(50)) == pytest.approx((-bound, bound))
    assert all(np.isnan(end) for end in metrics.signed_interval([], []))


def test_a_difference_of_means_leaves_open_what_each_leaves_open_on_that_side():
    """Newcombe's example (1998, table II): 56 of 70 and 48 of 80 have 0.2 [0.0524, 0.3339] by his method 10."""
    found = metrics.difference_of_means(
        (48 / 80, *metrics.wilson_interval(48, 80)), (56 / 70, *metrics.wilson_interval(56, 70))
    )
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    generator = np.random.default_rng(6)
    first, second = generator.random(200), generator.random(100)
    alone = metrics.mean_difference(first, second, range(200), range(100))
    twice = metrics.mean_difference(
        first.repeat(2), second.repeat(2), np.arange(400) // 2, np.arange(200) // 2
    )
    assert alone == pytest.approx(twice)  # every film twice tells nothing new
    error = np.sqrt(first.var(ddof=1) / 200 + second.var(ddof=1) / 100)
    assert alone[2] - alone[1] == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert all(np.isnan(metrics.mean_difference([], second, [], range(100))))


@pytest.mark.parametrize("films", [30, 73, 161, 400])
def test_the_interval_of_a_percentile_holds_it_as_the_binomial_distribution_says(films):
    low, high = metrics.percentile_ends(np.arange(1, films + 1), range(films), 0.05)
    below = stats.binom.cdf(low - 1, films, 0.05)
    above = stats.binom.sf(high - 1, films, 0.05)
    assert below <= 0.025 and above <= 0.025
    assert stats.binom.cdf(low, films, 0.05) > 0.025 and stats.binom.sf(high - 2, films, 0.05) > 0.025
    assert (low == 0) == (0.95**films > 0.025)


def test_films_of_one_patient_say_less_of_a_percentile_than_as_many_patients():
    values = np.sort(np.random.default_rng(0).random(300))
    alone = metrics.percentile_ends(values, range(300), 0.05)
    together = metrics.percentile_ends(values, np.arange(300) // 3, 0.05)
    assert together[0] < alone[0] and alone[1] < together[1]


def test_films_that_fail_upwards_have_the_95th_percentile():
    found = metrics.film_summary(np.arange(1, 201), range(200), shares=False)
    assert (found["failing"], found["failing_low"], found["failing_high"]) == (191, 184, 197)
    few = metrics.film_summary(np.arange(1, 41), range(40), shares=False)
    assert np.isnan(few["failing_high"]) and few["failing_low"] == 35


def test_no_interval_of_marks_collapses_where_all_are_found():
    box, none = [0.0, 0.0, 4.0, 4.0], [np.nan] * 4
    found = np.array([[[0.9, *box]] if film % 2 else [[np.nan] * 5] for film in range(40)])
    marked = np.array([[box] if film % 2 else [none] for film in range(40)])
    assert in_order(found, marked).right.all()
    table = metrics.froc_summary(found, marked, range(40), draws=50)
    assert (table["value"] == 1).all() and (table["low"] < 0.9).all() and (table["high"] <= 1).all()
    rows = table[table["measure"] == "sensitivity"]
    assert tuple(rows[["low", "high"]].iloc[0]) == pytest.approx(metrics.rate_interval([1] * 20, range(20)))
