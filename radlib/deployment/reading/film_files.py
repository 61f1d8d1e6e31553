"""Which files are meant where somebody names films: one, a folder with all below it, or several of both."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radlib.foundation.errors import DataError
from radlib.foundation.plain_text import say_line
from radlib.imaging.array_rows import row_reference, split_reference
from radlib.imaging.film_walk import left_out_sentence, walk
from radlib.imaging.images import image_id

UNKNOWN_ID = "0" * 12


@dataclass(frozen=True)
class FilmFile:
    """A file that somebody calls a film.

    Attributes:
        name: What the table calls it.
        path: Where it is.
        reference: The same as a decoder takes it; empty for a link that leads out of the folder.
    """

    name: str
    path: Path
    reference: str


def film_files(given: Sequence[Path]) -> list[FilmFile]:
    """Return the films among files and folders.

    Args:
        given: Films, folders, or rows of arrays. A film of the only one is called by its path below it, others by the
            path that leads to them.

    Raises:
        DataError: Where one holds no film.
    """
    return [file for each in given for file in _files_at(each, named_in_full=len(given) > 1)]


def _files_at(given: Path, *, named_in_full: bool) -> list[FilmFile]:
    films, row = split_reference(given)
    files = _files(films, row)
    if not named_in_full:
        return files
    return [dataclasses.replace(file, name=file.path.as_posix()) for file in files]


def _files(films: Path, row: int | None) -> list[FilmFile]:
    root = films.parent if films.is_file() else films
    paths = [films] if films.is_file() else _film_files(films)
    if not paths:
        raise DataError(
            f"{films.name} holds no film; give a folder with DICOM, PNG or JPEG files, or one file."
        )
    found, inside = [], root.resolve()
    for path in paths:
        followed = path == films or path.resolve().is_relative_to(inside)
        reference = str(path) if row is None else row_reference(path, row)
        found.append(FilmFile(path.relative_to(root).as_posix(), path, reference if followed else ""))
    return found


def _film_files(folder: Path) -> list[Path]:
    """Return the films below a folder, and say what else lies there."""
    if not folder.is_dir():
        raise DataError(f"{folder.name} is neither a file nor a folder; give a folder of films, or one film.")
    found = walk(folder)
    if found.left_out:
        say_line(left_out_sentence(found.left_out), err=True)
    return list(found.films)


def content_id(file: FilmFile) -> str:
    """Return the id of a film, see `images.image_id`; zeros where it cannot be read."""
    if not file.reference:
        return UNKNOWN_ID
    try:
        return image_id(file.path)
    except OSError:  # gone meanwhile, or not to be read by this account; the decoder says which
        return UNKNOWN_ID
