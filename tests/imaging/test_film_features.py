"""Numbers of a film's look: each moves with what it is named after."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from radlib.imaging.film_features import ASPECTS, FEATURES, MEANINGS, aspect_of, film_features
from radlib.imaging.images import Preprocessing, prepare
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient
from radlib.metrics.shift import shift_of

PLACE = {name: number for number, name in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """Eighty films of eighty drawn patients, uint8 (80, 48, 48)."""
    generator = np.random.default_rng(0)
    preparation = Preprocessing(48)
    patients = [draw_patient(generator) for _ in range(80)]
    return np.stack(
        [prepare(draw_film(p, "PA", False, generator, side=96).image, preparation) for p in patients]
    )


def brighter(films) -> np.ndarray:
    return np.clip(films.astype(int) + 25, 0, 255).astype(np.uint8)


def softer(films) -> np.ndarray:
    return np.round(gaussian_filter(films.astype(float), (0, 0.7, 0.7))).astype(np.uint8)


def grainier(films) -> np.ndarray:
    grain = np.random.default_rng(0).normal(0, 8, films.shape)
    return np.clip(films + grain, 0, 255).astype(np.uint8)


def cropped(films) -> np.ndarray:
    return np.pad(films, ((0, 0), (8, 8), (8, 8)))[:, 4:-4, 4:-4]


def test_every_feature_has_a_meaning_and_an_aspect(drawn):
    assert set(MEANINGS) == set(FEATURES) and len(set(FEATURES)) == len(FEATURES)
    assert {aspect_of(name) for name in FEATURES} == set(ASPECTS)
    assert film_features(drawn[:3]).shape == (3, len(FEATURES)) and film_features(drawn[:0]).shape[0] == 0


def test_quantiles_are_those_of_the_greys(drawn):
    found = film_features(drawn[:4])
    wanted = [np.quantile(film, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf") for film in drawn[:4]]
    assert np.allclose(found[:, :5] * 255, wanted)


@pytest.mark.parametrize(
    ("film", "feature", "more"),
    [
        (brighter, "grey_50", True),
        (lambda films: films // 2, "contrast", False),
        (softer, "octave_1", False),
        (grainier, "noise", True),
        (cropped, "black_border", True),
        (lambda films: np.roll(films, 6, axis=1), "band_down_1", None),
    ],
)
def test_each_moves_with_what_it_is_named_after(drawn, film, feature, more):
    before, after = (film_features(f)[:, PLACE[feature]] for f in (drawn, film(drawn)))
    moved = after - before
    assert (np.abs(moved) > 1e-9).mean() > 0.9
    assert more is None or (moved > 0).mean() == pytest.approx(float(more), abs=0.1)


def test_a_film_of_one_grey_has_finite_numbers():
    assert np.isfinite(film_features(np.zeros((1, 32, 32), np.uint8))).all()


@pytest.mark.parametrize(
    ("room", "aspect"),
    [(brighter, "grey level"), (softer, "sharpness"), (grainier, "sharpness"), (cropped, "framing")],
)
def test_films_of_another_room_are_told_apart_and_two_draws_are_not(drawn, room, aspect):
    patients = np.arange(40), 40 + np.arange(40)
    first, second = film_features(drawn[:40]), film_features(drawn[40:])
    same = shift_of(first, second, *patients, permutations=99)
    assert same.p > 0.05 and same.auroc < 0.65
    other = shift_of(first, film_features(room(drawn[40:])), *patients, permutations=99)
    assert other.p == 0.01 and other.auroc > 0.9
    assert aspect in {aspect_of(FEATURES[place]) for place in np.flatnonzero(other.p_each <= 0.05)}
