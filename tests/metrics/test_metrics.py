"""Metrics against scikit-learn, hand-worked cases and plain repetition of films."""

import itertools
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sklearn import calibration as sk_calibration, metrics as sk

from radlib import metrics
from radlib.foundation.errors import UsageError


def films(seed, count=300, patients=120, levels=None):
    """Labels, probabilities (rounded to `levels` steps, so that ties are many) and patients of drawn films."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, count)
    prob = 1 / (1 + np.exp(-(generator.normal(size=count) + 1.5 * truth - 0.7)))
    if levels:
        prob = np.round(prob * levels) / levels
    return truth, prob, np.array([f"P{n}" for n in generator.integers(0, patients, count)])


def test_import_is_cheap_and_light():
    script = (
        "import sys, radlib.metrics; "
        "print([m for m in ('sklearn', 'scipy', 'pandas', 'tensorflow', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- AUROC and ROC ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [None, 255, 10, 2, 1])
@pytest.mark.parametrize("seed", range(5))
def test_auroc_equals_scikit_learn(seed, levels):
    truth, prob, _ = films(seed, levels=levels)
    weights = np.random.default_rng(seed).integers(0, 4, len(truth))
    assert metrics.auroc(truth, prob) == pytest.approx(sk.roc_auc_score(truth, prob), abs=1e-12)
    expected = sk.roc_auc_score(truth, prob, sample_weight=weights)
    assert metrics.auroc(truth, prob, weights) == pytest.approx(expected, abs=1e-12)


def test_auroc_counts_pairs():
    """Every ordering of four scores with ties, against counting pairs by hand."""
    truth = np.array([0, 1, 0, 1])
    for score in itertools.product([0.0, 0.5, 1.0], repeat=4):
        wins = sum(
            Fraction(1) if score[p] > score[n] else Fraction(1, 2) if score[p] == score[n] else Fraction(0)
            for p in (1, 3)
            for n in (0, 2)
        )
        assert metrics.auroc(truth, score) == float(wins / 4)


@pytest.mark.parametrize("truth", [[1, 1, 1], [0, 0, 0], []])
def test_one_answer_only_is_undefined(truth):
    score = np.linspace(0, 1, len(truth))
    assert np.isnan(metrics.auroc(truth, score))
    assert np.isnan(metrics.operating_point(truth, score))
    if truth:
        assert np.isnan(metrics.auroc_draws(truth, score, np.ones((3, len(truth)), np.uint8))).all()
        values = metrics.scores(truth, score, 0.5)
        assert np.isnan(values["auroc"]) and np.isnan(values["balanced_accuracy"])
        assert not np.isnan(values["accuracy"])


@pytest.mark.parametrize("levels", [None, 5])
def test_roc_curve_equals_scikit_learn(levels):
    truth, prob, _ = films(3, levels=levels)
    weights = np.random.default_rng(0).integers(1, 5, len(truth))
    for given in (None, weights):
        expected = sk.roc_curve(truth, prob, sample_weight=given, drop_intermediate=False)
        for ours, theirs in zip(metrics.roc_curve(truth, prob, given), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_area_under_roc_curve_is_auroc():
    truth, prob, _ = films(4, levels=20)
    false_positive, true_positive, _ = metrics.roc_curve(truth, prob)
    assert np.trapezoid(true_positive, false_positive) == pytest.approx(metrics.auroc(truth, prob), abs=1e-12)


# ---- one threshold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [None, 10])
@pytest.mark.parametrize("seed", range(5))
def test_operating_point_has_the_largest_youden_index(seed, levels):
    truth, prob, _ = films(seed, levels=levels)
    threshold = metrics.operating_point(truth, prob)

    def youden(t):
        called = prob >= t
        return sk.recall_score(truth, called) + sk.recall_score(truth, called, pos_label=0) - 1

    false_positive, true_positive, _ = sk.roc_curve(truth, prob, drop_intermediate=False)  # every threshold
    assert youden(threshold) == pytest.approx((true_positive - false_positive).max(), abs=1e-12)
    assert threshold not in prob  # between two films, so that no film lies on it


def test_operating_point_prefers_sensitivity_among_equals():
    # Cut above 0.6: sensitivity 1/2, specificity 1. Cut above 0.2: sensitivity 1, specificity 1/2. Both 0.5.
    assert metrics.operating_point([0, 1, 0, 1], [0.2, 0.4, 0.6, 0.8]) == pytest.approx(0.3)


@pytest.mark.parametrize("score", [[0.9, 0.9, 0.1, 0.1], [0.5, 0.5, 0.5, 0.5]])
def test_operating_point_of_useless_scores_is_a_number(score):
    threshold = metrics.operating_point([0, 0, 1, 1], score)
    assert np.isfinite(threshold)
    assert metrics.scores([0, 0, 1, 1], score, threshold)["balanced_accuracy"] == 0.5


def test_operating_point_between_neighbouring_floats_keeps_the_decision():
    low = np.float64(0.5)
    high = np.nextafter(low, 1)
    assert metrics.operating_point([0, 1], [low, high]) == high


def test_operating_point_rules():
    assert metrics.operating_point([0, 1], [0.8, 0.9], "half") == 0.5
    with pytest.raises(UsageError, match="youden, sensitivity, cost, half"):
        metrics.operating_point([0, 1], [0.8, 0.9], "best")


@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_scikit_learn(seed):
    truth, prob, _ = films(seed, levels=50)
    threshold = 0.44
    called = prob >= threshold
    ours = metrics.scores(truth, prob, threshold)
    assert set(ours) == set(metrics.METRICS)
    theirs = {
        "auroc": sk.roc_auc_score(truth, prob),
        "accuracy": sk.accuracy_score(truth, called),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, called),
        "sensitivity": sk.recall_score(truth, called),
        "specificity": sk.recall_score(truth, called, pos_label=0),
        "positive_predictive_value": sk.precision_score(truth, called),
        "negative_predictive_value": sk.precision_score(truth, called, pos_label=0),
        "f1": sk.f1_score(truth, called),
        "brier": sk.brier_score_loss(truth, prob),
    }
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-12), name


def test_confusion_by_hand():
    counts = metrics.confusion([1, 1, 1, 0, 0], [0.9, 0.5, 0.4, 0.5, 0.1], 0.5)
    assert counts == {"true_positives": 2, "false_positives": 1, "true_negatives": 1, "false_negatives": 1}
    weighted = metrics.confusion([1, 1, 1, 0, 0], [0.9, 0.5, 0.4, 0.5, 0.1], 0.5, [3, 1, 2, 4, 5])
    assert weighted == {"true_positives": 4, "false_positives": 4, "true_negatives": 5, "false_negatives": 2}


def test_undefined_threshold_makes_its_metrics_undefined_only():
    truth, prob, _ = films(0)
    values = metrics.scores(truth, prob, float("nan"))
    assert np.isnan(values["accuracy"]) and np.isnan(values["f1"])
    assert not np.isnan(values["auroc"]) and not np.isnan(values["brier"])


@pytest.mark.parametrize(
    ("truth", "prob", "words"),
    [
        ([0, 1], [0.1], "one length"),
        ([[0], [1]], [[0.1], [0.2]], "one label at a time"),
        ([0, np.nan], [0.1, 0.2], "unknown"),
        ([0, 2], [0.1, 0.2], "1 or 0"),
        ([0, 1], [0.1, np.nan], "not a number"),
    ],
)
def test_wrong_arrays_are_refused(truth, prob, words):
    with pytest.raises(UsageError, match=words):
        metrics.auroc(truth, prob)


def test_changed_decisions_by_hand():
    changed = metrics.changed_decisions([0.1, 0.6, 0.7, 0.2], [0.5, 0.3, 0.9, 0.1], 0.5, 0.4)
    assert changed == {"to_positive": 1, "to_negative": 1}


# ---- calibration ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [None, 8])
def test_reliability_equals_scikit_learn(levels):
    truth, prob, _ = films(1, levels=levels)
    observed, predicted = sk_calibration.calibration_curve(truth, prob, n_bins=10, strategy="quantile")
    table = metrics.reliability(truth, prob, 10)
    np.testing.assert_allclose(table["observed"], observed, atol=1e-12)
    np.testing.assert_allclose(table["predicted"], predicted, atol=1e-12)
    assert table["films"].sum() == len(truth)
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()


def test_bins_hold_about_equally_many_films():
    truth, prob, _ = films(2, count=1000)
    assert metrics.reliability(truth, prob, 10)["films"].between(99, 101).all()


def test_calibration_error_by_hand():
    # Two bins of two: predicted 0.2 and 0.9, observed 0.5 and 1.
    assert metrics.expected_calibration_error([0, 1, 1, 1], [0.1, 0.3, 0.8, 1.0], 2) == pytest.approx(0.2)
    assert metrics.expected_calibration_error([0, 0, 1, 1], [0, 0, 1, 1]) == 0


def test_calibration_of_no_films_is_undefined():
    assert metrics.reliability([], []).empty
    assert np.isnan(metrics.expected_calibration_error([], []))
    assert np.isnan(metrics.brier([], []))


def test_wilson_interval_against_the_equation_it_solves():
    """The ends are the shares p with |k/n − p| = z·sqrt(p(1−p)/n)."""
    for successes, trials in [(0, 10), (3, 10), (587, 624), (10, 10)]:
        for end in metrics.wilson_interval(successes, trials):
            squared = (successes / trials - end) ** 2
            assert squared == pytest.approx(1.959963984540054**2 * end * (1 - end) / trials, abs=1e-12)


# ---- bootstrap --------------------------------------------------------------------------------------------


def test_draws_keep_patients_whole_and_are_repeatable():
    _, _, patients = films(0)
    counts = metrics.patient_draws(patients, 200, seed=7)
    assert counts.dtype == np.uint8 and counts.shape == (200, len(patients))
    firsts = [np.flatnonzero(patients == p) for p in np.unique(patients)]
    for members in firsts:
        assert (counts[:, members] == counts[:, members[:1]]).all()
    assert (counts[:, [m[0] for m in firsts]].sum(axis=1) == len(firsts)).all()
    np.testing.assert_array_equal(counts, metrics.patient_draws(patients, 200, seed=7))
    assert (counts != metrics.patient_draws(patients, 200, seed=8)).any()


def test_draws_follow_the_binomial_distribution():
    """A patient's count is Binomial(N, 1/N): mean 1, variance 1 − 1/N, never drawn (1 − 1/N)^N of the time."""
    counts = metrics.patient_draws(np.arange(50), 20_000, seed=1)
    assert counts.mean() == 1
    assert counts.var() == pytest.approx(1 - 1 / 50, abs=0.01)
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 50) ** 50, abs=0.005)


