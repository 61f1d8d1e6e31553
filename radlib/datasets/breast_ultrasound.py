"""Breast ultrasound images (BUSI): benign, malignant or normal, one folder each.

The published archive puts masks of the lesions beside the images (`benign (1)_mask.png`); a network that sees them
sees the answer, so they are left out. Nobody published whose images these are, some lie there twice, and some of
them have burnt-in text: groups of near-duplicates stand in for patients, and accuracies are to be read with care.
"""

from pathlib import Path
from typing import Literal

from radlib.datasets.class_folders import check_parts, class_films, class_folders_index
from radlib.datasets.class_names import label_of
from radlib.datasets.dataset import Dataset, Survey
from radlib.datasets.fetching.sources import Source
from radlib.datasets.folders import labelled, labelled_classes
from radlib.foundation.errors import DataError
from radlib.foundation.registry import DATASETS

CLASSES = ("normal", "benign", "malignant")
MASK = r"(?i)_mask(_\d+)?\.\w+$"
MASKS = "masks of lesions"


def survey(folder: Path, *, reading: str) -> Survey:
    """Count the images that are used, without reading one."""
    images = class_films(folder, left_out=MASK, called=MASKS)
    normal = sum(label_of(name) == "normal" for name in images.classes) if reading == "binary" else 0
    return Survey(len(images.paths) - normal, {**images.left_out, "normal": normal})


@DATASETS.register(
    title="Breast ultrasound: benign or malignant (BUSI)",
    citation=(
        "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. Data in Brief 28, 2020, 104863."
    ),
    licence="The authors ask for the citation; MedMNIST redistributes the images under CC BY 4.0",
    needs_files=True,
    survey=survey,
    chests=False,
    kaggle=("breast-ultrasound-images-dataset", "Dataset_BUSI_with_GT"),
    source=Source(
        kaggle="aryashah2k/breast-ultrasound-images-dataset",
        by_hand=(
            "sign in at kaggle.com/datasets/aryashah2k/breast-ultrasound-images-dataset, download the archive, and unpack it "
            "so that data/breast_ultrasound holds benign, malignant and normal (a folder around them does no harm)"
        ),
    ),
)
def breast_ultrasound(folder: Path, *, reading: Literal["binary", "classes"] = "binary") -> Dataset:
    """Read breast ultrasound images: folders benign, malignant and normal.

    Args:
        folder: The folder that holds the three (or one folder around it).
        reading: `binary` (malignant or benign; normal images are left out) or `classes` (normal, benign,
            malignant).

    Returns:
        The data set; label `malignant`, or the three classes.
    """
    index, left_out = class_folders_index(folder, left_out=MASK, called=MASKS)
    index["class"] = index["class"].map(label_of)
    found = sorted(index["class"].unique())
    if not {"benign", "malignant"} <= set(found) <= set(CLASSES):
        raise DataError(
            f"The ultrasound images lie in folders benign, malignant and normal; found were: {', '.join(found)}."
        )
    index["patient_id"] = index["image_id"]
    notes = ["Nobody published whose images these are.", *left_out]
    check_parts(index)
    if reading == "classes":
        labels = {name: name for name in CLASSES if name in found}
        return labelled_classes(index, folder, labels, notes, patients_known=False)
    normal = index["class"] == "normal"
    if normal.any():
        notes.append(f"{int(normal.sum())} normal images are left out: they show no lesion to judge.")
    index = index[~normal].reset_index(drop=True)
    return labelled(
        index, folder, "malignant", "malignant", ["benign", "malignant"], notes, patients_known=False
    )
