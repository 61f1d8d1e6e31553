"""Standard errors, p-values and verdicts against pairs counted one by one, permutation and drawn patients."""

import dataclasses
import itertools

import numpy as np
import pytest
from scipy import stats

from binormal import binormal
from radlib import metrics
from radlib.foundation.errors import UsageError
from radlib.metrics import delong, unseen_patient, verdicts

NEVER = 1e-3  # chance that a simulation's test fails although the rate is as stated


def drawn(seed=0, **stated):
    stated = {"patients": 60, "films_per_patient": 3, "prevalence": 0.3, "auroc": 0.85, **stated}
    return binormal(seed, **stated)


def kernel(truth, score):
    """Every pair of a film with the finding and one without: 1 won, 0 lost, ½ tied."""
    return np.array(
        [[(p > n) + 0.5 * (p == n) for n in score[truth == 0]] for p in score[truth == 1]], np.float64
    )


def pairwise_covariance(truth, scores, patients):
    """Obuchowski's covariance from all pairs, sum by sum as in her paper."""
    kernels = [kernel(truth, score) for score in scores]
    m, n = kernels[0].shape
    with_finding, without = patients[truth == 1], patients[truth == 0]
    result = np.zeros((len(scores), len(scores)))
    for r, s in itertools.product(range(len(scores)), repeat=2):
        sums = {"10": 0.0, "01": 0.0, "11": 0.0}
        for patient in np.unique(patients):
            ten = [
                (k.mean(axis=1) - k.mean())[with_finding == patient].sum() for k in (kernels[r], kernels[s])
            ]
            one = [(k.mean(axis=0) - k.mean())[without == patient].sum() for k in (kernels[r], kernels[s])]
            sums["10"] += ten[0] * ten[1]
            sums["01"] += one[0] * one[1]
            sums["11"] += ten[0] * one[1] + one[0] * ten[1]
        i10, i01, i = (len(np.unique(x)) for x in (with_finding, without, patients))
        s10, s01, s11 = (
            sums["10"] * i10 / (i10 - 1) / m, sums["01"] * i01 / (i01 - 1) / n, sums["11"] * i / (i - 1)
        )  # fmt: skip
        result[r, s] = s10 / m + s01 / n + s11 / (m * n)
    return result


# ---- standard errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [None, 4])
@pytest.mark.parametrize("films_per_patient", [1, 3])
def test_covariance_equals_sums_over_all_pairs(films_per_patient, levels):
    truth, a, b, patients = drawn(1, films_per_patient=films_per_patient, patients=40)
    if levels:
        a, b = np.round(a * levels) / levels, np.round(b)
    values, covariance = metrics.auroc_covariance(truth, [a, b], patients)
    assert values == pytest.approx([metrics.auroc(truth, a), metrics.auroc(truth, b)], abs=1e-12)
    assert covariance == pytest.approx(pairwise_covariance(truth, [a, b], patients), rel=1e-10)


def test_components_equal_the_midranks_of_sun_and_xu():
    truth, a, _, _ = drawn(2)
    a = np.round(a, 1)
    m, n = truth.sum(), (1 - truth).sum()
    everyone = stats.rankdata(a)
    wins = (everyone[truth == 1] - stats.rankdata(a[truth == 1])) / n
    losses = 1 - (everyone[truth == 0] - stats.rankdata(a[truth == 0])) / m
    found = delong.structural_components(truth, a)
    assert found[0] == pytest.approx(wins, abs=1e-12) and found[1] == pytest.approx(losses, abs=1e-12)


def test_with_one_film_per_patient_clusters_change_nothing():
    truth, a, b, patients = drawn(3, films_per_patient=1)
    plain = metrics.auroc_covariance(truth, [a, b])[1]
    assert metrics.auroc_covariance(truth, [a, b], patients)[1] == pytest.approx(plain, rel=1e-12)
    # DeLong's own formula: covariance matrices of the components, each over its number of films
    parts = [delong.structural_components(truth, score) for score in (a, b)]
    expected = sum(np.cov([p[k] for p in parts]) / len(parts[0][k]) for k in (0, 1))
    assert plain == pytest.approx(expected, rel=1e-10)