@pytest.mark.parametrize("levels", [None, 255, 4])
def test_auroc_draws_equal_scikit_learn_with_sample_weights(levels):
    truth, prob, patients = films(5, levels=levels)
    counts = metrics.patient_draws(patients, 40, seed=2)
    expected = [sk.roc_auc_score(truth, prob, sample_weight=row) for row in counts]
    np.testing.assert_allclose(metrics.auroc_draws(truth, prob, counts), expected, rtol=0, atol=1e-12)


def test_auroc_draws_equal_repeating_the_films():
    truth, prob, patients = films(6, count=80, levels=10)
    for row, value in zip(*(lambda c: (c, metrics.auroc_draws(truth, prob, c)))(
        metrics.patient_draws(patients, 300, seed=3)
    ), strict=True):  # fmt: skip
        again = np.repeat(np.arange(80), row)
        assert value == pytest.approx(sk.roc_auc_score(truth[again], prob[again]), abs=1e-12)


def test_a_draw_with_one_answer_is_undefined():
    counts = np.array([[1, 1, 1, 1], [0, 0, 2, 2], [2, 2, 0, 0]], dtype=np.uint8)
    values = metrics.auroc_draws([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.15], counts)
    assert values[0] == 0.75 and np.isnan(values[1:]).all()


def test_undefined_draws_are_left_out_up_to_one_in_twenty():
    values = np.arange(100.0)
    values[:5] = np.nan
    assert metrics.percentile_interval(values) == tuple(np.quantile(values[5:], [0.025, 0.975]))
    values[5] = np.nan
    assert np.isnan(metrics.percentile_interval(values)).all()


