"""The AUROC of many draws at once, draw by draw against scikit-learn with sample weights."""

import time

import numpy as np
import pytest
from sklearn import metrics as sk

from radlib import metrics
from radlib.foundation.errors import UsageError
from radlib.metrics import presorted


def drawn(films=600, labels=3, variants=4, patients=200, seed=0):
    """Labels with unknown ones, scores of which half are rounded so that ties are many, and draws of patients."""
    generator = np.random.default_rng(seed)
    truth = (generator.random((films, labels)) < np.linspace(0.05, 0.5, labels)).astype(float)
    prob = 1 / (1 + np.exp(-generator.normal(size=(variants, films, labels)) - 1.5 * truth + 1))
    prob[1::2] = np.round(prob[1::2] * 16) / 16
    truth[::9, 1] = np.nan
    return truth, prob.astype(np.float32), metrics.patient_draws(generator.integers(0, patients, films), 300)


@pytest.mark.parametrize("threads", [1, 2, None])
def test_every_variant_label_and_draw_equals_scikit_learn(threads):
    truth, prob, counts = drawn()
    found = metrics.auroc_draws_of_all(truth, prob, counts, threads=threads)
    assert found.shape == (4, 3, 300) and found.dtype == np.float64
    for variant, label, draw in np.random.default_rng(1).integers(0, found.shape, (150, 3)):
        known = ~np.isnan(truth[:, label])
        expected = sk.roc_auc_score(
            truth[known, label], prob[variant, known, label], sample_weight=counts[draw, known]
        )
        assert found[variant, label, draw] == pytest.approx(expected, abs=1e-12)


def test_all_at_once_equals_one_by_one():
    truth, prob, counts = drawn(seed=2)
    found = metrics.auroc_draws_of_all(truth, prob, counts)
    for variant, label in np.ndindex(4, 3):
        known = ~np.isnan(truth[:, label])
        one = metrics.auroc_draws(truth[known, label], prob[variant, known, label], counts[:, known])
        assert (found[variant, label] == one).all()


@pytest.mark.parametrize("weight", [1, 200, 300_000])
def test_wider_integers_are_taken_where_sums_are_large(weight):
    truth, prob, counts = drawn(films=500, seed=3)
    many = counts[:40].astype(np.int64) * weight
    assert presorted._blocks(many)[0].dtype == (np.uint16 if weight == 1 else np.uint32)
    assert metrics.auroc_draws(truth[:, 0], prob[1, :, 0], many) == pytest.approx(
        metrics.auroc_draws(truth[:, 0], prob[1, :, 0], counts[:40]), abs=1e-12
    )


def test_a_label_with_one_answer_and_no_draws():
    truth, prob, counts = drawn(seed=4)
    truth[:, 2] = 0
    found = metrics.auroc_draws_of_all(truth, prob, counts)
    assert np.isnan(found[:, 2]).all() and not np.isnan(found[:, :2]).any()
    assert metrics.auroc_draws_of_all(truth, prob, counts[:0]).shape == (4, 3, 0)


def test_what_does_not_fit_is_refused():
    truth, prob, counts = drawn(seed=5)
    with pytest.raises(UsageError, match="more than can be added up"):
        metrics.auroc_draws(truth[:, 0], prob[0, :, 0], counts.astype(np.int64) * 10**8)
    for wrong in ((truth[:-1], prob, counts), (truth, prob[0], counts), (truth, prob, counts[:, :-1])):
        with pytest.raises(UsageError, match="do not fit"):
            metrics.auroc_draws_of_all(*wrong)


def test_fourteen_findings_take_moments():
    """2 variants × 14 findings × 5,000 films × 250 draws: 0.1 s of a processor; the bound leaves room."""
    truth, prob, _ = drawn(films=5000, labels=14, variants=2, patients=1500)
    counts = metrics.patient_draws(np.arange(5000) % 1500, 250)
    started = time.process_time()
    metrics.auroc_draws_of_all(truth, prob, counts)
    assert time.process_time() - started < 2
