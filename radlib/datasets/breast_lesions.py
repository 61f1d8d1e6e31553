"""Lesions on breast ultrasound (BUSI), outlined by hand: benign and malignant ones, and normal images without any.

An image may have several masks (`benign (100)_mask.png`, `…_mask_1.png`), beside it or in a folder of masks; together they are its
lesions. Masks of normal images are empty. Some pictures lie there twice, some of them under two classes: groups of near-duplicates
stand in for patients, so that no picture is both learnt from and scored. Splits that did not mind that published Dice of 0.93.
"""

import re
from collections import defaultdict
from pathlib import Path

from radlib.datasets.breast_ultrasound import CLASSES, MASK
from radlib.datasets.dataset import Dataset, Survey, unique_image_ids
from radlib.datasets.file_facts import file_facts
from radlib.datasets.masks import with_masks
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.registry import DATASETS
from radlib.imaging.film_walk import walk
from radlib.runs import tasks

LEFT_OUT = ("normal", "in folders of other names")  # why an image is not used


def survey(folder: Path, *, normal: bool) -> Survey:
    """Count the images that are used, without reading one or a mask."""
    pictures, _, left_out = pictures_and_masks(folder, normal)
    return Survey(len(pictures), left_out)


def pictures_and_masks(
    folder: Path, normal: bool
) -> tuple[list[Path], dict[tuple[str, str], list[Path]], dict[str, int]]:
    """Return the images of a folder, the masks by kind and name of their image, and how many files are not used."""
    found = walk(folder)
    masks: dict[tuple[str, str], list[Path]] = defaultdict(list)
    pictures, others = [], dict.fromkeys(LEFT_OUT, 0)
    for path in found.films:
        kind = path.parent.name.lower()
        if re.search(MASK, path.name):
            masks[kind, re.sub(MASK, "", path.name).lower()].append(path)
        elif kind in CLASSES and (normal or kind != "normal"):
            pictures.append(path)
        else:
            others[LEFT_OUT[kind not in CLASSES]] += 1
    return pictures, masks, {key: count for key, count in {**found.left_out, **others}.items() if count}


@DATASETS.register(
    title="Lesions on breast ultrasound, outlined by hand (BUSI, 2020)",
    citation=(
        "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. Data in Brief 28, 2020, 104863. "
        "doi:10.1016/j.dib.2019.104863"
    ),
    licence="The authors ask for citation; no formal licence of images and masks is known",
    needs_files=True,
    survey=survey,
    chests=False,
    kaggle=("breast-ultrasound-images-dataset", "Dataset_BUSI_with_GT"),
)
def breast_lesions(folder: Path, *, normal: bool = True) -> Dataset:
    """Read breast ultrasound images with the masks of their lesions.

    Args:
        folder: The folder that holds images in folders benign, malignant and normal, and their masks.
        normal: Whether images without a lesion take part; an outline drawn on one is a false alarm.

    Returns:
        The data set; label `lesion`; with `kind` (benign, malignant or normal).

    Raises:
        DataError: When there are no images, or a benign or malignant one has no mask.
    """
    pictures, beside, _ = pictures_and_masks(folder, normal)
    if not pictures:
        raise DataError(
            f"No image is in {folder.name!r} or below, in folders benign, malignant and normal; unpack them there."
        )
    kinds = [path.parent.name.lower() for path in pictures]
    found = [beside[kind, path.stem.lower()] for kind, path in zip(kinds, pictures, strict=True)]
    if missing := sum(not masks and kind != "normal" for kind, masks in zip(kinds, found, strict=True)):
        raise DataError(
            f"{missing} images of lesions have no mask, called like benign (1)_mask.png; complete the folder."
        )
    facts = file_facts(folder, pictures)
    ids = unique_image_ids([fact["image_id"] for fact in facts])
    index = pd.DataFrame({"image_id": ids, "path": [fact["path"] for fact in facts], "patient_id": ids})
    index["lesion"] = [float(kind != "normal") for kind in kinds]
    index["kind"] = kinds
    notes = ("Nobody published whose images these are.",)
    return Dataset(with_masks(index, found), tasks.outlines(["lesion"]), folder, notes, patients_known=False)
