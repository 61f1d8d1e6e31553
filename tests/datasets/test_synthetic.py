"""Drawn films on disk, and the tables of RSNA's layout that lie beside them."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from radlib.cli.series.estimate import survey_films
from radlib.datasets.dataset import load_dataset
from radlib.datasets.rsna import CLASSES_TABLE, IMAGES_FOLDER, LABELS_TABLE
from radlib.datasets.synthetic import draw_dataset
from radlib.foundation.errors import DataError, UsageError
from radlib.imaging.images import read_image
from radlib.runs.settings import Settings


def one_sentence(error):
    text = str(error.value)
    assert re.fullmatch(r"[^\n]+\.", text)
    return text


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "films"
    draw_dataset(folder, patients=8, seed=1, image_side=64)
    return folder


@pytest.fixture
def drawn(drawn_once, tmp_path):
    return shutil.copytree(drawn_once, tmp_path / "drawn")


def rsna_settings(folder):
    return Settings(dataset="rsna", data=str(folder))


def test_the_tables_have_rsnas_layout_and_are_read_back(drawn):
    labels = pd.read_csv(drawn / LABELS_TABLE)
    index = load_dataset(rsna_settings(drawn)).index
    assert list(labels) == ["patientId", "x", "y", "width", "height", "Target"]
    by_name = labels.groupby("patientId")["Target"].max()
    names = index["path"].map(lambda p: p.rsplit("/", 1)[-1].removesuffix(".dcm"))
    assert (names.map(by_name) == index["lung_opacity"]).all()
    assert ((index["class"] == "Lung Opacity") == (index["lung_opacity"] == 1)).all()
    boxes = [box for boxes in index["boxes"] for box in boxes]
    assert len(boxes) == (labels["Target"] == 1).sum()
    assert all(min(x, y) >= 0 and x + w <= 64 and y + h <= 64 for x, y, w, h in boxes)
    assert index["patient_id"].nunique() == 8
    assert index["age"].between(18, 92).all()
    assert set(index["view"]) <= {"AP", "PA"}


def test_dicom_patient_ids_never_enter_the_index(drawn):
    import pydicom

    index = load_dataset(rsna_settings(drawn)).index
    held = {pydicom.dcmread(p, stop_before_pixels=True).PatientID for p in (drawn / IMAGES_FOLDER).iterdir()}
    assert len(held) == 8
    assert not any(patient in index.drop(columns="path").to_csv() for patient in held)


def test_the_three_class_reading_of_rsna(drawn):
    settings = rsna_settings(drawn).override({"dataset_options": {"reading": "classes"}})
    dataset = load_dataset(settings)
    index, binary = dataset.index, load_dataset(rsna_settings(drawn)).index
    assert dataset.task.labels == ("normal", "not_normal_no_opacity", "lung_opacity")
    np.testing.assert_array_equal(index["lung_opacity"], binary["lung_opacity"])
    truth = pd.read_csv(drawn / CLASSES_TABLE).drop_duplicates("patientId").set_index("patientId")["class"]
    said = truth[index["path"].map(lambda p: p.rsplit("/", 1)[-1].removesuffix(".dcm"))]
    assert (index["normal"] == 1).tolist() == (said == "Normal").tolist()
    assert index["not_normal_no_opacity"].sum() == (said == "No Lung Opacity / Not Normal").sum() > 0
    with pytest.raises(UsageError, match="one of binary, classes, boxes, not 'three'"):
        load_dataset(settings.override({"dataset_options": {"reading": "three"}}))


def test_the_reading_of_boxes_asks_where_the_opacities_are(drawn):
    settings = rsna_settings(drawn).override({"dataset_options": {"reading": "boxes"}})
    boxed, binary = load_dataset(settings), load_dataset(rsna_settings(drawn))
    assert boxed.task.name == "boxes" and boxed.task.labels == ("lung_opacity",)
    np.testing.assert_array_equal(boxed.index["lung_opacity"], binary.index["lung_opacity"])
    assert (boxed.index["boxes"].map(len).gt(0) == (boxed.index["lung_opacity"] == 1)).all()


def test_boxes_of_one_film_are_merged_into_its_row(drawn):
    labels = pd.read_csv(drawn / LABELS_TABLE)
    several = labels.groupby("patientId").size()
    film = several[several > 1].index[0]
    index = load_dataset(rsna_settings(drawn)).index
    (boxes,) = index.loc[index["path"].str.contains(film), "boxes"]
    rows = labels[labels["patientId"] == film]
    assert boxes == [tuple(row) for row in rows[["x", "y", "width", "height"]].to_numpy().tolist()]


def rewrite(path, change):
    table = pd.read_csv(path)
    change(table).to_csv(path, index=False)


@pytest.mark.parametrize(
    ("table", "change", "text"),
    [
        (LABELS_TABLE, lambda t: t.rename(columns={"Target": "Label"}), "lacks the column 'Target'"),
        (LABELS_TABLE, lambda t: t.assign(hospital="x"), "unknown column 'hospital'"),
        (CLASSES_TABLE, lambda t: t.drop(columns="class"), "lacks the column 'class'"),
        (LABELS_TABLE, lambda t: t.iloc[:-1], "1 films of .* are not in"),
        (CLASSES_TABLE, lambda t: t[t["patientId"] != t["patientId"].iloc[-1]], "1 ids are in only one"),
        (LABELS_TABLE, lambda t: t.assign(Target=2), "another Target than 0 or 1"),
        (LABELS_TABLE, lambda t: t.assign(Target=0), f"contradicts {LABELS_TABLE}"),
        (CLASSES_TABLE, lambda t: t.replace("Normal", "normal"), "a class other than Normal, No Lung"),
    ],
)
def test_tables_that_contradict_the_films(drawn, table, change, text):
    rewrite(drawn / table, change)
    with pytest.raises(DataError, match=text) as caught:
        load_dataset(rsna_settings(drawn))
    sentence = one_sentence(caught)
    assert not any(path.stem in sentence for path in (drawn / IMAGES_FOLDER).iterdir())


def test_missing_films_and_tables(drawn):
    next((drawn / IMAGES_FOLDER).iterdir()).unlink()
    with pytest.raises(DataError, match="1 ids of .* have no film"):
        load_dataset(rsna_settings(drawn))
    (drawn / LABELS_TABLE).unlink()
    with pytest.raises(DataError, match=f"{LABELS_TABLE} is missing"):
        load_dataset(rsna_settings(drawn))


def test_films_of_the_challenge_under_other_names_and_what_lies_beside_them(drawn):
    before = load_dataset(rsna_settings(drawn)).index
    images = drawn / IMAGES_FOLDER
    for number, film in enumerate(sorted(images.iterdir())):
        if number % 3:
            film.rename(film.with_suffix(".DCM" if number % 3 == 1 else ""))
    (images / "Thumbs.db").write_bytes(b"x")
    (drawn / "stage_2_test_images").mkdir()
    shutil.copy(sorted(images.iterdir())[0], drawn / "stage_2_test_images" / "film.dcm")
    dataset, survey = load_dataset(rsna_settings(drawn)), survey_films(rsna_settings(drawn))
    pd.testing.assert_frame_equal(dataset.index.drop(columns="path"), before.drop(columns="path"))
    assert survey.films == len(before)
    assert dataset.notes[-1] == (
        f"2 files are left out: 1 left behind by a system or a program, 1 outside of {IMAGES_FOLDER}."
    )


def test_films_that_are_called_after_their_uid_and_have_no_ending(drawn):
    names = {path.stem: f"1.2.826.{number}" for number, path in enumerate((drawn / IMAGES_FOLDER).iterdir())}
    for before, after in names.items():
        (drawn / IMAGES_FOLDER / f"{before}.dcm").rename(drawn / IMAGES_FOLDER / after)
    for table in (LABELS_TABLE, CLASSES_TABLE):
        rewrite(drawn / table, lambda t: t.replace({"patientId": names}))
    assert len(load_dataset(rsna_settings(drawn)).index) == len(names)
    shutil.copy(drawn / IMAGES_FOLDER / after, drawn / IMAGES_FOLDER / f"{after}.png")
    with pytest.raises(DataError, match="1 films of .* have the id of another"):
        load_dataset(rsna_settings(drawn))


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path, drawn_once):
    draw_dataset(tmp_path / "again", patients=8, seed=1, image_side=64, workers=1)
    draw_dataset(tmp_path / "other", patients=8, seed=2, image_side=64)
    assert contents(tmp_path / "again") == contents(drawn_once)
    assert contents(tmp_path / "other").keys() != contents(drawn_once).keys()


def test_drawn_films_are_cached_by_their_options(tmp_path, monkeypatch):
    options = {"patients": 6, "seed": 3, "image_side": 64}
    first = load_dataset(Settings(dataset_options=options))
    monkeypatch.setattr("radlib.datasets.synthetic.draw_dataset", lambda *a, **k: pytest.fail("drawn again"))
    again = load_dataset(Settings(dataset_options=options))
    pd.testing.assert_frame_equal(first.index, again.index)
    assert first.folder.parent == tmp_path / "outputs" / ".cache"
    assert json.loads((first.folder / "made.json").read_text())["seed"] == 3
    image = read_image(first.index["path"].iloc[0])
    assert image.shape == (64, 64)


def test_a_drawing_that_was_interrupted_leaves_nothing(tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("radlib.datasets.synthetic._write_tables", stop)
    with pytest.raises(KeyboardInterrupt):
        draw_dataset(tmp_path / "films", patients=2, seed=0, image_side=64)
    assert not (tmp_path / "films").exists()


def test_films_are_not_drawn_into_a_folder_with_other_things(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match="holds other files"):
        load_dataset(Settings(data=str(tmp_path)))
    assert (tmp_path / "thesis.docx").is_file()
