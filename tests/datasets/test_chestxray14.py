"""ChestX-ray14: both versions of its table, the three splits, boxes on resized copies, and what is refused."""

import gzip
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib.cli.series.estimate import survey_films
from radlib.datasets.chestxray14 import FINDINGS
from radlib.datasets.dataset import load_dataset
from radlib.datasets.splits import leakage_check, split_by_patient
from radlib.foundation.errors import DataError, UsageError
from radlib.runs.settings import Settings

# Image, findings, patient, age (as in the first published table), sex, view
FILMS = [
    ("00000001_000.png", "Cardiomegaly|Effusion", 1, 58, "M", "PA"),
    ("00000001_001.png", "No Finding", 1, 58, "M", "AP"),
    ("00000002_000.png", "Pleural_Thickening", 2, 414, "F", "PA"),
    ("00000003_000.png", "Hernia|Infiltration|Pleural_Thickening", 3, 81, "F", "PA"),
    ("00000004_000.png", "No Finding", 4, 148, "M", "AP"),
    ("00000005_000.png", "Hernia", 5, 7, "F", "PA"),
]
ALWAYS = [
    "cardiomegaly",
    "effusion",
    "infiltration",
    "pleural_thickening",
    "hernia",
]  # of which films are here
FIRST = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
)
SECOND = FIRST.rstrip(",\n") + "\n"


def table(version):
    """The published table's text: the first version ends each line with a comma, the second does not."""
    end = "," if version == FIRST else ""
    return version + "".join(
        f"{name},{said},0,{patient},{age},{sex},{view},2682,2749,0.143,0.143{end}\n"
        for name, said, patient, age, sex, view in FILMS
    )


@pytest.fixture
def folder(tmp_path):
    """As on Kaggle: films in images_001/images and images_002/images, 64 pixels small, with the first table."""
    root = tmp_path / "nih"
    generator = np.random.default_rng(0)
    for number, (name, *_) in enumerate(FILMS):
        place = root / f"images_00{1 + number % 2}" / "images"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (64, 64), dtype=np.uint8)).save(place / name)
    (root / "Data_Entry_2017.csv").write_text(table(FIRST))
    return root


def load(folder, **options):
    return load_dataset(
        Settings(dataset="chestxray14", data=str(folder), dataset_options={"findings": ALWAYS, **options})
    )


def test_the_first_table_becomes_labels_patients_and_ages(folder):
    dataset = load(folder)
    index = dataset.index
    assert dataset.task.labels == tuple(ALWAYS)
    assert index[ALWAYS].to_numpy(int).tolist() == [
        [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1],
    ]  # fmt: skip
    assert index["patient_id"].tolist() == ["1", "1", "2", "3", "4", "5"]
    assert index["age"].fillna(-1).tolist() == [58, 58, -1, 81, -1, 7]
    assert "2 ages are above 110 years and taken as unknown." in dataset.notes
    assert index["view"].tolist() == ["PA", "AP", "PA", "PA", "AP", "PA"]
    assert index["sex"].tolist() == ["M", "M", "F", "F", "M", "F"]
    assert "split" not in index and "boxes" not in index


def test_both_versions_packed_or_not_read_the_same(folder):
    first = load(folder).index
    with gzip.open(folder / "Data_Entry_2017_v2020.csv.gz", "wt") as stream:
        stream.write(table(SECOND))
    (folder / "Data_Entry_2017.csv").unlink()
    dataset = load(folder)
    pd.testing.assert_frame_equal(dataset.index, first)
    assert any("Data_Entry_2017_v2020.csv.gz" in note for note in dataset.notes)


def test_ages_with_units_as_in_the_sample_on_kaggle(folder):
    path = folder / "Data_Entry_2017.csv"
    units = {
        "1,58,": "1,058Y,",
        "3,81,": "3,081Y,",
        "5,7,": "5,006M,",
        "2,414,": "2,411Y,",
        "4,148,": "4,014D,",
    }
    text = path.read_text()
    for before, after in units.items():
        text = text.replace(f",{before}", f",{after}")
    path.write_text(text)
    ages = load(folder).index["age"]
    np.testing.assert_allclose(ages, [58, 58, np.nan, 81, 14 / 365.25, 0.5])


def test_a_part_of_the_films_as_jpeg_in_one_folder_is_enough(folder):
    flat = folder.parent / "flat"
    flat.mkdir()
    for path in sorted(folder.rglob("*.png"))[:5]:
        with Image.open(path) as film:
            film.save(flat / f"{path.stem}.jpeg")
    shutil.copy(folder / "Data_Entry_2017.csv", flat)
    dataset = load(flat)
    assert len(dataset.index) == 5
    assert "5 of the 6 films in Data_Entry_2017.csv are here." in dataset.notes


def write_lists(folder, lists, digits=""):
    for name, numbers in lists.items():
        text = "".join(f"{FILMS[n][0]}{digits}\n" for n in numbers)
        (folder / name).write_text(text)


