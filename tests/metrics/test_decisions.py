"""Changed decisions, temperatures and groups, against hand-worked cases, scipy and planted harm."""

import itertools

import numpy as np
import pytest
from scipy import optimize, special, stats

from binormal import binormal
from radlib import metrics
from radlib.metrics import decisions, groups, temperature


def drawn(seed=0, **stated):
    """Labels, probabilities of both networks, and patients."""
    stated = {"patients": 300, "films_per_patient": 3, "prevalence": 0.4, "auroc": 0.85, **stated}
    truth, a, b, patients = binormal(seed, **stated)
    return truth, special.expit(2 * a - 1.5), special.expit(2 * b - 1.5), patients


# ---- decisions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lost", "won"), [(8, 1), (0, 5), (3, 3), (40, 22), (0, 0), (1, 0)])
def test_mcnemar_is_the_binomial_test(lost, won):
    right_a = [1] * (lost + 7) + [0] * (won + 2)
    right_b = [0] * lost + [1] * 7 + [1] * won + [0] * 2
    expected = stats.binomtest(lost, lost + won).pvalue if lost + won else 1.0
    assert metrics.mcnemar(right_a, right_b) == (lost, won, pytest.approx(expected, abs=1e-12))


@pytest.mark.parametrize(("answer", "name"), [(1, "sensitivity"), (0, "specificity")])
def test_rate_difference_is_that_of_the_rates_with_the_error_of_the_bootstrap(answer, name):
    truth, a, b, patients = drawn(1)
    found = metrics.rate_difference(truth, a >= 0.4, b >= 0.4, patients, answer)
    values = [metrics.scores(truth, prob, 0.4)[name] for prob in (a, b)]
    assert found.value == pytest.approx(values[1] - values[0], abs=1e-12)
    counts = metrics.patient_draws(patients, 2000)
    one, two = (metrics.metric_draws(truth, prob, 0.4, counts)[name] for prob in (a, b))
    assert found.standard_error == pytest.approx((two - one).std(), rel=0.06)


def test_mcnemar_decides_only_where_each_patient_has_one_film():
    truth, a, b, patients = drawn(2, films_per_patient=1)
    p, method = metrics.change_test(truth, a >= 0.5, b >= 0.45, patients, 1)
    sick = truth == 1
    assert method == "McNemar, exact"
    assert p == metrics.mcnemar((a >= 0.5)[sick], (b >= 0.45)[sick])[2]
    truth, a, b, patients = drawn(2)
    p, method = metrics.change_test(truth, a >= 0.5, b >= 0.45, patients, 1)
    assert method == "signs of patients, exact"
    found = metrics.rate_difference(truth, a >= 0.5, b >= 0.45, patients, 1)
    assert p == pytest.approx(2 * stats.norm.sf(abs(found.value) / found.standard_error), abs=0.01)
    assert metrics.change_test(truth, a >= 0.5, a >= 0.5, patients, 1)[0] == 1.0


def test_exchanged_signs_are_those_of_every_exchange_and_of_mcnemar():
    for changes in ([1, 1, -1, 2, 3], [-2, -2, 1], [1, 1, 1, 1, 1, -1], [0, 0], [4]):
        every = [np.dot(signs, changes) for signs in itertools.product((-1, 1), repeat=len(changes))]
        expected = np.mean(np.abs(every) >= abs(sum(changes)))
        assert decisions.sign_flips(changes) == pytest.approx(expected)
    for lost, won in ((8, 1), (0, 5), (3, 3), (140, 122)):
        p = metrics.mcnemar([1] * lost + [0] * won, [0] * lost + [1] * won)[2]
        assert decisions.sign_flips([-1] * lost + [1] * won) == pytest.approx(p)


