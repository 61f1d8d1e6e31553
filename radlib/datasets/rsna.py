"""The RSNA pneumonia films (2018), and every folder that has the same tables.

    stage_2_train_images/*                 one film per file, named by the first column of the tables, with any ending
    stage_2_train_labels.csv               patientId, x, y, width, height, Target; a row per box
    stage_2_detailed_class_info.csv        patientId, class

In RSNA's tables `patientId` names the film. Who the patient is, stands in the DICOM file; it enters the index
as a digest. A third of the films without an opacity are not normal either: those are the hard ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.fetching.sources import Source
from radlib.datasets.file_facts import file_facts
from radlib.datasets.tables.label_tables import class_columns, numbers_of, read_table, years
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.registry import DATASETS
from radlib.imaging.film_walk import left_out_sentence, walk
from radlib.runs import tasks

LABELS_TABLE, CLASSES_TABLE = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
IMAGES_FOLDER = "stage_2_train_images"
MADE = "made.json"  # beside drawn films: what they were drawn with
LABEL_COLUMNS = ("patientId", "x", "y", "width", "height", "Target")
CLASS_COLUMNS = ("patientId", "class")
CLASS_LABELS = {
    "Normal": "normal",
    "No Lung Opacity / Not Normal": "not_normal_no_opacity",
    "Lung Opacity": "lung_opacity",
}


def survey(folder: Path, **_: str) -> Survey:
    """Count the films in RSNA's layout, without reading one."""
    paths, left_out = _films(folder)
    return Survey(len(paths), left_out)


@DATASETS.register(
    title="Adult chest films: lung opacity or not (RSNA Pneumonia Detection Challenge, 2018)",
    citation=(
        "Shih G, Wu CC, Halabi SS, et al. Augmenting the National Institutes of Health Chest Radiograph Dataset "
        "with Expert Annotations of Possible Pneumonia. Radiology: Artificial Intelligence 1(1), 2019, e180041."
    ),
    licence="Terms of the RSNA Pneumonia Detection Challenge on Kaggle",
    needs_files=True,
    survey=survey,
    kaggle=("rsna-pneumonia-detection-challenge",),
    source=Source(
        competition="rsna-pneumonia-detection-challenge",
        by_hand=(
            "sign in at kaggle.com/competitions/rsna-pneumonia-detection-challenge, accept its rules, download all data, and "
            f"unpack it so that data/rsna holds {IMAGES_FOLDER}, {LABELS_TABLE} and {CLASSES_TABLE}"
        ),
    ),
)
def rsna(folder: Path, *, reading: Literal["binary", "classes", "boxes"] = "binary") -> Dataset:
    """Read the films of the RSNA challenge, or others with tables of the same layout.

    Args:
        folder: The folder that holds the two tables and the films.
        reading: `binary` (lung opacity or not), `classes` (normal; not normal, yet no opacity; lung opacity) or `boxes` (where the
            opacities are).

    Returns:
        The data set; label `lung_opacity`, or the three classes; with `class` as the radiologists sorted the
        films, and `boxes`.
    """
    return read_rsna_layout(folder, reading)


def read_rsna_layout(folder: Path, reading: str = "binary") -> Dataset:
    """Read tables and films in RSNA's layout.

    Raises:
        UsageError: For another reading.
        DataError: When a table or a column is missing or unknown, or tables and films do not agree.
    """
    labels = read_table(folder / LABELS_TABLE, LABEL_COLUMNS)
    labels = labels.assign(**{name: numbers_of(labels, name, LABELS_TABLE) for name in LABEL_COLUMNS[1:]})
    classes = read_table(folder / CLASSES_TABLE, CLASS_COLUMNS).drop_duplicates("patientId")
    paths, left_out = _films(folder)
    known = set(labels["patientId"])
    names = [path.name if path.name in known else path.stem for path in paths]  # a UID has no ending
    _check_ids(labels, classes, names)
    films = labels.groupby("patientId").agg(target=("Target", "max"), targets=("Target", "nunique"))
    if (films["targets"] > 1).any() or not films["target"].isin((0, 1)).all():
        raise DataError(f"{LABELS_TABLE} gives some films another Target than 0 or 1, or both; correct it.")
    opacity_by_class = classes.set_index("patientId")["class"].eq("Lung Opacity").reindex(films.index)
    if not classes["class"].isin(CLASS_LABELS).all() or (opacity_by_class != (films["target"] == 1)).any():
        raise DataError(
            f"{CLASSES_TABLE} has a class other than {', '.join(CLASS_LABELS)}, or contradicts {LABELS_TABLE}; "
            "correct it."
        )
    boxes = {
        name: [tuple(float(v) for v in box) for box in rows[["x", "y", "width", "height"]].to_numpy()]
        for name, rows in labels[labels["Target"] == 1].groupby("patientId")
    }
    from radlib.imaging.dicom import (
        files as dicom,  # here, because pydicom's import would cost those who have no DICOM
    )

    facts = file_facts(folder, paths, dicom.read_tags)
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
    index["age"], said = years(index["age"])
    notes += said
    if left_out:
        notes.append(left_out_sentence(left_out))
    task = tasks.binary("lung_opacity", "no_opacity")
    if reading == "classes":
        index = index.assign(**class_columns(index["class"], CLASS_LABELS))
        task = tasks.classes(tuple(CLASS_LABELS.values()))
    elif reading == "boxes":
        task = tasks.boxes(["lung_opacity"])
    return Dataset(index, task, folder, tuple(notes))


def _films(folder: Path) -> tuple[list[Path], dict[str, int]]:
    """Return the films in the order of names, and how many files are none or lie elsewhere."""
    known = (LABELS_TABLE, CLASSES_TABLE, MADE)
    found = walk(folder, tables=[folder / name for name in known])
    paths = [path for path in found.films if path.is_relative_to(folder / IMAGES_FOLDER)]
    elsewhere = {f"outside of {IMAGES_FOLDER}": len(found.films) - len(paths)}
    left_out = {why: count for why, count in {**found.left_out, **elsewhere}.items() if count}
    if not paths:
        said = (
            f"The folder {IMAGES_FOLDER!r} has no film; unpack the films there. {left_out_sentence(left_out)}"
        )
        raise DataError(said.strip())
    return paths, left_out


def _check_ids(labels: "pd.DataFrame", classes: "pd.DataFrame", names: Sequence[str]) -> None:
    """Make sure that tables and films name each other; ids are only counted, as they may be a patient's."""
    known, films = set(labels["patientId"]), set(names)
    for count, what in (
        (len(names) - len(films), f"films of {IMAGES_FOLDER} have the id of another"),
        (len(known - films), f"ids of {LABELS_TABLE} have no film in {IMAGES_FOLDER}"),
        (len(films - known), f"films of {IMAGES_FOLDER} are not in {LABELS_TABLE}"),
        (
            len(known ^ set(classes["patientId"])),
            f"ids are in only one of {LABELS_TABLE} and {CLASSES_TABLE}",
        ),
    ):
        if count:
            raise DataError(f"{count} {what}; complete the folder, or take them out of it.")
