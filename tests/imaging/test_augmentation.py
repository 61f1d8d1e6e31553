"""Augmentation: what it moves, that it stays in range, and that it can be replayed."""

import dataclasses
import io
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from radlib.foundation.errors import UsageError
from radlib.foundation.value_types import Range, words
from radlib.imaging.augmentation import AUGMENTATION_ANNOTATIONS, NO_AUGMENTATION, Augmentation
from radlib.imaging.film_changes import UNSHARP_RADIUS, coarsened
from radlib.imaging.varied_films import augment, augment_batch

STRONG = Augmentation(
    rotation_degrees=30,
    shift=0.3,
    zoom=0.5,
    stretch=0.4,
    shear_degrees=15,
    brightness=0.5,
    contrast=1.0,
    gamma=1.0,
    blur=0.05,
    sharpen=2.0,
    noise=0.0,
    coarsen=0.0,
    jpeg=0.0,
    erase=0.5,
    least_strength=0.0,
    spared=0.0,
    spared_exposure=0.0,
)


class Extreme:
    """A generator that always draws the same place in every range, at full strength unless told."""

    def __init__(self, value, strength=1.0):
        self.value = value
        self.strength = strength

    def uniform(self, low, high, size):
        drawn = np.full(size, self.value)
        drawn[21] = self.strength
        return drawn


@pytest.fixture
def film():
    """A uint8 film without any symmetry."""
    return np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)


@pytest.fixture
def films():
    return np.random.default_rng(1).integers(0, 256, (6, 24, 32), dtype=np.uint8)


def only(**fields):
    return dataclasses.replace(NO_AUGMENTATION, **fields)


def test_nothing_is_changed_when_all_is_zero(film):
    expected = film.astype(np.float32) / 255
    generator = np.random.default_rng(0)
    assert np.array_equal(augment(film, NO_AUGMENTATION, generator), expected)
    assert np.array_equal(augment(expected, NO_AUGMENTATION, generator), expected)


def test_quarter_turn_is_exact(film):
    turned = augment(film, only(rotation_degrees=90), Extreme(1.0))
    np.testing.assert_allclose(turned, np.rot90(film, -1) / 255, atol=1e-5)


def test_shift_moves_right_and_down_and_fills_with_black(film):
    moved = augment(film, only(shift=0.25), Extreme(1.0))
    np.testing.assert_allclose(moved[10:, 10:], film[:-10, :-10] / 255, atol=1e-6)
    assert not moved[:10].any()
    assert not moved[:, :10].any()


def test_zoom_magnifies_about_the_centre():
    disc = np.zeros((60, 60), np.float32)
    disc[25:35, 25:35] = 1
    larger = augment(disc, only(zoom=0.5), Extreme(1.0))
    smaller = augment(disc, only(zoom=0.5), Extreme(-1.0))
    assert larger.sum() == pytest.approx(disc.sum() * 1.5**2, rel=0.05)
    assert smaller.sum() == pytest.approx(disc.sum() / 1.5**2, rel=0.05)
    np.testing.assert_allclose(larger, larger[::-1, ::-1], atol=1e-5)


def test_stretch_keeps_the_area_and_changes_the_aspect():
    square = np.zeros((60, 60), np.float32)
    square[20:40, 20:40] = 1
    wide = augment(square, only(stretch=0.44), Extreme(1.0))
    assert wide.sum() == pytest.approx(square.sum(), rel=0.02)
    assert wide[30].sum() == pytest.approx(20 * 1.2, rel=0.02)


def gaussian_matrix(side, deviation):
    """Blurring along one axis as a matrix, edges mirrored: another way than the code under test."""
    reach = int(3 * deviation + 0.5)
    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-(steps**2) / (2 * deviation**2))
    matrix = np.zeros((side, side))
    for row in range(side):
        for step, share in zip(steps, kernel / kernel.sum(), strict=True):
            column = row + step
            column = -column - 1 if column < 0 else 2 * side - column - 1 if column >= side else column
            matrix[row, column] += share
    return matrix


def test_half_of_the_films_are_blurred(film):
    blurred = augment(film, only(blur=0.05, sharpen=2.0), Extreme(-1.0))
    matrix = gaussian_matrix(40, 0.05 * 40)
    np.testing.assert_allclose(blurred, matrix @ (film / 255) @ matrix.T, atol=1e-5)


def test_the_other_half_is_sharpened():
    film = np.full((40, 40), 0.4, np.float32)
    film[:, 20:] = 0.6
    sharpened = augment(film, only(blur=0.05, sharpen=2.0), Extreme(1.0))
    matrix = gaussian_matrix(40, UNSHARP_RADIUS * 40)
    np.testing.assert_allclose(sharpened, film + 2 * (film - matrix @ film @ matrix.T), atol=1e-5)
    assert sharpened.max() > film.max()  # the edge overshoots


