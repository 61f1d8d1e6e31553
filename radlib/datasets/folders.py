"""Films sorted into one folder per class, as most small public sets come.

    data/train/NORMAL/*.jpeg        or, without official parts,        data/benign/*.png
    data/train/PNEUMONIA/*.jpeg                                        data/malignant/*.png
    data/test/...

How the folders may be called says `class_names`. An official test folder is left as it is; an official validation folder is merged into the training part,
because a validation part must be chosen by patient, and the published ones often hold a dozen films.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from radlib.datasets.class_folders import check_parts, class_films, class_folders_index
from radlib.datasets.class_names import NEGATIVE_NAMES, checked_labels, label_of, plain
from radlib.datasets.dataset import Dataset, Survey
from radlib.datasets.tables.label_tables import class_columns
from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.names import no_such
from radlib.foundation.registry import DATASETS
from radlib.runs import tasks

OTHERS = "of other classes"


def survey(folder: Path, **options: Any) -> Survey:
    """Count the films that `folders` will use, without reading one."""
    films = class_films(folder)
    _, kept = _asked(films.classes, **{name: options[name] for name in ("reading", "positive", "negative")})
    used = sum(name in kept for name in films.classes)
    return Survey(used, {**films.left_out, OTHERS: len(films.classes) - used})


@DATASETS.register(
    title="Films in one folder per class",
    citation="Your own films.",
    licence="Yours.",
    needs_files=True,
    survey=survey,
)
def folders(
    folder: Path,
    *,
    reading: Literal["binary", "classes"] = "binary",
    positive: str | bool | None = None,
    negative: str | bool | None = None,
    patient_pattern: str = "",
) -> Dataset:
    r"""Read films that are sorted into one folder per class, with or without train and test folders.

    Args:
        folder: The data folder.
        reading: `binary` (one class against another, or against all others) or `classes` (which one of all).
        positive: Class that is looked for, in any case; empty takes the one that is not called normal, benign or the like.
        negative: Class that is its opposite, in any case; empty takes all others.
        patient_pattern: Regular expression whose first group is the patient's number in a file's name, e.g.
            `person(\d+)_`; empty takes each film as a patient of its own.

    Returns:
        The data set, with one column named like the positive class, or one for each class.

    Raises:
        UsageError: For an option that names no class folder.
        DataError: When class folders are empty, their names make no labels, or an official part lacks a class.
    """
    index, notes = class_folders_index(folder)
    try:
        pattern = re.compile(patient_pattern) if patient_pattern else None
    except re.error:
        raise UsageError(f"patient_pattern {patient_pattern!r} is not a regular expression.") from None
    patients = [private_patient_id(Path(path).name, pattern) for path in index["path"]]
    index["patient_id"] = [said or image for said, image in zip(patients, index["image_id"], strict=True)]
    if not pattern:
        notes.append("Nobody knows whose film is whose: no patient_pattern was given.")
    elif nameless := patients.count(""):
        notes.append(
            f"{plural(nameless, 'film', 'count')} as a patient each: patient_pattern finds no number in the name."
        )
    known = any(patients)
    sought, kept = _asked(index["class"], reading, positive, negative)
    if not sought:
        check_parts(index)
        return labelled_classes(index, folder, checked_labels(kept), notes, known)
    if others := int((~index["class"].isin(kept)).sum()):
        notes.append(
            f"{plural(others, 'film', 'are')} left out: {OTHERS} than {' and '.join(map(repr, kept))}."
        )
    index = index[index["class"].isin(kept)].reset_index(drop=True)
    check_parts(index)
    return labelled(index, folder, label_of(sought), sought, kept, notes, known)


def labelled(
    index: "pd.DataFrame",
    folder: Path,
    label: str,
    positive: str,
    classes: list[str],
    notes: list[str],
    patients_known: bool = True,
) -> Dataset:
    """Turn the `class` column into a label column, and drop films that were filed under both answers."""
    index = index.assign(**{label: (index["class"] == positive).astype("float32")})
    index, notes = _without_contradictions(index, index[label], notes)
    others = [c for c in classes if c != positive]
    opposite = label_of(others[0]) if len(others) == 1 else f"no_{label}"
    task = tasks.binary(label, opposite)
    return Dataset(index.drop(columns="class"), task, folder, tuple(notes), patients_known)


def labelled_classes(
    index: "pd.DataFrame",
    folder: Path,
    labels: Mapping[str, str],
    notes: list[str],
    patients_known: bool = True,
) -> Dataset:
    """Turn the `class` column into one label column per class, and drop films that were filed under several.

    Args:
        index: With a `class` for each film.
        folder: The data folder.
        labels: The label of each class, in the order of the network's outputs.
        notes: What was cleaned so far.
        patients_known: Whether `patient_id` says who the patient is.
    """
    index = pd.concat([index, class_columns(index["class"], labels)], axis=1)
    index, notes = _without_contradictions(index, index["class"], notes)
    task = tasks.classes(tuple(labels.values()))
    return Dataset(index.drop(columns="class"), task, folder, tuple(notes), patients_known)


def _without_contradictions(
    index: "pd.DataFrame", answers: "pd.Series", notes: list[str]
) -> "tuple[pd.DataFrame, list[str]]":
    """Drop films whose very file lies under several answers, and say how many they were."""
    contradictory = answers.groupby(index["image_id"].str[:12]).transform("nunique") > 1
    if contradictory.any():
        answer = "both answers" if answers.nunique() == 2 else "several answers"
        notes = [*notes, f"{plural(contradictory.sum(), 'film', 'were')} left out for lying under {answer}."]
    return index[~contradictory].reset_index(drop=True), notes


def private_patient_id(file_name: str, pattern: re.Pattern | None) -> str:
    """Return a digest of the patient's number in a file name, or nothing where it has none."""
    match = pattern.search(file_name) if pattern else None
    number = next((g for g in match.groups() if g), "") if match else ""
    return hashlib.sha256(os.fsencode(number)).hexdigest()[:16] if number else ""


