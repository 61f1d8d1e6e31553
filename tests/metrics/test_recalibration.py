"""A threshold chosen anew on a site's own films, against what other patients of that site would show."""

import numpy as np
import pytest
from scipy import special

from binormal import binormal
from radlib import metrics
from radlib.metrics import rate_intervals, recalibration


def site(seed, patients, shift=-1.5):
    """Films of a site whose probabilities are lower than where the threshold 0.5 was chosen."""
    truth, score, _, patient = binormal(
        seed, auroc=0.85, patients=patients, films_per_patient=2, prevalence=0.3
    )
    return truth, special.expit(2 * score - 1.5 + shift), patient


def test_the_rule_is_the_same_and_the_rates_are_those_of_new_patients():
    truth, prob, patients = site(0, 150)
    found = metrics.recalibrate(truth, prob, patients, 0.5)
    assert found["threshold"] == metrics.operating_point(truth, prob)
    assert found["threshold_low"] <= found["threshold"] <= found["threshold_high"]
    assert found["sensitivity_before"] == metrics.scores(truth, prob, 0.5)["sensitivity"]
    assert (found["films"], found["positives"], found["reason"]) == (300, truth.sum(), "")
    for name in ("sensitivity", "specificity"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


def test_what_is_promised_holds_on_other_patients_where_the_own_films_flatter():
    """Over forty small sites: promised and own Youden index less the true one at the threshold chosen."""
    others, promised, own = site(999, 20_000), [], []
    for seed in range(40):
        truth, prob, patients = site(seed, 60)
        found = metrics.recalibrate(truth, prob, patients, 0.5, draws=60)
        true = metrics.scores(*others[:2], found["threshold"])
        flattering = metrics.scores(truth, prob, found["threshold"])
        youden = true["sensitivity"] + true["specificity"]
        promised.append(found["sensitivity"] + found["specificity"] - youden)
        own.append(flattering["sensitivity"] + flattering["specificity"] - youden)
    assert np.mean(own) > 0.04 > abs(np.mean(promised))


def test_the_intervals_hold_the_true_rate_at_the_threshold_that_was_chosen():
    """Nominal 95 % over 150 small sites; the spread of left-out rates would hold them all, twice as wide."""
    others, held = site(999, 20_000), []
    for seed in range(150):
        found = metrics.recalibrate(*site(seed, 60), 0.5, draws=40)
        true = metrics.scores(*others[:2], found["threshold"])
        names = ("sensitivity", "specificity")
        held.append([found[f"{name}_low"] <= true[name] <= found[f"{name}_high"] for name in names])
        assert found["sensitivity_high"] - found["sensitivity_low"] < 0.5
    assert np.all(np.abs(np.mean(held, axis=0) - 0.95) < 2.5 * np.sqrt(0.95 * 0.05 / 150))


def test_optimism_is_what_the_chosen_films_flatter_and_none_by_convention():
    found = metrics.optimism(*site(3, 60), rule="youden", draws=60)
    assert found["sensitivity"] + found["specificity"] > 0.02
    fixed = metrics.optimism(*site(3, 60), rule="half", draws=200)
    assert abs(fixed["sensitivity"]) < 0.02 and abs(fixed["specificity"]) < 0.02


def test_a_promised_sensitivity_can_be_chosen_at_a_site_or_is_refused_with_the_number_that_it_needs():
    truth, prob, patients = site(4, 200)
    found = metrics.recalibrate(truth, prob, patients, 0.5, rule="sensitivity", draws=40)
    assert found["reason"] == "" and found["sensitivity"] > 0.93
    refused = metrics.recalibrate(*site(4, 60), 0.5, rule="sensitivity", draws=40)
    assert refused["threshold"] == 0.5 and "59 are needed; the old threshold stays." in refused["reason"]


def test_too_few_or_unknown_labels_leave_the_threshold():
    truth, prob, patients = site(1, 12)
    found = metrics.recalibrate(truth, prob, patients, 0.37)
    assert found["threshold"] == 0.37 and "the old threshold stays" in found["reason"]
    nothing = metrics.recalibrate(np.full(24, np.nan), prob, patients, 0.37)
    assert nothing["films"] == 0 and np.isnan(nothing["sensitivity_before"]) and nothing["reason"]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_films_and_seed_give_the_same_numbers(seed):
    films = site(2, 60)
    assert metrics.recalibrate(*films, 0.5, draws=50, seed=seed) == metrics.recalibrate(
        *films, 0.5, draws=50, seed=seed
    )


def test_too_few_films_keep_the_old_threshold_or_say_that_there_is_none():
    truth, prob, patients = site(0, 2)
    kept, none = (metrics.recalibrate(truth, prob, patients, old) for old in (0.5, np.nan))
    assert kept["threshold"] == 0.5 and kept["reason"].endswith("; the old threshold stays.")
    assert np.isnan(none["threshold"]) and none["reason"].endswith("; none is chosen.")


def test_a_share_less_its_optimism_is_as_sure_as_one_of_its_size():
    found = rate_intervals.rate(np.repeat([1, 0], [9, 1]), np.arange(10), 10)
    less = recalibration._less(found, 0.1)
    assert less.value == pytest.approx(0.8) and less.variance == pytest.approx(found.variance * 0.16 / 0.09)
    every = rate_intervals.rate(np.ones(10), np.arange(10), 10)
    assert recalibration._less(every, 0.1).variance == every.variance
    assert recalibration._less(found, np.nan).value == found.value
