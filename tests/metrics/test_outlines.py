"""Measures of outlines: against scipy's own distances, every pair of edge pixels, and masks counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import spatial

from radlib import metrics
from radlib.foundation.errors import UsageError
from radlib.metrics import surface_distance


def blobs(seed, films=6, side=24):
    """Smooth patches, never empty, and the same moved and frayed."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    truth, drawn = np.zeros((2, films, side, side), bool)
    for film in range(films):
        middle, radius = generator.uniform(5, side - 5, 2), generator.uniform(2, 6)
        truth[film] = np.hypot(rows - middle[0], columns - middle[1]) <= radius
        middle = middle + generator.normal(0, 2, 2)
        drawn[film] = np.hypot(rows - middle[0], columns - middle[1]) <= radius * generator.uniform(0.7, 1.3)
    return truth, drawn ^ (generator.random(drawn.shape) < 0.02)


@pytest.mark.parametrize("seed", range(3))
def test_overlap_is_that_of_scipy(seed):
    truth, drawn = blobs(seed)
    for film, (a, b) in enumerate(zip(truth, drawn, strict=True)):
        dice = 1 - spatial.distance.dice(a.ravel(), b.ravel())
        assert metrics.dice(truth, drawn)[film] == pytest.approx(dice)
        jaccard = 1 - spatial.distance.jaccard(a.ravel(), b.ravel())
        assert metrics.intersection_over_union(truth, drawn)[film] == pytest.approx(jaccard)
        assert jaccard == pytest.approx(dice / (2 - dice))


