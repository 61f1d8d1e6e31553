"""What so many patients can show, against drawn studies and by hand."""

import numpy as np
import pytest
from scipy import stats

from radlib import metrics
from radlib.metrics import power


@pytest.mark.parametrize(("margin", "patients"), [(0.01, 299), (0.02, 149), (0.05, 59)])
def test_fewer_patients_could_all_be_spared_by_luck(margin, patients):
    assert metrics.patients_for(margin) == patients
    assert (1 - margin) ** patients <= 0.05 < (1 - margin) ** (patients - 1)
    assert metrics.not_excluded(patients) <= margin < metrics.not_excluded(patients - 1)


@pytest.mark.parametrize(
    ("error", "unseen", "distance"), [(0.004, 1 / 170, 0.02), (0.001, 1 / 500, 0.005), (0.02, 1e-4, 0.04)]
)
def test_normal_and_unseen_is_the_exponentially_modified_normal(error, unseen, distance):
    expected = stats.exponnorm.sf(distance, unseen / error, 0, error)
    assert power.normal_and_unseen(distance, error, unseen) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("spread", "patients"), [(0.1, 400), (0.2, 900), (0.05, 330)])
def test_the_forecast_is_what_drawn_studies_show(spread, patients):
    """Studies in which nothing is lost: each patient's share wins or loses a little."""
    generator, shown, repeats = np.random.default_rng(patients), 0, 400
    for _ in range(repeats):
        change = generator.normal(0, spread, size=patients)
        found = metrics.Difference(
            change.mean(),
            change.std(ddof=1) / patients**0.5,
            (change - change.mean()) / patients,
            1 / patients,
        )
        shown += metrics.tested(found, 0.01, "").p_noninferior < 0.05
    said = metrics.chance_if_lossless(spread / patients**0.5, patients, 0.01)
    assert shown / repeats == pytest.approx(said, abs=0.05 + 2 * (said * (1 - said) / repeats) ** 0.5)


def test_as_many_as_are_needed_do():
    for error, patients in ((0.01, 170), (0.003, 60), (0.0005, 2000)):
        needed = metrics.patients_needed(error, patients, 0.01)
        scaled = [
            metrics.chance_if_lossless(error * (patients / n) ** 0.5, n, 0.01) for n in (needed, needed - 1)
        ]
        assert scaled[0] >= 0.8 > scaled[1] or needed == metrics.patients_for(0.01)


def test_what_is_unknown_or_out_of_reach_says_so():
    assert np.isnan(metrics.chance_if_lossless(np.nan, 100, 0.01)) and np.isnan(
        metrics.patients_needed(np.nan, 9, 0.01)
    )
    assert metrics.patients_needed(10.0, 10, 0.0001) == np.inf
    assert metrics.chance_if_lossless(0.0, 100, 0.01) == 0.0 and metrics.not_excluded(0) == 1.0


@pytest.mark.parametrize("distance", [-5.0, -0.1, 0.0])
def test_a_chance_is_never_above_one(distance):
    assert power.normal_and_unseen(distance, 1.0, 0.01) <= 1.0
