"""Reading folders and tables: what is found, what is refused, and with which sentence."""

import os
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib import datasets
from radlib.datasets import dataset
from radlib.datasets.dataset import find_data, load_dataset, unique_image_ids
from radlib.datasets.kermany import patient_number
from radlib.datasets.splits import leakage_check, overlap, split_by_patient
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.registry import DATASETS
from radlib.imaging.images import image_id
from radlib.runs.settings import Settings


def class_folders(root, layout, seed=0):
    """Write films: {folder: [names]}."""
    generator = np.random.default_rng(seed)
    for folder, names in layout.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            pixels = generator.integers(0, 256, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / name)
    return root


KERMANY = {
    "train/NORMAL": ["IM-0115-0001.jpeg", "NORMAL2-IM-0115-0001.jpeg", "IM-0117-0001-0002.jpeg"],
    "train/PNEUMONIA": ["person1_bacteria_1.jpeg", "person1_virus_2.jpeg", "person02_virus_3.jpeg"],
    "val/NORMAL": ["NORMAL2-IM-1427-0001.jpeg"],
    "val/PNEUMONIA": ["person1946_bacteria_4874.jpeg"],
    "test/NORMAL": ["IM-0001-0001.jpeg"],
    "test/PNEUMONIA": ["person1_virus_6.jpeg"],
}


def kermany_settings(folder):
    return Settings(dataset="kermany", data=str(folder), id_scope="folder")


def test_kermany_names_become_patients_labels_and_parts(tmp_path):
    dataset = load_dataset(kermany_settings(class_folders(tmp_path / "chest_xray", KERMANY)))
    index = dataset.index
    assert index["patient_id"].tolist() == [
        "N1", "P1", "N115", "N117", "N115", "P2", "P1", "P1", "N1427", "P1946",
    ]  # fmt: skip
    assert index["pneumonia"].tolist() == [0, 1, 0, 0, 0, 1, 1, 1, 0, 1]
    assert index["split"].tolist() == ["test"] * 2 + ["training"] * 8
    assert index["cause"].tolist() == ["", "virus", "", "", "", "virus", "bacteria", "virus", "", "bacteria"]
    assert dataset.task.outputs == ("normal", "pneumonia")
    assert (dataset.name, dataset.licence) == ("kermany", "CC BY 4.0")


def test_an_unpacked_archive_may_have_a_folder_around_it(tmp_path):
    inside = class_folders(tmp_path / "data" / "chest_xray" / "chest_xray", KERMANY)
    outer = load_dataset(kermany_settings(tmp_path / "data"))
    assert (
        outer.index["image_id"].tolist() == load_dataset(kermany_settings(inside)).index["image_id"].tolist()
    )


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("person1_bacteria_1.jpeg", "P1"),
        ("person0012_virus_4.jpeg", "P12"),
        ("IM-0001-0001.jpeg", "N1"),
        ("NORMAL2-IM-0095-0001.jpeg", "N95"),
        ("BACTERIA-1008087-0001.jpeg", "C1008087"),
        ("VIRUS-01008087-0002.jpeg", "C1008087"),
        ("NORMAL-28501-0001.jpeg", "C28501"),
        ("film7.jpeg", ""),
    ],
)
def test_patient_numbers(name, patient):
    assert patient_number(name) == patient


def test_kermany_names_become_three_classes(tmp_path):
    folder = class_folders(tmp_path / "chest_xray", KERMANY)
    film = folder / "train" / "PNEUMONIA" / "person1_bacteria_1.jpeg"
    film.rename(film.with_name("person1_1.jpeg"))
    settings = kermany_settings(folder).override({"dataset_options": {"reading": "classes"}})
    dataset = load_dataset(settings)
    assert dataset.task.name == "classes"
    assert dataset.task.labels == ("normal", "bacterial", "viral")
    assert dataset.index[["normal", "bacterial", "viral"]].sum().tolist() == [5, 1, 3]
    assert any(note.startswith("1 film was of pneumonia and left out") for note in dataset.notes)


PUBLISHED = {
    "train/NORMAL": ["NORMAL-28501-0001.jpeg", "NORMAL-028501-0002.jpeg", "NORMAL-30440-0001.jpeg"],
    "train/PNEUMONIA": [
        "BACTERIA-1008087-0001.jpeg",
        "BACTERIA-1008087-0002.jpeg",
        "VIRUS-1015373-0001.jpeg",
    ],
    "test/NORMAL": ["NORMAL-40001-0001.jpeg"],
    "test/PNEUMONIA": ["BACTERIA-40002-0001.jpeg", "VIRUS-40003-0001.jpeg"],
}


