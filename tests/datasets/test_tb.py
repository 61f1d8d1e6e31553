"""Tuberculosis films of two hospitals: names, readings in either form, patients, and the hospital as the split."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib.cli.series.estimate import survey_films
from radlib.datasets.dataset import load_dataset
from radlib.datasets.splits import leakage_check, split_by_patient
from radlib.datasets.tb import patients_of
from radlib.foundation.errors import DataError
from radlib.runs.settings import Settings

SHENZHEN = [f"CHNCXR_{n:04d}_{int(n > 6)}" for n in range(1, 13)]
MONTGOMERY = ["MCUCXR_0001_0", "MCUCXR_0113_1", "MCUCXR_0117_1", "MCUCXR_0120_0"]
TEXTS = {
    "CHNCXR_0001_0": "male 45yrs\nnormal",
    "CHNCXR_0007_1": "female, 3 months\nPTB in the right upper field",
    "MCUCXR_0001_0": "Patient's Sex: F\nPatient's Age: 027Y\nnormal\n\n",
    "MCUCXR_0117_1": "Patient's Sex: M\nPatient's Age: 085Y\nstable since 6M (same pt as MCUCXR_0113_1)",
}


def draw(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16), dtype=np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    """As the library publishes them: a folder for each hospital, readings and masks beside the films."""
    root = tmp_path / "tb"
    for seed, name in enumerate([*SHENZHEN, *MONTGOMERY]):
        hospital = "ChinaSet_AllFiles" if name in SHENZHEN else "MontgomerySet"
        draw(root / hospital / "CXR_png" / f"{name}.png", seed)
        if name in TEXTS:
            text = root / hospital / "ClinicalReadings" / f"{name}.txt"
            text.parent.mkdir(exist_ok=True)
            text.write_text(TEXTS[name])
    for side in ("leftMask", "rightMask"):
        draw(root / "MontgomerySet" / "ManualMask" / side / "MCUCXR_0001_0.png", 90)
    draw(root / "masks" / "CHNCXR_0001_0_mask.png", 91)
    draw(root / "ChinaSet_AllFiles" / "preview.png", 92)
    return root


def load(folder, **options):
    return load_dataset(Settings(dataset="tb", data=str(folder), dataset_options=options))


def test_names_and_readings_become_labels_hospitals_ages_and_patients(folder):
    dataset = load(folder)
    index = dataset.index.assign(name=dataset.index["path"].map(lambda path: path.rsplit("/", 1)[-1][:-4]))
    assert index["name"].tolist() == [*SHENZHEN, *MONTGOMERY]
    assert dataset.task.outputs == ("normal", "tuberculosis")
    assert index["tuberculosis"].tolist() == [0] * 6 + [1] * 6 + [0, 1, 1, 0]
    assert index["source"].tolist() == ["Shenzhen"] * 12 + ["Montgomery"] * 4
    index = index.set_index("name")
    assert index.loc[list(TEXTS), "age"].tolist() == [45, 0.25, 27, 85]
    assert index.loc[list(TEXTS), "sex"].tolist() == ["M", "F", "F", "M"]
    assert index["age"].notna().sum() == index["sex"].notna().sum() == len(TEXTS)
    assert index.loc["MCUCXR_0117_1", "patient_id"] == index.loc["MCUCXR_0113_1", "patient_id"]
    assert index["patient_id"].nunique() == 15
    assert "1 film is of patients under 16, 0 of them normal: age and label are tied." in dataset.notes
    assert "3 masks of lungs, 1 named otherwise than" in dataset.notes[-1]


def test_a_reading_may_name_a_film_that_names_another():
    said = [
        "old",
        "same pt as MCUCXR_0162_1)",
        "improved (same pt as MCUCXR_0166_1, MCUCXR_0162_1)",
        "normal",
    ]
    names = ["MCUCXR_0162_1", "MCUCXR_0166_1", "MCUCXR_0170_1", "MCUCXR_0171_1"]
    assert patients_of(said, names) == ["MCUCXR_0162_1"] * 3 + ["MCUCXR_0171_1"]


def test_the_hospital_is_the_split_and_whatever_is_drawn_comes_from_shenzhen(folder):
    split = split_by_patient(load(folder), validation_fraction=0.3, test_fraction=0.3, seed=0)
    parts = split.index.groupby("split")["source"].unique().map(list).to_dict()
    assert parts == {"test": ["Montgomery"], "training": ["Shenzhen"], "validation": ["Shenzhen"]}
    assert leakage_check(split).set_index("split").loc["test", ["films", "patients"]].tolist() == [4, 3]
    drawn = load(folder, split="seeded")
    assert "split" not in drawn.index and not any("The split is the hospital" in note for note in drawn.notes)


def test_one_hospital_alone(folder):
    shenzhen, montgomery = load(folder, hospital="shenzhen"), load(folder, hospital="montgomery")
    assert set(shenzhen.index["source"]) == {"Shenzhen"} and not shenzhen.patients_known
    assert set(montgomery.index["source"]) == {"Montgomery"} and montgomery.patients_known
    assert "split" not in shenzhen.index and "split" not in montgomery.index
    assert "4 of the other hospital" in shenzhen.notes[-1]
    settings = Settings(dataset="tb", data=str(folder), dataset_options={"hospital": "montgomery"})
    assert survey_films(settings).films == 4


def test_one_table_may_stand_for_the_readings(folder):
    names = [*SHENZHEN, *MONTGOMERY]
    table = pd.DataFrame({"path": [f"images/{name}.jpg" for name in names], "sex": "F", "age": "40"})
    table["findings"] = [TEXTS.get(name, "normal") for name in names]
    table["sex_conflict"] = [1, *[0] * 15]
    table.to_csv(folder / "MANIFEST.csv", index=False)
    dataset = load(folder)
    assert dataset.index["age"].tolist() == [40] * 16
    assert dataset.index["sex"].isna().tolist() == [True] + [False] * 15
    assert "The sex of 1 film is taken as unknown: two tables contradict each other." in dataset.notes
    assert dataset.index["patient_id"].nunique() == 15
    table.iloc[1:].to_csv(folder / "MANIFEST.csv", index=False)
    with pytest.raises(DataError, match=r"^1 film is not in MANIFEST.csv; complete the table"):
        load(folder)
    pd.concat([table, table.iloc[:1]]).to_csv(folder / "MANIFEST.csv", index=False)
    with pytest.raises(DataError, match=r"^MANIFEST.csv has a film twice"):
        load(folder)


def test_what_is_missing_or_lies_there_twice_is_one_sentence(folder):
    draw(folder / "copies" / "CHNCXR_0001_0.png", 0)
    with pytest.raises(DataError, match=r"^1 film lies twice in 'tb'; keep one copy of each\.$"):
        load(folder)
    for film in folder.rglob("MCUCXR*.png"):
        film.unlink()
    with pytest.raises(
        DataError, match=r"^No film of Montgomery is in 'tb' or below, named like MCUCXR_0001_0"
    ):
        load(folder)


@pytest.mark.real_data
def test_the_films_of_both_hospitals(shared_data):
    """Counts of the publishers and of the manifest: 662 films of Shenzhen, 82 of Montgomery's 138."""
    folder = shared_data / "data" / "tb_lungs"
    dataset = load(folder)
    index = dataset.index
    assert index.groupby(["source", "tuberculosis"]).size().to_dict() == {
        ("Montgomery", 0): 46, ("Montgomery", 1): 36, ("Shenzhen", 0): 326, ("Shenzhen", 1): 336,
    }  # fmt: skip
    manifest = pd.read_csv(folder / "MANIFEST.csv").sort_values("path")
    assert index["image_id"].tolist() == manifest["sha256"].str[:12].tolist()
    assert index["age"].tolist() == manifest["age"].tolist()
    assert index["sex"].isna().sum() == 9
    assert len(index) - index["patient_id"].nunique() == manifest["same_patient_as"].notna().sum() == 3
    assert (index["split"] == "test").tolist() == (manifest["set"] == "montgomery").tolist()