def _asked(found: Iterable[str], reading: str, positive: Any, negative: Any) -> tuple[str, list[str]]:
    """Return the class that is looked for (nothing where all are told apart) and the classes that count, checked."""
    classes = sorted(set(found))
    if reading == "classes":
        return "", list(checked_labels(classes))
    if len(classes) == 2:
        checked_labels(classes)  # before it is asked which of two that would be called the same is meant
    sought, kept = _chosen(classes, positive, negative)
    checked_labels(kept if len(kept) == 2 else [sought])
    return sought, kept


def _chosen(classes: list[str], positive: Any, negative: Any) -> tuple[str, list[str]]:
    """Return the class that is looked for, and the classes that count."""
    positive, negative = (_named(classes, asked) for asked in (positive, negative))
    if len(classes) < 2:
        raise DataError(f"There is only one class folder, {classes[0]!r}; a classifier needs two.")
    if positive and positive == negative:
        raise UsageError(f"Options 'positive' and 'negative' both name the class {positive!r}; name two.")
    if not positive:
        others = [name for name in classes if name != negative]
        candidates = [name for name in others if label_of(name) not in NEGATIVE_NAMES]
        if len(candidates) != 1 and not (negative and len(others) == 1):
            raise UsageError(f"Say which class is looked for with option 'positive': {', '.join(classes)}.")
        positive = (candidates or others)[0]
    return positive, [positive, negative] if negative else classes


def _named(classes: Sequence[str], asked: Any) -> str:
    """Return the class folder that an option means; nothing where nothing is asked.

    YAML takes a bare 1, no or 0123 for a number or a truth value; the folder is the one whose name YAML reads so.
    """
    if asked is None or asked == "":
        return ""
    if not isinstance(asked, str):
        found = [name for name in classes if _read_by_yaml(name) == (type(asked), asked)]
        if len(found) > 1:
            raise UsageError(
                f"{asked!r} may mean the class folders {', '.join(map(repr, found))}; put the name in quotes."
            )
        if found:
            return found[0]
    for name in classes:
        if plain(name) == plain(str(asked)):
            return name
    raise no_such("class folder", asked, classes)


def _read_by_yaml(name: str) -> tuple[type, Any]:
    """Return what YAML makes of a bare name; itself where that is no plain word or number."""
    if not re.fullmatch(r"[\w.+:-]+", name):
        return str, name
    try:
        value = yaml.safe_load(name)
    except (yaml.YAMLError, ValueError):  # 2024-99-99 looks like a date
        value = name
    return type(value), value
