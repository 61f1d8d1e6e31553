"""Films and what is known about them: one table per data set, whatever it looked like on disk.

A data set is a function from a folder to a `Dataset`, registered by name; a new one is one file in this
package. All of them return the same index: a row per film with its id, its patient, and a column per label.
The id is made from the file's content, so it says nothing about a person and survives renaming.
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.places import resolved
from radlib.foundation.plain_text import say
from radlib.foundation.registry import DATASETS
from radlib.imaging.images import numbered_ids
from radlib.runs.settings import Settings
from radlib.runs.studies import home_folder
from radlib.runs.tasks import Task

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
        patients_known: Whether `patient_id` says who the patient is; where it does not, each film has its own id.
        name: Its registered name. This and the following are filled in by `load_dataset`.
        title: For headings.
        citation: How to cite it.
        licence: Under which terms it may be used.
        id_scope: `dataset`, or `folder` where equal patient numbers in two official parts need not be one person.
        official_parts: Which parts of the split are official, such as `test`; filled in when it is split, as then `index` no longer says.
    """

    index: "pd.DataFrame"
    task: Task
    folder: Path
    notes: tuple[str, ...] = ()
    patients_known: bool = True
    name: str = ""
    title: str = ""
    citation: str = ""
    licence: str = ""
    id_scope: str = "dataset"
    official_parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """What a data set will use of a folder, counted without reading a film.

    Attributes:
        films: How many films.
        left_out: How many files are none, or are not used, by key of `film_walk.LEFT_OUT` or in words.
    """

    films: int
    left_out: Mapping[str, int] = field(default_factory=dict)


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
    dataset = entry.function(folder_of(settings), **options)
    facts = {key: entry.facts.get(key, "") for key in ("title", "citation", "licence")}
    dataset = dataclasses.replace(dataset, name=entry.name, **facts)
    _check_index(dataset)
    return dataset


def folder_of(settings: Settings) -> Path | None:
    """Return where the films of the settings' data set are read from; None where it makes its own folder.

    Raises:
        UsageError: When there is no such data set.
        DataError: When there is no such folder, or it is empty.
    """
    entry = DATASETS[settings.dataset]
    needs_files = entry.facts.get("needs_files", True)
    if not needs_files and not settings.data:
        return None
    return find_data(
        entry.name,
        settings.data,
        aliases=entry.facts.get("kaggle", ()),
        holds=entry.facts.get("holds", ""),
        single_file=entry.facts.get("single_file", ""),
        made_if_missing=not needs_files,
    )


def is_drawn(settings: Settings) -> bool:
    """Tell whether the films of the settings' data set are drawn, so that no patient is behind them."""
    return not DATASETS[settings.dataset].facts.get("needs_files", True)


def find_data(
    name: str,
    explicit: str = "",
    *,
    aliases: Sequence[str] = (),
    holds: str = "",
    single_file: str = "",
    made_if_missing: bool = False,
) -> Path:
    """Find the folder of a data set, and say which one was taken.

    It is looked for in this order: the folder that was asked for, and nothing else then; `$RADLIB_DATA/NAME`;
    Kaggle's input folder; `data/NAME`.

    Args:
        name: The data set's name.
        explicit: The folder that was asked for.
        aliases: Further folder names that it has on Kaggle, e.g. `owner/name`.
        holds: A pattern that a file in Kaggle's folder must fit, where an alias is a word such as `data`.
        single_file: Ending of files that may be given in place of a folder, e.g. `.npz`.
        made_if_missing: Whether the explicit folder may be missing, because films will be drawn into it.

    Returns:
        The folder, or the file.

    Raises:
        DataError: When there is none; the message says where was looked.
    """
    if explicit:
        place = resolved(explicit)
        if not made_if_missing:
            _check_given(place, single_file)
        say(f"Films of {name!r} are read from the folder or file that was given.")
        return place
    for place, said in _places(name, aliases, holds):
        if place.is_dir() and any(place.iterdir()):
            say(f"Films of {name!r} are read from {place.name!r} in {said}.")
            return place
    fetched = name in DATASETS.names() and "source" in DATASETS[name].facts
    raise DataError(
        f"No films of {name!r} were found in $RADLIB_DATA/{name}, {KAGGLE_INPUT}/* or data/{name}; "
        f"give their folder with --data{f', or try: radlib fetch {name}' * fetched}."
    )


def _check_given(place: Path, single_file: str) -> None:
    """Make sure that what was asked for is there and is of the right kind; only its name is quoted."""
    if place.is_file():
        if not single_file or place.suffix.lower() != single_file:
            raise DataError(f"{place.name!r} is a file; give the folder that holds the films with --data.")
    elif not place.is_dir():
        raise DataError(f"The data folder {place.name!r} does not exist; give the right one with --data.")
    elif not os.access(place, os.R_OK | os.X_OK):
        raise DataError(
            f"The data folder {place.name!r} may not be opened by this account; change its permissions."
        )
    elif not any(place.iterdir()):
        raise DataError(f"The data folder {place.name!r} is empty; put the films there, or give another.")


def _places(name: str, aliases: Sequence[str], holds: str) -> Iterator[tuple[Path, str]]:
    """Yield the folders where a data set may lie, and what each place is called."""
    if os.environ.get("RADLIB_DATA"):
        yield Path(os.environ["RADLIB_DATA"], name), "$RADLIB_DATA"
    for alias in (name, *aliases):
        for depth in ("", "*/", "*/*/"):
            for folder in sorted(KAGGLE_INPUT.glob(f"{depth}{alias}")):
                if not holds or any(folder.glob(holds)):
                    yield folder, "Kaggle's input"
    yield home_folder() / "data" / name, "data/"


def unique_image_ids(ids: Sequence[str]) -> list[str]:
    """Return the ids with a suffix (`-2`, `-3`, …) for films whose file is byte for byte an earlier one."""
    return list(numbered_ids(ids))


def positive_counts(index: "pd.DataFrame", labels: Sequence[str]) -> Mapping[str, tuple[int, int]]:
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
    values = dataset.task.label_matrix(index).astype(np.float64)
    if not (np.isnan(values) | (values == 0) | (values == 1)).all():
        raise DataError(f"The labels of {dataset.name!r} must be 1, 0 or empty; correct the table.")
    for label, (positive, negative) in positive_counts(index, labels).items():
        if which := dataset.task.missing_answer(label, positive, negative):
            raise DataError(f"The data set {dataset.name!r} has no image of class {which!r}; add some.")
