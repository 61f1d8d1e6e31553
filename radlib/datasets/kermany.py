"""The paediatric chest films of Guangzhou: pneumonia or not, children aged one to five.

Two traps lie in this much-used set. Its `val` folder holds 16 films, too few to choose anything with, so it
joins the training part and a validation part is taken by patient. And the patient numbers in the file names
start anew in the test folder: 264 of them occur in both, and nobody has published whether they mean the same
children. With `id_scope: folder` they do not; scores without those films stand beside.
"""

import re
from pathlib import Path

from radlib.datasets import Dataset, check_choice
from radlib.datasets.folders import READINGS, class_folders_index, labelled, labelled_classes
from radlib.errors import DataError
from radlib.registry import DATASETS
from radlib.sources import Source

LABEL_OF_CAUSE = {"": "normal", "bacteria": "bacterial", "virus": "viral"}


@DATASETS.register(
    title="Paediatric chest films: pneumonia or normal (Kermany et al., 2018)",
    citation=(
        "Kermany D, Zhang K, Goldbaum M. Labeled Optical Coherence Tomography (OCT) and Chest X-Ray Images for "
        "Classification. Mendeley Data, V2, 2018, doi 10.17632/rscbjbr9sj.2; article: Cell 172(5), 2018, "
        "1122-1131."
    ),
    licence="CC BY 4.0",
    needs_files=True,
    kaggle=("chest-xray-pneumonia", "chest_xray", "labeled-chest-xray-images"),
    source=Source(
        kaggle="paultimothymooney/chest-xray-pneumonia",
        by_hand=(
            "sign in at kaggle.com/datasets/paultimothymooney/chest-xray-pneumonia, download the archive, and unpack it so "
            "that data/kermany holds train, val and test (a folder chest_xray around them does no harm)"
        ),
    ),
)
def kermany(folder: Path, *, reading: str = "binary") -> Dataset:
    """Read the Kermany films: folders train, val and test with NORMAL and PNEUMONIA in each.

    Args:
        folder: The folder that holds train, val and test (or one folder around it).
        reading: `binary` (pneumonia or normal) or `classes` (normal, bacterial or viral, from the file names).

    Returns:
        The data set; label `pneumonia`, or the three classes; patient `P<n>` from `personN`, `N<n>` from the IM
        numbers; with `cause` (bacteria, virus, or empty for normal films) as the file names say.
    """
    check_choice("reading", reading, READINGS)
    index = class_folders_index(folder)
    unknown = sorted(set(index["class"]) - {"NORMAL", "PNEUMONIA"})
    if unknown or index["class"].nunique() < 2:
        found = ", ".join(sorted(set(index["class"])))
        raise DataError(f"The Kermany films lie in folders NORMAL and PNEUMONIA; found were: {found}.")
    names = [Path(path).name for path in index["path"]]
    index["patient_id"] = [
        patient_number(name) or image for name, image in zip(names, index["image_id"], strict=True)
    ]
    index["cause"] = [(re.findall("bacteria|virus", name.lower()) or [""])[0] for name in names]
    index.loc[index["class"] == "NORMAL", "cause"] = ""
    notes = [
        "The official val folder (16 films) is merged into the training part; validation is chosen by patient.",
        "Patient numbers are read from the file names, which is all that was published about patients.",
    ]
    if reading == "binary":
        return labelled(index, folder, "pneumonia", "PNEUMONIA", ["NORMAL", "PNEUMONIA"], notes)
    nameless = (index["class"] == "PNEUMONIA") & (index["cause"] == "")
    if nameless.any():
        notes.append(
            f"{int(nameless.sum())} films of pneumonia were left out: their names tell no bacteria or virus."
        )
    index = index[~nameless].assign(**{"class": index["cause"]}).reset_index(drop=True)
    notes.append("Bacterial or viral is taken from the file names.")
    return labelled_classes(index, folder, LABEL_OF_CAUSE, notes)


def patient_number(file_name: str) -> str:
    """Return `P<n>` for `personN_…`, `N<n>` for `IM-N-…` and `NORMAL2-IM-N-…`, or nothing."""
    if match := re.match(r"person0*(\d+)_", file_name):
        return f"P{match[1]}"
    if match := re.match(r"(?:NORMAL2-)?IM-0*(\d+)-", file_name):
        return f"N{match[1]}"
    return ""