def test_a_second_film_of_one_patient_does_not_switch_the_test():
    truth, before, after = np.ones(30), np.ones(30), np.r_[np.zeros(5), np.ones(25)]
    once = metrics.change_test(truth, before, after, np.arange(30), 1)[0]
    twice = metrics.change_test(truth, before, after, np.r_[np.arange(29), 28], 1)[0]
    assert once == twice == pytest.approx(0.0625)
    held = []
    for seed in range(400):  # nothing changed but chance: at most one of twenty below 0.05
        generator = np.random.default_rng(seed)
        patients = np.repeat(np.arange(25), 2)
        a, b = (generator.random(25)[patients] + 0.3 * generator.random(50) < 0.9 for _ in range(2))
        held.append(metrics.change_test(np.ones(50), a, b, patients, 1)[0] < 0.05)
    assert np.mean(held) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("films", [2, 3])
@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("answer", [0, 1])
def test_a_collapse_in_every_patient_is_told_by_the_signs_of_patients(films, lost, answer):
    truth, patients = np.full(20 * films, answer), np.repeat(np.arange(20), films)
    called = truth == 1
    collapsed = np.where(np.tile(np.arange(films), 20) < lost, ~called, called)
    p, method = metrics.change_test(truth, called, collapsed, patients, answer)
    assert method == "signs of patients, exact"
    assert p == pytest.approx(2 * 0.5**20, rel=1e-9)
    assert (
        metrics.change_test(truth[:films], called[:films], collapsed[:films], patients[:films], answer)[0]
        == 1
    )


def test_a_rate_is_judged_like_an_auroc():
    truth, a, b, patients = drawn(3, correlation=0.99)
    same = metrics.rate_test(truth, a >= 0.4, a >= 0.4, patients, 1)
    assert same.method == "shares of films, clustered by patient"
    both = [np.stack([column, column], axis=1) for column in (truth, a >= 0.4, a >= 0.75)]
    assert metrics.rate_test(*both, patients, 1).method.endswith("mean over labels")
    worse = metrics.rate_test(truth, a >= 0.4, a >= 0.75, patients, 1)
    few = metrics.rate_test(truth[:20], a[:20] >= 0.4, b[:20] >= 0.4, patients[:20], 1)
    assert metrics.judge([same, worse, few])["verdict"].tolist() == ["non-inferior", "inferior", "undefined"]
    assert few.reason.startswith("Too few: ") and "with the finding" in few.reason


def test_rate_errors_are_held_at_a_loss_of_exactly_the_margin():
    """Sensitivity falls from 0.90 to exactly 0.85: called non-inferior, or inferior, in at most one of twenty."""
    repeats, found = 500, np.zeros(2, int)
    generator = np.random.default_rng(0)
    for _ in range(repeats):
        u = generator.random(400)
        test = metrics.rate_test(np.ones(400), u < 0.9, u < 0.85, np.arange(400), 1, margin=0.05)
        found += (test.p_noninferior < 0.05, test.p_inferior < 0.05)
    assert (stats.binom.sf(found - 1, repeats, 0.05) > 1e-3).all(), found


# ---- temperature ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_temperature_is_found_again_and_is_the_minimum_of_the_log_loss(true_temperature):
    generator = np.random.default_rng(0)
    logit = 2 * generator.normal(size=20_000)
    truth = generator.random(20_000) < special.expit(logit)
    prob = special.expit(logit * true_temperature)
    found = metrics.fit_temperature(truth, prob)
    assert found == pytest.approx(true_temperature, rel=0.05)

    def loss(value):
        return (
            special.xlogy(truth, q := metrics.at_temperature(prob, value)).sum()
            + special.xlog1py(1 - truth, -q).sum()
        )

    best = optimize.minimize_scalar(lambda value: -loss(value), bounds=(0.1, 10), method="bounded").x
    assert found == pytest.approx(best, rel=1e-3)
    mended = metrics.at_temperature(prob, found)
    assert (np.diff(mended[np.argsort(prob)]) >= 0).all()
    if true_temperature != 1:
        assert metrics.expected_calibration_error(truth, mended) < metrics.expected_calibration_error(
            truth, prob
        )


