"""Measures of boxes: against pixels counted, a naive reading of the competition's rule, and curves walked by hand."""

import numpy as np
import pytest
from scipy import special, stats

from radlib import metrics
from radlib.metrics import box_hits, froc

NONE, NOTHING = [np.nan] * 4, [np.nan] * 5


def drawn_films(seed=0, films=60, found=5, marked=3, side=40):
    """Boxes of whole pixels, so that overlaps can be counted; a third of the films has none by hand."""
    generator = np.random.default_rng(seed)
    truth, answers = np.full((films, marked, 4), np.nan), np.full((films, found, 5), np.nan)
    for film in range(films):
        for place in range(generator.integers(0, marked + 1) if film % 3 else 0):
            truth[film, place] = [*generator.integers(0, side - 12, 2), *generator.integers(5, 12, 2)]
        scores = np.sort(generator.integers(0, 20, generator.integers(0, found + 1)) / 20)[::-1]
        for place, score in enumerate(scores):
            near = truth[film, place % marked]
            box = (
                near + generator.integers(-1, 2, 4) if not np.isnan(near[0]) else generator.integers(4, 12, 4)
            )
            answers[film, place] = [score, *box]
    return answers, truth


def pixels(box, side=60):
    mask = np.zeros((side, side), bool)
    x, y, width, height = (int(v) + 5 * (n < 2) for n, v in enumerate(box))
    mask[y : y + height, x : x + width] = True
    return mask


def naive_film(found, marked, least, share):
    """TP, FP, FN as the competition's page words it: by falling confidence, each to the best that is left."""
    left = [box for box in marked if not np.isnan(box[0])]
    right = wrong = 0
    for _, *box in sorted((b for b in found if b[0] >= least), key=lambda b: -b[0]):
        overlaps = [(pixels(box) & pixels(one)).sum() / (pixels(box) | pixels(one)).sum() for one in left]
        if overlaps and max(overlaps) > share:
            left.pop(int(np.argmax(overlaps)))
            right += 1
        else:
            wrong += 1
    return right, wrong, len(left)


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_are_those_of_pixels(seed):
    found, marked = drawn_films(seed, films=12)
    overlap = metrics.box_overlap(found[..., 1:], marked)
    for film, row, column in np.ndindex(overlap.shape):
        one, other = found[film, row, 1:], marked[film, column]
        if np.isnan(one[0]) or np.isnan(other[0]):
            assert overlap[film, row, column] == 0
            continue
        both = (pixels(one) & pixels(other)).sum() / (pixels(one) | pixels(other)).sum()
        assert overlap[film, row, column] == pytest.approx(both)


@pytest.mark.parametrize("seed", range(3))
def test_the_measure_is_that_of_the_competition(seed):
    found, marked = drawn_films(seed)
    table = metrics.box_table(found, marked, 0.3)
    for film in range(len(found)):
        counts = [naive_film(found[film], marked[film], 0.3, share) for share in np.arange(40, 80, 5) / 100]
        if not any(map(sum, counts)):
            assert np.isnan(table["rsna_score"][film]) and table["box_score"][film] == 1
            continue
        expected = np.mean([tp / (tp + fp + fn) for tp, fp, fn in counts])
        assert table["rsna_score"][film] == pytest.approx(expected) == table["box_score"][film]
        assert table["false_boxes"][film] == counts[0][1]
    assert table["rsna_score"].isna().any() and table["rsna_score"].between(0.01, 0.99).any()


def test_films_worked_by_hand():
    """A box moved by a fifth of its side overlaps by two thirds: a hit at 0.40 to 0.65, none at 0.70 and 0.75."""
    box, moved = [10.0, 10.0, 10.0, 10.0], [12.0, 10.0, 10.0, 10.0]
    found = [[[0.9, *moved], NOTHING], [[0.9, *box], [0.8, *box]], [[0.9, *box], NOTHING], [NOTHING, NOTHING]]
    marked = [[box], [box], [NONE], [box]]
    table = metrics.box_table(found, marked, 0.5)
    assert table["box_score"].tolist() == [6 / 8, 1 / 2, 0, 0]
    assert table["boxes_found"].tolist()[:2] == [1, 1] and np.isnan(table["boxes_found"][2])
    assert table["false_boxes"].tolist() == [0, 1, 1, 0] and table["boxes"].tolist() == [1, 1, 0, 1]
    unsure = metrics.box_table(found, marked, 0.95)  # now nothing is drawn
    assert unsure["box_score"].tolist() == [0, 0, 1, 0] and np.isnan(unsure["rsna_score"][2])


