"""p-values with one patient counted who was not seen: against exact binomial tests, simulation and the normal test."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from radlib import metrics
from radlib.metrics import unseen_patient
from radlib.metrics.unseen_patient import difference_interval, seen_again_p, unseen_p, weighted_tail


def lost(patients, count):
    """The difference where `count` of so many patients are lost entirely and nothing else changed."""
    change = np.zeros(patients)
    change[:count] = -1
    spread = change.std(ddof=1) / patients**0.5
    return metrics.Difference(change.mean(), spread, (change - change.mean()) / patients, 1 / patients)


@pytest.mark.parametrize("patients", [30, 170, 600])
@pytest.mark.parametrize("count", [0, 1, 4])
@pytest.mark.parametrize("margin", [0.01, 0.05])
def test_where_patients_are_lost_or_not_it_is_the_exact_test(patients, count, margin):
    exact = stats.binom.cdf(count, patients, margin)
    if exact > 1e-6:
        assert unseen_p(lost(patients, count), margin) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_interval_ends_where_clopper_and_pearson_end_theirs(count):
    low, high = difference_interval(lost(200, count))
    assert -low == pytest.approx(stats.beta.ppf(0.975, count + 1, 200 - count), rel=0.01)
    assert high == pytest.approx(0, abs=1e-6) if count == 0 else -0.02 < high < 0.001


def test_of_many_small_changes_it_is_the_normal_test_a_little_stricter():
    influence = np.random.default_rng(0).normal(size=20_000)
    influence -= influence.mean()
    influence *= 0.004 / (influence**2).sum() ** 0.5
    found = metrics.Difference(-0.003, 0.004, influence, 1 / 20_000)
    assert unseen_p(found, 0.01) == pytest.approx(stats.norm.sf(0.007 / 0.004), rel=0.04)
    assert seen_again_p(found, 0.0) == pytest.approx(stats.norm.sf(0.003 / 0.004), rel=0.05)
    assert difference_interval(found) == pytest.approx((-0.003 - 0.00784, -0.003 + 0.00784), abs=2e-4)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=30),
    st.floats(-1, 1),
    st.floats(0, 1),
    st.integers(0, 1000),
)
def test_the_tail_is_that_of_drawn_exponentials(weights, shift, variance, seed):
    generator = np.random.default_rng(seed)
    drawn = generator.exponential(size=(20_000, len(weights))) @ np.array(weights) + shift
    drawn += generator.normal(size=20_000) * variance**0.5
    expected = (drawn >= 0).mean()
    found = weighted_tail(np.array(weights), shift, variance)
    assert 0 <= found <= 1
    assert found == pytest.approx(expected, abs=0.02 + 0.05 * min(expected, 1 - expected))


def test_an_exponent_that_rounds_to_nothing_is_the_normal_tail(monkeypatch):
    monkeypatch.setattr(unseen_patient, "_saddlepoint", lambda *_: 0.0)
    weights = np.array([0.3, -0.5, 0.1])
    expected = stats.norm.sf(-(weights.sum() + 0.2) / np.sqrt((weights**2).sum() + 0.04))
    assert weighted_tail(weights, 0.2, 0.04) == pytest.approx(expected)


def test_a_spread_that_vanishes_beside_the_shift_turns_nothing_round():
    for variance in (1e-300, 3.6e-155, 1e-12):
        assert weighted_tail(np.array([0.0, 1.0]), 1.0, variance) == pytest.approx(1)
        assert weighted_tail(np.array([0.0, -1.0]), -1.0, variance) == pytest.approx(0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.001, 0.2), st.floats(0.001, 0.2))
def test_a_wider_margin_is_easier_to_keep_and_harder_to_break(seed, first, second):
    change = np.random.default_rng(seed).normal(-0.01, 0.05, size=80)
    found = metrics.Difference(change.mean(), 0.006, (change - change.mean()) / 80, 1 / 80)
    narrow, wide = sorted((first, second))
    assert unseen_p(found, wide) <= unseen_p(found, narrow) + 1e-9
    assert seen_again_p(found, wide) >= seen_again_p(found, narrow) - 1e-9


def test_other_variance_makes_claims_harder_and_intervals_wider():
    found = lost(600, 2)
    assert unseen_p(found, 0.01, 1e-5) > unseen_p(found, 0.01)
    narrow, wide = difference_interval(found), difference_interval(found, other_variance=1e-5)
    assert wide[0] < narrow[0] and wide[1] > narrow[1]


def test_what_is_undefined_stays_so():
    nothing = metrics.Difference(np.nan, np.nan, np.zeros(3), 1.0)
    assert np.isnan(
        [unseen_p(nothing, 0.01), seen_again_p(nothing, 0.01), *difference_interval(nothing)]
    ).all()
