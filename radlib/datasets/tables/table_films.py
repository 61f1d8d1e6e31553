"""Where the films lie that a table names, and which films of the folder it does not name.

Names are compared as people and systems write them: with either slash, with or without `.dcm`, in either spelling of
an umlaut (macOS takes `ü` apart), in upper or lower case where that leaves one film, and with the apostrophe that keeps a
spreadsheet from computing a name like `=1.dcm` (radlib writes it itself). In errors and notes films are rows or image ids,
since a name may be a patient's.
"""

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from radlib.datasets.tables.label_tables import rows_named
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.human_units import plural
from radlib.imaging.film_walk import FilmFolder, left_out_sentence
from radlib.imaging.images import image_id

IDS_NAMED = 3


def film_paths(folder: Path, files: Sequence[Path], names: "pd.Series", table: str) -> list[Path]:
    """Return where the films of a table lie.

    Args:
        folder: The data folder.
        files: What lies in it and below.
        names: Paths below the folder as the table writes them, with the numbers of their rows as index.
        table: Its name.

    Raises:
        DataError: When rows name nothing inside the folder, no film, or one that an earlier row names.
    """
    root = folder.resolve()
    alike: dict[str, set[Path]] = {}
    for file in files:
        alike.setdefault(_plain(file.relative_to(folder).as_posix()), set()).add(file)
    relative = [PurePosixPath(name.strip().replace("\\", "/")) for name in names]
    paths = pd.Series([_found(folder, name, alike) for name in relative], names.index, dtype=object)
    outside = pd.Series([not path.resolve().is_relative_to(root) or path.resolve() == root for path in paths])
    missing = pd.Series([not _is_file(path) for path in paths])
    for wrong, what, remedy in (
        (outside, "no file inside the data folder", "give paths below it"),
        (missing, "a file that is not there", "complete the folder, or take them out"),
        (paths.duplicated(), "a film that an earlier row names", "keep one row for each film"),
    ):
        if count := int(wrong.sum()):
            rows = rows_named(names.index[wrong.to_numpy()])
            raise DataError(
                f"{count} rows of {table} name {what} ({rows}); {remedy}."
                if count > 1
                else f"1 row of {table} names {what} ({rows}); {remedy}."
            )
    return paths.tolist()


def unlisted_note(walked: FilmFolder, listed: Sequence[Path], table: str) -> list[str]:
    """Return sentences on films of the folder that the table does not name, the first few by their ids, and on other files."""
    named = set(listed)
    unlisted = [path for path in walked.films if path not in named]
    ids = ", ".join(image_id(path) for path in unlisted[:IDS_NAMED]) + ", …" * (len(unlisted) > IDS_NAMED)
    said = f"{plural(len(unlisted), 'film', 'are')} in the folder and not in {table}, and left out ({ids})."
    return [*[said] * bool(unlisted), *filter(None, [left_out_sentence(walked.left_out)])]


def _found(folder: Path, name: PurePosixPath, alike: dict[str, set[Path]]) -> Path:
    """Return where a film lies: as it is named, with the ending that a table often leaves out, or spelled otherwise."""
    path = folder / name
    if (unquoted := name.as_posix().removeprefix("'")) != name.as_posix() and not _is_file(path):
        return _found(folder, PurePosixPath(unquoted), alike)
    for candidate in (path, path.with_name(f"{path.name}.dcm") if name.name else path):
        if _is_file(candidate):
            return candidate
    for spelled in (name.as_posix(), f"{name.as_posix()}.dcm"):
        if len(found := alike.get(_plain(spelled), set())) == 1:
            return next(iter(found))
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is longer than the system takes
        return False


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.removeprefix("./")).casefold()