def test_draws_of_every_metric_equal_a_plain_loop():
    truth, prob, patients = films(8, levels=40)
    table = metrics.intervals(truth, prob, patients, 0.5, draws=150, seed=4).set_index("metric")
    assert list(table.index) == list(metrics.METRICS)
    assert table["value"].to_dict() == metrics.scores(truth, prob, 0.5)
    drawn = []
    for row in metrics.patient_draws(patients, 150, seed=4):
        again = np.repeat(np.arange(len(truth)), row)
        drawn.append(metrics.scores(truth[again], prob[again], 0.5))
    counts = metrics.patient_draws(patients, 150, seed=4)
    by_draw = metrics.metric_draws(truth, prob, 0.5, counts)
    for name in set(metrics.METRICS) - {"expected_calibration_error"}:
        low, high = np.quantile([d[name] for d in drawn], [0.025, 0.975])
        assert metrics.percentile_interval(by_draw[name]) == pytest.approx((low, high), abs=1e-12), name
        if name == "f1":
            assert tuple(table.loc[name, ["low", "high"]]) == pytest.approx((low, high), abs=1e-12), name
    assert tuple(table.loc["brier", ["low", "high"]]) == metrics.value_interval((prob - truth) ** 2, patients)
    assert np.isnan(table.loc["expected_calibration_error", ["low", "high"]].astype(float)).all()


