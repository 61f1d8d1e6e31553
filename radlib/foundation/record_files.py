"""What a run stored, read so that damage ends in one sentence: JSON objects, arrays and tables.

Files are cut off, filled with zeros, exchanged or edited by hand, and every parser has its own dozen of exceptions for
it. Here all of them mean the same, that the file is not what was written, and the reader says which file it is and
what makes it anew. Where a run notes digests, a file that another content was put into is refused as well, so that no
threshold and no label that was changed by hand decides on a film.
"""

import csv
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radlib.foundation.digests import is_as_written
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd

if TYPE_CHECKING:
    import numpy as np

RUN_AGAIN = "start radlib run again with the same command, it makes the file anew"
LARGEST_ARRAYS_BYTES = 2**31  # of all arrays of a file, inflated; the answers to a million films are less


def read_object(
    path: Path, remedy: str = RUN_AGAIN, *, needs: Mapping[str, type] | None = None, digest: bool = True
) -> dict[str, Any]:
    """Return what a JSON file holds.

    Args:
        path: The file.
        remedy: What makes it anew, as the end of a sentence.
        needs: Type of each key that it must have.
        digest: Whether the content must be the one that was written, where that was noted.

    Raises:
        DataError: When it is missing, no JSON, no object, or lacks a key.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise damaged(path, "it is missing", remedy) from None
    except (OSError, ValueError, RecursionError, MemoryError):
        empty = path.is_file() and not path.stat().st_size
        raise damaged(path, "it is empty" if empty else "it is no JSON", remedy) from None
    if not isinstance(content, dict):
        raise damaged(path, "it holds no table of names and values", remedy)
    for name, kind in (needs or {}).items():
        if not isinstance(content.get(name), kind):
            raise damaged(path, f"{name!r} is missing or of another type", remedy)
    _check(path, remedy, digest)
    return content


def remembered(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds that only spares work; nothing when it is missing or damaged, and is made anew."""
    try:
        return read_object(path)
    except DataError:
        return {}


def read_arrays(path: Path, names: Sequence[str] = (), *, digest: bool = True) -> "dict[str, np.ndarray]":
    """Return the arrays of an `.npz` file by name; nothing in it is executed.

    Args:
        path: The file.
        names: Those that it must have, and that are read; empty for all.
        digest: Whether the content must be the one that was written, where that was noted.

    Raises:
        DataError: When it is missing, cut off, altered, or lacks an array.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_ARRAYS_BYTES:
                raise ValueError("too large")
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in names or arrays.files}
    except FileNotFoundError:
        raise damaged(path, "it is missing", RUN_AGAIN) from None
    except Exception as error:  # zip, zlib and NumPy have a dozen kinds for "this is not what was written"
        why = f"it lacks {error.args[0]}" if isinstance(error, KeyError) else "it is cut off or was changed"
        raise damaged(path, why, RUN_AGAIN) from error
    _check(path, RUN_AGAIN, digest)
    return found


def read_table(
    path: Path, columns: Sequence[str] = (), remedy: str = RUN_AGAIN, *, digest: bool = True, **reading: Any
) -> "pd.DataFrame":
    """Return a CSV file that a run wrote.

    Args:
        path: The file.
        columns: Those that it must have.
        remedy: What makes it anew, as the end of a sentence.
        digest: Whether the content must be the one that was written, where that was noted.
        **reading: As `pandas.read_csv` takes it.

    Raises:
        DataError: When it is missing, empty, no CSV, or lacks a column.
    """
    read = pd.read_csv  # here, where it may be said that pandas is not installed
    try:
        table = read(path, **reading)
    except FileNotFoundError:
        raise damaged(path, "it is missing", remedy) from None
    except Exception as error:  # parsers of cells, of text and of numbers each have their own
        raise damaged(path, "it is no table", remedy) from error
    missing = [name for name in columns if name not in table]
    if missing:
        raise damaged(path, f"it lacks the column {missing[0]}", remedy)
    _check(path, remedy, digest)
    return table


def read_columns(
    path: Path, columns: Sequence[str] = (), remedy: str = RUN_AGAIN, *, digest: bool = True
) -> dict[str, list[str]]:
    """Return the columns of a CSV file that a run wrote as they stand there; `read_table` where pandas is not to be had.

    Args:
        path: The file.
        columns: Those that it must have.
        remedy: What makes it anew, as the end of a sentence.
        digest: Whether the content must be the one that was written, where that was noted.

    Raises:
        DataError: When it is missing, empty, no CSV, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            names, *rows = filter(None, csv.reader(stream, strict=True))
        values = zip(*rows, strict=True) if rows else [()] * len(names)
        found = {name: list(cells) for name, cells in zip(names, values, strict=True)}
    except FileNotFoundError:
        raise damaged(path, "it is missing", remedy) from None
    except (OSError, ValueError, csv.Error) as error:
        raise damaged(path, "it is no table", remedy) from error
    if missing := [name for name in columns if name not in found]:
        raise damaged(path, f"it lacks the column {missing[0]}", remedy)
    _check(path, remedy, digest)
    return found


def numbers(cells: Sequence[str]) -> "np.ndarray":
    """Return cells as float64, NaN where one is empty.

    Raises:
        ValueError: For a cell that is no number.
    """
    import numpy as np

    return np.array([float(cell or "nan") for cell in cells], np.float64)


def _check(path: Path, remedy: str, digest: bool) -> None:
    if digest and not is_as_written(path):
        raise damaged(path, "it is not what was written", remedy)


def damaged(path: Path, why: str, remedy: str) -> DataError:
    """Return the error that names a damaged file: its folder and its name, no path of this machine."""
    return DataError(f"{place_of(path)} is damaged ({why}); {remedy}.")


def place_of(path: Path) -> str:
    """Return a file's name behind its folder's: enough to find it in a run, and no path of this machine."""
    return "/".join(path.parts[-2:])