def test_the_surest_box_chooses_first():
    marked = [[[0.0, 0, 10, 10]]]
    far, near = [0.0, 0, 10, 14], [0.0, 0, 10, 11]
    assert metrics.hits([[[0.9, *far], [0.8, *near]]], marked, [0.5])[0, 0].tolist() == [True, False]
    assert metrics.hits([[[0.9, *far], [0.8, *near]]], marked, [0.8])[0, 0].tolist() == [False, True]
    assert metrics.hits([[[0.9, 0, 0, 10, 20]]], marked, [0.5])[0, 0].tolist() == [
        False
    ]  # must exceed one half


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_that_of_every_threshold(seed):
    found, marked = drawn_films(seed)
    marks = metrics.in_order(found, marked)
    false, sensitivity, precision = metrics.froc_curve(marks)
    there = (~np.isnan(marked[..., 0])).sum()
    for place, score in enumerate(marks.scores, start=1):
        each = [naive_film(found[film], marked[film], score, 0.4) for film in range(len(found))]
        right, wrong, missed = np.sum(each, axis=0)
        assert right + missed == there
        assert (false[place], sensitivity[place]) == pytest.approx((wrong / len(found), right / there))
        assert precision[place] == pytest.approx(right / (right + wrong))
    assert (np.diff(false) >= 0).all() and (np.diff(sensitivity) >= 0).all()
    assert (np.diff(marks.scores) < 0).all()  # equal scores are one step


def test_average_precision_is_scikit_learns_where_that_interpolates_nothing():
    from sklearn.metrics import average_precision_score

    generator = np.random.default_rng(1)
    box, films = [0.0, 0, 4, 4], 200
    right = generator.random(films) < 0.4
    score = generator.random(films) * 0.5 + 0.5 * np.sort(generator.random(films))  # no ties
    found = np.array([[[s, *(box if hit else [9, 9, 2, 2])]] for s, hit in zip(score, right, strict=True)])
    marked = np.array([[box if hit else NONE] for hit in right])
    marks = metrics.in_order(found, marked)
    _, sensitivity, precision = metrics.froc_curve(marks)
    plain = float(np.diff(sensitivity) @ precision[1:])
    assert plain == pytest.approx(average_precision_score(right, score))
    assert froc.average_precision(sensitivity, precision) >= plain


def test_intervals_draw_patients_and_hold_the_value():
    found, marked = drawn_films(0, films=90)
    table = metrics.froc_summary(found, marked, np.arange(90) // 2)
    assert table["measure"].tolist() == ["sensitivity"] * 5 + ["average_precision"]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    twice = metrics.froc_summary(
        np.tile(found, (2, 1, 1)), np.tile(marked, (2, 1, 1)), np.tile(np.arange(90), 2), draws=200
    )
    once = metrics.froc_summary(found, marked, np.arange(90), draws=200)
    np.testing.assert_allclose(twice["value"], once["value"])
    np.testing.assert_allclose(
        twice["low"], once["low"]
    )  # a patient's second look at the same film tells nothing new
    nothing = metrics.froc_summary(found, np.full_like(marked, np.nan), np.arange(90), draws=20)
    assert nothing["value"].isna().all()
    summary = metrics.box_summary(metrics.box_table(found, marked, 0.3), np.arange(90) // 2)
    assert (summary["mean_low"] < summary["mean"]).all() and summary.index.tolist() == [
        *metrics.BOX_SHARES,
        "false_boxes",
    ]


def test_films_without_a_mark_by_hand_have_no_hit():
    found = np.tile([0.9, 0, 0, 4, 4], (2, 3, 1))
    right = box_hits.hits(found, np.zeros((2, 0, 4)), [0.3, 0.5])
    assert right.shape == (2, 2, 3) and not right.any()


def test_average_precision_has_the_spread_of_its_draws_on_logits():
    drawn = np.array([0.4, 0.5, 0.6, np.nan, 1.0])
    reach = stats.norm.ppf(0.975) * np.std(special.logit([0.4, 0.5, 0.6, 1 - 0.5 / 20]))
    expected = special.expit(special.logit(0.5) + np.array([-reach, reach]))
    assert froc._logit_ends(0.5, drawn, 20) == pytest.approx(tuple(expected))
    assert (
        np.isnan(froc._logit_ends(0.5, drawn[:0], 20)).all()
        and np.isnan(froc._logit_ends(0.5, drawn, 0)).all()
    )


def test_other_draws_have_other_ends_and_the_same_the_same():
    found, marked = drawn_films(0, films=60)
    first, again, other = (
        metrics.froc_summary(found, marked, np.arange(60), draws=40, seed=seed) for seed in (0, 0, 1)
    )
    assert first.equals(again) and not np.allclose(first["low"], other["low"])