def edge_points(mask, spacing):
    """Coordinates of the pixels that have one of four neighbours outside, with the film's border taken as outside."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.argwhere(mask & ~inside) * spacing


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.4, 0.7)])
@pytest.mark.parametrize("seed", range(3))
def test_distances_are_those_of_all_pairs_of_edge_pixels(seed, spacing):
    """As MONAI publishes them: percentiles of either directed distance, the larger; the mean over both together."""
    truth, drawn = blobs(seed)
    for film, (a, b) in enumerate(zip(truth, drawn, strict=True)):
        first, second = (edge_points(mask, spacing) for mask in (a, b))
        pairs = spatial.distance.cdist(first, second)
        there, back = pairs.min(axis=1), pairs.min(axis=0)
        expected = max(np.percentile(there, 95), np.percentile(back, 95))
        assert metrics.hausdorff_95(truth, drawn, spacing)[film] == pytest.approx(expected)
        mean = np.concatenate([there, back]).mean()
        assert metrics.average_surface_distance(truth, drawn, spacing)[film] == pytest.approx(mean)


def test_at_100_percent_it_is_scipys_hausdorff_distance(monkeypatch):
    monkeypatch.setattr(surface_distance, "PERCENTILE", 100.0)
    truth, drawn = blobs(7)
    for found, a, b in zip(metrics.hausdorff_95(truth, drawn), truth, drawn, strict=True):
        first, second = (edge_points(mask, (1, 1)) for mask in (a, b))
        both = [spatial.distance.directed_hausdorff(*pair)[0] for pair in ((first, second), (second, first))]
        assert found == pytest.approx(max(both))


def test_every_film_may_have_a_spacing_of_its_own():
    truth, drawn = blobs(1, films=2)
    spacing = np.array([[1.0, 1.0], [0.5, 0.5]])
    plain, own = metrics.hausdorff_95(truth, drawn), metrics.hausdorff_95(truth, drawn, spacing)
    assert own.tolist() == pytest.approx([plain[0], plain[1] / 2])


def test_empty_masks_agree_or_are_as_far_apart_as_a_film_is_wide():
    empty, one = np.zeros((1, 6, 8), bool), np.zeros((1, 6, 8), bool)
    one[0, 2, 2] = True
    assert metrics.dice(empty, empty) == metrics.intersection_over_union(empty, empty) == 1
    assert metrics.hausdorff_95(empty, empty) == metrics.average_surface_distance(empty, empty) == 0
    for pair in ((empty, one), (one, empty)):
        assert metrics.dice(*pair) == metrics.intersection_over_union(*pair) == 0
        assert metrics.hausdorff_95(*pair) == metrics.average_surface_distance(*pair) == 10
        assert metrics.hausdorff_95(*pair, (0.5, 0.5)) == 5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_whichever_is_called_the_truth_the_outlines_are_as_alike(seed):
    truth, drawn = blobs(seed, films=2)
    for measure in (
        metrics.dice, metrics.intersection_over_union, metrics.hausdorff_95, metrics.average_surface_distance,
    ):  # fmt: skip
        assert measure(truth, drawn) == pytest.approx(measure(drawn, truth))
    assert (metrics.dice(truth, truth) == 1).all() and (metrics.hausdorff_95(truth, truth) == 0).all()


def test_masks_of_other_shapes_are_refused():
    with pytest.raises(UsageError, match=r"Masks of shapes \(2, 4, 4\) and \(2, 4, 5\) cannot be compared"):
        metrics.dice(np.zeros((2, 4, 4)), np.zeros((2, 4, 5)))
    with pytest.raises(UsageError, match="both are films × rows × columns"):
        metrics.hausdorff_95(np.zeros((4, 4)), np.zeros((4, 4)))


def drawn_lesions():
    """Two films: a patch of 16, one of 4 that touches it at a corner no more, and one of 1; drawn half, not, and beside."""
    truth, drawn = np.zeros((2, 2, 12, 12), bool)
    truth[0, 0:4, 0:4], truth[0, 8:10, 8:10], truth[1, 5, 5] = True, True, True
    truth[1, 6, 6] = True  # touches the pixel above at a corner: one lesion of two
    drawn[0, 0:4, 0:2], drawn[0, 6, 0], drawn[1, 6, 6], drawn[1, 0, 0] = True, True, True, True
    return truth, drawn


def test_lesions_are_counted_one_by_one():
    table = metrics.lesion_table(*drawn_lesions())
    assert table["film"].tolist() == [0, 0, 1]
    assert table["share"].tolist() == [0.5, 0.0, 0.5]
    assert table["found"].tolist() == [True, False, True]
    assert table["diameter"].tolist() == pytest.approx([2 * np.sqrt(n / np.pi) for n in (16, 4, 2)])
    in_mm = metrics.lesion_table(*drawn_lesions(), (0.5, 2.0))
    assert in_mm["diameter"].tolist() == pytest.approx(table["diameter"].tolist())  # the same area
    assert metrics.false_patches(*drawn_lesions()).tolist() == [1, 1]


def test_a_tenth_of_a_lesion_is_enough_and_less_is_not():
    truth, drawn = np.zeros((2, 2, 4, 10), bool)
    truth[:, :2], drawn[0, 0, :2], drawn[1, 0, :1] = True, True, True
    assert metrics.lesion_table(truth, drawn)["found"].tolist() == [True, False]


def test_without_a_lesion_there_is_no_row():
    empty = np.zeros((3, 4, 4), bool)
    assert not len(metrics.lesion_table(empty, empty))


def test_a_row_a_film_holds_all_of_it():
    truth, drawn = blobs(3)
    truth[2], drawn[4] = False, False
    table = metrics.outline_table(truth, drawn, (0.5, 0.5))
    assert table["dice"].tolist() == metrics.dice(truth, drawn).tolist()
    assert table["hausdorff_95"].tolist() == metrics.hausdorff_95(truth, drawn, 0.5).tolist()
    assert table["lesions"].tolist()[2] == 0 and np.isnan(table["lesions_found"][2])
    assert table["lesions_found"].tolist()[4] == 0 and table["false_patches"][4] == 0


def test_outlines_fail_at_low_shares_and_high_distances():
    table = metrics.outline_table(*blobs(5, films=60))
    patients = np.arange(60) // 2
    summary = metrics.outline_summary(table, patients)
    assert summary.loc["dice"].to_dict() == metrics.film_summary(table["dice"], patients)
    distance = summary.loc["hausdorff_95"]
    assert distance["mean"] == pytest.approx(table["hausdorff_95"].mean())
    assert distance["failing"] == np.sort(table["hausdorff_95"])[-3]  # of sixty, the third from the end
    assert distance["mean_low"] < distance["mean"] < distance["mean_high"] < distance["failing"]
    assert distance["failing_low"] <= distance["failing"]
    assert np.isnan(
        distance["failing_high"]
    )  # so few films do not say how far off the worst twentieth may be
    many = metrics.film_summary(np.arange(400.0), np.arange(400), shares=False)
    assert many["failing_low"] < many["failing"] < many["failing_high"] < 399
