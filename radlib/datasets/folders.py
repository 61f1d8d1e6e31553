"""Films sorted into one folder per class, as most small public sets come.

    data/train/NORMAL/*.jpeg        or, without official parts,        data/benign/*.png
    data/train/PNEUMONIA/*.jpeg                                        data/malignant/*.png
    data/test/...

An official test folder is left as it is; an official validation folder is merged into the training part,
because a validation part must be chosen by patient, and the published ones often hold a dozen films.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from radlib import tasks
from radlib.datasets import Dataset, check_choice, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.datasets.label_tables import class_columns
from radlib.errors import DataError, UsageError
from radlib.registry import DATASETS

OFFICIAL_PARTS = {
    "train": "training", "training": "training", "val": "training", "valid": "training",
    "validation": "training", "test": "test", "testing": "test",
}  # fmt: skip
ENDINGS = (".jpeg", ".jpg", ".png", ".dcm", ".dicom")
NEGATIVE_NAMES = ("normal", "negative", "healthy", "no_finding", "no finding", "benign", "0")


READINGS = ("binary", "classes")


@DATASETS.register(
    title="Films in one folder per class", citation="Your own films.", licence="Yours.", needs_files=True
)
def folders(
    folder: Path,
    *,
    reading: Literal["binary", "classes"] = "binary",
    positive: str = "",
    negative: str = "",
    patient_pattern: str = "",
) -> Dataset:
    r"""Read films that are sorted into one folder per class, with or without train and test folders.

    Args:
        folder: The data folder.
        reading: `binary` (one class against another, or against all others) or `classes` (which one of all).
        positive: Class that is looked for; empty takes the one that is not called normal, benign or the like.
        negative: Class that is its opposite; empty takes all others.
        patient_pattern: Regular expression whose first group is the patient's number in a file's name, e.g.
            `person(\d+)_`; empty takes each film as a patient of its own.

    Returns:
        The data set, with one column named like the positive class, or one for each class.
    """
    check_choice("reading", reading, READINGS)
    index = class_folders_index(folder)
    try:
        pattern = re.compile(patient_pattern) if patient_pattern else None
    except re.error:
        raise UsageError(f"patient_pattern {patient_pattern!r} is not a regular expression.") from None
    index["patient_id"] = [
        private_patient_id(name, pattern) or image
        for name, image in zip(index["path"].map(lambda p: Path(p).name), index["image_id"], strict=True)
    ]
    notes = [] if pattern else ["Each film counts as a patient of its own: no patient_pattern was given."]
    classes = sorted(index["class"].unique())
    if reading == "classes":
        return labelled_classes(
            index, folder, {name: label_of(name) for name in classes}, notes, bool(pattern)
        )
    positive, kept = _choose_classes(classes, positive, negative)
    index = index[index["class"].isin(kept)].reset_index(drop=True)
    return labelled(index, folder, label_of(positive), positive, kept, notes, bool(pattern))


def class_folders_index(folder: Path, *, left_out: str = "") -> pd.DataFrame:
    """List the films of a folder with one folder per class.

    Args:
        folder: The data folder.
        left_out: Regular expression for names of files that are no films, e.g. masks of a lesion.

    Returns:
        In the order of part, class and file name: `image_id`, `path`, `class`, and `split` (the official
        `training` or `test`) where there are such folders.

    Raises:
        DataError: When a class folder is empty, or there are no class folders.
    """
    root = _descend(folder)
    parts = [p for p in _folders(root) if p.name.lower() in OFFICIAL_PARTS]
    rows = []
    for part in parts or [root]:
        for class_folder in _folders(part):
            found = sorted(
                path
                for path in class_folder.rglob("*")
                if path.suffix.lower() in ENDINGS and not (left_out and re.search(left_out, path.name))
            )
            if not found:
                where = f"{part.name}/{class_folder.name}" if parts else class_folder.name
                raise DataError(f"The class folder {where!r} has no image; add some, or remove the folder.")
            split = OFFICIAL_PARTS[part.name.lower()] if parts else ""
            rows += [(path, class_folder.name, split) for path in found]
    if not rows:
        raise DataError(f"The data folder {folder.name!r} has no class folders with images in it.")
    paths, classes, splits = zip(*rows, strict=True)
    facts = file_facts(folder, paths)
    index = pd.DataFrame(
        {
            "image_id": unique_image_ids([f["image_id"] for f in facts]),
            "path": [f["path"] for f in facts],
            "class": classes,
        }
    )
    return index.assign(split=splits) if "test" in splits else index


def labelled(
    index: pd.DataFrame,
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
    index: pd.DataFrame,
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


def label_of(class_name: str) -> str:
    """Return a class folder's name as a column: lower case, with `_` for all that is no letter or digit."""
    return re.sub(r"\W+", "_", class_name.lower()).strip("_")


def _without_contradictions(
    index: pd.DataFrame, answers: pd.Series, notes: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Drop films whose very file lies under several answers, and say how many they were."""
    contradictory = answers.groupby(index["image_id"].str[:12]).transform("nunique") > 1
    if contradictory.any():
        answer = "both answers" if answers.nunique() == 2 else "several answers"
        notes = [*notes, f"{int(contradictory.sum())} films were left out: they lie under {answer}."]
    return index[~contradictory].reset_index(drop=True), notes


def private_patient_id(file_name: str, pattern: re.Pattern | None) -> str:
    """Return a digest of the patient's number in a file name, or nothing where it has none."""
    match = pattern.search(file_name) if pattern else None
    number = next((g for g in match.groups() if g), "") if match else ""
    return hashlib.sha256(os.fsencode(number)).hexdigest()[:16] if number else ""


def _descend(folder: Path) -> Path:
    """Follow a chain of single folders, as unpacked archives have: chest_xray/chest_xray/train."""
    while True:
        inside = _folders(folder)
        named = [p for p in inside if p.name.lower() in OFFICIAL_PARTS]
        if named or len(inside) != 1 or not _folders(inside[0]):
            return folder
        folder = inside[0]


def _folders(folder: Path) -> list[Path]:
    hidden = (".", "__")  # __MACOSX and the like
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(hidden))


def _choose_classes(classes: list[str], positive: str, negative: str) -> tuple[str, list[str]]:
    for asked in filter(None, (positive, negative)):
        if asked not in classes:
            raise UsageError(f"There is no class folder {asked!r}; there are: {', '.join(classes)}.")
    if len(classes) < 2:
        raise DataError(f"There is only one class folder, {classes[0]!r}; a classifier needs two.")
    if not positive:
        candidates = [c for c in classes if c.lower() not in NEGATIVE_NAMES and c != negative]
        if len(candidates) != 1:
            raise UsageError(f"Say which class is looked for with option 'positive': {', '.join(classes)}.")
        positive = candidates[0]
    return positive, [positive, negative] if negative else classes
