"""Boxes become maps and maps boxes again; what moves a film moves its boxes to the same place."""

import numpy as np
import pytest

from radlib.foundation.errors import DataError
from radlib.imaging import moved_boxes
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.centre_maps import MOST, boxes_of, by_label, maps_of
from radlib.imaging.moved_boxes import augment_boxes
from radlib.imaging.varied_films import augment_batch, augment_masks
from radlib.metrics import box_overlap

SIDE = 64


def drawn_boxes(films=12, most=2, labels=1, seed=0):
    """Boxes well inside the film and apart; the last film has none."""
    generator, boxes = np.random.default_rng(seed), np.full((films, most, 5), np.nan)
    for film in range(films - 1):
        for place in range(most):
            x = generator.uniform(4, 12) + 30 * place
            boxes[film, place] = [
                generator.integers(labels),
                x,
                generator.uniform(8, 30),
                *generator.uniform(9, 20, 2),
            ]
    return boxes


@pytest.mark.parametrize("labels", [1, 3])
def test_maps_are_decoded_to_the_boxes_that_they_were_made_of(labels):
    boxes = drawn_boxes(labels=labels)
    maps = maps_of(boxes, labels, SIDE)
    assert maps.shape == (12, 16, 16, labels + 4) and maps.min() >= 0 and maps.max() == 1
    again, wanted = boxes_of(maps, labels, least=0.99), by_label(boxes, labels)
    overlap = box_overlap(again[..., 1:], wanted)
    assert overlap.max(axis=-1).sum(axis=-1) == pytest.approx(
        (~np.isnan(wanted[..., 0])).sum(axis=-1), abs=1e-3
    )
    assert np.isnan(again[-1]).all() and (np.nan_to_num(again[..., 0]) >= 0).all()


def test_a_bell_is_as_wide_as_its_box_and_the_higher_one_counts():
    wide = maps_of(np.array([[[0, 8.0, 24.0, 48.0, 16.0]]]), 1, SIDE)[0, ..., 0]
    across, down = wide[8, 8:12], wide[8:12, 8]
    assert wide[8, 8] == 1 and across[1] > down[1] > 0.01
    # shifted by r the box keeps an overlap of 0.7, and the bell has fallen to exp(-r² / 2σ²) there
    radius = 12 * 0.3 / 1.7
    sigma = (2 * radius + 1) / 6
    np.testing.assert_allclose(across, np.exp(-(np.arange(4) ** 2) / (2 * sigma**2)), rtol=1e-5)
    two = maps_of(np.array([[[0, 8.0, 24.0, 48.0, 16.0], [0, 16.0, 24.0, 48.0, 16.0]]]), 1, SIDE)[0, ..., 0]
    assert two[8, 8] == two[8, 10] == 1 and two[8, 9] == pytest.approx(across[1])


def test_of_equal_neighbours_one_peak_counts():
    maps = np.zeros((1, 8, 8, 5), np.float32)
    maps[..., 1:3] = 0.25
    maps[0, 2:4, 2:4, 0] = 0.5  # a plateau, as few levels make it
    maps[0, 6, 6, 0], maps[0, 6, 0, 0] = 0.75, 0.01
    found = boxes_of(maps, 1)[0, 0]
    assert found[:2, 0].tolist() == [0.75, 0.5] and np.isnan(found[2:]).all()
    assert found[0, 1:].tolist() == [20.0, 20.0, 8.0, 8.0]


def test_so_many_boxes_are_kept_and_no_more():
    heat = np.random.default_rng(0).random((2, 16, 16, 5), dtype=np.float32)
    found = boxes_of(heat, 1)
    assert found.shape == (2, 1, MOST, 5) and (np.diff(found[:, 0, :, 0]) <= 0).all()
    with pytest.raises(DataError, match="21 boxes of one label"):
        by_label(np.ones((1, 21, 5)) * [0, 1, 1, 2, 2], 1)


@pytest.mark.parametrize("flip", [False, True])
def test_boxes_lie_where_their_films_are_bright(flip):
    """Ellipses, since round things are what a box is drawn around."""
    boxes, (rows, columns) = drawn_boxes(films=20, most=1), np.mgrid[:SIDE, :SIDE] + 0.5
    films = np.zeros((20, SIDE, SIDE), np.float32)
    for film, (_, x, y, width, height) in zip(films[:-1], boxes[:-1, 0], strict=True):
        film[
            ((columns - x - width / 2) / (width / 2)) ** 2 + ((rows - y - height / 2) / (height / 2)) ** 2
            <= 1
        ] = 1
    geometry = {"rotation_degrees": 25, "shift": 0.15, "zoom": 0.4, "stretch": 0.3, "shear_degrees": 8}
    how = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **geometry, "horizontal_flip": flip})
    moved = augment_boxes(boxes, how, 3, 1, np.arange(20), side=SIDE)
    bright = augment_batch(films, how, 3, 1, np.arange(20)) >= 0.5
    for mask, box in zip(bright[:-1], moved[:-1, 0], strict=True):
        if np.isnan(box[0]):
            continue
        lines, places = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        around = [places[0], lines[0], places[-1] - places[0] + 1, lines[-1] - lines[0] + 1]
        assert box_overlap([box[1:]], [around])[0, 0] > 0.8
    assert np.isnan(moved[-1]).all() and (~np.isnan(moved[:-1, 0, 0])).sum() > 12


def test_grey_levels_move_no_box_and_masks_move_alike():
    boxes, grey = drawn_boxes(), {"brightness": 0.3, "contrast": 1.0, "noise": 0.1, "jpeg": 0.5}
    place, only = np.arange(12), Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **grey})
    np.testing.assert_allclose(augment_boxes(boxes, only, 0, 0, place, side=SIDE), boxes)
    both = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **grey, "shift": 0.1})
    masks = np.zeros((12, SIDE, SIDE, 1), np.uint8)
    for mask, (_, x, y, width, height) in zip(masks[:-1], np.rint(boxes[:-1, 0]).astype(int), strict=True):
        mask[y : y + height, x : x + width] = 1
    moved = augment_boxes(boxes, both, 0, 0, place, side=SIDE)[:-1, 0]
    for mask, box in zip(augment_masks(masks, both, 0, 0, place)[:-1, ..., 0], moved, strict=True):
        assert np.flatnonzero(mask.any(0))[0] == pytest.approx(box[1], abs=1.6)
        assert np.flatnonzero(mask.any(1))[0] == pytest.approx(box[2], abs=1.6)


def test_a_box_that_left_the_film_is_none():
    out = np.array([[1.0, 0, 75, 0, 1, 0]])  # seventy-five pixels to the left
    boxes = np.array([[[0, 5.0, 5, 20, 20], [0, 50.0, 5, 20, 20]]])
    moved = moved_boxes.moved(boxes, out, SIDE)
    assert np.isnan(moved[0]).all()
    half = moved_boxes.moved(boxes, np.array([[1.0, 0, 15, 0, 1, 0]]), SIDE)[0]
    assert half[0, 1:].tolist() == [0, 5, 10, 20] and half[1, 1:].tolist() == [35, 5, 20, 20]