def test_difference_follows_from_the_covariance():
    truth, a, b, patients = drawn(4)
    values, covariance = metrics.auroc_covariance(truth, [a, b], patients)
    found = metrics.auroc_difference(truth, a, b, patients)
    assert found.value == pytest.approx(values[1] - values[0], abs=1e-12)
    assert found.standard_error**2 == pytest.approx(
        covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], rel=1e-9
    )
    assert found.influence.sum() == pytest.approx(0, abs=1e-12)
    assert (found.influence**2).sum() == pytest.approx(found.standard_error**2, rel=0.05)


def test_films_repeated_under_one_patient_add_no_certainty():
    truth, a, b, patients = drawn(5, films_per_patient=1, patients=200)
    once = metrics.auroc_difference(truth, a, b, patients)
    six = [np.tile(x, 6) for x in (truth, a, b, patients)]
    assert metrics.auroc_difference(*six).standard_error == pytest.approx(once.standard_error, rel=1e-9)
    assert metrics.auroc_difference(*six[:3]).standard_error < once.standard_error / 2


def test_clustered_error_equals_that_of_the_bootstrap_over_patients():
    truth, a, b, patients = drawn(6, patients=250, films_per_patient=4)
    counts = metrics.patient_draws(patients, 2000)
    drawn_values = metrics.auroc_draws(truth, b, counts) - metrics.auroc_draws(truth, a, counts)
    found = metrics.auroc_difference(truth, a, b, patients)
    assert found.standard_error == pytest.approx(drawn_values.std(), rel=0.06)


def test_mean_over_labels_equals_the_bootstrap_and_one_label_the_single_test():
    truth, a, b, patients = drawn(7, patients=250, films_per_patient=3)
    other = drawn(8, patients=250, films_per_patient=3, prevalence=0.2)
    labels = np.column_stack([truth, other[0]]).astype(float)
    labels[::7, 1] = np.nan
    # the second label's scores depend on the first's, so that the two differences covary
    first, second = np.column_stack([a, other[1] + a]), np.column_stack([b, other[2] + b])
    found = metrics.mean_auroc_difference(labels, first, second, patients)
    counts = metrics.patient_draws(patients, 2000)
    values = []
    for column in (0, 1):
        known = ~np.isnan(labels[:, column])
        before, after = (
            metrics.auroc_draws(labels[known, column], x[known, column], counts[:, known])
            for x in (first, second)
        )
        values.append(after - before)
    assert found.standard_error == pytest.approx(np.mean(values, axis=0).std(), rel=0.06)
    one = metrics.mean_auroc_difference(labels[:, :1], first[:, :1], second[:, :1], patients)
    single = metrics.auroc_difference(truth, a, b, patients)
    assert (one.value, one.standard_error) == pytest.approx((single.value, single.standard_error), rel=1e-12)


def test_equal_order_has_no_error_and_is_certain_of_nobody_unseen():
    truth, a, _, patients = drawn(9)
    found = metrics.auroc_difference(truth, a, np.exp(a), patients)
    assert (found.value, found.standard_error) == (0.0, 0.0)
    test = metrics.paired_test(truth, a, np.exp(a), patients)
    rarer = min(len(np.unique(patients[truth == answer])) for answer in (0, 1))
    assert test.patients == rarer
    assert test.p_noninferior == pytest.approx(0.99**rarer, rel=0.02) and test.p_inferior == 1.0


def test_one_answer_is_refused():
    with pytest.raises(UsageError, match="one answer only"):
        metrics.auroc_difference([1, 1], [0.1, 0.2], [0.1, 0.2])


