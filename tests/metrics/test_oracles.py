"""Our numbers against those of R's pROC and survey and of statsmodels, stored with their inputs in `oracles.json`."""

import json
from pathlib import Path

import numpy as np
import pytest

from radlib import metrics
from radlib.metrics import decisions
from radlib.metrics.rate_intervals import rate

ORACLES = json.loads((Path(__file__).parent / "oracles.json").read_text(encoding="utf-8"))
ONE, SEVERAL = (
    {name: np.array(values) for name, values in ORACLES["inputs"][key].items()}
    for key in ("one_film_a_patient", "several_films")
)
CLOSE = {"rel": 1e-9, "abs": 1e-12}


def answer(name):
    return {key: value for key, value in ORACLES["answers"][name].items() if key != "made_by"}


def pair(films, patients):
    values, covariance = metrics.auroc_covariance(films["truth"], [films["first"], films["second"]], patients)
    return {
        "auroc_first": values[0],
        "auroc_second": values[1],
        "variance_first": covariance[0, 0],
        "variance_second": covariance[1, 1],
        "covariance": covariance[0, 1],
    }


def test_delong_and_its_logit_interval_are_those_of_proc():
    expected, found = answer("delong"), pair(ONE, None)
    assert found == pytest.approx({name: expected[name] for name in found}, **CLOSE)
    ends = metrics.logit_interval(found["auroc_first"], found["variance_first"] ** 0.5)
    assert ends == pytest.approx((expected["logit_low"], expected["logit_high"]), **CLOSE)
    difference = metrics.auroc_difference(ONE["truth"], ONE["first"], ONE["second"])
    assert -difference.value / difference.standard_error == pytest.approx(expected["z"], **CLOSE)
    low, high = metrics.auroc_interval(ONE["truth"], ONE["first"])
    assert low < expected["logit_low"] and expected["logit_high"] < high


def test_clustered_delong_is_obuchowskis():
    assert pair(SEVERAL, SEVERAL["patient"]) == pytest.approx(answer("delong_clustered"), **CLOSE)
    value, variance, _ = metrics.auroc_influence(SEVERAL["truth"], SEVERAL["first"], SEVERAL["patient"])
    expected = answer("delong_clustered")
    assert (value, variance) == pytest.approx((expected["auroc_first"], expected["variance_first"]), **CLOSE)


def test_a_shares_variance_is_that_of_a_survey_and_its_interval_wilsons():
    expected, patients = answer("rate_clustered"), np.unique(SEVERAL["patient"], return_inverse=True)[1]
    found = rate(SEVERAL["right"], patients, patients.max() + 1)
    count = len(found.influence)
    variance = (found.influence**2).sum() * count / (count - 1)
    assert (found.value, variance) == pytest.approx((expected["share"], expected["variance"]), **CLOSE)
    films = found.value * (1 - found.value) / variance
    ends = metrics.wilson_interval(found.value * films, films)
    assert [float(end) for end in ends] == pytest.approx(expected["wilson"], **CLOSE)
    low, high = metrics.rate_interval(SEVERAL["right"], SEVERAL["patient"])
    assert low < expected["wilson"][0] and expected["wilson"][1] < high  # more cautious: few patients
    assert (low, high) == pytest.approx(expected["korn_graubard"], abs=0.05)


def test_changed_rates_are_those_of_a_survey_and_of_every_exchange_of_signs():
    expected = answer("rate_change_clustered")
    films = (
        np.ones(len(SEVERAL["patient"])),
        SEVERAL["right"],
        SEVERAL["right_second"],
        SEVERAL["patient"],
        1,
    )
    found = metrics.rate_difference(*films)
    assert (found.value, found.standard_error) == pytest.approx(
        (expected["difference"], expected["standard_error"]), **CLOSE
    )
    assert metrics.change_test(*films) == (pytest.approx(expected["sign_flip_p"]), "signs of patients, exact")


def test_mcnemar_is_that_of_statsmodels():
    expected = answer("mcnemar")
    lost, won = expected["lost"], expected["won"]
    p = metrics.mcnemar([1] * lost + [0] * won, [0] * lost + [1] * won)[2]
    assert p == pytest.approx(expected["p"], **CLOSE)
    assert decisions.sign_flips([-1] * lost + [1] * won) == pytest.approx(expected["p"], **CLOSE)


def test_holm_is_that_of_statsmodels():
    found = metrics.holm(ORACLES["inputs"]["p_values"])
    assert found.tolist() == pytest.approx(answer("holm")["adjusted"], **CLOSE)


def test_benjamini_hochberg_is_that_of_statsmodels():
    found = metrics.benjamini_hochberg(ORACLES["inputs"]["p_values"])
    assert found.tolist() == pytest.approx(answer("benjamini_hochberg")["adjusted"], **CLOSE)
