"""Covering what decides lowers the probability, and covering anything else does not."""

import numpy as np
import pytest

from radlib.evaluation.occlusion import occlusion
from radlib.formats import Predictor


def watching(place: tuple[slice, slice]) -> Predictor:
    """A network whose probability of the finding is the mean grey of one place."""

    def predict(films: np.ndarray) -> np.ndarray:
        finding = films[..., 0][:, place[0], place[1]].mean(axis=(1, 2))
        return np.stack([1 - finding, finding], axis=1)

    return Predictor(predict, (20, 20, 1), 2, "none", "none", 1, lambda: None)


def bright_corner() -> np.ndarray:
    film = np.zeros((20, 20), np.float32)
    film[:4, :4] = 1.0
    return film


def test_only_squares_that_touch_the_deciding_place_matter():
    fall = occlusion(watching((slice(0, 4), slice(0, 4))), bright_corner(), patch=0.2, stride=0.2)
    # Squares of 4 pixels tile the film without overlap; the grey they paint is the film's mean, 16 / 400.
    assert fall[:4, :4] == pytest.approx(1 - 16 / 400, abs=1e-6)
    rest = fall.copy()
    rest[:4, :4] = 0
    assert rest == pytest.approx(0, abs=1e-6)


def test_the_other_output_rises_where_the_watched_one_falls():
    model = watching((slice(0, 4), slice(0, 4)))
    finding, normal = (occlusion(model, bright_corner(), output=output) for output in (1, 0))
    assert finding == pytest.approx(-normal, abs=1e-5)


def test_every_pixel_is_covered_whatever_the_stride():
    fall = occlusion(watching((slice(None), slice(None))), np.ones((20, 20), np.uint8) * 255, stride=0.15)
    assert fall.shape == (20, 20) and np.isfinite(fall).all()