OFFICIAL = {"train_val_list.txt": [0, 1, 2, 3], "test_list.txt": [4, 5]}
REPRODUCTION = {"train_list.txt": [0, 1, 3], "val_list.txt": [5], "test_list.txt": [2, 4]}


def test_films_without_an_ending_and_what_lies_beside_them(folder):
    before = load(folder).index
    film = folder / "images_001" / "images" / FILMS[0][0]
    film.rename(film.with_suffix(""))
    (film.parent / "._00000001_001.png").write_bytes(b"\0\5\x16\7")
    (film.parent / "preview.png").write_bytes(film.with_suffix("").read_bytes())
    (folder / "README.txt").write_text("text")
    dataset = load(folder)
    pd.testing.assert_frame_equal(dataset.index.drop(columns="path"), before.drop(columns="path"))
    assert dataset.notes[-1] == (
        "3 files are left out: 1 left behind by a system or a program, 1 with other content than DICOM, PNG or JPEG, 1 named "
        "otherwise than NNNNNNNN_NNN."
    )
    assert survey_films(Settings(dataset="chestxray14", data=str(folder))).films == len(FILMS)


def test_the_official_split(folder):
    write_lists(folder, OFFICIAL)
    dataset = load(folder)
    assert dataset.index["split"].tolist() == ["training"] * 4 + ["test"] * 2
    assert any("official" in note for note in dataset.notes)
    assert "split" not in load(folder, split="seeded").index


def test_the_split_of_the_reproductions_as_lists_and_as_table(folder):
    write_lists(folder, REPRODUCTION, digits=" 0 1 0 0 0 0 0 0 0 0 0 0 0 0")
    expected = ["training", "training", "test", "training", "test", "validation"]
    from_lists = load(folder)
    assert from_lists.index["split"].tolist() == expected
    assert any("not the official one" in note for note in from_lists.notes)
    for name in REPRODUCTION:
        (folder / name).unlink()
    folds = {"training": "train", "validation": "val", "test": "test"}
    rows = "".join(f"{film[0]},{folds[part]}\n" for film, part in zip(FILMS, expected, strict=True))
    (folder / "patient_split.csv.gz").write_bytes(gzip.compress(f"Image Index,fold\n{rows}".encode()))
    assert load(folder, split="reproduction").index["split"].tolist() == expected
    write_lists(folder, OFFICIAL)
    assert load(folder).index["split"].tolist() == ["training"] * 4 + ["test"] * 2  # official comes first


def test_boxes_are_scaled_to_the_copy_and_to_the_findings_asked_for(folder):
    (folder / "BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
        "00000001_000.png,Cardiomegaly,512.0,256.0,160.0,32.0,,,\n"
        "00000003_000.png,Infiltrate,16.0,32.0,64.0,128.0,,,\n"
        "00000003_000.png,Mass,1.0,1.0,1.0,1.0,,,\n"
        "00099999_000.png,Mass,1.0,1.0,1.0,1.0,,,\n"
    )  # boxes are given on 1024 pixels, and these copies have 64
    boxes = load(folder).index["boxes"].tolist()
    assert boxes == [[(32.0, 16.0, 10.0, 2.0)], [], [], [(1.0, 2.0, 4.0, 8.0)], [], []]


def test_boxes_of_findings_keep_their_labels_and_only_films_that_have_some(folder):
    (folder / "BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
        "00000001_000.png,Cardiomegaly,512.0,256.0,160.0,32.0,,,\n"
        "00000003_000.png,Infiltrate,16.0,32.0,64.0,128.0,,,\n"
        "00000003_000.png,Mass,160.0,160.0,320.0,160.0,,,\n"
    )
    settings = Settings(dataset="boxed_findings", data=str(folder))
    dataset = load_dataset(settings)
    index = dataset.index
    assert dataset.task.labels == ("cardiomegaly", "infiltration", "mass")
    assert index["boxes"].tolist() == [
        [(32.0, 16.0, 10.0, 2.0)],
        [(1.0, 2.0, 4.0, 8.0), (10.0, 10.0, 20.0, 10.0)],
    ]
    assert index["box_labels"].tolist() == [["cardiomegaly"], ["infiltration", "mass"]]
    assert index[["cardiomegaly", "infiltration", "mass"]].to_numpy().tolist() == [[1, 0, 0], [0, 1, 1]]
    assert any(note.startswith("2 films have boxes and take part") for note in dataset.notes)
    mass = load_dataset(settings.override({"dataset_options": {"findings": ["mass", "edema"]}}))
    assert mass.task.labels == ("mass",) and mass.index["boxes"].tolist() == [[(10.0, 10.0, 20.0, 10.0)]]
    with pytest.raises(DataError, match="No film .* has a box of nodule"):
        load_dataset(settings.override({"dataset_options": {"findings": ["nodule"]}}))
    (folder / "BBox_List_2017.csv").unlink()
    with pytest.raises(DataError, match="table BBox_List_2017.csv is missing"):
        load_dataset(settings)


