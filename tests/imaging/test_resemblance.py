"""Copies of a film are found however they were made, and other films are not taken for copies."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.fft import dctn

from radlib.datasets.copies import copies_table, find_copies, group_copies
from radlib.imaging import resemblance
from radlib.imaging.phantoms.phantoms import draw_film, draw_patient
from radlib.imaging.resemblance import MARK_BYTES, film_mark, pixel_groups, similar_pairs

PATIENTS, PLANTED = 120, 40


def mark_array(marks):
    return np.frombuffer(b"".join(marks), np.uint8).reshape(-1, MARK_BYTES)


def saved_as_jpeg(film: np.ndarray, quality: int = 50) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(np.round(film * 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer), np.float32) / 255


def resized(film: np.ndarray, factor: float) -> np.ndarray:
    height, width = film.shape
    return np.asarray(Image.fromarray(film).resize((round(width * factor), round(height * factor))))


def trimmed(film: np.ndarray, top: float, bottom: float, left: float, right: float) -> np.ndarray:
    height, width = film.shape
    rows = slice(round(top * height), height - round(bottom * height))
    return np.ascontiguousarray(film[rows, round(left * width) : width - round(right * width)])


CHANGES = {
    "jpeg": saved_as_jpeg,
    "half": lambda film: resized(film, 0.5),
    "larger": lambda film: resized(film, 1.6),
    "another shape": lambda film: np.asarray(Image.fromarray(film).resize((200, 128))),
    "brighter": lambda film: np.clip(film + 0.1, 0, 1),
    "darker": lambda film: film * 0.7,
    "gamma": lambda film: film**1.3,
    "trimmed by 2 % all around": lambda film: trimmed(film, 0.02, 0.02, 0.02, 0.02),
    "trimmed by 3 % at one corner": lambda film: trimmed(film, 0.03, 0, 0.03, 0),
    "trimmed, darker, larger and saved again": lambda film: saved_as_jpeg(
        resized(trimmed(film, 0.02, 0.01, 0, 0.02) * 0.9, 1.3), 75
    ),
}


@pytest.fixture(scope="module")
def drawn() -> list[np.ndarray]:
    """One film of each of 120 drawn patients."""
    films = []
    for number in range(PATIENTS):
        generator = np.random.default_rng((3, number))
        patient = draw_patient(generator)
        films.append(draw_film(patient, "PA", bool(number % 3 == 0), generator, side=160).image)
    return films


@pytest.fixture(scope="module")
def marks(drawn) -> list[bytes]:
    return [film_mark(film) for film in drawn]


@pytest.mark.parametrize("change", CHANGES)
def test_every_planted_copy_is_found_and_nothing_else(drawn, marks, change):
    planted = [film_mark(np.asarray(CHANGES[change](film), np.float32)) for film in drawn[:PLANTED]]
    found = similar_pairs(mark_array(marks + planted))
    assert not found["same_pixels"].any()
    pairs = set(zip(found["first"], found["second"], strict=True))
    assert pairs == {(number, PATIENTS + number) for number in range(PLANTED)}
    assert found["similarity"].between(resemblance.FINE.least, 1.0001).all()


def test_equal_pixels_are_told_from_near_ones(drawn, marks):
    again = film_mark(drawn[5].copy())
    nearly = drawn[6].copy()
    nearly[0, 0] = 1 - nearly[0, 0]
    turned = film_mark(np.ascontiguousarray(drawn[7].T))
    table = similar_pairs(mark_array([*marks[:8], again, film_mark(nearly), turned]))
    assert table[["first", "second", "same_pixels"]].to_numpy().tolist() == [[5, 8, True], [6, 9, False]]


def test_films_of_equal_pixels_and_another_shape_are_not_equal():
    flat = np.full((20, 30), 0.5, np.float32)
    groups = pixel_groups(mark_array([film_mark(f) for f in (flat, flat.reshape(30, 20), flat)]))
    assert groups.tolist() == [0, 1, 0]


def test_flat_films_resemble_nothing():
    marks = mark_array([film_mark(np.full((20, 20), grey, np.float32)) for grey in (0, 0.3, 0.9)])
    assert similar_pairs(marks).empty


@pytest.mark.parametrize("films", [0, 1])
def test_no_film_and_one_film_make_no_pair(films):
    marks = mark_array([film_mark(np.eye(16, dtype=np.float32))] * films)
    assert similar_pairs(marks).empty


def test_the_spectrum_of_the_whole_film_is_the_cosine_transform():
    """Against SciPy's, weighted and flattened by the formula of the docstring."""
    thumbnail = np.random.default_rng(0).random((1, resemblance.SIDE, resemblance.SIDE), np.float32)
    expected = dctn(thumbnail[0].astype(np.float64), norm="ortho")[:8, :8]
    expected = (expected * np.hypot(*np.mgrid[:8, :8])).ravel()[1:]
    expected = np.sign(expected) * np.sqrt(np.abs(expected))
    expected /= np.linalg.norm(expected)
    spectrum = resemblance._spectra(thumbnail, resemblance.WHOLE, 8)[0, 0]
    np.testing.assert_allclose(spectrum, expected, atol=1e-5)


