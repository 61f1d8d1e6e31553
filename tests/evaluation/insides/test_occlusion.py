"""Covering what decides lowers the probability, and covering anything else does not."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib.evaluation.insides.occlusion import lung_grey, occlusion
from radlib.formats.predictors import Predictor


def watching(place: tuple[slice, slice]) -> Predictor:
    """A network whose probability of the finding is the mean grey of one place."""

    def predict(films: np.ndarray) -> np.ndarray:
        finding = films[..., 0][:, place[0], place[1]].mean(axis=(1, 2))
        return np.stack([1 - finding, finding], axis=1)

    return Predictor(predict, (20, 20, 1), (2,), "none", "none", 1, lambda: None)


def bright_corner() -> np.ndarray:
    film = np.zeros((20, 20), np.float32)
    film[:4, :4] = 1.0
    return film


def test_only_squares_that_touch_the_deciding_place_matter():
    fall = occlusion(watching((slice(0, 4), slice(0, 4))), bright_corner(), patch=0.2, stride=0.2)
    # Squares of 4 pixels tile the film without overlap; the grey they paint is its 25th percentile, black here.
    assert fall[:4, :4] == pytest.approx(1, abs=1e-6)
    rest = fall.copy()
    rest[:4, :4] = 0
    assert rest == pytest.approx(0, abs=1e-6)


def test_a_square_takes_a_shadow_away_and_adds_none():
    """A film as they are: black margin, dark lungs, bright middle and shoulders, a shadow in one lung."""
    film = np.zeros((40, 40), np.float32)
    film[:, 5:35] = 0.7
    film[8:34, 7:17] = film[8:34, 23:33] = 0.25
    film[20:26, 24:30] = 0.55
    assert film.mean() > 0.35 and lung_grey(film) == pytest.approx(0.25)
    lungs = (slice(8, 34), slice(23, 33))
    shadowed = Predictor(
        lambda films: np.repeat(films[:, *lungs, 0].mean(axis=(1, 2))[:, None], 2, axis=1),
        (40, 40, 1), (2,), "none", "none", 1, lambda: None,
    )  # fmt: skip
    fall = occlusion(shadowed, film, patch=0.15, stride=0.05)
    assert (
        fall.min() > -1e-6
    )  # covering lung with lung changes nothing, and covering the shadow lowers the answer
    row, column = np.unravel_index(fall.argmax(), fall.shape)
    assert 20 <= row < 26 and 24 <= column < 30


def test_the_grey_is_that_of_lung_in_padded_and_in_nearly_black_films():
    film = np.full((40, 40), 0.3, np.float32)
    film[:, :12] = 0
    assert lung_grey(film) == pytest.approx(0.3)
    film[:, :25] = 0
    assert lung_grey(film) == 0 and lung_grey(np.ones((4, 4), np.float32)) == 1


def test_the_other_output_rises_where_the_watched_one_falls():
    model = watching((slice(0, 4), slice(0, 4)))
    finding, normal = (occlusion(model, bright_corner(), output=output) for output in (1, 0))
    assert finding == pytest.approx(-normal, abs=1e-5)


def test_every_pixel_is_covered_whatever_the_stride():
    fall = occlusion(watching((slice(None), slice(None))), np.ones((20, 20), np.uint8) * 255, stride=0.15)
    assert fall.shape == (20, 20) and np.isfinite(fall).all()


@pytest.mark.real_data
def test_in_real_films_the_grey_is_darker_than_what_radiologists_boxed(shared_data):
    """Else covering an opacity would leave one, and the heat map would point away from it."""
    folder = shared_data / "data" / "chestxray14"
    boxes = pd.read_csv(folder / "BBox_List_2017.csv.gz")
    boxes = boxes[boxes["Finding Label"] != "Cardiomegaly"]
    places = {
        path.stem: path
        for root in (folder, folder.with_name("chestxray14_more"))
        for path in root.rglob("*.jp*g")
    }
    brighter = []
    for name, _, *numbers in boxes.iloc[:, :6].itertuples(index=False):
        if path := places.get(name.split(".")[0]):
            film = np.asarray(Image.open(path).convert("L"), np.float32) / 255
            left, top, wide, high = (float(number) * len(film) / 1024 for number in numbers)
            box = film[int(top) : int(top + high) + 1, int(left) : int(left + wide) + 1]
            brighter.append((film.mean() > box.mean(), lung_grey(film) > box.mean()))
    mean, lung = np.mean(brighter, axis=0)
    assert len(brighter) > 40 and mean > 0.3 and lung < 0.15