@pytest.mark.parametrize(
    ("spoil", "options", "text"),
    [
        (lambda f: (f / "Data_Entry_2017.csv").unlink(), {}, "table Data_Entry_2017.csv is missing"),
        (
            lambda f: (f / "Data_Entry_2017.csv").write_text(table(FIRST).replace("Patient ID", "Patient")),
            {},
            "lacks the column 'Patient ID'",
        ),
        (
            lambda f: (f / "Data_Entry_2017.csv").write_text(table(FIRST).replace("Effusion", "Efusion")),
            {},
            "unknown finding 'Efusion'",
        ),
        (
            lambda f: (f / "Data_Entry_2017.csv").write_text(table(FIRST).replace("00000002_000", "00000009_000")),
            {},
            "1 film is not in Data_Entry_2017.csv",
        ),
        (
            lambda f: (f / "Data_Entry_2017.csv").write_text(table(FIRST) * 2),
            {},
            "has a film twice",
        ),
        (lambda f: (f / "Data_Entry_2017_v2020.csv.gz").write_bytes(b"\x1f\x8bno"), {}, "is no CSV file"),
        (lambda f: shutil.rmtree(f / "images_002"), {"findings": []}, "no image of class"),
        (lambda f: [shutil.rmtree(f / f"images_00{n}") for n in (1, 2)], {}, "No film is in 'nih'"),
        (
            lambda f: shutil.copy(f / "images_001/images/00000001_000.png", f / "00000001_000.png"),
            {},
            "1 film lies twice",
        ),
        (lambda f: write_lists(f, {**OFFICIAL, "test_list.txt": [4]}), {}, "1 film is in no list"),
        (lambda f: write_lists(f, {**OFFICIAL, "test_list.txt": [3, 4, 5]}), {}, "name a film twice"),
        (lambda f: None, {"split": "official"}, "lists of the official split are not in 'nih'"),
        (
            lambda f: (f / "patient_split.csv").write_text("Image Index,fold\n00000001_000.png,dev\n"),
            {"split": "reproduction"},
            "a fold other than train, val, test",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(folder, spoil, options, text):
    spoil(folder)
    with pytest.raises(DataError, match=text) as caught:
        load(folder, **options)
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert not re.search(r"\d{8}_\d{3}", str(caught.value))


def test_unknown_options(folder):
    with pytest.raises(UsageError, match="one of auto, official, reproduction, seeded"):
        load(folder, split="random")
    with pytest.raises(UsageError, match="no finding 'fracture'"):
        load(folder, findings=["fracture"])


@pytest.mark.real_data
def test_chestxray14_as_published(shared_data):
    """The 646 films with the tables of all 112,120, against the list of films that lies beside them."""
    folder = shared_data / "data" / "chestxray14"
    dataset = load_dataset(Settings(dataset="chestxray14", data=str(folder)))
    index = dataset.index
    listed = pd.read_csv(folder / "images256.csv").sort_values("file").reset_index(drop=True)
    assert dataset.task.labels == tuple(name.lower() for name in FINDINGS)
    assert "646 of the 112,120 films in Data_Entry_2017_v2020.csv.gz are here." in dataset.notes
    assert index["image_id"].tolist() == listed["sha256"].str[:12].tolist()
    assert index["patient_id"].tolist() == listed["Patient ID"].astype(str).tolist()
    assert index["age"].tolist() == listed["Patient Age"].tolist()
    for name in FINDINGS:
        has = listed["Finding Labels"].map(lambda said, name=name: name in said.split("|"))
        assert index[name.lower()].tolist() == has.astype(float).tolist()
    folds = {"train": "training", "val": "validation", "test": "test"}
    assert index["split"].tolist() == listed["fold"].map(folds).tolist()
    published = pd.read_csv(folder / "BBox_List_2017.csv.gz")
    assert index["boxes"].map(len).sum() == published["Image Index"].isin(listed["Image Index"]).sum()
    assert all(
        0 <= v <= 256 for boxes in index["boxes"] for x, y, w, h in boxes for v in (x, y, x + w, y + h)
    )


@pytest.mark.real_data
def test_a_seeded_split_of_the_646_films_shares_no_patient(shared_data):
    settings = Settings(
        dataset="chestxray14",
        data=str(shared_data / "data" / "chestxray14"),
        dataset_options={"split": "seeded"},
    )
    split = split_by_patient(load_dataset(settings), validation_fraction=0.2, test_fraction=0.3, seed=1)
    table = leakage_check(split).set_index("split")
    assert table["films"].sum() == 646
    assert (table[[name.lower() for name in FINDINGS]] > 0).all(axis=None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_and_lists_that_went_through_a_spreadsheet_read_alike(folder, encoding):
    write_lists(folder, OFFICIAL)
    before = load(folder)
    rewritten = [folder / "Data_Entry_2017.csv", *folder.glob("*_list.txt")]
    assert len(rewritten) > 1
    for path in rewritten:
        text = path.read_text()
        text = text.replace(",", ";") if path.suffix == ".csv" else text
        path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    after = load(folder)
    pd.testing.assert_frame_equal(after.index, before.index)
    assert after.notes == before.notes
