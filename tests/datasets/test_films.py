"""The join of data set, split and decoding, as everything above uses it."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import radlib
from radlib.datasets.films import Films
from radlib.datasets.perturbed_films import perturbed
from radlib.foundation.errors import DataError
from radlib.imaging import images
from radlib.runs import private, tasks


@pytest.fixture
def folder(tmp_path):
    """Sixty films of thirty patients in two class folders."""
    generator = np.random.default_rng(0)
    for name in ("normal", "sick"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(30):
            pixels = generator.integers(0, 256, (40, 40), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{name}{number // 2}_{number}.png")
    return tmp_path / "data"


def opened(folder, **settings):
    return radlib.open_run(
        study="demo",
        dataset="folders",
        data=str(folder),
        dataset_options={"patient_pattern": r"(\w+)_"},
        image_size=16,
        **settings,
    )


def test_splits_add_up_and_ids_pixels_and_labels_belong_together(folder):
    films = radlib.open_films(opened(folder))
    parts = [films.training, films.validation, films.test]
    assert sum(map(len, parts)) == 60
    run = opened(folder)
    by_id = {image: private.film_path(run.folder, image) for image in films.dataset.index["image_id"]}
    for part in parts:
        assert part.labels.shape == (len(part), 1)
        for position, (image, label) in enumerate(zip(part.image_ids, part.labels[:, 0], strict=True)):
            expected = images.prepare(images.read_image(by_id[image]), films.preprocessing)
            np.testing.assert_array_equal(part.pixels[position], expected)
            assert ("sick" in by_id[image].rsplit("/", 1)[-1]) == (label == 1)
    assert not set(films.training.patient_ids) & set(films.test.patient_ids)


def test_a_film_whose_name_is_not_utf8_is_read_like_any_other(folder):
    before = radlib.open_films(opened(folder))
    renamed = os.fsencode(folder / "sick") + b"/M\xfcller8_17.png"
    try:
        (folder / "sick" / "sick8_17.png").rename(os.fsdecode(renamed))
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    image = images.image_id(Path(os.fsdecode(renamed)))
    run = opened(folder)
    films = radlib.open_films(run)
    assert set(films.dataset.index["image_id"]) == set(before.dataset.index["image_id"])
    assert os.fsencode(private.film_path(run.folder, image)) == renamed


@pytest.fixture
def no_decoding(monkeypatch):
    """To be called when all films are stored: from then on none may be decoded."""
    module = radlib.datasets.films.decode
    return lambda: monkeypatch.setattr(module, "decode_files", lambda *a, **k: pytest.fail("decoded again"))


def test_the_second_opening_decodes_nothing_and_is_equal(folder, no_decoding):
    first = radlib.open_films(opened(folder))
    no_decoding()
    again = radlib.open_films(opened(folder))
    assert again.fingerprint == first.fingerprint
    np.testing.assert_array_equal(again.test.pixels, first.test.pixels)


def test_the_fingerprint_follows_split_and_preprocessing(folder):
    prints = {
        radlib.open_films(opened(folder, **given)).fingerprint
        for given in ({}, {"split_seed": 1}, {"resize": "pad"}, {"operations": ["equalize_histogram"]})
    }
    assert len(prints) == 4


def test_the_window_that_a_study_asks_for_is_part_of_the_record(folder):
    first, second = (radlib.open_films(opened(folder, window=number)) for number in (0, 1))
    assert (first.preprocessing.window, second.preprocessing.window) == (0, 1)
    assert first.fingerprint != second.fingerprint


def test_another_split_finds_the_films_decoded(folder, no_decoding):
    radlib.open_films(opened(folder))
    no_decoding()
    radlib.open_films(opened(folder, split_seed=5))


def test_unreadable_films_are_listed_and_the_run_goes_on(folder):
    (folder / "sick" / "sick0_0.png").write_bytes(b"broken")
    run = opened(folder)
    films = radlib.open_films(run)
    listed = pd.read_csv(run.path("quarantine.csv"))
    assert listed["reason"].tolist() == ["unknown_content"]
    assert len(films.training) + len(films.validation) + len(films.test) == 59
    assert any("1 film could not be read" in note for note in films.dataset.notes)
    assert listed["image_id"].iloc[0] not in set(
        np.concatenate([films.training.image_ids, films.test.image_ids])
    )


def test_more_than_five_percent_unreadable_stops_the_run(folder):
    for number in range(4):
        (folder / "sick" / f"sick{number // 2}_{number}.png").write_bytes(b"broken %d" % number)
    run = opened(folder)
    with pytest.raises(DataError, match="4 of 60 films cannot be used") as caught:
        radlib.open_films(run)
    assert caught.value.exit_code == 3
    assert len(pd.read_csv(run.path("quarantine.csv"))) == 4  # written before it stopped


def test_paths_are_written_to_the_private_folder_only(folder):
    run = opened(folder)
    films = radlib.open_films(run)
    assert "path" not in films.training.index and "path" not in films.dataset.index
    assert len(pd.read_csv(run.path("private", "films.csv"))) == 60
    for path in run.folder.parent.rglob("*"):
        if path.is_file() and "private" not in path.parts:
            assert b"sick0_" not in path.read_bytes(), path.name


def test_films_of_12_bits_in_files_of_16_are_noted(folder):
    generator = np.random.default_rng(1)
    for path in sorted((folder / "sick").iterdir())[:3]:
        Image.fromarray(generator.integers(0, 4096, (40, 40)).astype(np.uint16)).save(path)
    notes = radlib.open_films(opened(folder)).dataset.notes
    assert any(note.startswith("3 films use under a tenth of the grey levels") for note in notes)


@pytest.fixture
def five():
    generator = np.random.default_rng(0)
    index = pd.DataFrame(
        {
            "image_id": list("abcde"),
            "patient_id": list("vwxyz"),
            "stored_height": 40,
            "stored_width": 20,
            "boxes": [[(4.0, 8.0, 2.0, 6.0)], [], [], [], []],
        }
    )
    return Films(
        index=index,
        source=generator.integers(0, 256, (9, 8, 8), dtype=np.uint8),
        positions=np.array([8, 1, 2, 3, 0]),
        labels=np.arange(5, dtype=np.float32)[:, None],
        task=tasks.binary("sick"),
        preprocessing=images.Preprocessing(8, "pad"),
    )


def test_selections_of_selections_copy_no_pixels(five):
    inner = five.take([1, 2, 3]).take(np.array([False, True, True]))
    assert inner.source is five.source
    assert inner.image_ids.tolist() == ["c", "d"]
    assert inner.labels[:, 0].tolist() == [2, 3]
    assert np.shares_memory(inner.pixels, five.source)
    np.testing.assert_array_equal(inner.pixels, five.source[2:4])
    np.testing.assert_array_equal(five.pixels, five.source[[8, 1, 2, 3, 0]])
    assert five.take([]).pixels.shape == (0, 8, 8)


def test_images_are_what_a_network_takes(five):
    batch = five.images([4, 0])
    assert (batch.shape, batch.dtype) == ((2, 8, 8, 1), np.float32)
    np.testing.assert_allclose(batch[..., 0] * 255, five.source[[0, 8]], atol=1e-4)
    assert five.images().shape == (5, 8, 8, 1)


def test_boxes_follow_the_film_into_the_square(five):
    """40 × 20 stored pixels become 8 × 4, two columns from the left."""
    np.testing.assert_allclose(five.boxes(0), [(2 + 0.8, 1.6, 0.4, 1.2)])
    assert five.boxes(1) == []


def test_perturbed_films_differ_as_told_and_only_so(five):
    unchanged = perturbed(five, {}, seed=0)
    np.testing.assert_array_equal(unchanged.pixels, five.pixels)
    brighter = perturbed(five, {"brightness": 0.3}, seed=1)
    assert brighter.pixels.dtype == np.uint8
    assert (brighter.pixels != five.pixels).any()
    np.testing.assert_array_equal(brighter.pixels, perturbed(five, {"brightness": 0.3}, seed=1).pixels)
    assert brighter.image_ids.tolist() == five.image_ids.tolist()


def test_drawn_films_walk_the_whole_path(tmp_path):
    run = radlib.open_run(
        study="demo", dataset_options={"patients": 40, "seed": 2, "image_side": 64}, image_size=16
    )
    films = radlib.open_films(run)
    assert len(films.quarantine) == 0
    assert any(films.training.boxes(n) for n in range(len(films.training)))
    assert json.loads(run.path("run.json").read_text())["study"] == "demo"


@pytest.mark.real_data
def test_kermany_decodes_completely(shared_data, no_decoding):
    run = radlib.open_run(
        study="demo",
        dataset="kermany",
        data=str(shared_data / "data" / "kermany224"),
        id_scope="folder",
        image_size=32,
    )
    films = radlib.open_films(run)
    assert [len(films.quarantine), len(films.test)] == [0, 624]
    assert len(films.training) + len(films.validation) == 4932
    assert int(films.test.index["overlaps"].sum()) > 264
    no_decoding()
    assert radlib.open_films(run).fingerprint == films.fingerprint
