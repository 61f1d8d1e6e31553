"""The forecast of outlines: of the whole claim, beside drawn studies in which nothing is lost."""

import numpy as np
import pytest

from radlib import metrics


def dice(films, generator):
    return np.clip(generator.normal(0.94, 0.03, films), 0, 1)


def test_it_is_never_more_than_what_either_question_would_give():
    generator = np.random.default_rng(0)
    before = dice(80, generator)
    after = np.clip(before + generator.normal(0, 0.015, 80), 0, 1)
    both = metrics.chance_of_both(before, after, range(80), 160, 0.02, studies=30)
    mean = metrics.mean_test(before, after, range(80), 0.02)
    alone = metrics.chance_if_lossless(mean.standard_error * 0.5**0.5, 160, 0.02)
    assert both < 0.6 < 0.8 < alone, "the percentile is the harder half, and was not asked"


def test_what_is_promised_is_what_drawn_studies_keep():
    generator, promised, kept = np.random.default_rng(1), [], []
    for _ in range(10):
        before = dice(80, generator)
        chance = metrics.chance_of_both(before, before, range(80), 160, 0.03, studies=20)
        promised.append(chance)
    for number in range(60):
        before = dice(160, generator)
        tests = (
            metrics.mean_test(before, before, range(160), 0.03),
            metrics.failing_test(before, before, range(160), 0.03, 500, number),
        )
        kept.append(metrics.both_tests(*tests).p_noninferior < 0.05)
    error = np.hypot(np.std(promised) / 10**0.5, np.std(kept) / 60**0.5)
    assert np.mean(promised) == pytest.approx(np.mean(kept), abs=0.05 + 3 * error)


def test_seeds_and_films_of_one_patient_are_drawn_together():
    generator = np.random.default_rng(2)
    before = np.stack([dice(120, generator)] * 2)
    chance = metrics.chance_of_both(before, before, np.arange(120) // 2, 200, 0.05, studies=10)
    assert chance > 0.5
    assert np.isnan(metrics.chance_of_both([np.nan], [0.5], [0], 10, 0.02))
    assert np.isnan(metrics.chance_of_both([], [], [], 10, 0.02))
