"""The paediatric chest films of Guangzhou: pneumonia or not, children aged one to five.

Two traps lie in this much-used set. Its `val` folder holds 16 films, too few to choose anything with, so it
joins the training part and a validation part is taken by patient. And the patient numbers in the file names
start anew in the test folder: 264 of them occur in both, and nobody has published whether they mean the same
children. With `id_scope: folder` they do not; scores without those films stand beside.

The films go by two kinds of names. The copy most people use calls them `person1_bacteria_1.jpeg` and
`IM-0115-0001.jpeg`; as published they are `BACTERIA-1008087-0001.jpeg`: disease, patient, image.
"""

import re
from pathlib import Path
from typing import Literal

from radlib.datasets.class_folders import check_parts, class_films, class_folders_index
from radlib.datasets.class_names import plain
from radlib.datasets.dataset import Dataset, Survey
from radlib.datasets.fetching.sources import Source
from radlib.datasets.folders import labelled, labelled_classes
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.foundation.registry import DATASETS

LABEL_OF_CAUSE = {"": "normal", "bacteria": "bacterial", "virus": "viral"}
NAMES = (  # of files; the group is the patient's number, without leading zeros
    ("P", r"person0*(\d+)_"),
    ("N", r"(?:NORMAL2-)?IM-0*(\d+)-"),
    ("C", r"(?:BACTERIA|VIRUS|NORMAL)-0*(\d+)-"),
)


def survey(folder: Path, **_: str) -> Survey:
    """Count the films, without reading one."""
    films = class_films(folder)
    return Survey(len(films.paths), films.left_out)


@DATASETS.register(
    title="Paediatric chest films: pneumonia or normal (Kermany et al., 2018)",
    citation=(
        "Kermany D, Zhang K, Goldbaum M. Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
        "Classification. Mendeley Data, V2, 2018, doi 10.17632/rscbjbr9sj.2; article: Cell 172(5), 2018, "
        "1122-1131."
    ),
    licence="CC BY 4.0",
    needs_files=True,
    survey=survey,
    kaggle=("chest-xray-pneumonia", "chest_xray", "labeled-chest-xray-images"),
    source=Source(
        kaggle="paultimothymooney/chest-xray-pneumonia",
        by_hand=(
            "sign in at kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia, download the archive, and unpack it so "
            "that data/kermany holds train, val and test (a folder chest_xray around them does no harm)"
        ),
    ),
)
def kermany(folder: Path, *, reading: Literal["binary", "classes"] = "binary") -> Dataset:
    """Read the Kermany films: folders train, val and test with NORMAL and PNEUMONIA in each.

    Args:
        folder: The folder that holds train, val and test (or one folder around it).
        reading: `binary` (pneumonia or normal) or `classes` (normal, bacterial or viral, from the file names).

    Returns:
        The data set; label `pneumonia`, or the three classes; the patient as `patient_number` reads it; with `cause`
        (bacteria, virus, or empty for normal films) as the file names say. Where no name tells a patient, none
        is known.
    """
    index, left_out = class_folders_index(folder)
    found = sorted(set(index["class"]))
    index["class"] = index["class"].map(plain).str.upper()
    if set(index["class"]) != {"NORMAL", "PNEUMONIA"}:
        raise DataError(
            f"The Kermany films lie in folders NORMAL and PNEUMONIA; found were: {', '.join(found)}."
        )
    names = [Path(path).name for path in index["path"]]
    patients = pd.Series([patient_number(name) for name in names], index.index, dtype=object)
    index["patient_id"] = patients.where(patients != "", index["image_id"])
    index["cause"] = [(re.findall("bacteria|virus", name.lower()) or [""])[0] for name in names]
    index.loc[index["class"] == "NORMAL", "cause"] = ""
    known = bool((patients != "").any())
    notes = [
        "The official val folder (16 films) is merged into the training part; validation is chosen by patient.",
        *_patient_notes(patients),
        *left_out,
    ]
    check_parts(index)
    if reading == "binary":
        return labelled(index, folder, "pneumonia", "PNEUMONIA", ["NORMAL", "PNEUMONIA"], notes, known)
    nameless = (index["class"] == "PNEUMONIA") & (index["cause"] == "")
    if nameless.any():
        notes.append(
            f"{plural(nameless.sum(), 'film', 'were')} of pneumonia and left out: the name tells neither bacteria nor virus."
        )
    index = index[~nameless].assign(**{"class": index["cause"]}).reset_index(drop=True)
    notes.append("Bacterial or viral is taken from the file names.")
    return labelled_classes(index, folder, LABEL_OF_CAUSE, notes, known)


def _patient_notes(patients: "pd.Series") -> list[str]:
    """Return what the file names tell of patients, and what they do not."""
    nameless = int((patients == "").sum())
    if nameless == len(patients):
        return ["The file names tell no patient."]
    notes = ["Patient numbers are read from the file names, which is all that was published about patients."]
    if nameless:
        notes.append(
            f"{plural(nameless, 'film', 'have')} a name that tells no patient: each counts as a patient of its own."
        )
    return notes


def patient_number(file_name: str) -> str:
    """Return whose film it is by its name, or nothing.

    `P<n>` for `personN_…`, `N<n>` for `IM-N-…` and `NORMAL2-IM-N-…`, `C<n>` for `BACTERIA-N-…`, `VIRUS-N-…` and
    `NORMAL-N-…`: there the number is the child's, whatever the child had.
    """
    for letter, pattern in NAMES:
        if match := re.match(pattern, file_name):
            return f"{letter}{match[1]}"
    return ""
