"""Drawn films: anatomy where it belongs, and a task that grey alone does not solve."""

import dataclasses

import numpy as np
import pytest

from radlib.datasets import synthetic
from radlib.imaging.phantoms import anatomy, phantoms
from radlib.metrics.discrimination import auroc


def draw(seed, opacity=False, view="PA", side=128):
    generator = np.random.default_rng(seed)
    return phantoms.draw_film(phantoms.draw_patient(generator), view, opacity, generator, side=side)


def test_lungs_are_dark_and_the_middle_is_bright():
    mean = np.mean([draw(seed).image for seed in range(12)], axis=0)
    right_lung, left_lung, spine = mean[45:60, 30:45], mean[40:55, 85:97], mean[70:90, 60:66]
    assert right_lung.mean() < spine.mean() - 0.3
    assert left_lung.mean() < spine.mean() - 0.3
    assert mean[110:125, 30:50].mean() > right_lung.mean() + 0.2  # below the diaphragm
    assert (
        mean[85:92, 78:88].mean() > mean[85:92, 40:50].mean() + 0.1
    )  # the heart points to the patient's left


@pytest.mark.parametrize("view", ["AP", "PA"])
def test_opacities_lie_in_their_boxes_and_brighten_them(view):
    """The same patient, place and breath with and without; inside the boxes the difference is."""
    inside, outside = [], []
    for seed in range(10):
        patient = phantoms.draw_patient(np.random.default_rng(seed))
        sick, well = (
            phantoms.draw_film(patient, view, opacity, np.random.default_rng(seed), side=128)
            for opacity in (True, False)
        )
        assert (sick.finding, well.boxes) == (phantoms.OPACITY, ())
        assert 1 <= len(sick.boxes) <= 3
        boxed = np.zeros((128, 128), bool)
        for x, y, width, height in sick.boxes:
            assert min(x, y) >= 0
            assert max(x + width, y + height) <= 128
            boxed[y : y + height, x : x + width] = True
        difference = sick.image - well.image
        inside.append(difference[boxed].mean())
        outside.append(difference[~boxed].mean())
    assert np.mean(inside) > np.mean(outside) + 0.1


def test_films_without_opacity_have_no_boxes():
    drawings = [draw(seed) for seed in range(20)]
    assert not any(d.boxes for d in drawings)
    assert {d.finding for d in drawings} == {phantoms.NORMAL, phantoms.NOT_NORMAL}


def test_the_same_generator_draws_the_same_film():
    np.testing.assert_array_equal(draw(5, True).image, draw(5, True).image)
    assert np.abs(draw(5).image - draw(6).image).mean() > 0.02


def test_images_are_grey_in_range_at_any_size():
    for side in (64, 128, 256):
        image = draw(1, True, side=side).image
        assert image.shape == (side, side)
        assert image.dtype == np.float32
        assert 0 <= image.min() < image.max() <= 1


def test_mean_brightness_does_not_solve_the_task():
    sick = [draw(seed, True, side=64).image.mean() for seed in range(100)]
    well = [draw(seed + 1000, False, side=64).image.mean() for seed in range(100)]
    truth = np.repeat([1, 0], 100)
    assert 0.35 < auroc(truth, np.array(sick + well)) < 0.65


def test_opacities_are_more_frequent_in_bed_and_in_the_old():
    assert synthetic.opacity_frequency("AP", 50) > 2 * synthetic.opacity_frequency("PA", 50)
    assert synthetic.opacity_frequency("PA", 80) > synthetic.opacity_frequency("PA", 20)


def test_a_frame_puts_points_where_its_matrix_says():
    """The midline at mid-height stays in the centre; a shallow breath raises the diaphragm, not the apex."""
    assert anatomy.Frame(100).pixels([(0.0, 0.5), (0.1, 0.5)]) == [(50.0, 50.0), (60.0, 50.0)]
    shallow = anatomy.Frame(100, breath=0.9).pixels([(0.0, anatomy.APEX), (0.0, anatomy.APEX + 0.5)])
    np.testing.assert_allclose(shallow, [(50, 12), (50, 57)])
    turned = anatomy.Frame(100, turn=np.pi / 2, right=0.1).pixels([(0.2, 0.5)])
    np.testing.assert_allclose(turned, [(60, 70)])


def test_a_layer_is_moved_to_where_it_would_have_been_drawn():
    drawn_in = anatomy.Frame(320, scale=0.8)
    here = anatomy.Frame(256, scale=1.1, right=0.03, down=-0.02, turn=0.05, width=0.95, breath=0.95)
    moved = anatomy.placed(anatomy.filled(drawn_in, [anatomy.HEART], 1), drawn_in, here)
    direct = anatomy.filled(here, [anatomy.HEART], 1)
    assert np.abs(moved - direct).mean() < 0.005


def test_rounded_corners_keep_the_ends_of_an_open_curve():
    curve = anatomy.smooth([(0, 0), (1, 0), (1, 1)], closed=False)
    np.testing.assert_allclose(curve[[0, -1]], [(0, 0), (1, 1)])
    assert len(curve) > 6


def test_patients_differ():
    patients = [phantoms.draw_patient(np.random.default_rng(n)) for n in range(200)]
    assert {p.sex for p in patients} == {"F", "M"}
    ages = np.array([p.age for p in patients])
    assert ages.min() >= 18
    assert ages.std() > 10
    assert len({dataclasses.astuple(p) for p in patients}) == 200
