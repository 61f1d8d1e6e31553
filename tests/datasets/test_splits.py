"""The split by patient: no patient twice, the share of answers kept, an official test part left alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from radlib.datasets import draws
from radlib.datasets.dataset import Dataset, load_dataset
from radlib.datasets.splits import SPLITS, leakage_check, overlap, split_by_patient
from radlib.foundation.errors import DataError, UsageError
from radlib.runs import tasks
from radlib.runs.settings import Settings

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
    found = split_by_patient(dataset, **FRACTIONS, seed=0, id_scope="folder")
    result = found.index
    assert found.official_parts == ("training", "test")  # of which `split` says nothing any more
    assert ((result["split"] == "test") == (dataset.index["split"] == "test")).all()
    assert not set(result["patient_id"]) & set(dataset.index["patient_id"])


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
        {"number": f"{0:012x}", "training_films": 1, "test_films": 1},
        {"number": f"{1:012x}", "training_films": 1, "test_films": 1},
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
    assert "1 film was left out" in result.notes[-1]


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


@st.composite
def data_sets(draw):
    """Films of any number of patients, with any of the things that make a split hard."""
    films, labels = draw(st.integers(120, 260)), draw(st.sampled_from([1, 1, 3]))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    who = generator.integers(draw(st.integers(40, 120)), size=films)
    names = [f"finding{n}" for n in range(labels)]
    ids = np.array([f"{n:012x}" for n in generator.permutation(films)], dtype=object)
    if draw(st.booleans()):  # some files lie there twice, some under another patient's number
        copied, originals = generator.permutation(films)[:8].reshape(2, 4)
        ids[copied] = [f"{ids[n]}-2" for n in originals]
    index = pd.DataFrame({"image_id": ids, "path": "", "patient_id": [f"hospital-{n}" for n in who]})
    for name, frequency in zip(names, (0.4, 0.2, 0.1), strict=False):
        index[name] = (generator.random(films) < frequency).astype(float)
        index.loc[generator.random(films) < draw(st.sampled_from([0.0, 0.1])), name] = np.nan
    parts = draw(st.sampled_from([[], ["test"], ["validation"], ["test", "validation"]]))
    if parts:
        part_of = generator.choice(
            ["training", *parts], size=who.max() + 1, p=[1 - 0.2 * len(parts)] + [0.2] * len(parts)
        )
        index["split"] = (
            part_of[who] if draw(st.booleans()) else part_of[generator.integers(len(part_of), size=films)]
        )
    if draw(st.booleans()):
        groups = generator.integers(films, size=films)  # a third of the films have a near-duplicate
        index = index.assign(content=index["image_id"].str[:12])
        index["exposure"] = index["content"].groupby(groups).transform("min")
        index["exposure"] = index["exposure"].groupby(index["content"]).transform("min")
    task = tasks.findings(names) if labels > 1 else tasks.binary(names[0])
    return Dataset(index, task, Path(), patients_known=draw(st.booleans()))


@pytest.mark.parametrize("data_sets_tried", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_nothing_leaks_whatever_the_data_set(data_sets_tried):
    """Official parts or not, copies, near-duplicates, unknown patients, one label or several."""
    many = settings(max_examples=data_sets_tried, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    drawing = given(data_sets(), st.integers(0, 1000), st.sampled_from(["dataset", "folder"]))
    many(drawing(split_and_check))()


def split_and_check(dataset, seed, id_scope):
    before = dataset.index.set_index("image_id")
    try:
        result = split_by_patient(dataset, **FRACTIONS, seed=seed, id_scope=id_scope)
    except DataError as error:
        straddles = "split" in before and before.groupby("patient_id")["split"].nunique().max() > 1
        assert straddles or "of one answer only" in str(error)
        return
    index = result.index.set_index("image_id")
    patients = before.loc[index.index, "patient_id"]
    if dataset.patients_known and id_scope == "dataset":
        assert index.groupby(patients)["split"].nunique().max() == 1
    assert index.groupby("patient_id")["split"].nunique().max() == 1
    assert index.groupby(index.index.str[:12])["split"].nunique().max() == 1
    if not dataset.patients_known and "split" not in before and "exposure" in before:
        assert index.groupby("exposure")["split"].nunique().max() == 1
    if "split" in before:
        official = before.loc[index.index, "split"]
        assert (index.loc[official == "test", "split"] == "test").all()
        assert (
            index.loc[official == "validation", "split"] == "validation"
        ).all() or "validation" not in set(official)
        left_out = before.index.difference(index.index)
        assert left_out.str[:12].isin(index.index.str[:12]).all()  # only what another film shows as well
    else:
        assert set(index.index) == set(before.index)
    assert not result.index.astype(str).stack().str.contains("hospital").any()
    shuffled = dataclasses.replace(dataset, index=dataset.index.sample(frac=1, random_state=seed))
    again = split_by_patient(shuffled, **FRACTIONS, seed=seed, id_scope=id_scope).index.set_index("image_id")
    pd.testing.assert_frame_equal(again.loc[index.index], index, check_like=True)


@settings(max_examples=200, deadline=None)
@given(st.integers(30, 400), st.integers(1, 14), st.floats(0.05, 0.5), st.integers(0, 10_000))
def test_several_labels_are_dealt_out_in_proportion(patients, labels, fraction, seed):
    """Sechidis et al. (2011): every label's share within a few patients of what was asked, and the size too."""
    generator = np.random.default_rng(seed)
    answers = generator.random((patients, labels)) < generator.uniform(0.01, 0.4, labels)
    chosen = draws._deal(answers, fraction)
    assert abs(chosen.sum() - fraction * patients) <= 2 + labels
    rarest = answers.sum(axis=0).argmin()
    assert abs((chosen & answers[:, rarest]).sum() - fraction * answers[:, rarest].sum()) <= 1
    off = np.abs(answers[chosen].sum(axis=0) - fraction * answers.sum(axis=0))
    assert off.max() <= 2 + labels