def test_kermany_films_under_their_published_names_keep_their_patients(tmp_path):
    folder = class_folders(tmp_path / "labeled-chest-xray-images", PUBLISHED)
    dataset = load_dataset(kermany_settings(folder))
    assert dataset.patients_known
    assert dataset.index["patient_id"].tolist() == [
        "C40001", "C40002", "C40003", "C28501", "C28501", "C30440", "C1008087", "C1008087", "C1015373",
    ]  # fmt: skip
    three = load_dataset(kermany_settings(folder).override({"dataset_options": {"reading": "classes"}}))
    assert three.patients_known
    assert three.index[["normal", "bacterial", "viral"]].sum().tolist() == [4, 3, 2]


def test_kermany_names_that_tell_no_patient_are_told(tmp_path):
    folder = class_folders(
        tmp_path / "films", {"NORMAL": ["a.png", "b.png"], "PNEUMONIA": ["c.png", "d.png"]}
    )
    dataset = load_dataset(kermany_settings(folder))
    assert not dataset.patients_known and "The file names tell no patient." in dataset.notes
    (folder / "NORMAL" / "a.png").rename(folder / "NORMAL" / "IM-0115-0001.png")
    dataset = load_dataset(kermany_settings(folder))
    assert dataset.patients_known
    assert any(note.startswith("3 films have a name that tells no patient") for note in dataset.notes)


BREAST = {
    "benign": ["benign (1).png", "benign (1)_mask.png", "benign (2).png", "benign (2)_mask_1.png"],
    "malignant": ["malignant (1).png", "malignant (1)_mask.png"],
    "normal": ["normal (1).png", "normal (2).png"],
}


def test_breast_ultrasound_reads_no_masks(tmp_path):
    folder = class_folders(tmp_path / "around" / "Dataset_BUSI_with_GT", BREAST).parent
    settings = Settings(dataset="breast_ultrasound", data=str(folder))
    dataset = load_dataset(settings)
    assert dataset.task.outputs == ("benign", "malignant")
    assert dataset.index["malignant"].tolist() == [0, 0, 1]
    assert not dataset.index["path"].str.contains("mask").any()
    assert not dataset.patients_known
    assert any(note.startswith("2 normal images are left out") for note in dataset.notes)
    three = load_dataset(settings.override({"dataset_options": {"reading": "classes"}}))
    assert three.index[["normal", "benign", "malignant"]].sum().tolist() == [2, 2, 1]
    with pytest.raises(DataError, match="found were: benign, cyst, malignant"):
        load_dataset(
            Settings(
                dataset="breast_ultrasound",
                data=str(
                    class_folders(
                        tmp_path / "d", {"benign": ["a.png"], "malignant": ["b.png"], "cyst": ["c.png"]}
                    )
                ),
            )
        )


def test_folders_as_classes(tmp_path):
    layout = {"a b": ["1.png", "2.png"], "c": ["3.png"], "d": ["4.png"]}
    folder = class_folders(tmp_path / "d", layout)
    (folder / "c" / "again.png").write_bytes((folder / "a b" / "1.png").read_bytes())
    options = {"reading": "classes"}
    dataset = load_dataset(Settings(dataset="folders", data=str(folder), dataset_options=options))
    assert dataset.task.labels == ("a_b", "c", "d")
    assert dataset.index[["a_b", "c", "d"]].sum().tolist() == [1, 1, 1]
    assert any("2 films were left out for lying under several answers" in note for note in dataset.notes)


def test_flat_folders_with_a_pattern_keep_patients_secret(tmp_path):
    layout = {"normal": ["MRN4711_a.png", "MRN4711_b.png", "MRN0815.png"], "tumour": ["MRN4712.png", "x.png"]}
    dataset = load_dataset(
        Settings(
            dataset="folders",
            data=str(class_folders(tmp_path / "d", layout)),
            dataset_options={"patient_pattern": r"MRN(\d+)"},
        )
    )
    ids = dataset.index["patient_id"]
    assert ids.nunique() == 4
    assert not ids.str.contains("4711|0815|MRN").any()
    assert dataset.index.groupby("patient_id").size().max() == 2
    assert dataset.task.labels == ("tumour",)
    assert "split" not in dataset.index


def test_identical_files_get_a_suffix_and_contradictory_ones_are_left_out(tmp_path):
    folder = class_folders(tmp_path / "d", {"normal": ["a.png", "b.png"], "sick": ["c.png", "d.png"]})
    (folder / "normal" / "copy.png").write_bytes((folder / "normal" / "a.png").read_bytes())
    (folder / "sick" / "wrong.png").write_bytes((folder / "normal" / "b.png").read_bytes())
    dataset = load_dataset(Settings(dataset="folders", data=str(folder)))
    first = image_id(folder / "normal" / "a.png")
    assert dataset.index["image_id"].tolist()[:2] == [first, f"{first}-2"]
    assert len(dataset.index) == 4
    assert any("2 films were left out" in note for note in dataset.notes)


