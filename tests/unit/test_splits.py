"""The split by patient: no patient twice, the share of answers kept, an official test part left alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radlib import tasks
from radlib.datasets import Dataset
from radlib.datasets.splits import SPLITS, leakage_check, overlap, split_by_patient
from radlib.errors import DataError, UsageError

FRACTIONS = {"validation_fraction": 0.2, "test_fraction": 0.25}


def drawn(films, patients, seed, official=False, prevalence=0.4):
    generator = np.random.default_rng(seed)
    sick = generator.random(patients) < prevalence
    who = generator.integers(patients, size=films)
    index = pd.DataFrame(
        {
            "image_id": [f"{n:012x}" for n in range(films)],
            "path": "",
            "patient_id": [f"p{n}" for n in who],
            "sick": (sick[who] & (generator.random(films) < 0.8)).astype(float),
        }
    )
    if official:
        index["split"] = np.where(generator.random(films) < 0.2, "test", "training")
    return Dataset(index, tasks.binary("sick", "well"), Path())


@settings(max_examples=60, deadline=None)
@given(st.integers(200, 500), st.integers(60, 200), st.integers(0, 10_000))
def test_no_patient_is_in_two_splits_and_no_film_is_lost(films, patients, seed):
    dataset = drawn(films, patients, seed)
    result = split_by_patient(dataset, **FRACTIONS, seed=seed)
    splits_per_patient = result.index.groupby("patient_id")["split"].nunique()
    assert splits_per_patient.max() == 1
    assert result.index["image_id"].tolist() == dataset.index["image_id"].tolist()
    assert set(result.index["split"]) == set(SPLITS)


def test_every_split_has_its_share_of_patients_of_each_answer():
    result = split_by_patient(drawn(3000, 1000, 0), **FRACTIONS, seed=1).index
    patients = result.groupby("patient_id").agg(split=("split", "first"), sick=("sick", "max"))
    for _, group in patients.groupby("sick"):
        share = group["split"].value_counts(normalize=True)
        assert share["test"] == pytest.approx(0.25, abs=0.005)
        assert share["validation"] == pytest.approx(0.2 * 0.75, abs=0.005)


def test_the_split_depends_on_ids_and_seed_not_on_order():
    dataset = drawn(300, 100, 0)
    shuffled = Dataset(dataset.index.sample(frac=1, random_state=0), dataset.task, Path())
    one, two = (split_by_patient(d, **FRACTIONS, seed=3).index for d in (dataset, shuffled))
    pd.testing.assert_frame_equal(one, two.loc[one.index])
    other = split_by_patient(dataset, **FRACTIONS, seed=4).index
    assert (one["split"] != other["split"]).any()


def test_an_official_test_part_is_left_alone():
    dataset = drawn(400, 400, 0, official=True)
    result = split_by_patient(dataset, **FRACTIONS, seed=0, id_scope="folder").index
    assert ((result["split"] == "test") == (dataset.index["split"] == "test")).all()
    assert result["patient_id"].str.startswith(("training/", "test/")).all()


def test_equal_numbers_in_two_folders_are_listed_and_marked():
    index = pd.DataFrame(
        {
            "image_id": [f"{n:012x}" for n in range(12)],
            "path": "",
            "patient_id": [*"abcdefgh", "a", "x", "y", "b"],
            "sick": [0, 1] * 6,
            "split": ["training"] * 8 + ["test"] * 4,
        }
    )
    dataset = Dataset(index, tasks.binary("sick"), Path())
    result = split_by_patient(dataset, validation_fraction=0.4, test_fraction=0.5, seed=0, id_scope="folder")
    assert overlap(result).to_dict("records") == [
        {"patient_id": "a", "training_films": 1, "test_films": 1},
        {"patient_id": "b", "training_films": 1, "test_films": 1},
    ]
    assert result.index["overlaps"].tolist() == [True, True] + [False] * 6 + [True, False, False, True]
    with pytest.raises(DataError, match="id_scope to 'folder'"):
        split_by_patient(dataset, validation_fraction=0.4, test_fraction=0.5, seed=0)


def test_patients_who_share_a_file_stay_together():
    """A copy under another patient's name would carry a training film into the test."""
    dataset = drawn(300, 150, 0)
    index = dataset.index.copy()
    index.loc[1, "image_id"] = index.loc[0, "image_id"] + "-2"
    index.loc[3, "image_id"] = index.loc[2, "image_id"] + "-2"
    for seed in range(8):
        result = split_by_patient(Dataset(index, dataset.task, Path()), **FRACTIONS, seed=seed)
        assert result.index["split"].iloc[0] == result.index["split"].iloc[1]
        assert leakage_check(result)["copies_elsewhere"].sum() == 0


def test_a_training_film_that_is_also_a_test_film_is_left_out():
    dataset = drawn(300, 300, 0, official=True)
    index = dataset.index.copy()
    test, training = (np.flatnonzero(index["split"] == s)[0] for s in ("test", "training"))
    index.loc[training, "image_id"] = index.loc[test, "image_id"] + "-2"
    result = split_by_patient(Dataset(index, dataset.task, Path()), **FRACTIONS, seed=0, id_scope="folder")
    assert len(result.index) == 299
    assert index.loc[test, "image_id"] in set(result.index["image_id"])
    assert "1 training films were left out" in result.notes[-1]


def test_planted_leaks_are_found():
    result = split_by_patient(drawn(300, 100, 0), **FRACTIONS, seed=0)
    index = result.index.copy()
    test = np.flatnonzero(index["split"] == "test")[0]
    index.loc[test, "split"] = "training"
    moved = Dataset(index, result.task, Path())
    if index[index["split"] == "test"]["patient_id"].isin([index.loc[test, "patient_id"]]).any():
        with pytest.raises(DataError, match="1 patients have films"):
            leakage_check(moved)
    copied = result.index.copy()
    training = np.flatnonzero(copied["split"] == "training")[0]
    copied.loc[training, "image_id"] = copied.loc[test, "image_id"] + "-2"
    with pytest.raises(DataError, match="copies of films"):
        leakage_check(Dataset(copied, result.task, Path()))


def test_a_split_with_one_answer_is_an_error_not_a_score_of_one_half():
    dataset = drawn(60, 60, 0, official=True)
    dataset.index.loc[dataset.index["split"] == "test", "sick"] = 1.0
    with pytest.raises(DataError, match="The test split has films of one answer only") as caught:
        split_by_patient(dataset, **FRACTIONS, seed=0, id_scope="folder")
    assert "undefined" in str(caught.value)


def test_rare_findings_are_spread_over_the_splits():
    generator = np.random.default_rng(0)
    index = pd.DataFrame(
        {
            "image_id": [f"{n:012x}" for n in range(2000)],
            "path": "",
            "patient_id": [f"p{n}" for n in range(2000)],
            "common": (generator.random(2000) < 0.5).astype(float),
            "rare": (np.arange(2000) % 100 == 0).astype(float),
        }
    )
    result = split_by_patient(Dataset(index, tasks.findings(["common", "rare"]), Path()), **FRACTIONS, seed=0)
    assert result.index[result.index["rare"] == 1]["split"].value_counts().to_dict() == {
        "training": 12, "test": 5, "validation": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"id_scope": "file"}, {"test_fraction": 0.0}, {"validation_fraction": 1.0}]
)
def test_wrong_arguments(wrong):
    with pytest.raises(UsageError):
        split_by_patient(drawn(100, 100, 0), **{**FRACTIONS, "seed": 0, **wrong})
