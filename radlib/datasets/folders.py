"""Films sorted into one folder per class, as most small public sets come.

    data/train/NORMAL/*.jpeg        or, without official parts,        data/benign/*.png
    data/train/PNEUMONIA/*.jpeg                                        data/malignant/*.png
    data/test/...

An official test folder is left as it is; an official validation folder is merged into the training part,
because a validation part must be chosen by patient, and the published ones often hold a dozen films.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from radlib import tasks
from radlib.datasets import Dataset, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.errors import DataError, UsageError
from radlib.registry import DATASETS

OFFICIAL_PARTS = {
    "train": "training", "training": "training", "val": "training", "valid": "training",
    "validation": "training", "test": "test", "testing": "test",
}  # fmt: skip
ENDINGS = (".jpeg", ".jpg", ".png", ".dcm", ".dicom")
NEGATIVE_NAMES = ("normal", "negative", "healthy", "no_finding", "no finding", "benign", "0")


@DATASETS.register(
    title="Films in one folder per class", citation="Your own films.", licence="Yours.", needs_files=True
)
def folders(folder: Path, *, positive: str = "", negative: str = "", patient_pattern: str = "") -> Dataset:
    r"""Read films that are sorted into one folder per class, with or without train and test folders.

    Args:
        folder: The data folder.
        positive: Class that is looked for; empty takes the one that is not called normal, benign or the like.
        negative: Class that is its opposite; empty takes all others.
        patient_pattern: Regular expression whose first group is the patient's number in a file's name, e.g.
            `person(\d+)_`; empty takes each film as a patient of its own.

    Returns:
        The data set, with one column named like the positive class.
    """
    index = class_folders_index(folder)
    classes = sorted(index["class"].unique())
    positive, kept = _choose_classes(classes, positive, negative)
    index = index[index["class"].isin(kept)].reset_index(drop=True)
    try:
        pattern = re.compile(patient_pattern) if patient_pattern else None
    except re.error:
        raise UsageError(f"patient_pattern {patient_pattern!r} is not a regular expression.") from None
    index["patient_id"] = [
        private_patient_id(name, pattern) or image
        for name, image in zip(index["path"].map(lambda p: Path(p).name), index["image_id"], strict=True)
    ]
    notes = [] if pattern else ["Each film counts as a patient of its own: no patient_pattern was given."]
    label = re.sub(r"\W+", "_", positive.lower()).strip("_")
    return labelled(index, folder, label, positive, kept, notes)


def class_folders_index(folder: Path) -> pd.DataFrame:
    """List the films of a folder with one folder per class.

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
            found = sorted(p for p in class_folder.rglob("*") if p.suffix.lower() in ENDINGS)
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
    index: pd.DataFrame, folder: Path, label: str, positive: str, classes: list[str], notes: list[str]
) -> Dataset:
    """Turn the `class` column into a label column, and drop films that were filed under both answers."""
    index = index.assign(**{label: (index["class"] == positive).astype("float32")})
    content = index["image_id"].str[:12]
    contradictory = index.groupby(content)[label].transform("nunique") > 1
    if contradictory.any():
        notes = [*notes, f"{int(contradictory.sum())} films were left out: they lie under both answers."]
    index = index[~contradictory].drop(columns="class").reset_index(drop=True)
    others = [c for c in classes if c != positive]
    opposite = re.sub(r"\W+", "_", others[0].lower()) if len(others) == 1 else f"no_{label}"
    return Dataset(index, tasks.binary(label, opposite), folder, tuple(notes))


def private_patient_id(file_name: str, pattern: re.Pattern | None) -> str:
    """Return a digest of the patient's number in a file name, or nothing where it has none."""
    match = pattern.search(file_name) if pattern else None
    number = next((g for g in match.groups() if g), "") if match else ""
    return hashlib.sha256(number.encode()).hexdigest()[:16] if number else ""


def group_by_name(name: str, rules: dict[str, Callable[[re.Match], str]]) -> str:
    """Return what the first rule whose expression fits makes of a file name, or nothing."""
    for expression, make in rules.items():
        if match := re.match(expression, name):
            return make(match)
    return ""


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