def test_intervals_of_patients_are_wider_than_of_films():
    """Ten copies of each film add no knowledge: patients know it, films taken one by one do not."""
    truth, prob, _ = films(9, count=60)
    truth, prob, patients = np.repeat(truth, 10), np.repeat(prob, 10), np.repeat(np.arange(60), 10)
    widths = []
    for ids in (patients, np.arange(600)):
        row = metrics.intervals(truth, prob, ids, 0.5, draws=400).set_index("metric").loc["auroc"]
        widths.append(row["high"] - row["low"])
    assert widths[0] > 2.5 * widths[1]


def test_interval_width_agrees_with_delong():
    """One film per patient: the bootstrap's standard error is DeLong's (1988), worked out here by pairs."""
    truth, prob, _ = films(10, count=600)
    pairs = (prob[truth == 1][:, None] > prob[truth == 0][None]).astype(float)
    m, n = pairs.shape
    standard_error = np.sqrt(pairs.mean(1).var(ddof=1) / m + pairs.mean(0).var(ddof=1) / n)
    values = metrics.auroc_draws(truth, prob, metrics.patient_draws(np.arange(600), 2000))
    assert values.std() == pytest.approx(standard_error, rel=0.06)


def test_differences_of_draws_equal_a_plain_loop_and_cancel_what_is_shared():
    truth, prob, patients = films(11)
    other = np.round(prob * 12) / 12
    counts = metrics.patient_draws(patients, 200, seed=5)
    a, b = (metrics.auroc_draws(truth, p, counts) for p in (prob, other))
    low, high = metrics.percentile_interval(b - a)
    drawn = [
        sk.roc_auc_score(truth, other, sample_weight=c) - sk.roc_auc_score(truth, prob, sample_weight=c)
        for c in counts
    ]
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=1e-12)
    single = metrics.percentile_interval(a)
    assert high - low < (single[1] - single[0]) / 3


def test_per_label_drops_unknown_labels():
    truth, prob, patients = films(12)
    matrix = np.column_stack([truth, 1 - truth, np.ones(len(truth))]).astype(np.float32)
    matrix[::3, 1] = np.nan
    table = metrics.per_label(
        matrix, np.column_stack([prob] * 3), patients, ["mass", "nodule", "hernia"], [0.5, 0.4, 0.5], draws=50
    )
    known = ~np.isnan(matrix[:, 1])
    rows = table.set_index(["label", "metric"])
    assert rows.loc[("nodule", "auroc"), "value"] == pytest.approx(
        sk.roc_auc_score(1 - truth[known], prob[known]), abs=1e-12
    )
    assert rows.loc[("nodule", "auroc"), "films"] == known.sum()
    assert rows.loc[("nodule", "auroc"), "positives"] == (1 - truth[known]).sum()
    hernia = rows.loc[("hernia", "auroc"), ["value", "low", "high"]].astype(float)
    assert np.isnan(hernia).all()
    low, _ = metrics.auroc_interval(1 - truth[known], prob[known], patients[known])
    assert rows.loc[("nodule", "auroc"), "low"] == low


