"""The one way into a folder of films: every file in it is either a film or left out for a reason that is counted.

What a file is, its content says (`film_content`), not its name. A film that is damaged stays one if its name promises a film:
then it comes back with the reason why it cannot be read. Nothing is followed out of the folder and nothing that is no
plain file is ever opened, so neither a link nor a pipe can lead a run astray or hold it up.

The order is that of the names, part by part, on every machine.
"""

import collections
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from radlib.foundation.errors import DataError
from radlib.imaging.film_content import FILMS, HEAD_BYTES, NAMED_AS_FILM, content_of

# Names in lower case that systems, network drives and notebooks leave in a folder; whatever lies in such a folder, too.
LEFTOVERS = frozenset((
    "__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information", "lost+found", "__pycache__",
    ".ipynb_checkpoints", ".ds_store", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".thumbnails",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r",
))  # fmt: skip
LEFT_OUT: Mapping[str, str] = {
    "hidden": "hidden",
    "leftover": "left behind by a system or a program",
    "directory": "DICOMDIR",
    "picture": "of another picture format (convert to PNG)",
    "packed": "packed (unpack them)",
    "other": "with other content than DICOM, PNG or JPEG",
    "empty": "empty",
    "outside": "linked to a place outside the folder (copy it there)",
    "linked_folder": "a link to a folder",
    "broken_link": "a link that leads nowhere",
    "forbidden": "not readable for this account",
    "special": "a pipe, a socket or a device",
}
DAMAGED = "damaged"  # a film by its name alone
# A pipe that takes a file's place between two looks must not hold up whoever opens it.
OPENING = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class FilmFolder:
    """What a folder holds; films and files left out are together as many as there are.

    Attributes:
        root: The folder.
        films: Paths of the films, in the order of names; those that are damaged are among them where the name says film.
        folders: Paths of the folders that were looked through, without the root, in the order of names.
        left_out: How many files are no films, by key of `LEFT_OUT`. A link, and a folder that may not be opened, count as
            one file.
        tables: How many files are those that the caller knows and reads.
    """

    root: Path
    films: tuple[Path, ...]
    folders: tuple[Path, ...]
    left_out: Mapping[str, int]
    tables: int = 0

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self.films) + sum(self.left_out.values()) + self.tables


def walk(root: Path, *, tables: Collection[Path] = ()) -> FilmFolder:
    """Look through a folder with all its folders.

    Args:
        root: The folder; it may itself be a link or hidden.
        tables: Files in it that the caller reads for what they say of the films, if they are there.

    Returns:
        What it holds.

    Raises:
        DataError: When the folder itself cannot be opened.
    """
    try:
        top = _sorted(os.fspath(root))
    except OSError:
        raise DataError(
            f"The folder {root.name!r} cannot be opened; give another, or change its permissions."
        ) from None
    real_root = os.path.realpath(root)
    films: list[Path] = []
    folders: list[Path] = []
    counts: collections.Counter[str] = collections.Counter()
    known = 0
    for entry, reason in _entries(top):
        if reason is None and entry.is_dir(follow_symlinks=False):
            folders.append(Path(entry.path))
            continue
        found = reason or _look_at(entry, real_root)
        if found in (*FILMS, DAMAGED):
            films.append(Path(entry.path))
        elif tables and Path(entry.path) in tables:
            known += 1
        else:
            counts[found] += 1
    left_out = {key: counts[key] for key in LEFT_OUT if counts[key]}
    return FilmFolder(root, tuple(films), tuple(folders), left_out, known)


def left_out_sentence(counts: Mapping[str, int]) -> str:
    """Return one sentence on how many files are left out and why; nothing when there are none.

    Args:
        counts: By key of `LEFT_OUT`, or by words of the caller's own.
    """
    total = sum(counts.values())
    if not total:
        return ""
    reasons = ", ".join(f"{count} {LEFT_OUT.get(key, key)}" for key, count in counts.items() if count)
    return f"{total} {'file is' if total == 1 else 'files are'} left out: {reasons}."


def _entries(top: Iterable[os.DirEntry]) -> Iterator[tuple[os.DirEntry, str | None]]:
    """Yield what lies in a folder and below, in the order of names, with the reason in its or a folder's name.

    Of folders only those that are looked through, and those that may not be opened. Without recursion, since folders may
    be nested deeper than Python's calls.
    """
    stack: list[tuple[Iterator[os.DirEntry], str | None]] = [(iter(top), None)]
    while stack:
        entries, inherited = stack[-1]
        entry = next(entries, None)
        if entry is None:
            stack.pop()
            continue
        reason = inherited or name_reason(entry.name)
        if not entry.is_dir(follow_symlinks=False):
            yield entry, reason
            continue
        try:
            inside = _sorted(entry.path)
        except OSError:  # no permission, or a path longer than the system takes
            yield entry, reason or "forbidden"
            continue
        if reason is None:
            yield entry, None
        stack.append((iter(inside), reason))


def _sorted(folder: str) -> list[os.DirEntry]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def name_reason(name: str) -> str | None:
    """Return why a file or folder of this name is left out, None where the name is no reason."""
    lower = name.lower()
    if lower in LEFTOVERS or name.startswith("._"):
        return "leftover"
    if lower == "dicomdir":
        return "directory"
    return "hidden" if name.startswith(".") else None


def _look_at(entry: os.DirEntry, real_root: str) -> str:
    """Return what a file is: one of `FILMS`, `DAMAGED`, or why it is left out."""
    path = entry.path
    try:
        if entry.is_symlink():
            path = os.path.realpath(path, strict=True)
            if not path.startswith(real_root.rstrip(os.sep) + os.sep) and path != real_root:
                return "outside"
            if Path(path).is_dir():
                return "linked_folder"
            if not Path(path).is_file():
                return "special"
        elif not entry.is_file(follow_symlinks=False):
            return "special"
        head = _head(path)
    except OSError:
        return "broken_link" if entry.is_symlink() and not Path(path).exists() else "forbidden"
    if head is None:
        return "special"
    content = content_of(head)
    if content in ("empty", "other", "picture", "packed") and NAMED_AS_FILM.fullmatch(entry.name):
        return DAMAGED  # reading it will say what is wrong
    return content


def _head(path: str) -> bytes | None:
    """Return the first bytes of a file; None when it is no plain file after all."""
    descriptor = os.open(path, OPENING)
    try:
        return os.read(descriptor, HEAD_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    finally:
        os.close(descriptor)
