"""Films and what is known about them: one table per data set, whatever it looked like on disk.

A data set is a function from a folder to a `Dataset`, registered by name; a new one is one file in this
package. All of them return the same index: a row per film with its id, its patient, and a column per label.
The id is made from the file's content, so it says nothing about a person and survives renaming.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from radlib.errors import DataError, UsageError
from radlib.registry import DATASETS
from radlib.studies import Settings, home_folder
from radlib.tasks import Task

KAGGLE_INPUT = Path("/kaggle/input")
REQUIRED_COLUMNS = ("image_id", "path", "patient_id")


@dataclass(frozen=True)
class Dataset:
    """Films and what is known about them.

    Attributes:
        index: One row per film: `image_id`, `path`, `patient_id`, a column per label (1, 0, NaN unknown), and
            where known `split` (the official `training` or `test`), `view`, `age` (years), `sex`, `boxes`
            (list of (x, y, width, height) in stored pixels).
        task: What is asked of each film.
        folder: Where the films lie.
        notes: What was cleaned and why, a sentence each.
        name: Its registered name. This and the following are filled in by `load_dataset`.
        title: For headings.
        citation: How to cite it.
        licence: Under which terms it may be used.
    """

    index: pd.DataFrame
    task: Task
    folder: Path
    notes: tuple[str, ...] = ()
    name: str = ""
    title: str = ""
    citation: str = ""
    licence: str = ""
    id_scope: str = field(default="dataset")


def load_dataset(settings: Settings) -> Dataset:
    """Read the data set that the settings name.

    Args:
        settings: `dataset`, `data` (its folder) and `dataset_options` are used.

    Returns:
        The data set, checked: known columns, unique ids, at least one film of each answer.

    Raises:
        UsageError: For an unknown name or option.
        DataError: When the folder is missing or empty, or its tables contradict the films.
    """
    entry = DATASETS[settings.dataset]
    options = entry.complete(settings.dataset_options)
    needs_files = entry.facts.get("needs_files", True)
    if needs_files or settings.data:
        folder = find_data(
            settings.dataset,
            settings.data,
            aliases=entry.facts.get("kaggle", ()),
            made_if_missing=not needs_files,
        )
    else:
        folder = None  # the data set makes its own
    dataset = entry.function(folder, **options)
    facts = {key: entry.facts.get(key, "") for key in ("title", "citation", "licence")}
    dataset = dataclasses.replace(dataset, name=entry.name, **facts)
    _check_index(dataset)
    return dataset


def find_data(
    name: str, explicit: str = "", *, aliases: Sequence[str] = (), made_if_missing: bool = False
) -> Path:
    """Find the folder of a data set, and say which one was taken.

    Args:
        name: The data set's name.
        explicit: The folder that was asked for; nothing else is tried then.
        aliases: Further folder names that it has on Kaggle.
        made_if_missing: Whether the explicit folder may be missing, because films will be drawn into it.

    Returns:
        The folder.

    Raises:
        DataError: When there is none; the message says where was looked.
    """
    if explicit:
        folder = Path(explicit).expanduser()
        if not made_if_missing and not folder.is_dir():
            raise DataError(
                f"The data folder {folder.name!r} does not exist; give the right one with --data."
            )
        if not made_if_missing and not any(folder.iterdir()):
            raise DataError(
                f"The data folder {folder.name!r} is empty; put the films there, or give another."
            )
        return folder
    places = [Path(os.environ["RADLIB_DATA"], name)] if os.environ.get("RADLIB_DATA") else []
    for alias in (name, *aliases):
        places += sorted(p for depth in ("", "*/", "*/*/") for p in KAGGLE_INPUT.glob(f"{depth}{alias}"))
    places.append(home_folder() / "data" / name)
    for folder in places:
        if folder.is_dir() and any(folder.iterdir()):
            print(
                f"Films of {name!r} are read from {'data/' if folder.parent.name == 'data' else ''}{folder.name}."
            )
            return folder
    raise DataError(
        f"No films of {name!r} were found in $RADLIB_DATA/{name}, {KAGGLE_INPUT}/* or data/{name}; "
        "give their folder with --data."
    )


def unique_image_ids(ids: Sequence[str]) -> list[str]:
    """Return the ids with a suffix (`-2`, `-3`, …) for films whose file is byte for byte an earlier one."""
    seen: dict[str, int] = {}
    unique = []
    for image in ids:
        seen[image] = seen.get(image, 0) + 1
        unique.append(image if seen[image] == 1 else f"{image}-{seen[image]}")
    return unique


def positive_counts(index: pd.DataFrame, labels: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Return for each label how many films have it and how many do not."""
    return {label: (int((index[label] == 1).sum()), int((index[label] == 0).sum())) for label in labels}


def _check_index(dataset: Dataset) -> None:
    index, labels = dataset.index, dataset.task.labels
    if missing := [c for c in (*REQUIRED_COLUMNS, *labels) if c not in index.columns]:
        raise UsageError(
            f"The data set {dataset.name!r} returned an index without the column {missing[0]!r}."
        )
    if not len(index):
        raise DataError(f"The data folder {dataset.folder.name!r} holds no films; give another with --data.")
    if not index["image_id"].is_unique:
        raise UsageError(f"The data set {dataset.name!r} returned equal image ids; use unique_image_ids.")
    values = index[list(labels)].to_numpy(dtype=np.float64)
    if not (np.isnan(values) | (values == 0) | (values == 1)).all():
        raise DataError(f"The labels of {dataset.name!r} must be 1, 0 or empty; correct the table.")
    for label, (positive, negative) in positive_counts(index, labels).items():
        if not positive or not negative:
            which = label if not positive else f"films without {label}"
            raise DataError(f"The data set {dataset.name!r} has no image of class {which!r}; add some.")
