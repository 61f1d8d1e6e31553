"""The RSNA pneumonia films (2018), and every folder that has the same tables.

    stage_2_train_images/*.dcm             one film per file, named by the first column of the tables
    stage_2_train_labels.csv               patientId, x, y, width, height, Target; a row per box
    stage_2_detailed_class_info.csv        patientId, class

In RSNA's tables `patientId` names the film. Who the patient is, stands in the DICOM file; it enters the index
as a digest. A third of the films without an opacity are not normal either: those are the hard ones.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from radlib import tasks
from radlib.datasets import Dataset, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.errors import DataError
from radlib.registry import DATASETS

LABELS_TABLE, CLASSES_TABLE = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
IMAGES_FOLDER = "stage_2_train_images"
LABEL_COLUMNS = ("patientId", "x", "y", "width", "height", "Target")
CLASS_COLUMNS = ("patientId", "class")


@DATASETS.register(
    title="Adult chest films: lung opacity or not (RSNA Pneumonia Detection Challenge, 2018)",
    citation=(
        "Shih G, Wu CC, Halabi SS, et al. Augmenting the National Institutes of Health Chest Radiograph Dataset "
        "with Expert Annotations of Possible Pneumonia. Radiology: Artificial Intelligence 1(1), 2019, e180041."
    ),
    licence="Terms of the RSNA Pneumonia Detection Challenge on Kaggle",
    needs_files=True,
    kaggle=("rsna-pneumonia-detection-challenge",),
)
def rsna(folder: Path) -> Dataset:
    """Read the films of the RSNA challenge, or others with tables of the same layout.

    Args:
        folder: The folder that holds the two tables and the films.

    Returns:
        The data set; label `lung_opacity`; with `class` as the radiologists sorted the films, and `boxes`.
    """
    return read_rsna_layout(folder)


def read_rsna_layout(folder: Path) -> Dataset:
    """Read tables and films in RSNA's layout.

    Raises:
        DataError: When a table or a column is missing or unknown, or tables and films do not agree.
    """
    labels = read_table(folder / LABELS_TABLE, LABEL_COLUMNS)
    classes = read_table(folder / CLASSES_TABLE, CLASS_COLUMNS).drop_duplicates("patientId")
    paths = sorted((folder / IMAGES_FOLDER).glob("*.dcm"))
    if not paths:
        raise DataError(f"The folder {IMAGES_FOLDER!r} has no .dcm file; unpack the films there.")
    _check_ids(labels, classes, {path.stem for path in paths})
    films = labels.groupby("patientId").agg(target=("Target", "max"), targets=("Target", "nunique"))
    if (films["targets"] > 1).any() or not films["target"].isin((0, 1)).all():
        raise DataError(f"{LABELS_TABLE} gives some films another Target than 0 or 1, or both; correct it.")
    boxes = {
        name: [tuple(float(v) for v in box) for box in rows[["x", "y", "width", "height"]].to_numpy()]
        for name, rows in labels[labels["Target"] == 1].groupby("patientId")
    }
    from radlib import dicom  # here, because pydicom's import would cost those who have no DICOM

    facts = file_facts(folder, paths, dicom.read_tags)
    names = [path.stem for path in paths]
    ids = unique_image_ids([f["image_id"] for f in facts])
    index = pd.DataFrame(
        {
            "image_id": ids,
            "path": [f["path"] for f in facts],
            "patient_id": [f["patient"] or image for f, image in zip(facts, ids, strict=True)],
            "lung_opacity": films["target"].reindex(names).to_numpy(dtype="float32"),
            "class": classes.set_index("patientId")["class"].reindex(names).to_numpy(),
            "view": [f["view"] for f in facts],
            "age": [f["age"] for f in facts],
            "sex": [f["sex"] for f in facts],
            "boxes": [boxes.get(name, []) for name in names],
        }
    )
    notes = [f"The labels table has a row per box: {len(labels)} rows became {len(index)} films."]
    if (index["age"] > 110).any():  # RSNA has ages of 148 to 155
        notes.append(f"{int((index['age'] > 110).sum())} ages above 110 years are taken as unknown.")
        index.loc[index["age"] > 110, "age"] = float("nan")
    return Dataset(index, tasks.binary("lung_opacity", "no_opacity"), folder, tuple(notes))


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a CSV table that must have exactly these columns, ids as text.

    Raises:
        DataError: When it is missing, unreadable, or has other columns.
    """
    if not path.is_file():
        raise DataError(f"The table {path.name} is missing in the data folder; put it beside the films.")
    try:
        table = pd.read_csv(path, dtype={columns[0]: str})
    except (ValueError, UnicodeDecodeError):
        raise DataError(f"The table {path.name} is no CSV file; replace it.") from None
    missing, unknown = set(columns) - set(table.columns), set(table.columns) - set(columns)
    if missing or unknown:
        which = f"lacks the column {min(missing)!r}" if missing else f"has an unknown column {min(unknown)!r}"
        raise DataError(f"The table {path.name} {which}; it must have: {', '.join(columns)}.")
    return table


def _check_ids(labels: pd.DataFrame, classes: pd.DataFrame, films: set[str]) -> None:
    """Make sure that tables and films name each other; ids are only counted, as they may be a patient's."""
    known = set(labels["patientId"])
    for count, what in (
        (len(known - films), f"ids of {LABELS_TABLE} have no film in {IMAGES_FOLDER}"),
        (len(films - known), f"films of {IMAGES_FOLDER} are not in {LABELS_TABLE}"),
        (
            len(known ^ set(classes["patientId"])),
            f"ids are in only one of {LABELS_TABLE} and {CLASSES_TABLE}",
        ),
    ):
        if count:
            raise DataError(f"{count} {what}; complete the folder, or take them out of it.")