def test_suffixes_count_up():
    assert unique_image_ids(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = class_folders(tmp_path / "d", {"normal": ["a.png"], "sick": ["b.png"]})
    secret = class_folders(tmp_path / "elsewhere", {"x": ["secret.png"]}, seed=9) / "x" / "secret.png"
    (folder / "sick" / "link.png").symlink_to(secret)
    dataset = load_dataset(Settings(dataset="folders", data=str(folder)))
    assert len(dataset.index) == 2 and image_id(secret) not in set(dataset.index["image_id"])
    assert any("1 linked to a place outside the folder" in note for note in dataset.notes)


def test_file_facts_are_remembered_without_names(tmp_path, monkeypatch):
    folder = class_folders(tmp_path / "d", {"normal": ["Mustermann.png"], "sick": ["b.png"]})
    settings = Settings(dataset="folders", data=str(folder))
    first = load_dataset(settings).index
    monkeypatch.setattr(datasets.file_facts.images, "image_id", lambda p: pytest.fail("hashed again"))
    pd.testing.assert_frame_equal(load_dataset(settings).index, first)
    (memory,) = (tmp_path / "outputs" / ".cache").glob("facts-*.json")
    assert "Mustermann" not in memory.read_text()
    assert "Mustermann" not in memory.name


def one_sentence(error):
    text = str(error.value)
    assert re.fullmatch(r"[^\n]+\.", text)
    return text


def test_a_missing_or_empty_folder(tmp_path):
    with pytest.raises(DataError) as caught:
        load_dataset(kermany_settings(tmp_path / "nowhere"))
    assert "'nowhere' does not exist" in one_sentence(caught)
    assert str(tmp_path) not in str(caught.value)
    (tmp_path / "void").mkdir()
    with pytest.raises(DataError, match="'void' is empty"):
        load_dataset(kermany_settings(tmp_path / "void"))


def test_nothing_given_and_nothing_found_says_where_was_looked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        load_dataset(Settings(dataset="kermany"))
    assert all(
        word in one_sentence(caught) for word in ("RADLIB_DATA", "/kaggle/input", "data/kermany", "--data")
    )


def test_find_data_takes_the_first_place_and_says_which(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "data" / "kermany", KERMANY)
    assert find_data("kermany").as_posix() == "data/kermany"
    monkeypatch.setattr(dataset, "KAGGLE_INPUT", tmp_path / "input")
    mounted = class_folders(tmp_path / "input" / "chest-xray-pneumonia", KERMANY)
    assert find_data("kermany", aliases=["chest-xray-pneumonia"]) == mounted
    own = class_folders(tmp_path / "own" / "kermany", KERMANY)
    monkeypatch.setenv("RADLIB_DATA", str(own.parent))
    assert find_data("kermany") == own
    said = capsys.readouterr().out
    assert [line.partition(" in ")[2] for line in said.splitlines()] == [
        "data/.", "Kaggle's input.", "$RADLIB_DATA.",
    ]  # fmt: skip
    assert find_data("kermany", str(mounted)) == mounted
    assert capsys.readouterr().out == "Films of 'kermany' are read from the folder or file that was given.\n"


def test_a_folder_on_kaggle_that_bears_a_common_word_must_hold_the_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset, "KAGGLE_INPUT", tmp_path / "input")
    other, right = tmp_path / "input" / "data", tmp_path / "input" / "nih-chest-xrays" / "data"
    for folder, name in ((other, "prices.csv"), (right, "Data_Entry_2017.csv")):
        folder.mkdir(parents=True)
        (folder / name).touch()
    assert find_data("chestxray14", aliases=["data"], holds="Data_Entry_2017*") == right


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "films.npz").touch()
    assert find_data("medmnist", str(tmp_path / "films.npz"), single_file=".npz") == tmp_path / "films.npz"
    for wrong in ("", ".csv"):
        with pytest.raises(DataError, match="'films.npz' is a file; give the folder"):
            find_data("kermany", str(tmp_path / "films.npz"), single_file=wrong)


def test_a_class_without_images(tmp_path):
    folder = class_folders(tmp_path / "d", KERMANY)
    for film in (folder / "train" / "PNEUMONIA").iterdir():
        film.unlink()
    with pytest.raises(DataError) as caught:
        load_dataset(kermany_settings(folder))
    assert "'train/PNEUMONIA' has no image" in one_sentence(caught)


