"""Training, validation and test films that share no patient.

Two films of one patient look alike, so a network that has seen one knows the other: split by film, and the
test rewards memory. The split here goes by patient, keeps the share of each answer, leaves an official test
part alone, and depends on nothing but the patients' ids and a seed.
"""

import dataclasses
import hashlib

import pandas as pd

from radlib.datasets import Dataset, positive_counts
from radlib.errors import DataError, UsageError

SPLITS = ("training", "validation", "test")


def split_by_patient(
    dataset: Dataset,
    *,
    validation_fraction: float,
    test_fraction: float,
    seed: int,
    id_scope: str = "dataset",
) -> Dataset:
    """Assign each film to training, validation or test, by patient and stratified by label.

    Args:
        dataset: With or without an official `split`.
        validation_fraction: Share of the patients outside the test part.
        test_fraction: Share of all patients; unused where there is an official test part.
        seed: Of the draw. Each patient's place in it is a digest of seed and id: adding patients moves few.
        id_scope: `dataset`: equal ids mean one patient. `folder`: ids are prefixed by their official part, so
            that equal numbers in two parts are two patients.

    Returns:
        The data set with `split` for every film, and `overlaps`: whether its patient's number also occurs in
        the other official part. Training films whose file is also a test film are left out.

    Raises:
        DataError: When a patient is on both sides of an official split, or a split has only one answer.
    """
    if id_scope not in ("dataset", "folder"):
        raise UsageError(f"There is no id_scope {id_scope!r}; there are: dataset, folder.")
    if not (0 < validation_fraction < 1 and 0 < test_fraction < 1):
        raise UsageError("validation_fraction and test_fraction lie between 0 and 1, exclusive.")
    index, notes = dataset.index.copy(), list(dataset.notes)
    official = "split" in index.columns
    if not official:
        index["split"] = "training"
    index["overlaps"] = index["patient_id"].isin(_shared_ids(index))
    if official:
        copies = (index["split"] == "training") & _content(index).isin(
            _content(index[index["split"] == "test"])
        )
        if copies.any():
            notes.append(
                f"{int(copies.sum())} training films were left out: the test part has the same files."
            )
            index = index[~copies].reset_index(drop=True)
    if id_scope == "folder":
        index["patient_id"] = index["split"] + "/" + index["patient_id"]
    strata = _strata(index, dataset.task.labels)
    if not official:
        index.loc[_drawn(index, strata, test_fraction, f"test/{seed}"), "split"] = "test"
    index.loc[_drawn(index, strata, validation_fraction, f"validation/{seed}"), "split"] = "validation"
    result = dataclasses.replace(dataset, index=index, notes=tuple(notes), id_scope=id_scope)
    leakage_check(result)
    return result


def leakage_check(dataset: Dataset) -> pd.DataFrame:
    """Count films, patients and answers per split, and make sure that no patient is in two.

    Returns:
        One row per split: films, patients, films of each label, and `patients_elsewhere` and
        `copies_elsewhere` (films whose file is byte for byte one of another split), both zero.

    Raises:
        DataError: For a patient or a file in two splits, and for a split with only one answer.
    """
    index, rows = dataset.index, []
    for split in SPLITS:
        here, rest = index[index["split"] == split], index[index["split"] != split]
        row = {"split": split, "films": len(here), "patients": here["patient_id"].nunique()}
        counts = positive_counts(here, dataset.task.labels)
        row |= {label: positive for label, (positive, _) in counts.items()}
        row["patients_elsewhere"] = len(set(here["patient_id"]) & set(rest["patient_id"]))
        row["copies_elsewhere"] = int(_content(here).isin(_content(rest)).sum())
        if row["patients_elsewhere"]:
            raise DataError(
                f"{row['patients_elsewhere']} patients have films in {split} and in another split; if equal ids "
                "in two official folders are different people, set id_scope to 'folder'."
            )
        if row["copies_elsewhere"]:
            raise DataError(
                f"{row['copies_elsewhere']} films of {split} are copies of films in another split."
            )
        if not any(positive and negative for positive, negative in counts.values()):
            raise DataError(
                f"The {split} split has films of one answer only, so its AUROC would be undefined; "
                "give more patients, or another split_seed."
            )
        rows.append(row)
    return pd.DataFrame(rows)


def overlap(dataset: Dataset) -> pd.DataFrame:
    """List the patient numbers that occur in both official parts where ids hold within a part only.

    Returns:
        One row per number: `patient_id` without its prefix, `training_films` and `test_films`; no rows when
        equal ids mean one patient.
    """
    if dataset.id_scope != "folder":
        return pd.DataFrame(columns=["patient_id", "training_films", "test_films"])
    index = dataset.index[dataset.index["overlaps"]]
    number = index["patient_id"].str.partition("/")[2].rename("patient_id")
    in_test = index["split"] == "test"
    counts = pd.DataFrame({"training_films": ~in_test, "test_films": in_test}).groupby(number).sum()
    return counts.reset_index().astype({"training_films": int, "test_films": int})


def _content(index: pd.DataFrame) -> pd.Series:
    """The image ids without the suffix of exact duplicates: equal for equal files."""
    return index["image_id"].str[:12]


def _shared_ids(index: pd.DataFrame) -> set[str]:
    in_test = index["split"] == "test"
    return set(index.loc[in_test, "patient_id"]) & set(index.loc[~in_test, "patient_id"])


def _strata(index: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Group films that must stay together, and say which answer each group is drawn with.

    Patients who share a byte-identical film are one group. A group's stratum is the rarest label that any of
    its films has, so that rare findings are spread as evenly as common ones.

    Returns:
        Per film `group` and `stratum`.
    """
    group = index["patient_id"]
    while not _content(index).is_unique:  # chains of patients linked by copies settle in a few rounds
        merged = group.groupby(_content(index)).transform("min")
        merged = merged.groupby(index["patient_id"]).transform("min")
        if merged.equals(group):
            break
        group = merged
    members = group.factorize()[0]  # numbers are compared faster than texts
    by_rarity = sorted(labels, key=lambda label: (index[label] == 1).sum())
    stratum = pd.Series("", index=index.index)
    for label in reversed(by_rarity):
        has_label = (index[label] == 1).groupby(members).transform("any")
        stratum = stratum.mask(has_label, label)
    return pd.DataFrame({"group": group, "stratum": stratum})


def _drawn(index: pd.DataFrame, strata: pd.DataFrame, fraction: float, seed: str) -> pd.Series:
    """Choose that share of the groups still in training, in every stratum; return which films they have."""
    training = strata[index["split"] == "training"].drop_duplicates("group")
    chosen: list[str] = []
    for _, groups in training.groupby("stratum")["group"]:
        order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}/{group}".encode()).digest())
        chosen += order[: round(fraction * len(order))]
    return strata["group"].isin(chosen) & (index["split"] == "training")
