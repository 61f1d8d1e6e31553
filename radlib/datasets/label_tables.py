"""Tables that say what is on the films, as publishers and hospitals write them: found, read, and doubted.

A table is read with ids as text, since `00000001` is a name and not a number. What does not fit is one sentence
that names the table and the column, and counts ids instead of quoting them: an id may be a patient's.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from radlib.errors import DataError

OLDEST_YEARS = 110  # nobody in the published sets is known to be older; RSNA has 155, ChestX-ray14 has 414
YEARS_PER_UNIT = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}  # DICOM's age string


def find_table(folder: Path, names: Sequence[str]) -> Path | None:
    """Return the first table of these names that the folder has, plain or as .gz; None when it has none."""
    candidates = (folder / f"{name}{ending}" for name in names for ending in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def read_table(
    path: Path, columns: Sequence[str], *, others: bool = False, texts: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a CSV table, plain or .gz, with its first column as text.

    Args:
        path: The table.
        columns: Those it must have; the first holds ids.
        others: Whether it may have further columns.
        texts: Further columns that are text, where the table has them.

    Raises:
        DataError: When it is missing, unreadable, or has other columns.
    """
    if not path.is_file():
        raise DataError(f"The table {path.name} is missing in the data folder; put it beside the films.")
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys((columns[0], *texts), str))
    except (ValueError, EOFError, OSError):  # no CSV, no UTF-8, no gzip, or a truncated one
        raise DataError(f"The table {path.name} is no CSV file; replace it.") from None
    missing = [name for name in columns if name not in table.columns]
    unknown = [] if others else [name for name in table.columns if name not in columns]
    if missing or unknown:
        which = f"lacks the column {missing[0]!r}" if missing else f"has an unknown column {unknown[0]!r}"
        raise DataError(f"The table {path.name} {which}; it must have: {', '.join(columns)}.")
    return table


def class_columns(answers: pd.Series, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return one column per class, 1 where a film is of it and 0 elsewhere.

    Args:
        answers: What the table says of each film.
        labels: The label of each answer it may give, in the order of the columns.

    Returns:
        float32 columns named by the labels, with the index of `answers`.
    """
    return pd.DataFrame(
        {label: (answers == said).astype("float32") for said, label in labels.items()}, index=answers.index
    )


def years(ages: pd.Series) -> tuple[pd.Series, int]:
    """Return ages in years, NaN where unknown or impossible, and how many were impossible.

    Args:
        ages: Numbers, or text such as `058Y`, `007M` or `58`, as the first release of ChestX-ray14 and DICOM
            write them.
    """
    parts = ages.astype(str).str.strip().str.upper().str.extract(r"^(\d+(?:\.\d+)?)([YMWD]?)$")
    found = parts[0].astype("float64") * parts[1].map(YEARS_PER_UNIT).astype("float64")
    impossible = found > OLDEST_YEARS
    return found.mask(impossible, np.nan), int(impossible.sum())


def impossible_ages_note(count: int) -> str:
    """Return the sentence that says how many ages were impossible."""
    return f"{count} ages above {OLDEST_YEARS} years are taken as unknown."
