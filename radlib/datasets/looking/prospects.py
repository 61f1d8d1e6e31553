"""What the films of a study can show, counted before anything is trained: patients, answers and parts alone.

A run of hours that ends with "too few patients" could have been told so in a second. How many patients a claim needs even
if nobody is harmed follows from the margin alone (`metrics.patients_for`), and how many there are from the split.
"""

from collections.abc import Iterator

from radlib import metrics
from radlib.datasets.dataset import Dataset
from radlib.datasets.splits import SPLITS
from radlib.foundation.extras import pandas as pd
from radlib.runs.counted import counted_of
from radlib.runs.settings import Settings

MARGINS = (0.02, 0.03, 0.05, 0.1)  # of AUROC, that people could agree on
FEW_TO_CHOOSE = 20  # patients of the rarer answer; a threshold chosen on fewer moves with each of them
FEW_TO_LEARN = 100


def prospects(dataset: Dataset, settings: Settings, seeds: int) -> list[str]:
    """Return a sentence on all that will make the answers of a study weak.

    Args:
        dataset: Its films, split.
        settings: Of the study.
        seeds: Trainings of each network.
    """
    lines = [line for label in dataset.task.labels for line in _of_label(dataset, label, settings)]
    if seeds == 1:
        lines.append(
            "Each network is trained once: what is found holds for these very files, not for a method; `seeds: [0, 1, 2]` in "
            "the study asks three trainings."
        )
    if not dataset.patients_known:
        lines.append(
            "Nobody knows which films are of one patient; if some have several, intervals are too narrow and the parts may "
            "share a patient. Name the patients where you can."
        )
    return lines


def rarer_patients(index: "pd.DataFrame", label: str) -> dict[str, int]:
    """Return, for each part of a split, how many patients have the rarer answer to a finding.

    Args:
        index: With `split`, `patient_id` and the label's column.
        label: Its name.
    """
    found = {}
    for part in SPLITS:
        here = index[index["split"] == part]
        found[part] = min(here.loc[here[label] == answer, "patient_id"].nunique() for answer in (0, 1))
    return found


def _of_label(dataset: Dataset, label: str, settings: Settings) -> Iterator[str]:
    parts = [dataset.index[dataset.index["split"] == part] for part in SPLITS]
    sizes = [{"films": len(part), "patients": part["patient_id"].nunique()} for part in parts]
    several = counted_of({"patients_known": dataset.patients_known, "splits": sizes}).several
    there = rarer_patients(dataset.index, label)
    needed = metrics.patients_for(settings.margin)
    if there["test"] < needed:
        yield (
            f"{label}: the test films have {there['test']} {several} of the rarer answer, and a margin of {settings.margin:g} takes "
            f'{needed} even if nothing is lost: the verdict will be "too few patients". {_remedy(there["test"])}'
        )
    if there["validation"] < FEW_TO_CHOOSE:
        yield (
            f"{label}: the validation films have {there['validation']} {several} of the rarer answer; a threshold chosen on so few "
            "will not hold. Give more films, or a larger `validation_fraction`."
        )
    if there["training"] < FEW_TO_LEARN:
        yield (
            f"{label}: {there['training']} {several} of the rarer answer are left to learn from, which is little; begin with a "
            "network that brings weights (`radlib list architectures`)."
        )


def _remedy(patients: int) -> str:
    """Return what can be done about too few patients: the smallest round margin that they can answer."""
    margin = answerable_margin(patients)
    if metrics.patients_for(margin) > patients:
        return "So few can answer no margin of use; collect more."
    return f"They can answer a margin of {margin:g}, if that may be lost; else collect more."


def answerable_margin(patients: float) -> float:
    """Return the smallest of `MARGINS` that so many patients of the rarer answer can answer; the largest where none.

    Example:
        >>> answerable_margin(250), answerable_margin(60), answerable_margin(9)
        (0.02, 0.05, 0.1)
    """
    return next((margin for margin in MARGINS if metrics.patients_for(margin) <= patients), MARGINS[-1])