def test_wrong_classes_and_options(tmp_path):
    folder = class_folders(tmp_path / "d", {"a": ["1.png"], "b": ["2.png"], "c": ["3.png"]})
    with pytest.raises(DataError, match="found were: a, b, c"):
        load_dataset(kermany_settings(folder))
    with pytest.raises(UsageError, match="'positive': a, b, c"):
        load_dataset(Settings(dataset="folders", data=str(folder)))
    with pytest.raises(UsageError, match="no class folder 'd'"):
        load_dataset(Settings(dataset="folders", data=str(folder), dataset_options={"positive": "d"}))
    with pytest.raises(UsageError, match="did you mean 'positive'"):
        load_dataset(Settings(dataset="folders", data=str(folder), dataset_options={"positiv": "a"}))
    kept = load_dataset(
        Settings(dataset="folders", data=str(folder), dataset_options={"positive": "a", "negative": "c"})
    )
    assert kept.index["a"].tolist() == [1, 0]


def test_every_data_set_says_what_it_is():
    for entry in DATASETS:
        assert entry.facts["title"], entry.name
        assert entry.facts["citation"], entry.name
        assert entry.facts["licence"], entry.name
        assert entry.summary.endswith("."), entry.name
        assert all(p.help for p in entry.parameters), entry.name


@pytest.mark.parametrize("swap", [
    lambda film, other: film.write_bytes(other),
    lambda film, other: (film.with_name("new").write_bytes(other), film.with_name("new").replace(film)),
])  # fmt: skip
def test_a_film_replaced_by_another_of_equal_length_and_time_is_another_film(tmp_path, swap):
    folder = class_folders(tmp_path / "d", {"normal": ["a.png"], "sick": ["b.png"]})
    settings = Settings(dataset="folders", data=str(folder))
    film = folder / "normal" / "a.png"
    before, first = film.stat(), load_dataset(settings).index
    content = bytearray(film.read_bytes())
    content[-20] ^= 1
    swap(film, bytes(content))
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (film.stat().st_size, film.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    again = load_dataset(settings).index
    assert again["image_id"].tolist() == [image_id(film), first["image_id"][1]] != first["image_id"].tolist()


def test_a_memory_of_facts_that_is_damaged_is_made_again(tmp_path):
    folder = class_folders(tmp_path / "d", {"normal": ["a.png"], "sick": ["b.png"]})
    settings = Settings(dataset="folders", data=str(folder))
    first = load_dataset(settings).index
    (memory,) = (tmp_path / "outputs" / ".cache").glob("facts-*.json")
    for damage in (b"", b"[1, 2]", b"{\xff", memory.read_bytes()[:50]):
        memory.write_bytes(damage)
        pd.testing.assert_frame_equal(load_dataset(settings).index, first)


def test_a_file_that_goes_while_films_are_listed_is_no_raw_error(tmp_path):
    folder = class_folders(tmp_path / "d", {"normal": ["a.png"], "sick": ["b.png"]})
    gone, there = datasets.file_facts.file_facts(
        folder, [folder / "normal" / "gone.png", folder / "sick" / "b.png"]
    )
    assert gone["path"] == "" and len(gone["image_id"]) == 12
    assert there["image_id"] == image_id(folder / "sick" / "b.png")


@pytest.mark.real_data
def test_kermany_as_published(shared_data):
    """Counts and ids against the manifest that lies beside the films."""
    folder = shared_data / "data" / "kermany224"
    dataset = load_dataset(kermany_settings(folder))
    manifest = pd.read_csv(folder / "MANIFEST.csv").set_index("path")
    names = dataset.index["path"].map(lambda p: "/".join(p.split("/")[-3:]))
    rows = manifest.loc[names]
    assert (dataset.index["image_id"].str[:12].to_numpy() == rows["sha256"].str[:12].to_numpy()).all()
    assert (dataset.index["patient_id"].to_numpy() == rows["patient"].to_numpy()).all()
    assert dataset.index.groupby(["split", "pneumonia"]).size().tolist() == [234, 390, 1199, 3733]
    split = split_by_patient(dataset, validation_fraction=0.15, test_fraction=0.25, seed=0, id_scope="folder")
    shared = overlap(split)
    published = dataset.index.set_index("image_id")["patient_id"]
    assert shared["number"].map(published).str[0].value_counts().to_dict() == {"P": 170, "N": 94}
    table = leakage_check(split)
    assert table.set_index("split").loc["test", "films"] == 624
    assert table["patients_elsewhere"].sum() == table["copies_elsewhere"].sum() == 0
