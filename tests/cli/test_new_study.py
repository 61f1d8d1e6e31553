"""`radlib new` tells what lies in a folder and writes a study that `radlib check` can take; nothing there is written over."""

import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from noise_pictures import pictures
from radlib.cli.app import main
from radlib.cli.new_study import write_study
from radlib.cli.series.study_check import check_study
from radlib.datasets.looking.folder_looks import look_at
from radlib.datasets.rsna import IMAGES_FOLDER
from radlib.datasets.synthetic import draw_dataset
from radlib.foundation.errors import DataError, UsageError

PATIENTS = 30


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """DICOM films of thirty drawn patients, as a hospital exports them: no names that say anything."""
    place = tmp_path_factory.mktemp("drawn")
    draw_dataset(place / "all", patients=PATIENTS, seed=1, image_side=64)
    films = sorted((place / "all" / IMAGES_FOLDER).iterdir())
    for number, film in enumerate(films):
        folder = place / "films" / f"{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, folder / f"IM{number:04}")
    return place / "films"


@pytest.fixture
def films(drawn, tmp_path, monkeypatch):
    """A folder of one's own, in a working folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(drawn, tmp_path / "hospital")


def study_of(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_films_that_nothing_speaks_of_get_a_table_to_fill_in(films, tmp_path):
    lines = write_study(films, tmp_path / "mine.yaml")
    told = "\n".join(lines)
    rows = pd.read_csv(films / "labels.csv", dtype=str, keep_default_na=False)
    assert len(rows) == len(look_at(films).films) and list(rows.columns) == ["file", "pneumonia"]
    assert rows["pneumonia"].eq("").all() and rows["file"][0] == "0/IM0000"
    assert f"The headers tell {PATIENTS} patients." in told and "By their headers, view: " in told
    assert "Fill in labels.csv" in told and "Next: radlib check" in told
    found = check_study(str(tmp_path / "mine.yaml"), data=str(films))
    assert "says of no film whether it shows pneumonia; fill in" in str(found.stops[0])
    answers = [str(number % 2) for number in range(len(rows))]
    rows.assign(pneumonia=answers).to_csv(films / "labels.csv", index=False)
    found = check_study(str(tmp_path / "mine.yaml"), data=str(films))
    assert not found.stops and found.forecast.startswith("About ")
    assert any('will be "too few patients"' in line for line in found.weakens)


def test_a_table_that_is_there_is_read_as_it_is_or_copied_with_the_columns_that_are_understood(
    films, tmp_path
):
    names = [film.relative_to(films).as_posix() for film in look_at(films).films]
    own = pd.DataFrame({"file": names, "effusion": np.arange(len(names)) % 2, "Name": "Doe^Jane"})
    own.to_csv(films / "answers.csv", index=False)
    write_study(films, tmp_path / "a.yaml")
    options = study_of(tmp_path / "a.yaml")["parameters"]["dataset_options"]
    assert options == {"table": "answers.csv", "labels": ["effusion"]} and not (films / "labels.csv").exists()
    other = own.rename(columns={"file": "Image Name"}).assign(Gender="F", Comment="see report")
    other["Image Name"] = [name.rsplit("/", 1)[1] + "" for name in names]
    other.to_csv(films / "answers.csv", index=False, sep=";")
    told = "\n".join(write_study(films, tmp_path / "b.yaml"))
    copied = pd.read_csv(films / "labels.csv", dtype=str)
    assert list(copied.columns) == ["file", "sex", "effusion"] and copied["file"].tolist() == names
    assert "'Image Name'" in told and "Doe" not in told + (films / "labels.csv").read_text()
    assert not check_study(str(tmp_path / "b.yaml"), data=str(films)).stops


def test_class_folders_and_public_sets_are_known_by_what_lies_in_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = pictures(tmp_path / "own", {"Healthy": 40, "Tumour": 30}, "patient{half}_{number}.png")
    told = "\n".join(write_study(own, tmp_path / "own.yaml"))
    assert "'Healthy' 40, 'Tumour' 30" in told and "commented out" in told
    text = (tmp_path / "own.yaml").read_text()
    assert (
        study_of(tmp_path / "own.yaml")["parameters"]["dataset"] == "folders" and "# dataset_options" in text
    )
    assert not check_study("own.yaml", data="own").stops
    child = "person{half}_bacteria_{number}.jpeg"
    kermany = pictures(
        tmp_path / "k",
        {"train/NORMAL": 9, "train/PNEUMONIA": 9, "test/NORMAL": 9, "test/PNEUMONIA": 9},
        child,
    )
    write_study(kermany, tmp_path / "k.yaml")
    assert study_of(tmp_path / "k.yaml")["parameters"]["dataset"] == "kermany"
    assert study_of(tmp_path / "k.yaml")["parameters"]["id_scope"] == "folder"
    busi = pictures(tmp_path / "busi", {"benign": 6, "malignant": 6})
    shutil.copy(busi / "benign/000.png", busi / "benign/000_mask.png")
    write_study(busi, tmp_path / "busi.yaml")
    assert study_of(tmp_path / "busi.yaml")["parameters"]["dataset"] == "breast_ultrasound"
    lungs = pictures(tmp_path / "lungs", {"images": 2}, "MCUCXR_{number:04d}_{half}.png")
    write_study(lungs, tmp_path / "lungs.yaml")
    assert study_of(tmp_path / "lungs.yaml")["parameters"]["dataset"] == "tb"


def test_what_a_table_without_labels_tells_stands_in_the_table_to_fill_in(films, tmp_path):
    names = [film.relative_to(films).as_posix() for film in look_at(films).films]
    known = pd.DataFrame(
        {"Image": names[:-1], "Patient": [f"p{n // 2}" for n in range(len(names) - 1)], "Note": "a b"}
    )
    known.to_csv(films / "list.csv", index=False)
    told = "\n".join(write_study(films, tmp_path / "mine.yaml"))
    assert "it also tells patient_id" in told and "Whose films they are, list.csv says." in told
    rows = pd.read_csv(films / "labels.csv", dtype=str, keep_default_na=False)
    assert list(rows.columns) == ["file", "patient_id", "pneumonia"] and rows["file"].tolist() == names
    assert rows["patient_id"].tolist() == [*known["Patient"], ""]


def test_masks_are_no_films_wherever_they_lie(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    busi = pictures(tmp_path / "busi", {"benign": 6, "malignant": 4}, "{number:03} (1).png")
    for name in ("000 (1)_mask.png", "000 (1)_mask_1.png"):
        shutil.copy(busi / "benign/000 (1).png", busi / "benign" / name)
    told = "\n".join(write_study(busi, tmp_path / "busi.yaml"))
    assert told.startswith("10 films: 10 PNG.") and "'benign' 6, 'malignant' 4" in told
    assert (
        "2 other pictures outline something on a film and are left out: the study breast_lesions learns them."
        in told
    )
    apart = pictures(tmp_path / "apart", {"films": 3, "Masks": 3})
    told = "\n".join(write_study(apart, tmp_path / "apart.yaml"))
    assert told.startswith("3 films") and "what is asked here is yes or no" in told
    assert pd.read_csv(apart / "labels.csv")["file"].tolist() == [f"films/00{n}.png" for n in range(3)]
    alone = pictures(tmp_path / "alone", {"masked_patients": 3})  # no film of their name lies elsewhere
    assert len(look_at(alone).films) == 3 and not look_at(alone).masks


def test_files_of_medmnist_have_studies_of_their_own(tmp_path):
    (tmp_path / "mnist").mkdir()
    np.savez(tmp_path / "mnist" / "pneumoniamnist.npz", train_images=np.zeros((1, 28, 28)))
    with pytest.raises(
        DataError, match="holds no film. What is there .* radlib run --study pneumoniamnist --data"
    ):
        write_study(tmp_path / "mnist", tmp_path / "mine.yaml")


def test_what_is_odd_is_told(films, tmp_path):
    (films / "0/notes.docx").write_bytes(b"PK\x03\x04word")
    (films / "0/IM9999.dcm").write_bytes(b"")
    told = "\n".join(write_study(films, tmp_path / "mine.yaml"))
    assert "1 file is left out" in told and "cannot be read: 1 is empty" in told and "1 damaged" in told


def test_nothing_is_written_over_and_mistakes_are_one_sentence(films, tmp_path, capsys):
    (tmp_path / "there.yaml").write_text("name: mine")
    for words, sentence in (
        (["new", str(films), "--to", "there.yaml"], "there.yaml is there already"),
        (["new", str(films), "--to", "study.txt"], "end it with .yaml"),
        (["new", str(tmp_path / "none")], "There is no folder"),
        (["new", str(tmp_path / "there.yaml")], "is no folder"),
    ):
        with pytest.raises(SystemExit) as end:
            main(words)
        error = capsys.readouterr().err
        assert end.value.code == 2 and sentence in error and error.count("\n") == 1
    assert (tmp_path / "there.yaml").read_text() == "name: mine" and not (films / "labels.csv").exists()
    (films / "labels.csv").write_text("file,notes\n0/IM0000,a b c\n")
    with pytest.raises(UsageError, match="is there already and does not say"):
        write_study(films, tmp_path / "mine.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no film"):
        write_study(tmp_path / "empty", tmp_path / "other.yaml")


def test_the_margin_is_one_that_so_many_films_can_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = pictures(tmp_path / "few", {"ill": 250, "well": 300})
    assert look_at(few).rarer == 250
    write_study(few, tmp_path / "few.yaml")  # a quarter of 250 is left for the test
    assert study_of(tmp_path / "few.yaml")["parameters"]["margin"] == 0.05
