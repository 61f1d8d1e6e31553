"""Films that are rows of an array: named, read, and refused when the array is not what it says."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radlib.imaging.array_rows import row_reference, split_reference
from radlib.imaging.images import UnreadableImage, read_image


def stored(tmp_path, films):
    np.save(tmp_path / "films.npy", films)
    return tmp_path / "films.npy"


def test_a_reference_comes_apart_as_it_was_put_together():
    assert split_reference(row_reference(Path("a#row=1/b.npy"), 17)) == (Path("a#row=1/b.npy"), 17)
    for plain in ("film.dcm", "film#row=.png", "film#row=x", "#row=3"):
        assert split_reference(plain) == (Path(plain), None)


def test_a_row_is_read_level_by_level(tmp_path):
    films = np.random.default_rng(0).integers(0, 256, (5, 7, 9), dtype=np.uint8)
    path = stored(tmp_path, films)
    image = read_image(row_reference(path, 3))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(np.round(image * 255), films[3])


def test_a_colour_row_becomes_grey_as_pillow_makes_it(tmp_path):
    films = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(films[1]).convert("L"), np.float32)
    image = read_image(row_reference(stored(tmp_path, films), 1))
    np.testing.assert_allclose(image * 255, expected, atol=1)


@pytest.mark.parametrize(
    "films",
    [
        np.zeros((1, 4, 4), np.uint8),  # has no row 1
        np.zeros((2, 4, 4), np.float32),
        np.zeros((2, 16), np.uint8),
        np.zeros((2, 4, 4, 4), np.uint8),
        np.array([{"code": "run"}, {}], dtype=object),
    ],
)
def test_other_arrays_are_unreadable_films(tmp_path, films):
    with pytest.raises(UnreadableImage) as caught:
        read_image(row_reference(stored(tmp_path, films), 1))
    assert caught.value.reason == "damaged"


def test_a_row_of_a_missing_file(tmp_path):
    with pytest.raises(UnreadableImage) as caught:
        read_image(row_reference(tmp_path / "films.npy", 0))
    assert caught.value.reason == "not_a_file"