@pytest.mark.parametrize(("seed", "loss"), [(0, 0.0), (1, 0.01), (2, 0.015), (3, 0.005)])
def test_two_sided_p_equals_that_of_a_permutation(seed, loss):
    """Exchange the two networks' ranks film by film, as would not matter if they read equally well."""
    truth, a, b, _ = binormal(seed, patients=400, correlation=0.9, loss=loss, auroc=0.85)
    a, b = stats.rankdata(a), stats.rankdata(b)
    found = metrics.auroc_difference(truth, a, b)
    p_delong = 2 * unseen_patient.normal_tail(abs(found.value) / found.standard_error)
    generator, draws = np.random.default_rng(seed), 20_000
    exchanged = generator.random((draws, len(truth))) < 0.5
    extreme = 0
    for swap in np.array_split(exchanged, 40):
        one, two = np.where(swap, b, a), np.where(swap, a, b)
        wins = [stats.rankdata(x, axis=1)[:, truth == 1].sum(axis=1) for x in (one, two)]
        pairs = truth.sum() * (1 - truth).sum()
        extreme += (np.abs(wins[1] - wins[0]) / pairs >= abs(found.value) - 1e-12).sum()
    assert p_delong == pytest.approx(extreme / draws, abs=0.01)


# ---- p-values and verdicts --------------------------------------------------------------------------------


def rejections(repeats, *, first_seed=0, margin=0.01, **stated):
    """How often drawn samples were called non-inferior, inferior, and covered the truth by ± 1.96 errors."""
    loss, counted = stated.get("loss", 0.0), np.zeros(3, int)
    for seed in range(first_seed, first_seed + repeats):
        test = metrics.paired_test(*binormal(seed, **stated), margin)
        covered = abs(test.difference + loss) <= 1.959964 * test.standard_error
        counted += (test.p_noninferior < 0.05, test.p_inferior < 0.025, covered)
    return counted


def at_most(count, repeats, rate):
    return stats.binom.sf(count - 1, repeats, rate) > NEVER


def at_least(count, repeats, rate):
    return stats.binom.cdf(count, repeats, rate) > NEVER


SCENARIOS = {
    "half": {},
    "a third": {"prevalence": 0.3},
    "three films each": {"patients": 200, "films_per_patient": 3, "prevalence": 0.4},
    "poorer reader": {"auroc": 0.85, "correlation": 0.9, "prevalence": 0.3},
}


def check_rates(repeats, stated):
    exact = rejections(repeats, loss=0.01, **stated)
    assert at_most(exact[0], repeats, 0.05) and at_most(exact[1], repeats, 0.03), exact
    assert at_least(exact[2], repeats, 0.93) and at_most(exact[2], repeats, 0.97), exact
    none = rejections(repeats, first_seed=repeats, loss=0.0, **stated)
    assert at_most(none[1], repeats, 0.03) and at_least(none[2], repeats, 0.93), none
    assert at_most(none[2], repeats, 0.97)


@pytest.mark.parametrize("stated", SCENARIOS.values(), ids=SCENARIOS)
def test_error_rates_and_coverage_in_short(stated):
    check_rates(150, stated)


@pytest.mark.slow
@pytest.mark.parametrize("stated", SCENARIOS.values(), ids=SCENARIOS)
def test_error_rates_and_coverage_at_length(stated):
    check_rates(10_000, stated)