def test_blocks_find_what_one_product_finds(marks, monkeypatch):
    planted = mark_array([*marks, *marks[:3]])
    whole = similar_pairs(planted)
    monkeypatch.setattr(resemblance, "TILE", 17)
    pd.testing.assert_frame_equal(similar_pairs(planted), whole)


def test_other_drawn_films_are_hardly_ever_taken_for_copies(marks):
    """Drawn chests are the hardest: of one small family of shapes, without the detail of real ones."""
    more = []
    for number in range(PATIENTS, 200):
        generator = np.random.default_rng((3, number))
        patient = draw_patient(generator)
        more += [film_mark(draw_film(patient, "PA", False, generator, side=160).image) for _ in range(2)]
    films = len(marks) + len(more)
    false = len(similar_pairs(mark_array(marks + more)))
    assert false / (films * (films - 1) / 2) <= 1e-4


def test_copies_are_listed_by_id_remembered_and_grouped(drawn, marks, tmp_path, monkeypatch):
    ids = ["b" * 12, "a" * 12, "a" * 12 + "-2", "d" * 12, "c" * 12, "e" * 12]
    chosen = [marks[1], marks[0], marks[0], film_mark(saved_as_jpeg(drawn[1])), marks[1], marks[9]]
    pairs = find_copies(ids, mark_array(chosen), tmp_path)
    assert pairs[["image_id", "other_image_id", "kind"]].to_numpy().tolist() == [
        ["b" * 12, "d" * 12, "near"],
        ["b" * 12, "c" * 12, "pixels"],
        ["a" * 12, "a" * 12 + "-2", "file"],
    ]
    monkeypatch.setattr(resemblance, "similar_pairs", lambda marks: pytest.fail("searched again"))
    pd.testing.assert_frame_equal(find_copies(ids, mark_array(chosen), tmp_path), pairs)
    index = pd.DataFrame({"image_id": [*ids, "f" * 12]})  # the last could not be decoded
    grouped = group_copies(index, pairs)
    assert [g[0] for g in grouped["content"]] == ["b", "a", "a", "d", "b", "e", "f"]
    assert [g[0] for g in grouped["exposure"]] == ["b", "a", "a", "b", "b", "e", "f"]
    split = grouped.assign(patient_id=list("xyyxxzz"), split=["training"] * 3 + ["test"] * 4)
    table = copies_table(split, pairs)
    assert table["across"].tolist() == [True, True, False]
    assert table["kind"].tolist() == ["pixels", "near", "file"]
    assert table["same_patient"].all() and "path" not in table


@pytest.mark.real_data
@pytest.mark.slow
def test_the_groups_of_equal_pixels_in_the_kermany_films_are_found(shared_data):
    """The README of the films counts 30 groups of equal pixels, and no near-duplicate across official parts."""
    from radlib.imaging.images import read_image

    folder = shared_data / "data" / "kermany224"
    paths = sorted(folder.glob("*/*/*.jpeg"))
    assert len(paths) == 5556
    marks = mark_array([film_mark(read_image(path)) for path in paths])
    sizes = pd.Series(pixel_groups(marks)).value_counts()
    assert (sizes > 1).sum() == 30
    found = similar_pairs(marks)
    part = np.array([path.relative_to(folder).parts[0] for path in paths])
    assert (part[found["first"]] == part[found["second"]]).all()


@pytest.mark.real_data
def test_the_breast_ultrasound_films_hold_many_near_duplicates(shared_data):
    """Pawlowska et al. (2023) report many duplicated images in this set."""
    from radlib.imaging.images import read_image

    paths = sorted((shared_data / "data" / "busi256").glob("*/*.jpeg"))
    found = similar_pairs(mark_array([film_mark(read_image(path)) for path in paths]))
    index = pd.DataFrame({"image_id": [f"{n:012d}" for n in range(len(paths))]})
    pairs = pd.DataFrame({"image_id": index["image_id"].to_numpy()[found["first"]]})
    pairs["other_image_id"] = index["image_id"].to_numpy()[found["second"]]
    groups = group_copies(index, pairs.assign(kind="near"))["exposure"].value_counts()
    assert (groups > 1).sum() > 50
    assert groups.max() < 20  # no chain that swallows the set
