"""Masks move as their films do: by the same draw, and by nothing that changes grey levels alone."""

import numpy as np
import pytest

from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.varied_films import augment_batch, augment_masks

SIDE = 48


def squares(count=6, seed=0):
    """Films that are bright exactly where their mask is."""
    generator, masks = np.random.default_rng(seed), np.zeros((count, SIDE, SIDE, 1), np.uint8)
    for mask in masks:
        row, column, side = generator.integers(6, 20, 3)
        mask[row : row + side, column : column + side] = 1
    return masks, masks[..., 0].astype(np.float32)


@pytest.mark.parametrize("flip", [False, True])
def test_a_mask_lies_where_its_film_is_bright(flip):
    masks, films = squares()
    geometry = {"rotation_degrees": 20, "shift": 0.1, "zoom": 0.4, "stretch": 0.2, "shear_degrees": 8}
    how = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **geometry, "horizontal_flip": flip})
    moved = augment_masks(masks, how, 3, 1, np.arange(6))
    bright = augment_batch(films, how, 3, 1, np.arange(6)) >= 0.5
    assert (moved[..., 0] == bright).all() and moved.dtype == np.uint8
    assert (moved != masks).any(axis=(1, 2, 3)).sum() >= 4  # how far each goes is drawn
    other = augment_masks(masks, how, 3, 2, np.arange(6))
    assert (other != moved).any()


def test_grey_levels_move_no_mask_and_take_no_draw_from_what_does():
    masks, _ = squares()
    grey = {"brightness": 0.3, "contrast": 1.0, "gamma": 1.0, "noise": 0.1, "jpeg": 0.5, "blur": 0.05}
    only = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), **grey})
    assert (augment_masks(masks, only, 0, 0, np.arange(6)) == masks).all()
    framed = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), "shift": 0.2})
    both = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), "shift": 0.2, **grey})
    place = np.arange(6)
    assert (augment_masks(masks, framed, 0, 0, place) == augment_masks(masks, both, 0, 0, place)).all()
    assert (augment_masks(masks, NO_AUGMENTATION, 0, 0, place) == masks).all()


def test_each_label_moves_by_itself_and_alike():
    masks, _ = squares()
    two = np.concatenate([masks, 1 - masks], axis=-1)
    how = Augmentation.from_dict({**NO_AUGMENTATION.to_dict(), "shift": 0.2})
    moved = augment_masks(two, how, 0, 0, np.arange(6))
    assert (moved[..., :1] == augment_masks(masks, how, 0, 0, np.arange(6))).all()
    assert not (moved[..., 0] & moved[..., 1]).any()