@pytest.mark.parametrize("repeats", [100, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_planted_loss_is_found(repeats):
    found = rejections(repeats, loss=0.03)
    assert at_least(found[1], repeats, 0.9) and found[1] > 0.9 * repeats
    assert at_most(found[0], repeats, 0.001)


@pytest.mark.parametrize("repeats", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_bootstrap_intervals_cover_the_truth(repeats):
    covered = 0
    for seed in range(repeats):
        truth, a, b, patients = binormal(seed, patients=200, films_per_patient=2, prevalence=0.4, loss=0.01)
        counts = metrics.patient_draws(patients, 400, seed)
        drawn = [metrics.auroc_draws(truth, scores, counts) for scores in (a, b)]
        low, high = metrics.percentile_interval(drawn[1] - drawn[0])
        covered += low <= -0.01 <= high
    assert at_least(covered, repeats, 0.93) and at_most(covered, repeats, 0.97), covered


def test_a_verdict_is_one_of_five():
    cases = {
        (0.01, 0.99, True): "non-inferior",
        (0.99, 0.01, True): "inferior",
        (0.01, 0.01, True): "inferior",  # an alarm is heard first
        (0.2, 0.03, True): "cannot tell",  # an interval of 95 % still reaches the margin
        (0.05, 0.05, True): "cannot tell",
        (0.05, 0.05, False): "too few patients",
        (0.99, 0.01, False): "inferior",
        (np.nan, 0.5, True): "undefined",
        (0.01, np.nan, False): "undefined",
    }
    assert {case: metrics.verdict(*case) for case in cases} == cases
    assert set(cases.values()) == set(verdicts.VERDICTS)


def test_the_interval_and_the_alarm_say_the_same():
    for seed in range(40):
        test = metrics.paired_test(*binormal(seed, patients=300, loss=0.03))
        assert (test.high < -0.01) == (metrics.verdict_of(test) == "inferior"), seed
        assert (test.low > -0.01) == (test.p_noninferior < 0.025), seed


def lossless(patients, margin=0.01, **fields):
    found = metrics.Difference(0.0, 0.0, np.zeros(patients), 1 / patients)
    return dataclasses.replace(metrics.tested(found, margin, "DeLong"), **fields)


def test_what_was_chosen_beforehand_is_asked_first_and_the_others_only_then():
    tests = [lossless(400, p_noninferior=p) for p in (0.02, 0.01, 0.04, 0.03)]
    alone = [[test.p_noninferior] for test in tests]
    assert metrics.claims(alone, 2)[:, 0] == pytest.approx([0.04, 0.04, 0.04, 0.04])
    assert metrics.claims(alone, 1)[:, 0] == pytest.approx([0.06, 0.01, 0.06, 0.06])
    assert metrics.claims(alone)[:, 0] == pytest.approx([0.06, 0.04, 0.06, 0.06])
    three = metrics.claims(
        [[0.01, 0.02, 0.03], [0.2, 0.3, 0.4]]
    )  # none was chosen: specificity behind its own two
    assert three[0] == pytest.approx([0.02, 0.04, 0.06])
    closed = metrics.claims([[0.2], *alone[1:]], 0)
    assert closed.min() == 0.2, "what comes second was claimed although the first was not shown"
    untold = metrics.claims([[np.nan], *alone[1:]], 0)[:, 0]
    assert np.isnan(untold[0]) and untold[1:].tolist() == [1, 1, 1], "what was not tested was not shown"


def test_other_chains_wait_for_the_winners_sensitivity_and_not_for_its_specificity():
    others = [[0.001, 0.004, 0.001], [0.01, 0.02, 0.5]]
    closed = metrics.claims([[0.001, 0.3, 0.001], *others], 0)
    assert closed[0].tolist() == [0.001, 0.3, 0.3] and closed[1:].min() == 0.3
    opened = metrics.claims([[0.001, 0.002, 0.4], *others], 0)
    assert opened[1:, :2] == pytest.approx(np.array([[0.002, 0.008], [0.01, 0.02]]))
    assert opened[1:, 2].tolist() == [0.4, 0.5], "specificity was claimed though the winner's was not"


def test_claims_are_those_of_the_graph_of_bretz_played_step_by_step():
    generator = np.random.default_rng(0)
    for _ in range(200):
        p_values = generator.random((5, 2)) ** 3
        for alpha in (0.05, 0.2):
            found = metrics.claims(p_values, 0) < alpha
            assert (found == played(p_values, alpha)).all()


def played(p_values, alpha):
    """Return what is rejected when each chain passes its level on as soon as both of its questions were shown."""
    shown = np.zeros(p_values.shape, bool)
    shown[0] = np.maximum.accumulate(p_values[0]) < alpha
    left = list(range(1, len(p_values))) if shown[0].all() else []
    again = True
    while left and again:
        level, again = alpha / len(left), False
        for chain in list(left):
            shown[chain] |= np.maximum.accumulate(p_values[chain]) < level
            if shown[chain].all():
                left.remove(chain)
                again = True
                break
    return shown


def test_an_alarm_is_the_same_however_many_are_compared():
    tests = [metrics.paired_test(*binormal(seed, patients=300, loss=0.03)) for seed in range(20)]
    together = metrics.judge(tests)["verdict"].tolist()
    alone = [metrics.judge([test])["verdict"][0] for test in tests]
    assert [v == "inferior" for v in together] == [v == "inferior" for v in alone]
    assert together.count("inferior") > 10


def test_claims_of_many_are_adjusted():
    tests = [lossless(400, p_noninferior=p) for p in (0.02, 0.03, 0.2)]
    assert metrics.judge(tests)["p_noninferior"].tolist() == pytest.approx([0.06, 0.06, 0.2])
    assert metrics.judge(tests[:1])["verdict"][0] == "non-inferior"
    assert metrics.judge(tests)["verdict"].tolist() == ["cannot tell"] * 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, a, b, p: (np.ones_like(t), a, b, p), "Only one answer"),
        (lambda t, a, b, p: (np.full(len(t), np.nan), a, b, p), "No film has a known label"),
        (lambda t, a, b, p: (t[:24], a[:24], b[:24], p[:24]), "Too few for a standard error"),
        (lambda t, a, b, p: (t, np.full(len(t), 0.5), b, p), "The original gives every film the same score"),
        (lambda t, a, b, p: (t, a, b[:-1], p), "different numbers of films"),
        (lambda t, a, b, p: (t, a, np.where(t, np.nan, b), p), "not a number"),
    ],
)
def test_what_cannot_be_tested_is_undefined_with_a_sentence(change, words):
    test = metrics.paired_test(*change(*drawn(11)))
    assert words in test.reason and test.reason.endswith(".")
    assert metrics.judge([test])["verdict"][0] == "undefined"
    assert np.isnan([test.low, test.standard_error, test.p_noninferior, test.p_inferior]).all()


