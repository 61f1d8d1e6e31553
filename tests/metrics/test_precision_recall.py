"""Precision over sensitivity at a prevalence: against scikit-learn, against films counted more often, and how often bands hold."""

import numpy as np
import pytest
from sklearn import metrics as sk

from binormal import binormal
from radlib import metrics
from radlib.foundation.errors import UsageError


def drawn(seed=0, **stated):
    stated = {"auroc": 0.9, "patients": 150, "films_per_patient": 2, "prevalence": 0.3, **stated}
    truth, score, _, patients = binormal(seed, **stated)
    return truth, score, patients


@pytest.mark.parametrize("digits", [12, 1, 0], ids=["no ties", "ties", "few scores"])
def test_at_the_films_own_prevalence_it_is_scikit_learns(digits):
    truth, score, _ = drawn()
    score = score.round(digits)
    precision, recall, thresholds = sk.precision_recall_curve(truth, score)
    own = metrics.precision_curve(truth, score, points=0)
    assert own["threshold"].tolist() == thresholds[::-1].tolist()
    for name, expected in (("precision", precision), ("sensitivity", recall)):
        np.testing.assert_allclose(own[name], expected[-2::-1], rtol=0, atol=1e-15)
    dense = metrics.precision_curve(truth, score).dropna(subset=["threshold"])
    np.testing.assert_array_equal(dense["precision"], own["precision"])


def test_another_prevalence_by_hand():
    """Half of the sick are called with one of four healthy: of 1,000 films at 4 %, 20 rightly and 240 wrongly."""
    table = metrics.precision_curve([1, 1, 0, 0, 0, 0], [0.9, 0.2, 0.5, 0.1, 0.1, 0.1], 0.04, points=0)
    row = table.set_index("threshold").loc[0.5]
    assert row["sensitivity"] == 0.5 and row["precision"] == pytest.approx(20 / 260)
    assert table["precision"].iloc[-1] == pytest.approx(0.04)  # every film is called


def test_another_prevalence_is_that_of_films_counted_more_often():
    truth, score, _ = drawn(1)
    films = np.repeat(np.arange(len(truth)), np.where(truth == 1, 1, 7))
    there = metrics.precision_curve(truth[films], score[films], points=0)
    found = metrics.precision_curve(truth, score, float(truth[films].mean()), points=0)
    np.testing.assert_allclose(found["precision"], there["precision"], atol=1e-12)


def test_between_two_scores_the_curve_bends_below_the_straight_line():
    """Davis and Goadrich's case: true and false calls go up together, their ratio does not go straight."""
    truth = [1] * 5 + [0] * 5 + [1] * 15 + [0] * 25
    score = [0.9] * 10 + [0.1] * 40
    table = metrics.precision_curve(truth, score)
    between = table[table["threshold"].isna() & (table["sensitivity"] > 0.25) & (table["sensitivity"] < 1)]
    found = (20 * between["sensitivity"]).to_numpy()
    wrong = 5 + (found - 5) * 25 / 15
    np.testing.assert_allclose(between["precision"], found / (found + wrong))
    straight = np.interp(between["sensitivity"], [0.25, 1], [0.5, 0.4])
    assert (between["precision"] < straight).all()
    assert table["sensitivity"].is_monotonic_increasing


def test_the_point_of_a_threshold_is_what_is_counted_there():
    truth, score, _ = drawn(2)
    counted = metrics.scores(truth, score, 0.7)
    point = metrics.point_at(metrics.precision_curve(truth, score), 0.7)
    assert point == pytest.approx((counted["sensitivity"], counted["positive_predictive_value"]))
    rates = metrics.rates_of(truth, score >= 0.7, np.arange(len(truth)))
    there = metrics.point_at(metrics.precision_curve(truth, score, 0.02), 0.7)
    assert there[1] == pytest.approx(metrics.usefulness(rates, 0.02, 1.0)["ppv_at_prevalence"][0])
    for nobody in (np.nan, score.max() + 1):
        assert np.isnan(metrics.point_at(metrics.precision_curve(truth, score), nobody)).all()


def test_the_band_surrounds_the_curve_and_is_there_where_nobody_is_called_wrongly():
    truth, score, patients = drawn(3)
    band = metrics.precision_band(truth, score, patients, 0.05, draws=60)
    assert (band["low"] <= band["precision"]).all() and (band["precision"] <= band["high"]).all()
    curve = metrics.precision_curve(truth, score, 0.05)
    reached = [curve.loc[curve["sensitivity"] >= at - 1e-9, "precision"].iloc[0] for at in (0.5, 0.9)]
    assert band.set_index(band["sensitivity"].round(2)).loc[
        [0.5, 0.9], "precision"
    ].tolist() == pytest.approx(reached)
    parted = metrics.precision_band([0] * 30 + [1] * 30, range(60), range(60), 0.1, draws=60)
    assert (parted["precision"] == 1).all() and (parted["low"] < 0.7).all()
    assert parted["low"].iloc[-1] == pytest.approx(0.1)  # a finding as yet unseen may lie below every score


def test_bands_rest_on_patients():
    truth, score, _ = drawn(4)
    copies, owner = np.repeat(np.arange(len(truth)), 4), np.arange(len(truth))
    once = metrics.precision_band(truth, score, owner, 0.1, draws=60)
    copied = metrics.precision_band(truth[copies], score[copies], owner[copies], 0.1, draws=60)
    np.testing.assert_allclose(copied["low"], once["low"], atol=0.03)


@pytest.mark.parametrize("answer", [0, 1])
def test_of_one_answer_nothing_is_said(answer):
    truth, score = np.full(12, answer), np.linspace(0, 1, 12)
    assert metrics.precision_curve(truth, score, 0.1)["precision"].isna().all()
    band = metrics.precision_band(truth, score, range(12), 0.1, draws=5)
    assert band[["precision", "low", "high"]].isna().all().all() and len(band) == 100


def test_where_the_rarer_answer_is_one_patients_the_band_has_no_ends():
    truth = np.r_[1, np.zeros(30)]
    band = metrics.precision_band(truth, np.arange(31), range(31), 0.1, draws=60)
    assert band["precision"].notna().all() and band[["low", "high"]].isna().all().all()


def test_a_constant_score_is_at_the_prevalence_throughout():
    truth = np.repeat([1, 0], [20, 50])
    table = metrics.precision_curve(truth, np.zeros(70), 0.15)
    np.testing.assert_allclose(table["precision"], 0.15)
    assert table["sensitivity"].iloc[-1] == 1 and table["threshold"].notna().sum() == 1


@pytest.mark.parametrize("prevalence", [-0.1, 1.0, 2.0])
def test_a_prevalence_that_is_none_is_refused(prevalence):
    truth, score, patients = drawn()
    with pytest.raises(UsageError, match="between 0 and 1"):
        metrics.precision_curve(truth, score, prevalence)
    with pytest.raises(UsageError, match="between 0 and 1"):
        metrics.precision_band(truth, score, patients, prevalence)


def test_bands_hold():
    """Nominal 95 % at each sensitivity, 60 drawn sets of 60 patients with two films each."""
    truth, score, _ = drawn(999, patients=30_000)
    exact = metrics.precision_band(truth, score, np.arange(len(truth)), 0.1, draws=1, points=10)["precision"]
    held = []
    for seed in range(60):
        truth, score, patients = drawn(seed, patients=60)
        band = metrics.precision_band(truth, score, patients, 0.1, draws=80, points=10)
        held.append((band["low"] <= exact) & (exact <= band["high"]))
    assert (np.mean(held, axis=0) >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / 60)).all()