def test_exposure_follows_its_formulas():
    film = np.linspace(0.3, 0.6, 64, dtype=np.float32).reshape(8, 8)
    brighter = augment(film, only(brightness=0.2), Extreme(0.5))
    harder = augment(film, only(contrast=0.5), Extreme(1.0))
    darker = augment(film, only(gamma=1.0), Extreme(1.0))
    np.testing.assert_allclose(brighter, film + 0.1, atol=1e-6)
    np.testing.assert_allclose(harder, (film - film.mean()) * 1.5 + film.mean(), atol=1e-6)
    np.testing.assert_allclose(darker, film**2, atol=1e-6)


def test_strength_scales_every_change(film):
    weak = augment(film, only(shift=0.5), Extreme(1.0, strength=0.5))
    assert np.array_equal(weak, augment(film, only(shift=0.25), Extreme(1.0)))
    assert np.array_equal(augment(film, STRONG, Extreme(1.0, strength=0.0)), film.astype(np.float32) / 255)


def test_a_film_can_be_varied_fully_always(film):
    drawn = only(shift=0.5, least_strength=1.0)
    assert np.array_equal(
        augment(film, drawn, Extreme(1.0, strength=0.0)), augment(film, only(shift=0.5), Extreme(1.0))
    )
    half = augment(film, only(shift=0.5, least_strength=0.5), Extreme(1.0, strength=0.0))
    assert np.array_equal(half, augment(film, only(shift=0.25), Extreme(1.0)))


def test_each_kind_of_change_spares_its_own_share_of_films(films):
    many, plain = np.repeat(films, 100, axis=0), np.repeat(films, 100, axis=0).astype(np.float32) / 255
    spared = {}
    for kind in (
        {"shift": 0.3},
        {"blur": 0.1, "sharpen": 2.0},
        {"coarsen": 3.0},
        {"contrast": 1.0},
        {"noise": 0.1},
        {"jpeg": 0.9},
    ):
        varied = augment_batch(many, only(spared=0.3, spared_exposure=0.3, **kind), 5, 0, range(600))
        spared[next(iter(kind))] = np.array(
            [np.array_equal(*pair) for pair in zip(varied, plain, strict=True)]
        )
    assert all(0.24 < whole.mean() < 0.45 for whole in spared.values()), {
        k: v.mean() for k, v in spared.items()
    }
    both = np.mean(spared["shift"] & spared["noise"])
    assert 0.05 < both < 0.13  # drawn for each kind by itself
    assert np.array_equal(augment_batch(many, only(spared=1.0, shift=0.3), 5, 0, range(600)), plain)


def test_exposure_spares_nobody_unless_told(films):
    many, plain = np.repeat(films, 100, axis=0), np.repeat(films, 100, axis=0).astype(np.float32) / 255
    every = augment_batch(many, only(spared=0.3, contrast=1.0), 5, 0, range(600))
    assert np.mean([np.array_equal(*pair) for pair in zip(every, plain, strict=True)]) < 0.01
    some = augment_batch(many, only(spared_exposure=0.3, contrast=1.0), 5, 0, range(600))
    left = [np.array_equal(*pair) for pair in zip(some, plain, strict=True)]
    assert 0.24 < np.mean(left) < 0.36
    assert np.array_equal(some[~np.array(left)], every[~np.array(left)])  # who is changed is changed alike
    assert Augmentation().spared_exposure == 0 < Augmentation().spared


def test_resolution_is_lost_by_drawn_filters(film):
    plain = film.astype(np.float32) / 255
    coarse = [augment(film, only(coarsen=3.0), np.random.default_rng(number)) for number in range(12)]
    roughness = [np.abs(np.diff(image)).mean() for image in coarse]
    assert max(roughness) <= np.abs(np.diff(plain)).mean() + 1e-6
    assert min(roughness) < np.abs(np.diff(plain)).mean() / 2
    by_block = Image.fromarray(plain).resize((10, 10), Image.Resampling.BOX)
    expected = np.asarray(by_block.resize((40, 40), Image.Resampling.BOX))
    assert np.array_equal(coarsened(plain[None], [4.0], [0], [0])[0], expected)
    assert not np.array_equal(coarsened(plain[None], [4.0], [0], [3])[0], expected)


def test_jpeg_loses_what_a_file_of_that_quality_loses(film):
    stored = io.BytesIO()
    Image.fromarray(film).save(stored, "JPEG", quality=40)
    expected = np.asarray(Image.open(stored), np.float32) / 255
    assert np.array_equal(augment(film, only(jpeg=0.6), Extreme(1.0)), expected)