def test_temperature_of_perfect_one_sided_and_quantized_answers():
    assert metrics.fit_temperature([0, 1], [0.4, 0.6]) == pytest.approx(temperature.RANGE[0])
    assert metrics.fit_temperature([0, 1], [0.6, 0.4]) == pytest.approx(temperature.RANGE[1])
    assert np.isnan(metrics.fit_temperature([1, 1], [0.4, 0.6])) and np.isnan(metrics.fit_temperature([], []))
    assert 1 < metrics.fit_temperature([0, 1, 0, 1], [0.0, 1.0, 1.0, 1.0]) <= temperature.RANGE[1]


def confidence_change(first, second, patients):
    """The change of one label that is known of all films."""
    found = metrics.confidence_changes(
        first[:, None], second[:, None], np.ones((len(first), 1), bool), patients
    )
    return tuple(float(found[end][0]) for end in ("", "_low", "_high"))


def test_confidence_changes_and_their_interval():
    truth, a, _, patients = drawn(4)
    sharper = metrics.at_temperature(a, 0.8)
    value, low, high = confidence_change(a, sharper, patients)
    change = metrics.confidence(sharper) - metrics.confidence(a)
    counts = metrics.patient_draws(patients, 2000)
    drawn_values = [np.average(change, weights=c) for c in counts]
    assert value == pytest.approx(change.mean()) and 0 < low < value < high
    resampled = np.diff(np.quantile(drawn_values, [0.025, 0.975]))[0]
    assert resampled < high - low < 1.2 * resampled
    assert low + high == pytest.approx(2 * value)
    same, below, above = confidence_change(a, a, patients)
    assert same == 0.0 and above == -below == pytest.approx(1 - 0.025 ** (1 / len(np.unique(patients))))


# ---- groups -----------------------------------------------------------------------------------------------


def judged(change, seed=5, **stated):
    """Verdicts within both sexes after `change(probabilities, is female)`."""
    truth, a, _, patients = drawn(seed, patients=1200, **stated)
    female = patients % 2 == 0
    sexes = np.where(female, "F", "M")
    rows = metrics.group_tests(truth, a, change(a, female), patients, sexes, 0.4)
    return metrics.judge_groups(rows).set_index("group"), (truth, a, patients, female)


def test_one_sex_shifted_is_found_in_its_sensitivity_alone():
    table, (truth, a, _, female) = judged(lambda a, f: np.where(f, special.expit(special.logit(a) - 1.5), a))
    assert table.loc["F", "harmed"] == "sensitivity" and table.loc["M", "harmed"] == ""
    assert table.loc["F", ["verdict", "verdict_specificity"]].tolist() == ["non-inferior"] * 2
    assert (
        table.loc["M", ["verdict", "verdict_sensitivity", "verdict_specificity"]].tolist()
        == ["non-inferior"] * 3
    )
    assert table.loc["F", "positives"] == truth[female].sum()
    assert table.loc["M", "auroc_before"] == pytest.approx(metrics.auroc(truth[~female], a[~female]))
    low, value, high = table.loc["F", [f"difference_sensitivity{end}" for end in ("_low", "", "_high")]]
    assert low < value < high < -0.05


def test_noise_in_one_group_is_found_in_its_auroc():
    def change(a, female):
        noise = 2.5 * np.random.default_rng(0).normal(size=len(a))
        return np.where(female, special.expit(special.logit(a) + noise), a)

    table, _ = judged(change)
    assert "auroc" in table.loc["F", "harmed"] and table.loc["M", "harmed"] == ""