def test_iterative_stratification_beats_a_plain_draw():
    generator = np.random.default_rng(0)
    answers = generator.random((3000, 14)) < np.geomspace(0.002, 0.2, 14)
    plain = np.arange(3000) < 600
    off = [
        np.abs(answers[c].sum(axis=0) / answers.sum(axis=0) - 0.2) for c in (draws._deal(answers, 0.2), plain)
    ]
    assert off[0].mean() < off[1].mean() / 4
    assert off[0].max() < 0.1


def test_the_split_does_not_depend_on_the_key_of_the_digests(tmp_path, monkeypatch):
    """The same films, opened by two users whose caches have different keys, fall into the same splits."""
    found = []
    for user in ("one", "two"):
        monkeypatch.setenv("RADLIB_OUTPUTS", str(tmp_path / user))
        options = {"patients": 40, "image_side": 64}
        dataset = load_dataset(Settings(dataset_options=options))
        found.append(split_by_patient(dataset, **FRACTIONS, seed=0).index.drop(columns="path"))
    keys = {(tmp_path / user / ".cache" / "private" / "key").read_text() for user in ("one", "two")}
    assert len(keys) == 2
    pd.testing.assert_frame_equal(*found)
    assert found[0].groupby("patient_id").size().max() > 1


def test_a_near_duplicate_of_an_official_test_film_is_counted_and_marked():
    dataset = drawn(200, 200, 0, official=True)
    index = dataset.index.assign(patient_id=dataset.index["image_id"], content=dataset.index["image_id"])
    index["exposure"] = index["content"]
    test, training = (np.flatnonzero(index["split"] == part)[0] for part in ("test", "training"))
    index.loc[training, "exposure"] = index.loc[test, "exposure"]
    result = split_by_patient(
        dataclasses.replace(dataset, index=index, patients_known=False), **FRACTIONS, seed=0
    )
    table = leakage_check(result).set_index("split")
    assert table["near_elsewhere"].sum() == 2 and table.loc["test", "near_elsewhere"] == 1
    assert result.index.loc[[test, training], "overlaps"].all() and result.index["overlaps"].sum() == 2
    assert "1 groups of near-duplicates, 2 films in the largest" in result.notes[-1]