def test_a_variant_with_ties_everywhere_is_inferior_and_said_to_be_constant():
    truth, a, b, patients = drawn(12)
    test = metrics.paired_test(truth, a, np.zeros_like(b), patients)
    assert metrics.judge([test])["verdict"][0] == "inferior"
    assert test.reason == "The variant gives every film the same score."
    assert test.difference == pytest.approx(0.5 - metrics.auroc(truth, a))


def test_unknown_labels_are_left_out():
    truth, a, b, patients = drawn(13)
    some = truth.astype(float)
    some[::3] = np.nan
    known = ~np.isnan(some)
    found = metrics.paired_test(some, a, b, patients)
    alone = metrics.paired_test(truth[known], a[known], b[known], patients[known])
    assert dataclasses.replace(found, found=None) == dataclasses.replace(alone, found=None)


def test_the_table_of_verdicts_holds_every_test_as_it_was_judged():
    told = lossless(400)
    table = metrics.judge([told, metrics.untested("No film.")])
    assert tuple(table) == verdicts.COLUMNS
    first, second = table.to_dict("records")
    assert first["verdict"] == "non-inferior" and first["patients"] == 400 and first["reason"] == ""
    assert (first["low"], first["high"]) == (told.low, told.high)
    assert first["chance_if_lossless"] == 1.0 and first["patients_needed"] == 299
    assert second["verdict"] == "undefined" and second["reason"] == "No film."
    assert np.isnan([second["difference"], second["chance_if_lossless"], second["patients_needed"]]).all()
