"""A hospital's own folder: what the table says, what the header adds, and what is refused."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from radlib.cli.series.estimate import survey_films
from radlib.datasets.dataset import load_dataset
from radlib.datasets.dicom_folder import _patients
from radlib.datasets.rsna import IMAGES_FOLDER
from radlib.datasets.synthetic import draw_dataset
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.plain_text import table_text
from radlib.imaging.images import image_id
from radlib.runs.settings import Settings


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "films"
    draw_dataset(folder, patients=3, seed=4, image_side=64)
    return sorted((folder / IMAGES_FOLDER).iterdir())[:6]


@pytest.fixture
def folder(drawn_once, tmp_path):
    """Six DICOM films in folders of their own, two of them without ending, as an archive exports them."""
    root = tmp_path / "hospital"
    for number, film in enumerate(drawn_once):
        place = root / f"2024/{number % 2:02d}"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, place / (f"IM{number}.dcm" if number < 4 else f"IM{number}"))
    return root


FILES = [
    "2024/00/IM0.dcm",
    "2024/01/IM1",
    "2024/00/IM2.dcm",
    "2024\\01\\IM3.dcm",
    "2024/00/IM4",
    "2024/01/IM5",
]


def write(folder, name="labels.csv", **columns):
    table = {"file": FILES, "effusion": [1, 0, 0, 1, "", 1], **columns}
    pd.DataFrame({k: v for k, v in table.items() if v is not None}).to_csv(folder / name, index=False)


def test_a_name_that_a_spreadsheet_would_compute_finds_its_film(folder):
    """`radlib new` writes such a name with an apostrophe."""
    (folder / FILES[0]).rename(folder / "=1.dcm")
    table = pd.DataFrame({"file": ["=1.dcm", *FILES[1:]], "effusion": [1, 0, 0, 1, "", 1]})
    (folder / "labels.csv").write_text(table_text(table))
    assert "'=1.dcm" in (folder / "labels.csv").read_text()
    index = load_dataset(Settings(dataset="dicom_folder", data=str(folder))).index
    assert str(folder / "=1.dcm") in set(index["path"])


def test_the_forecast_counts_the_films_that_the_table_names(folder):
    write(folder)
    table = pd.read_csv(folder / "labels.csv").iloc[:4]
    table.to_csv(folder / "labels.csv", index=False)
    (folder / "notes.txt").write_text("to do")
    settings = Settings(dataset="dicom_folder", data=str(folder))
    found = survey_films(settings)
    assert found.films == len(load_dataset(settings).index) == 4
    assert found.left_out == {"other": 1, "films that labels.csv does not name": 2}


def load(folder, **options):
    return load_dataset(Settings(dataset="dicom_folder", data=str(folder), dataset_options=options))


def test_the_table_labels_films_and_the_header_says_the_rest(folder):
    import pydicom

    write(folder, mass=[0, 1, "", 0, 0, 1])
    dataset = load(folder)
    index = dataset.index
    assert (dataset.task.name, dataset.task.labels) == ("findings", ("effusion", "mass"))
    assert index["effusion"].fillna(-1).tolist() == [1, 0, 0, 1, -1, 1]
    assert index["mass"].fillna(-1).tolist() == [0, 1, -1, 0, 0, 1]
    files = [folder / f"2024/{n % 2:02d}" / (f"IM{n}.dcm" if n < 4 else f"IM{n}") for n in range(6)]
    assert index["image_id"].tolist() == [image_id(path) for path in files]
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    assert index["view"].tolist() == [str(h.ViewPosition) for h in headers]
    assert index["sex"].tolist() == [str(h.PatientSex) for h in headers]
    assert index["age"].tolist() == [float(h.PatientAge[:3]) for h in headers]
    same = pd.Series([str(h.PatientID) for h in headers])
    assert (index["patient_id"].factorize()[0] == same.factorize()[0]).all()
    assert not set(same) & set(index["patient_id"])
    assert dataset.patients_known and "split" not in index


def test_what_the_table_says_goes_before_the_header(folder):
    write(
        folder,
        patient_id=["007", "007", "7", "9", "8", "8"],
        split=["train", "training", "Training", "val", "test", "test"],
        view=["pa", "LL", "", "AP", "AP", "AP"],
        age=[30, 40, 411, "", 60, 70],
        sex=["f", "M", "O", "", "M", "F"],
    )
    from_header = load_without_about(folder)
    dataset = load(folder)
    index = dataset.index
    assert dataset.task.outputs == ("no_effusion", "effusion")
    assert "1 film is left out: nobody knows whether effusion is to be seen." in dataset.notes
    assert index["split"].tolist() == ["training"] * 3 + ["validation", "test"]
    assert index["patient_id"].tolist() == ["007", "007", "7", "9", "8"]
    assert index["view"].tolist() == ["PA", "LL", from_header["view"][2], "AP", "AP"]
    assert index["sex"].tolist()[:3] == ["F", "M", ""]
    np.testing.assert_array_equal(index["age"], [30, 40, np.nan, from_header["age"][3], 70])
    assert "1 age is above 110 years and taken as unknown." in dataset.notes


def load_without_about(folder):
    write(folder, name="bare.csv")
    index = load(folder, table="bare.csv", reading="findings").index
    return index.to_dict("list")


def test_a_patient_whom_table_and_header_name_in_turns_is_one(folder):
    headers = load_without_about(folder)["patient_id"]
    write(folder, patient_id=["A", "", "", "", "", ""])
    found = load(folder, reading="findings").index["patient_id"].tolist()
    assert found == ["A" if patient == headers[0] else patient for patient in headers]


def test_patients_are_joined_by_any_chain_of_ids():
    said = pd.Series(["A", "A", "", "", "B", ""])
    header = pd.Series(["h", "i", "h", "i", "j", "k"])
    assert _patients(said, header).tolist() == ["A", "A", "A", "A", "B", "k"]


def test_one_header_id_for_all_counts_only_where_the_table_leaves_films_to_it():
    header = pd.Series(["ANON", "ANON", "ANON", "", ""])
    said = pd.Series(["1", "2", "3", "", "1"])
    assert _patients(said, header).tolist() == ["1", "2", "3", "", "1"]
    assert _patients(said.replace("3", ""), header).tolist() == ["1", "1", "1", "", "1"]


def test_films_that_the_table_does_not_name_are_counted(folder):
    write(folder)
    shutil.copy(folder / "2024/00/IM0.dcm", folder / "extra.dcm")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    notes = load(folder).notes
    unlisted = (
        f"1 film is in the folder and not in labels.csv, and left out ({image_id(folder / 'extra.dcm')})."
    )
    assert unlisted in notes
    assert any(note.startswith("2 files are left out: 1 left behind by a system") for note in notes)


def test_films_without_any_patient_id_are_patients_of_their_own(folder):
    import pydicom

    for path in folder.rglob("IM*"):
        film = pydicom.dcmread(path)
        film.PatientID = ""
        film.save_as(path)
    write(folder)
    dataset = load(folder, reading="findings")
    assert not dataset.patients_known
    assert dataset.index["patient_id"].tolist() == dataset.index["image_id"].tolist()
    assert any(note.startswith("6 films have no patient id") for note in dataset.notes)


def test_classes_that_exclude_each_other(folder):
    write(folder, effusion=[1, 0, 0, 1, 0, 0], mass=[0, 1, 0, 0, 0, 1], clear=[0, 0, 1, 0, 1, 0])
    assert load(folder, reading="classes").task.name == "classes"
    write(folder, effusion=[1, 0, 0, 1, 0, 0], mass=[1, 1, 0, 0, 0, 1], clear=[0, 0, 1, 0, 1, 0])
    with pytest.raises(DataError, match=f"{image_id(folder / FILES[0])} first, are not of exactly one class"):
        load(folder, reading="classes")


@pytest.mark.parametrize(
    ("columns", "options", "text"),
    [
        ({"file": None}, {}, "lacks the column 'file'"),
        ({"effusion": None}, {}, "has no column of labels"),
        ({"PatientName": ["Doe^Jane"] * 6}, {}, "has an unknown column 'PatientName'"),
        ({"score": [0.5] * 6}, {}, "has an unknown column 'score'"),
        ({"file": ["x" * 5000, *FILES[1:]]}, {}, "names a file that is not there"),
        ({"Doe^Jane": [0] * 6}, {"labels": ["mass"]}, "it has: values in place of headings"),
        ({"split": ["train", "dev", "test", "test", "", "test"]}, {}, r"other than .* \(rows 3, 6\)"),
        ({}, {"labels": ["mass"]}, "has no label column 'mass'; it has: effusion"),
        ({}, {"table": "other.csv"}, "other.csv is missing"),
        ({"file": ["../x.dcm", *FILES[1:]]}, {}, r"1 row of labels.csv names no file inside .* \(row 2\)"),
        ({"file": ["/etc/passwd", *FILES[1:]]}, {}, r"1 row of labels.csv names no file inside .* \(row 2\)"),
        ({"file": ["", *FILES[1:]]}, {}, r"1 row of labels.csv names no file inside .* \(row 2\)"),
        ({"file": ["Doe^Jane.dcm", *FILES[1:]]}, {}, r"1 row of labels.csv names a file that is not there \(row 2\)"),
        ({"file": [FILES[1] + ".dcm", *FILES[1:]]}, {}, r"1 row of labels.csv names a film that an earlier .* \(row 3\)"),
        ({"split": ["train", "dev", "test", "test", "", "test"]}, {}, "2 rows of labels.csv have a split other"),
        ({"effusion": [1] * 6}, {}, "no image of class 'films without effusion'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence_without_names(folder, columns, options, text):
    write(folder, **columns)
    with pytest.raises(DataError, match=text) as caught:
        load(folder, **options)
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert not re.search("Doe|IM0|passwd", str(caught.value))


def test_a_table_without_rows_is_one_sentence(folder):
    (folder / "labels.csv").write_text("file,effusion\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"^The table labels\.csv names no film; give it one row for each\.$"):
        load(folder)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    shutil.copy(folder / "2024/00/IM0.dcm", tmp_path / "outside.dcm")
    (folder / "link.dcm").symlink_to(tmp_path / "outside.dcm")
    write(folder, file=["link.dcm", *FILES[1:]])
    with pytest.raises(DataError, match=r"1 row of labels.csv names no file inside .* \(row 2\)"):
        load(folder)


def test_a_binary_reading_takes_one_label(folder):
    write(folder, mass=[0, 1, 0, 1, 0, 1])
    with pytest.raises(UsageError, match="takes one label; labels.csv has effusion, mass"):
        load(folder, reading="binary")
    with pytest.raises(UsageError, match="names a column of labels.csv twice"):
        load(folder, labels=["mass", "Mass"])
    with pytest.raises(UsageError, match="one of auto, binary, findings, classes"):
        load(folder, reading="several")


def with_modality(path, modality):
    import pydicom

    film = pydicom.dcmread(path)
    film.Modality = modality
    film.save_as(path)


def test_a_slice_of_another_modality_is_left_out_and_counted(folder):
    write(folder)
    with_modality(folder / "2024/01/IM1.dcm", "CT")
    with_modality(folder / "2024/00/IM2.dcm", "")  # says nothing: stays
    dataset = load(folder, reading="findings")
    assert len(dataset.index) == 5
    assert image_id(folder / "2024/01/IM1.dcm") not in set(dataset.index["image_id"])
    assert any("1 film is left out" in note and "(1 CT)" in note for note in dataset.notes)
    assert len(load(folder, reading="findings", modalities=["CR", "DX", "CT"]).index) == 6
    for path in folder.rglob("IM*"):
        with_modality(path, "MR")
    with pytest.raises(DataError, match=r"No film of the table is CR or DX by its header \(6 MR\)"):
        load(folder, reading="findings")


def rewrite(folder, text, encoding="utf-8"):
    (folder / "labels.csv").write_bytes(text.encode(encoding))


def rows_of(answers, *, head="file,effusion", separator=","):
    lines = [head, *(separator.join((file, *cells)) for file, *cells in zip(FILES, *answers, strict=True))]
    return "\r\n".join(lines) + "\r\n"


def test_a_table_of_a_german_spreadsheet_is_read(folder):
    answers = ["ja", "nein", "nein", "ja", "-1", ""]
    text = rows_of(
        [answers, ["40,5", "41", "40 Jahre", "18M", "4²", ""], ["Male", "weiblich", "O", "", "w", "?"]],
        head="Datei;Erguss;Alter;Geschlecht",
        separator=";",
    )
    text = text.replace("Datei;Erguss;Alter;Geschlecht", "File;Erguss;AGE;Sex;;")
    rewrite(folder, text, "utf-16")
    from_header = load_header(folder)
    values = {"ja": 1, "nein": 0, "-1": "u_ignore"}
    dataset = load(folder, label_values=values, reading="findings")
    index = dataset.index
    assert index["Erguss"].fillna(-1).tolist() == [1, 0, 0, 1, -1, -1]
    assert index["age"].tolist() == [40.5, 41, 40, 1.5, *from_header["age"][4:]]
    assert index["sex"].tolist() == ["M", "F", "", from_header["sex"][3], "F", from_header["sex"][5]]
    assert "1 age was not understood; write 40, 40.5, 18M or 40 years." in dataset.notes
    assert (
        "By label_values these cells were taken: 2 'ja' as 1, 2 'nein' as 0, 1 '-1' as unknown."
        in dataset.notes
    )
    assert "2 of 6 labels are unknown: their cells are empty or say so." in dataset.notes


def load_header(folder):
    before = (folder / "labels.csv").read_bytes()
    found = load_without_about(folder)
    (folder / "labels.csv").write_bytes(before)
    (folder / "bare.csv").unlink()
    return found


@pytest.mark.parametrize(
    ("answers", "options", "text"),
    [
        (["ja", "nein"] * 3, {}, "Row 2 of labels.csv holds 'ja' in column 'effusion'.*label_values"),
        (
            ["1", "0", "-1", "1", "0", "-1"],
            {},
            "Row 4 of labels.csv holds '-1' in column 'effusion'.*u_zeros",
        ),
        (["1", "0", "0", "maybe", "0", "1"], {}, "Row 5 of labels.csv holds 'maybe' in column 'effusion'"),
        (["1", "0", "0", "maybe", "0", "1"], {"labels": ["effusion"]}, "Row 5 of labels.csv holds 'maybe'"),
    ],
)
def test_cells_that_are_not_understood_are_named_by_row_column_and_value(folder, answers, options, text):
    rewrite(folder, rows_of([answers]))
    with pytest.raises(DataError, match=text):
        load(folder, **options)


def test_columns_that_nobody_asked_about_are_ignored_once_and_never_quoted(folder):
    write(folder, mass=["x"] * 6, PatientName=["Doe^Jane"] * 6)
    dataset = load(folder, labels=["Effusion"], reading="findings")
    assert dataset.task.labels == ("Effusion",)
    assert (
        dataset.notes.count("2 further columns are in labels.csv and ignored: not named by option labels.")
        == 1
    )
    assert "Doe" not in str(dataset.index.to_dict()) + str(dataset.notes)


@pytest.mark.parametrize("heading", ["Surname", "birth date", "Befund", "MRN", "referring physician"])
def test_what_may_be_a_persons_is_not_quoted(folder, heading):
    write(folder, **{heading: ["Doe", "Roe"] * 3})
    with pytest.raises(DataError, match="has an unknown column") as caught:
        load(folder)
    assert not re.search("Doe|Roe", str(caught.value))


@pytest.mark.parametrize("heading", ["image_id", "Path", "boxes"])
def test_labels_that_would_overwrite_what_is_known_of_a_film_are_refused(folder, heading):
    write(folder, **{heading: [0, 1] * 3})
    with pytest.raises(DataError, match=f"cannot be called '{heading}'"):
        load(folder)


def test_words_for_nobody_are_no_patient(folder):
    write(folder, patient_id=["unknown", "NA", "?", "7", "none", "7"])
    found = set(load(folder, reading="findings").index["patient_id"])
    assert "7" in found
    assert not found & {"unknown", "NA", "?", "none"}


def test_a_table_outside_the_folder_is_not_read(folder, tmp_path):
    write(tmp_path, name="secret.csv")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    for name in ("../secret.csv", str(tmp_path / "secret.csv"), "link.csv", "2024/../../secret.csv"):
        with pytest.raises(
            UsageError, match="lies outside the data folder|the name of a file in the data folder"
        ):
            load(folder, table=name)


def test_names_are_found_in_other_spellings(folder):
    (folder / "2024/00/IM0.dcm").rename(folder / "2024/00/Mu\u0308ller.dcm")  # as macOS takes a name apart
    write(folder, file=["./2024/00/M\u00fcller.dcm", "2024/01/im1.DCM", "2024/00/IM2", *FILES[3:]])
    assert len(load(folder, reading="findings").index) == 6


def with_tag(path, **tags):
    import pydicom

    film = pydicom.dcmread(path)
    for name, value in tags.items():
        setattr(film, name, value)
    film.save_as(path)


def test_a_leg_is_left_out_and_counted(folder):
    write(folder)
    with_tag(folder / "2024/01/IM1.dcm", BodyPartExamined="EXTREMITY")
    with_tag(folder / "2024/00/IM2.dcm", BodyPartExamined="THORAX")
    with_tag(folder / "2024/01/IM3.dcm", BodyPartExamined="")
    with_tag(folder / "2024/00/IM4", BodyPartExamined="MUSTERMANN")
    dataset = load(folder, reading="findings")
    assert len(dataset.index) == 4
    assert image_id(folder / "2024/01/IM1.dcm") not in set(dataset.index["image_id"])
    note = "2 films are left out, whose headers name another body part than CHEST (1 EXTREMITY, 1 OTHER)."
    assert note in dataset.notes
    assert len(load(folder, reading="findings", body_parts=["thorax", "Extremity"]).index) == 5
    assert len(load(folder, reading="findings", body_parts=["CHEST", "EXTREMITY", "OTHER"]).index) == 6
    assert len(load(folder, reading="findings", body_parts=[]).index) == 6
    with pytest.raises(DataError, match=r"No film of the table is ABDOMEN by its header"):
        for path in folder.rglob("IM*"):
            with_tag(path, BodyPartExamined="HAND")
        load(folder, reading="findings", body_parts=["ABDOMEN"])
    with pytest.raises(UsageError, match="takes DICOM's terms"):
        load(folder, reading="findings", body_parts=["CHSET"])


def test_raw_data_and_lateral_views_are_noted(folder):
    write(folder)
    with_tag(folder / "2024/01/IM1.dcm", PresentationIntentType="FOR PROCESSING")
    with_tag(folder / "2024/00/IM2.dcm", ViewPosition="LL")
    notes = load(folder, reading="findings").notes
    assert any(note.startswith("1 film is raw data by their headers") for note in notes)
    assert any(note.startswith("1 film is lateral views by their headers") for note in notes)


@pytest.mark.parametrize(
    "age", [b"04\xb2Y", b"    ", b"000Y", b"-12Y", b"999Y", b"\xff\x00\xfeY", b"Y40 ", b"4\n2Y"]
)
def test_ages_of_any_bytes_stop_no_folder(folder, age):
    for path in folder.rglob("IM*"):
        content, count = re.subn(
            rb"AS\x04\x00....", b"AS\x04\x00" + age.replace(b"\\", b"."), path.read_bytes(), flags=re.S
        )
        assert count == 1
        path.write_bytes(content)
    write(folder)
    ages = load(folder, reading="findings").index["age"]
    assert ages.dropna().tolist() == ([0] * 6 if age == b"000Y" else [])


def test_a_film_without_the_mark_is_read_with_a_note(folder):
    path = folder / "2024/01/IM1.dcm"
    expected = load_header(folder) if write(folder) else load_without_about(folder)
    path.write_bytes(path.read_bytes()[132:])
    write(folder)
    dataset = load(folder, reading="findings")
    assert dataset.index["view"].tolist() == expected["view"]
    assert "1 film lacks the mark DICM of a DICOM file; read all the same." in dataset.notes