def test_per_label_refuses_shapes_that_do_not_fit():
    with pytest.raises(UsageError, match="2 labels"):
        metrics.per_label(np.zeros((4, 1)), np.zeros((4, 1)), list("abcd"), ["a", "b"], 0.5)


def test_roc_band_surrounds_the_curve():
    truth, prob, patients = films(13, count=500)
    band = metrics.roc_band(truth, prob, patients, draws=200)
    false_positive, true_positive, _ = metrics.roc_curve(truth, prob)
    inner = band[band["false_positive_rate"].between(0.05, 0.95)]
    curve = np.interp(inner["false_positive_rate"], false_positive, true_positive)
    assert ((inner["low"] <= curve) & (curve <= inner["high"])).mean() > 0.97
    assert (band["high"] - band["low"]).between(0, 0.5).all()


def test_twenty_variants_take_seconds():
    """20 variants, 1,000 draws, 1,000 films: about 1 s on one core; the bound leaves room for a busy machine."""
    truth, prob, patients = films(14, count=1000, patients=400)
    counts = metrics.patient_draws(patients, 1000)
    started = time.process_time()
    for variant in range(20):
        metrics.intervals(truth, np.round(prob, 2 + variant % 3), patients, 0.5, counts=counts)
    assert time.process_time() - started < 10


# ---- classes that exclude each other -------------------------------------------------------------------------


def three_classes(seed, levels=None, count=200):
    generator = np.random.default_rng(seed)
    answers = generator.integers(0, 3, count)
    prob = generator.dirichlet([1, 1, 1], count) + np.eye(3)[answers] * 0.3
    prob = np.round(prob / prob.sum(axis=1, keepdims=True) * (levels or 1e9)) / (levels or 1e9)
    return answers, prob, np.array([f"P{n}" for n in generator.integers(0, 80, count)])


@pytest.mark.parametrize("levels", [None, 8])  # few levels: many films with two equally likely classes
def test_the_likeliest_class_decides_as_scikit_learn_scores_it(levels):
    answers, prob, patients = three_classes(3, levels)
    truth, called = np.eye(3)[answers], prob.argmax(axis=1)
    assert metrics.right_class(truth, prob).mean() == sk.accuracy_score(answers, called)
    table = metrics.per_label(truth, prob, patients, ["a", "b", "c"], metrics.largest_wins(prob), draws=50)
    wide = table.pivot(index="label", columns="metric", values="value")
    np.testing.assert_allclose(wide["sensitivity"], sk.recall_score(answers, called, average=None))
    np.testing.assert_allclose(
        wide["positive_predictive_value"], sk.precision_score(answers, called, average=None)
    )
    np.testing.assert_allclose(wide["f1"], sk.f1_score(answers, called, average=None))


def test_shares_over_draws_equal_repeated_films():
    answers, prob, patients = three_classes(4)
    right = metrics.right_class(np.eye(3)[answers], prob)
    counts = metrics.patient_draws(patients, draws=300)
    expected = [right[np.repeat(np.arange(len(right)), row)].mean() for row in counts]
    np.testing.assert_allclose(metrics.mean_draws(right, counts), expected)


def test_many_means_at_once_equal_one_by_one_and_leave_out_what_is_unknown():
    generator = np.random.default_rng(5)
    values, known = generator.normal(size=(90, 3)), generator.random((90, 3)) < 0.8
    known[:, 2] = False
    values[~known] = np.nan
    counts = metrics.patient_draws(np.arange(90) // 3, draws=260)
    found = metrics.mean_draws(values, counts, known)
    for column in (0, 1):
        films = known[:, column]
        np.testing.assert_allclose(
            found[:, column], metrics.mean_draws(values[films, column], counts[:, films])
        )
    assert np.isnan(found[:, 2]).all()


def test_draws_made_before_give_the_same_table():
    truth, prob, patients = three_classes(6)[0][:, None] == np.arange(3), *three_classes(6)[1:]
    thresholds = np.full(prob.shape, 0.4)
    names = ["a", "b", "c"]
    fresh = metrics.per_label(truth, prob, patients, names, thresholds, draws=60)
    drawn = metrics.metric_draws_of_all(truth, prob, thresholds, metrics.patient_draws(patients, 60))
    pd.testing.assert_frame_equal(
        fresh, metrics.per_label(truth, prob, patients, names, thresholds, drawn=drawn)
    )