def test_groups_that_are_too_small_one_sided_or_unknown_say_so():
    truth, a, b, patients = drawn(6)
    names = np.where(np.arange(len(truth)) < 12, "few", np.where(truth == 1, "only sick", "")).astype(object)
    table = metrics.judge_groups(metrics.group_tests(truth, a, b, patients, names, np.nan)).set_index("group")
    assert table.index.tolist() == ["few", "only sick"]
    assert "Too few" in table.loc["few", "reason"] and "Only one answer" in table.loc["only sick", "reason"]
    assert set(table["verdict"]) == {"undefined"} and set(table["harmed"]) == {""}
    assert "no threshold" in table.loc["few", "reason_sensitivity"]


def test_rates_of_groups_are_those_of_their_films_with_intervals_by_patient():
    truth, prob, _, patients = drawn(9)
    truth = np.column_stack([truth, np.where(np.arange(len(truth)) % 5, 1.0, np.nan)])
    names = np.where(patients % 2, "x", np.where(patients < 4, "", "y"))
    rows = metrics.group_rates(
        truth, np.column_stack([prob, prob]), patients, names, [0.4, np.nan], labels=["a", "b"]
    )
    found = {(row["group"], row["label"]): row for row in rows}
    assert list(found) == [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")]
    films = names == "y"
    rates = metrics.rates_of(truth[films, 0], prob[films] >= 0.4, patients[films])
    row = found["y", "a"]
    for name in ("sensitivity", "specificity"):
        assert tuple(row[f"{name}{end}"] for end in ("", "_low", "_high")) == getattr(rates, name)
    assert row["films"] == films.sum() and row["patients"] == len(set(patients[films]))
    other = found["x", "b"]
    assert "No threshold" in other["reason_sensitivity"] and np.isnan(other["sensitivity"])
    assert (
        other["films"] == (~np.isnan(truth[names == "x", 1])).sum() and other["patients_without_finding"] == 0
    )


def test_a_rate_without_errors_keeps_an_interval_and_nine_patients_have_none():
    truth = np.r_[np.ones(30), np.zeros(9)]
    (row,) = metrics.group_rates(truth, truth, range(39), ["x"] * 39, 0.5)
    assert row["sensitivity"] == 1 and row["sensitivity_low"] < 0.9 and row["reason_sensitivity"] == ""
    assert row["reason_specificity"] == "Too few: 9 patients without the finding, 10 are needed."
    assert np.isnan(row["specificity"]) and row["patients_without_finding"] == 9


def test_p_values_are_adjusted_over_everything_that_is_asked():
    truth, a, b, patients = drawn(7)
    rows = metrics.group_tests(truth, a, b, patients, np.where(patients % 3, "x", "y"), 0.4)
    table = metrics.judge_groups(rows)
    raw = [row[name].p_inferior for name in groups.TESTED for row in rows]
    columns = ["p_inferior", "p_inferior_sensitivity", "p_inferior_specificity"]
    assert table[columns].to_numpy().T.ravel() == pytest.approx(metrics.holm(raw))
    assert metrics.judge_groups([]).empty


def test_a_patient_is_positive_when_any_film_is():
    found = metrics.changed_patients([0, 1, 0, 1], [1, 0, 0, 0], ["a", "a", "b", "c"])
    assert found == {"to_positive": 0, "to_negative": 1}


def test_confidence_of_all_labels_at_once_is_that_of_each_alone():
    generator = np.random.default_rng(8)
    first, second = generator.random((2, 150, 2))
    known = generator.random((150, 2)) < 0.9
    patients = np.arange(150) // 2
    found = metrics.confidence_changes(first, second, known, patients)
    for label in range(2):
        films = known[:, label]
        alone = confidence_change(first[films, label], second[films, label], patients[films])
        assert [found[end][label] for end in ("", "_low", "_high")] == pytest.approx(alone, abs=1e-12)


def test_nothing_changed_is_certain_and_says_which_test_it_was():
    truth, a, _, patients = drawn(2)
    called = a >= 0.5
    assert metrics.change_test(truth, called, called, patients, 1) == (1.0, "signs of patients, exact")
