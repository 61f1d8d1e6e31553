"""Class folders as people write them: one class in two spellings, names that make no label, parts that lost a class."""

import os
import re

import numpy as np
import pytest
from PIL import Image

from radlib.cli.series.estimate import survey_films
from radlib.datasets.class_names import part_of
from radlib.datasets.dataset import load_dataset
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.plain_yaml import read_yaml
from radlib.runs import private
from radlib.runs.settings import Settings


@pytest.fixture
def films(tmp_path):
    """Write films into folders: {folder: how many}; and files: {name: content}."""
    generator = np.random.default_rng(0)
    root = tmp_path / "films"

    def write(counts, files=()):
        for folder, count in counts.items():
            (root / folder).mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (16, 16), dtype=np.uint8)
                Image.fromarray(pixels).save(root / folder / f"IM{number}", "PNG")
        for name, content in dict(files).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        return root

    return write


def settings_of(folder, **options):
    return Settings(dataset="folders", data=str(folder), dataset_options=options)


def load(folder, **options):
    """The data set, after checking that its forecast counts the same films, and that no file is lost."""
    settings = settings_of(folder, **options)
    dataset, survey = load_dataset(settings), survey_films(settings)
    assert survey.films == len(dataset.index)
    assert survey.films + sum(survey.left_out.values()) == sum(len(names) for *_, names in os.walk(folder))
    return dataset


@pytest.mark.parametrize("reading", ["binary", "classes"])
def test_a_class_in_another_case_is_the_same_class_in_both_parts(films, reading):
    folder = films({"train/Pneumonia": 3, "train/Normal": 2, "test/pneumonia": 4, "test/NORMAL ": 1})
    dataset = load(folder, reading=reading)
    counts = dataset.index.groupby("split")["pneumonia"].agg(["sum", "size"])
    assert counts.loc["training"].tolist() == [3, 5]
    assert counts.loc["test"].tolist() == [4, 5]
    assert "The class folders 'Pneumonia' and 'pneumonia' are taken as one class." in dataset.notes


def test_positive_and_negative_may_be_named_in_another_case_and_the_official_test_part_stays(films):
    folder = films({"train/Pneumonia": 3, "train/Normal": 2, "test/pneumonia": 4, "test/normal": 1})
    dataset = load(folder, positive="PNEUMONIA", negative="normal")
    assert dataset.index["split"].value_counts().to_dict() == {"training": 5, "test": 5}
    assert dataset.index["pneumonia"].sum() == 7


def test_one_letter_in_two_unicode_forms_is_one_letter(films):
    folder = films({"train/Fibros\u00e9": 2, "train/normal": 2, "test/Fibrose\u0301": 1, "test/normal": 1})
    assert load(folder).index["fibros\u00e9"].sum() == 3


@pytest.mark.parametrize(("names", "sentence"), [
    (("ER+", "ER-"), "would both be called 'er'; rename them"),
    (("+", "-"), "has no letter or digit in its name; rename it, e.g. to positive or negative"),
    (("a b", "a_b"), "would both be called 'a_b'"),
    *(
        ((name, "normal"), "the table of films has a column of that name; rename the folder")
        for name in ("patient_id", "Image ID", "path", "split", "file", "view", "age", "sex", "boxes", "class", "reason")
    ),
])  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"reading": "classes"}])
def test_names_that_make_no_label_are_refused_before_anything_runs(films, names, sentence, options):
    folder = films(dict.fromkeys(names, 2))
    for look in (load_dataset, survey_films):
        with pytest.raises(DataError, match=re.escape(sentence)):
            look(settings_of(folder, **options))


@pytest.mark.parametrize(("names", "written", "label"), [
    (("0", "1"), "1", "1"),
    (("no", "yes"), "yes", "yes"),
    (("yes", "no"), "no", "no"),
    (("0123", "0124"), "0123", "0123"),
    (("1.0", "2.0"), "2.0", "2_0"),
    (("true", "false"), "true", "true"),
    (("0", "1"), "'1'", "1"),
    (("2024-01-01", "other"), "2024-01-01", "2024_01_01"),
])  # fmt: skip
def test_what_yaml_takes_for_a_number_means_the_folder_of_that_name(films, names, written, label):
    folder = films({names[0]: 1, names[1]: 2})
    dataset = load(folder, **read_yaml(f"positive: {written}"))
    assert dataset.task.labels == (label,)


def test_a_value_that_two_folders_are_read_as_is_asked_about(films):
    folder = films({"no": 1, "off": 1, "normal": 1})
    with pytest.raises(UsageError, match=r"may mean the class folders 'no', 'off'; put the name in quotes"):
        load_dataset(settings_of(folder, positive=False))
    assert load(folder, positive="off").index["off"].sum() == 1
    with pytest.raises(UsageError, match="There is no class folder '7'; there are: no, normal, off"):
        load_dataset(settings_of(folder, positive=7))
    with pytest.raises(UsageError, match="both name the class 'no'"):
        load_dataset(settings_of(folder, positive="no", negative="NO"))


