"""Training, validation and test films that share no patient.

Two films of one patient look alike, so a network that has seen one knows the other: split by film, and the
test rewards memory. The split here goes by patient, keeps the share of each answer, leaves official parts
alone, and depends on nothing but the films, the patients' numbers and a seed. Once it is drawn, every patient
is renamed after the first of his films: the numbers that a hospital gave go no further.
"""

import dataclasses

from radlib.datasets.copies import content_id
from radlib.datasets.dataset import Dataset, positive_counts
from radlib.datasets.draws import drawn_groups
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.names import check_known

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
        dataset: With or without official parts in `split`; with `content` and `exposure` where copies were
            looked for (see `copies.group_copies`). Where patients are not known, films of one exposure are
            taken as a patient.
        validation_fraction: Share of the patients outside the test part; unused where there is an official
            validation part.
        test_fraction: Share of all patients; unused where there is an official test part.
        seed: Of the draw. Each patient's place in it is a digest of seed and id: adding patients moves few.
        id_scope: `dataset`: equal ids mean one patient. `folder`: only within an official part, so that equal
            numbers in two parts are two patients.

    Returns:
        The data set with `split` for every film; `patient_id`, the smallest image id of the patient's films;
        `number`, the same over films with equal numbers in any part; and `overlaps`: whether that number
        occurs both in the official test part and outside. Films outside the official test part that are copies
        of films in it are left out, and so are training films that are copies of official validation films.

    Raises:
        DataError: When a patient is on both sides of an official split, or a split has only one answer.
    """
    check_known("id_scope", id_scope, ("dataset", "folder"))
    if not (0 < validation_fraction < 1 and 0 < test_fraction < 1):
        raise UsageError("validation_fraction and test_fraction lie between 0 and 1, exclusive.")
    index, notes = dataset.index.copy(), list(dataset.notes)
    official = set(index["split"]) if "split" in index.columns else set()
    if "split" not in index.columns:
        index["split"] = "training"
    if not dataset.patients_known:
        index["patient_id"] = _exposure(index)
        notes.append(_without_patients(index))
        id_scope = "folder" if official else id_scope  # a near-duplicate cannot move an official film
    for part in ("test", "validation"):
        index, left_out = _without_copies(index, part)
        if left_out:
            notes.append(
                f"{plural(left_out, 'film', 'were')} left out: the official {part} part has the same."
            )
    index["overlaps"] = index["patient_id"].isin(_shared_ids(index))
    index["number"] = _first_films(index)
    if id_scope == "folder":
        index["patient_id"] = index["split"] + "/" + index["patient_id"]
    groups = _inseparable(index)
    if "test" not in official:
        index.loc[drawn_groups(index, groups, dataset.task, test_fraction, f"test/{seed}"), "split"] = "test"
    if "validation" not in official:
        chosen = drawn_groups(index, groups, dataset.task, validation_fraction, f"validation/{seed}")
        index.loc[chosen, "split"] = "validation"
    index["patient_id"] = _first_films(index)
    result = dataclasses.replace(
        dataset,
        index=index,
        notes=tuple(notes),
        id_scope=id_scope,
        official_parts=tuple(part for part in SPLITS if part in official),
    )
    leakage_check(result)
    return result


def leakage_check(dataset: Dataset) -> "pd.DataFrame":
    """Count films, patients and answers per split, and make sure that no patient is in two.

    Returns:
        One row per split: films, patients, films of each label; `patients_elsewhere` and `copies_elsewhere`
        (films whose file or pixels are exactly those of a film in another split), both zero; and
        `near_elsewhere`, films of which another split has a near-duplicate.

    Raises:
        DataError: For a patient or a copy in two splits, and for a split with only one answer.
    """
    index, rows = dataset.index, []
    content, exposure = _content(index), _exposure(index)
    for split in SPLITS:
        inside = index["split"] == split
        here, rest = index[inside], index[~inside]
        row = {"split": split, "films": len(here), "patients": here["patient_id"].nunique()}
        counts = positive_counts(here, dataset.task.labels)
        row |= {label: positive for label, (positive, _) in counts.items()}
        row["patients_elsewhere"] = len(set(here["patient_id"]) & set(rest["patient_id"]))
        row["copies_elsewhere"] = int(content[inside].isin(content[~inside]).sum())
        row["near_elsewhere"] = int(exposure[inside].isin(exposure[~inside]).sum())
        if row["patients_elsewhere"]:
            raise DataError(
                f"{row['patients_elsewhere']} patients have films in {split} and in another split; if equal ids "
                "in two official folders are different people, set id_scope to 'folder'."
            )
        if row["copies_elsewhere"]:
            raise DataError(
                f"{row['copies_elsewhere']} films of {split} are copies of films in another split."
            )
        if all(dataset.task.missing_answer(label, *count) for label, count in counts.items()):
            raise DataError(
                f"The {split} split has films of one answer only, so its AUROC would be undefined; "
                "give more patients, or another split_seed."
            )
        rows.append(row)
    return pd.DataFrame(rows)


def overlap(dataset: Dataset) -> "pd.DataFrame":
    """List the patient numbers that occur in both official parts where ids hold within a part only.

    Returns:
        One row per number: `number` (the smallest image id of its films), `training_films` (all outside the
        test part) and `test_films`; no rows when equal ids mean one patient.
    """
    if dataset.id_scope != "folder":
        return pd.DataFrame(columns=["number", "training_films", "test_films"])
    index = dataset.index[dataset.index["overlaps"]]
    in_test = index["split"] == "test"
    counts = pd.DataFrame({"training_films": ~in_test, "test_films": in_test}).groupby(index["number"]).sum()
    return counts.reset_index().astype({"training_films": int, "test_films": int})


def _content(index: "pd.DataFrame") -> "pd.Series":
    return index["content"] if "content" in index.columns else content_id(index["image_id"])


def _exposure(index: "pd.DataFrame") -> "pd.Series":
    return index["exposure"] if "exposure" in index.columns else _content(index)


def _without_patients(index: "pd.DataFrame") -> str:
    """Say what stands in for patients, and how large the largest group is: one long chain would be no patient."""
    sizes = index["patient_id"].value_counts()
    if not (sizes > 1).any():
        return (
            "No patient numbers are known, and no near-duplicates were found: every film stands for itself."
        )
    return (
        f"No patient numbers are known: {int((sizes > 1).sum())} groups of near-duplicates, {int(sizes.max())} films in "
        "the largest, stand in for patients, and every other film for itself."
    )


def _without_copies(index: "pd.DataFrame", part: str) -> "tuple[pd.DataFrame, int]":
    """Leave out the films that are copies of films in an official part; training gives way to both others."""
    inside = index["split"] == part
    gives_way = index["split"].isin({"test": ("training", "validation"), "validation": ("training",)}[part])
    copies = gives_way & _content(index).isin(_content(index[inside]))
    return (index[~copies].reset_index(drop=True) if copies.any() else index), int(copies.sum())


def _shared_ids(index: "pd.DataFrame") -> set[str]:
    in_test = index["split"] == "test"
    return set(index.loc[in_test, "patient_id"]) & set(index.loc[~in_test, "patient_id"])


def _first_films(index: "pd.DataFrame") -> "pd.Series":
    """Return the smallest image id of each patient's films: a name that says nothing about a person."""
    return index["image_id"].groupby(index["patient_id"]).transform("min")


def _inseparable(index: "pd.DataFrame") -> "pd.Series":
    """Name the group of films that must stay together: patients who share a film's content are one group."""
    group, content = index["patient_id"], _content(index)
    while not content.is_unique:  # chains of patients linked by copies settle in a few rounds
        merged = group.groupby(content).transform("min")
        merged = merged.groupby(index["patient_id"]).transform("min")
        if merged.equals(group):
            break
        group = merged
    return group
