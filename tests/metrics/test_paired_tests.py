"""Seeds as random effects: against simulation, by hand, and where there is one seed only."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from binormal import binormal
from radlib import metrics


def of_seeds(changes, patients=500, spread=0.0, seed=0):
    """Tests of several seeds on the same patients, whose shares vary by `spread`."""
    own = np.random.default_rng(seed).normal(0, spread, size=patients)
    found = []
    for change in changes:
        share = own - own.mean() + change
        error = share.std(ddof=1) / patients**0.5
        found.append(
            metrics.tested(
                metrics.Difference(change, error, (share - change) / patients, 1 / patients), 0.01, "m"
            )
        )
    return found


def test_the_error_of_the_mean_has_a_part_of_patients_and_one_of_seeds():
    tests = of_seeds([-0.004, 0.0, 0.001, 0.003], spread=0.08)
    pooled = metrics.pooled_test(tests)
    assert pooled.patients == pytest.approx(500)
    deviation = np.std([-0.004, 0.0, 0.001, 0.003], ddof=1)
    assert pooled.difference == pytest.approx(0.0, abs=1e-12) and pooled.seeds == 4
    assert pooled.seed_deviation == pytest.approx(deviation)
    assert pooled.standard_error**2 == pytest.approx(
        tests[0].standard_error ** 2 + deviation**2 / 4, rel=1e-9
    )


def test_seeds_alone_are_students_test():
    changes = [-0.02, -0.01, -0.03, -0.015]
    pooled = metrics.pooled_test(of_seeds(changes, patients=100_000))
    low, high = metrics.two_sided(pooled)
    expected = stats.t.interval(0.95, 3, np.mean(changes), stats.sem(changes))
    assert (low, high) == pytest.approx(expected, rel=1e-6)
    assert pooled.p_inferior == pytest.approx(
        stats.ttest_1samp(changes, -0.01, alternative="less").pvalue, rel=0.05
    )


def test_one_seed_is_itself_and_says_nothing_of_which_method():
    (test,) = of_seeds([0.0], spread=0.05)
    assert metrics.pooled_test([test]) is test
    assert np.isnan(metrics.two_sided(test)).all()


def test_equal_seeds_are_no_surer_than_one():
    tests = of_seeds([-0.002] * 3, spread=0.05)
    pooled = metrics.pooled_test(tests)
    assert pooled.p_noninferior == pytest.approx(tests[0].p_noninferior) and pooled.low == pytest.approx(
        tests[0].low
    )


def test_a_seed_without_an_answer_leaves_the_chain_without_one():
    pooled = metrics.pooled_test([*of_seeds([0.0, 0.0]), metrics.untested("No film.")])
    assert pooled.reason == "No film." and np.isnan(pooled.p_noninferior)


@pytest.mark.parametrize("seeds", [3, 5])
def test_of_two_equal_methods_one_is_named_as_seldom_as_stated(seeds):
    """The spread of seeds is larger than that of patients, as in trainings of small students."""
    generator, named, repeats = np.random.default_rng(seeds), 0, 600
    for _ in range(repeats):
        patient_part = generator.normal(0, 0.003)
        changes = patient_part + generator.normal(0, 0.0042 * 2**0.5, size=seeds)
        low, high = metrics.two_sided(
            metrics.pooled_test(
                of_seeds(changes, spread=0.003 * 500**0.5, seed=int(generator.integers(1 << 30)))
            )
        )
        named += not low <= 0 <= high
    assert stats.binom.sf(named - 1, repeats, 0.06) > 1e-3, named / repeats


def test_a_note_changes_nothing_else():
    (test,) = of_seeds([0.0])
    assert metrics.noted(test, "Paired by id.") == dataclasses.replace(test, reason="Paired by id.")


# ---- on the probit scale ----------------------------------------------------------------------------------


def test_a_loss_on_the_probit_scale_is_that_of_the_normal_model():
    truth, a, b, patients = binormal(0, patients=20_000, auroc=0.96, loss=0.01)
    found = metrics.probit_difference(truth[:, None], a[:, None], b[:, None], patients)
    assert -found.value == pytest.approx(stats.norm.ppf(0.96) - stats.norm.ppf(0.95), abs=0.03)


def test_its_error_is_that_of_drawn_studies():
    values, errors = [], []
    for seed in range(150):
        truth, a, b, patients = binormal(seed, patients=300, auroc=0.95, loss=0.01)
        found = metrics.probit_difference(truth[:, None], a[:, None], b[:, None], patients)
        values.append(found.value)
        errors.append(found.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def test_a_perfect_reader_has_a_finite_probit_and_losing_from_there_is_a_lot():
    truth = np.arange(400) % 2.0
    perfect, worse = truth.copy(), truth.copy()
    worse[:8] = 1 - worse[:8]
    found = metrics.probit_difference(truth[:, None], perfect[:, None], worse[:, None], np.arange(400))
    assert np.isfinite(found.value) and -found.value > 0.5
    assert metrics.upper_loss([found]) > -found.value


def test_several_seeds_that_differ_widen_the_bound():
    same = [metrics.Difference(-0.05, 0.03, np.full(900, 0.001), 1 / 900)] * 3
    other = [metrics.Difference(v, 0.03, np.full(900, 0.001), 1 / 900) for v in (-0.15, -0.05, 0.05)]
    assert (
        metrics.upper_loss(other) > metrics.upper_loss(same) == pytest.approx(0.05 + 1.2816 * 0.03, abs=1e-4)
    )


def test_benjamini_and_hochberg_is_that_of_scipy_and_never_stricter_than_holm():
    p_values = np.random.default_rng(0).random(40) ** 3
    assert metrics.benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values))
    assert (metrics.benjamini_hochberg(p_values) <= metrics.holm(p_values) + 1e-12).all()
    assert np.isnan(metrics.benjamini_hochberg([0.2, np.nan])[1]) and metrics.benjamini_hochberg([]).size == 0