@pytest.mark.parametrize(("counts", "sentence"), [
    ({"train/a": 2, "train/normal": 2, "test/normal": 2}, "official test part has no film of class 'a'"),
    ({"train/a": 2, "train/normal": 2, "test/a": 1, "test/normal": 1, "test/b": 1}, "training part has no film of class 'b'"),
    ({"test/a": 2, "test/normal": 2}, "has a test part and no training part"),
    ({"train/a": 2, "train/normal": 2, "test": 2}, "'test' has no class folders"),
])  # fmt: skip
def test_a_part_that_lacks_a_class_is_an_error_and_never_another_split(films, counts, sentence):
    folder = films(counts)
    for options in ({"reading": "classes"}, {"positive": "a"}):
        with pytest.raises(DataError, match=sentence):
            load_dataset(settings_of(folder, **options))


def test_classes_that_the_study_does_not_ask_for_are_counted(films):
    folder = films({"train/a": 2, "train/b": 3, "train/c": 4, "test/a": 1, "test/b": 1})
    dataset = load(folder, positive="a", negative="b")
    assert "4 films are left out: of other classes than 'a' and 'b'." in dataset.notes
    assert dataset.index["split"].value_counts().to_dict() == {"training": 5, "test": 2}


@pytest.mark.parametrize("name", ["train", "Training", "TRAIN", "train_set", "TrainSet", "training data", "Train-Images",
    "val", "valid", "Validation", "VAL", "validation_set", "dev"])  # fmt: skip
def test_parts_to_learn_from_by_many_names(name):
    assert part_of(name) == "training"


def test_parts_to_report_on_and_folders_that_are_no_part():
    assert {part_of(name) for name in ("test", "Test", "TESTING", "test_set", "TestData", "test images")} == {
        "test"
    }
    assert {part_of(name) for name in ("normal", "tests", "trained", "set", "unlabelled", "testis")} == {""}


def test_a_folder_beside_the_parts_and_films_beside_the_classes_are_counted(films):
    folder = films({"train/a": 2, "train/normal": 2, "extra/a": 3, "val/a": 1})
    (folder / "train" / "loose.png").write_bytes((folder / "train/a/IM0").read_bytes())
    (note,) = (note for note in load(folder).notes if "left out" in note)
    assert note == (
        "4 files are left out: 3 in the folder 'extra', which is none of train, val and test, 1 outside of the class folders."
    )


def test_parts_by_names_that_are_not_understood_are_no_classes(films):
    folder = films({"trn/normal": 2, "trn/sick": 2, "tst/Normal": 1, "tst/Sick": 1})
    with pytest.raises(
        DataError, match="'trn', 'tst' hold class folders, but .* call them train, val and test"
    ):
        load_dataset(settings_of(folder))
    ordinary = films(
        {
            "../by_view/benign/AP": 1,
            "../by_view/benign/PA": 1,
            "../by_view/sick/AP": 1,
            "../by_view/sick/PA": 1,
        }
    )
    assert len(load_dataset(settings_of(ordinary.parent / "by_view")).index) == 4


def test_leftovers_among_the_classes_are_counted_and_no_folder_is_taken_for_a_film(films):
    leftovers = {
        "normal/@eaDir/n0.png/SYNOFILE_THUMB_M.png": b"\xff\xd8\xff", "normal/._n1.png": b"\0\5\x16\7", "Thumbs.db": b"x",
        "normal/.ipynb_checkpoints/n2-checkpoint.png": b"\x89PNG\r\n\x1a\n", "__MACOSX/sick/._a.png": b"\0\5\x16\7",
        "notes.txt": b"text",
    }  # fmt: skip
    folder = films({"normal": 4, "sick": 4, "sick/folder.png": 1}, leftovers)
    dataset = load(folder)
    assert len(dataset.index) == 9
    assert (
        "6 files are left out: 5 left behind by a system or a program, 1 with other content than DICOM, PNG or JPEG."
        in dataset.notes
    )


def test_a_class_folder_without_films_says_what_it_holds_instead(films, tmp_path):
    folder = films({"sick": 2, "normal": 0}, {"normal/a.bmp": b"II*\0"})
    with pytest.raises(
        DataError, match=r"'normal' has no image; .* 1 of another picture format \(convert to PNG\)"
    ):
        load_dataset(settings_of(folder))


def test_a_data_folder_whose_name_is_not_utf_8(films):
    folder = films({"sick": 2, "normal": 2})
    other = folder.with_name(os.fsdecode(b"films\xff"))
    folder.rename(other)
    (other / "sick" / "IM0").rename(other / "sick" / os.fsdecode(b"film\xe9.png"))
    assert len(load(other).index) == 4
    private.write_places(other.parent / "run", {"data": str(other)})
    assert private.read_places(other.parent / "run") == {"data": str(other)}


def test_a_pattern_that_finds_no_patient_in_some_names_says_so(films):
    folder = films({"sick": 3, "normal": 2})
    (folder / "sick" / "IM0").rename(folder / "sick" / "film")
    dataset = load(folder, patient_pattern=r"IM(\d)")
    assert dataset.patients_known and any(
        note.startswith("1 film counts as a patient") for note in dataset.notes
    )
    assert not load(folder, patient_pattern=r"MRN(\d)").patients_known