def test_films_together_change_as_they_do_alone(films):
    everything = dataclasses.replace(STRONG, noise=0.2, coarsen=1.0, jpeg=0.5, horizontal_flip=True)
    together = augment_batch(films, everything, 3, 2, range(6))
    for position, image in enumerate(films):
        alone = augment(image, everything, np.random.default_rng((3, 2, position)))
        np.testing.assert_allclose(together[position], alone, atol=1 / 255 + 1e-6)


def test_erase_paints_a_rectangle_of_at_most_the_given_side(film):
    erased = augment(film, only(erase=0.25), np.random.default_rng(5))
    rows, columns = np.nonzero(erased != film.astype(np.float32) / 255)
    assert 0 < np.ptp(rows) + 1 <= 10
    assert 0 < np.ptp(columns) + 1 <= 10


def test_range_shape_and_type(films):
    everything = dataclasses.replace(STRONG, noise=0.2, horizontal_flip=True)
    for images in (films, films.astype(np.float32) / 255):
        for epoch in range(20):
            varied = augment_batch(images, everything, 0, epoch, range(6))
            assert varied.dtype == np.float32
            assert varied.shape == images.shape
            assert varied.min() >= 0
            assert varied.max() <= 1


def test_same_arguments_same_bytes(films):
    first = augment_batch(films, STRONG, 3, 2, range(6))
    assert first.tobytes() == augment_batch(films, STRONG, 3, 2, range(6)).tobytes()
    assert first.tobytes() != augment_batch(films, STRONG, 4, 2, range(6)).tobytes()
    assert first.tobytes() != augment_batch(films, STRONG, 3, 1, range(6)).tobytes()


def test_a_film_does_not_depend_on_its_batch(films):
    whole = augment_batch(films, STRONG, 3, 2, range(6))
    order = [4, 0, 5]
    assert np.array_equal(augment_batch(films[order], STRONG, 3, 2, order), whole[order])


def test_switching_one_change_off_leaves_the_others(film):
    both = augment(film, only(rotation_degrees=20, brightness=0.0), np.random.default_rng(1))
    one = augment(film, only(rotation_degrees=20, brightness=1e-9), np.random.default_rng(1))
    np.testing.assert_allclose(both, one, atol=1e-6)


def test_films_are_not_mirrored_by_default(film):
    assert not Augmentation().horizontal_flip
    assert np.array_equal(augment(film, only(), Extreme(-0.5)), film.astype(np.float32) / 255)
    mirrored = augment(film, only(horizontal_flip=True), Extreme(-0.5))
    np.testing.assert_allclose(mirrored, film[:, ::-1] / 255, atol=1e-6)


def test_the_input_is_left_alone(film):
    before = film.copy()
    augment(film, STRONG, np.random.default_rng(0))
    assert np.array_equal(film, before)


def test_record_survives_the_round_trip():
    assert Augmentation.from_dict(STRONG.to_dict()) == STRONG
    assert Augmentation.from_dict({}) == Augmentation()


def test_unknown_field_is_named_with_the_valid_ones():
    with pytest.raises(UsageError, match=r"'rotate'.*rotation_degrees.*horizontal_flip"):
        Augmentation.from_dict({"rotate": 3})
    with pytest.raises(UsageError, match="shift"):
        Augmentation(shift=-0.1)


@pytest.mark.parametrize("name", AUGMENTATION_ANNOTATIONS)
def test_the_range_that_is_documented_is_the_range_that_is_taken(name, film):
    annotation = AUGMENTATION_ANNOTATIONS[name]
    if annotation is bool:
        assert Augmentation.from_dict({name: "no"}) == Augmentation() != Augmentation.from_dict({name: "yes"})
        refused = ["maybe", 2]
    else:
        limits = next(limit for limit in annotation.__metadata__ if isinstance(limit, Range))
        highest = math.nextafter(limits.high, 0) if limits.open_high else limits.high
        for taken in (limits.low, highest):
            varied = augment(film, Augmentation.from_dict({name: taken}), np.random.default_rng(0))
            assert getattr(Augmentation(**{name: taken}), name) == taken and np.isfinite(varied).all()
        assert str(limits) in words(annotation)
        refused = [math.nextafter(limits.low, -1), math.nextafter(highest, math.inf), math.nan, "much"]
    for value in refused:
        told = re.escape(f"{name!r} takes {words(annotation)}, not")
        with pytest.raises(UsageError, match=told):
            Augmentation(**{name: value})
        with pytest.raises(UsageError, match=told):
            Augmentation.from_dict({name: value})


def test_tensorflow_is_not_imported():
    code = "import sys, radlib.imaging.augmentation; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
