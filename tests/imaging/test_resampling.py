"""Every filter is what its definition says, and the same as where it is the default."""

import numpy as np
import pytest
from PIL import Image

from radlib.datasets.films import preprocessing_of
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.imaging.images import Preprocessing, prepare
from radlib.imaging.resampling import FILTERS, resampled
from radlib.runs.settings import Settings

SIZES = [((37, 53), (16, 16)), ((10, 8), (24, 30)), ((64, 64), (64, 32)), ((5, 90), (7, 9)), ((1, 3), (2, 2))]


@pytest.fixture
def image():
    return np.random.default_rng(3).random((37, 53), dtype=np.float32)


@pytest.mark.parametrize("shape, size", SIZES)
@pytest.mark.parametrize("name", FILTERS)
def test_a_grey_film_stays_grey_and_has_the_size(name, shape, size):
    found = resampled(np.full(shape, 0.37, np.float32), size, name)
    assert found.shape == (size[1], size[0]) and found.dtype == np.float32
    np.testing.assert_allclose(found, 0.37, atol=1e-5)


@pytest.mark.parametrize("shape, size", SIZES)
@pytest.mark.parametrize(
    "name, method", [("bilinear_points", "bilinear"), ("area", "area"), ("nearest", "nearest")]
)
def test_as_tensorflow_does(name, method, shape, size):
    tf = backend.tensorflow()
    image = np.random.default_rng(1).random(shape, dtype=np.float32)
    expected = tf.image.resize(image[..., None], (size[1], size[0]), method=method).numpy()[..., 0]
    np.testing.assert_allclose(resampled(image, size, name), expected, atol=2e-5)


def test_our_own_is_what_it_always_was(image):
    before = np.asarray(Image.fromarray(image).resize((16, 12), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(resampled(image, (16, 12)), before)
    assert "resampling" not in Preprocessing(64).to_dict()
    assert Preprocessing(64, resampling="bilinear").digest() == Preprocessing(64).digest()


def test_hand_worked_values():
    image = np.array([[0.0, 1, 2, 3, 4, 5]], np.float32)
    assert resampled(image, (2, 1), "area").tolist() == [[1, 4]]
    assert resampled(image, (4, 1), "area").ravel() == pytest.approx([1 / 3, 5 / 3, 10 / 3, 14 / 3])
    assert resampled(image, (2, 1), "nearest").tolist() == [[1, 4]]
    assert resampled(image, (3, 1), "bilinear_points").ravel() == pytest.approx([0.5, 2.5, 4.5])


def test_the_record_and_the_settings_obey_it(image):
    films = {name: prepare(image, Preprocessing(16, resampling=name)) for name in FILTERS}
    assert len({film.tobytes() for film in films.values()}) == len(FILTERS)
    assert len({Preprocessing(16, resampling=name).digest() for name in FILTERS}) == len(FILTERS)
    record = Preprocessing(16, "pad", resampling="area")
    assert Preprocessing.from_dict(record.to_dict()) == record
    assert preprocessing_of(Settings(resampling="lanczos")).resampling == "lanczos"
    for wrong in (
        lambda: Preprocessing(16, resampling="cubic"),
        lambda: Settings().override({"resampling": "x"}),
    ):
        with pytest.raises(UsageError, match="bilinear_points"):
            wrong()
