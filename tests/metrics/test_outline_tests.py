"""Mean and 5th percentile of a number per film: intervals and tests against numpy, scipy, exact chances and simulation."""

import numpy as np
import pytest
from scipy import stats

from radlib import metrics
from radlib.metrics.outline_tests import both_tests, mean_value_difference


def test_a_weighted_percentile_is_numpys():
    generator = np.random.default_rng(0)
    values, weights = generator.random(57).round(2), generator.integers(0, 4, (20, 57))
    for share in (0.05, 0.5):
        found = metrics.lowest_share(values, weights, share)
        expected = [np.quantile(values, share, weights=w, method="inverted_cdf") for w in weights]
        assert found.tolist() == expected


def test_the_interval_of_a_mean_is_about_the_normal_one_and_widens_with_films_per_patient():
    values = np.random.default_rng(1).beta(20, 2, 400)
    found = metrics.film_summary(values, np.arange(400))
    reach = 1.96 * stats.sem(values)
    assert found["mean"] == values.mean()
    assert (found["mean_high"] - found["mean_low"]) / 2 == pytest.approx(reach, rel=0.15)
    clustered = metrics.film_summary(np.repeat(values[:100], 4), np.repeat(np.arange(100), 4))
    assert clustered["mean_high"] - clustered["mean_low"] == pytest.approx(4 * reach, rel=0.25)
    assert found["failing_low"] < found["failing"] == np.quantile(values, 0.05, method="inverted_cdf")
    assert found["failing"] < found["failing_high"] < found["mean_low"]


def test_films_without_a_value_are_left_out():
    found = metrics.film_summary([0.5, np.nan, 1.0], ["a", "b", "c"])
    assert found["mean"] == 0.75
    assert all(np.isnan(value) for value in metrics.film_summary([np.nan], ["a"]).values())


def test_of_one_film_each_the_difference_of_means_is_the_paired_one():
    generator = np.random.default_rng(2)
    before = generator.random(50)
    after = before + generator.normal(0, 0.1, 50)
    found = mean_value_difference(before, after, np.arange(50))
    assert found.value == pytest.approx((after - before).mean())
    assert found.standard_error == pytest.approx(stats.sem(after - before))
    doubled = mean_value_difference(np.repeat(before, 2), np.repeat(after, 2), np.repeat(np.arange(50), 2))
    assert doubled.standard_error == pytest.approx(found.standard_error)


def test_where_nothing_changed_the_p_values_are_the_exact_chances_of_an_unseen_patient():
    dice = np.full(70, 0.95)
    mean = metrics.mean_test(dice, dice, np.arange(70), 0.05)
    assert mean.p_noninferior == pytest.approx(0.95**70, rel=0.03)
    failing = metrics.failing_test(dice, dice, np.arange(70), 0.05)
    spread = np.sqrt(0.95**70 * (1 - 0.95**70) / 4000)
    assert failing.p_noninferior == pytest.approx(0.95**70, abs=4 * spread)


def test_one_film_in_ten_lost_is_heard_by_the_percentile_before_the_mean():
    dice = np.random.default_rng(3).uniform(0.93, 0.99, 400)
    after = dice.copy()
    after[::10] -= 0.15
    tests = [test(dice, after, np.arange(400), 0.03) for test in (metrics.mean_test, metrics.failing_test)]
    assert tests[0].p_noninferior < 0.05 and tests[1].p_inferior < 0.001
    assert tests[1].low <= tests[1].difference <= tests[1].high < -0.03
    assert metrics.outline_verdict(*tests) == "inferior"
    same = [test(dice, dice, np.arange(400), 0.03) for test in (metrics.mean_test, metrics.failing_test)]
    assert metrics.outline_verdict(*same) == "non-inferior"


def test_too_few_patients_or_films_that_cannot_answer():
    dice = np.full(40, 0.9)
    tests = [test(dice, dice, np.arange(40), 0.1) for test in (metrics.mean_test, metrics.failing_test)]
    assert metrics.failing_verdict(tests[1]) == metrics.outline_verdict(*tests) == "too few patients"
    few = metrics.failing_test(dice[:5], dice[:5], np.arange(5), 0.1)
    assert few.reason.startswith("Too few for a standard error: 5 patients, 10 are needed.")
    assert metrics.outline_verdict(few, few) == "undefined"
    assert "different numbers of films" in metrics.mean_test(dice, dice[:3], np.arange(40), 0.1).reason
    absent = metrics.mean_test(dice, np.full(40, np.nan), np.arange(40), 0.1)
    assert absent.reason == "A film has no value, so there is nothing to compare."
    assert both_tests(tests[0], absent).reason == both_tests(absent, tests[1]).reason == absent.reason


def test_a_method_of_several_seeds_is_less_sure_than_a_file():
    generator = np.random.default_rng(4)
    dice = generator.uniform(0.8, 1.0, 300)
    before = np.array([dice] * 3)
    after = before - np.array([[0.0], [0.02], [0.04]])
    for test in (metrics.mean_test, metrics.failing_test):
        method, file = (
            test(before, after, np.arange(300), 0.05),
            test(dice, dice - 0.02, np.arange(300), 0.05),
        )
        assert method.seeds == 3 and method.seed_deviation == pytest.approx(0.02, rel=0.05)
        assert method.difference == pytest.approx(file.difference, abs=1e-9)
        assert method.low < file.low and method.p_noninferior > 0.05 > file.p_noninferior


def test_a_percentile_that_is_lost_by_the_margin_is_rarely_called_as_good():
    """In 100 samples of 120 patients; the populations' percentiles differ by the margin exactly."""
    generator = np.random.default_rng(5)

    def population(count):
        before = generator.beta(12, 1.5, count)
        return before, before + generator.normal(0, 0.03, count)

    before, after = population(1_000_000)
    shift = np.quantile(after, 0.05) - np.quantile(before, 0.05) + 0.05
    wrong = 0
    for _ in range(100):
        before, after = population(120)
        test = metrics.failing_test(before, after - shift, np.arange(120), 0.05, draws=300)
        wrong += test.p_noninferior < 0.05
    assert wrong <= stats.binom.ppf(0.999, 100, 0.05)
