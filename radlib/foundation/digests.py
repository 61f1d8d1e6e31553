"""The digest of every file of a run, noted as the file is written: what `radlib verify` holds it against.

`digests.jsonl` in the run's folder grows by a line per file written: its place, its SHA-256, and eight digits over
both, by which a damaged line is known. A line is written before its file takes its place, so a kill in between leaves
the file that stood there before; therefore the last two digests of a place count. Files of the private folder are
noted there, since a digest of a path that somebody guesses would confirm the guess.

A run that was begun before there were digests has none, and keeps to the checks that need none.
"""

import functools
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

FILE = "digests.jsonl"
TITLE = "radlib digests"
DEEPEST = 4  # folders between a file and its run
PRIVATE = "private"
CHECK_DIGITS = 8


@dataclass(frozen=True)
class Digests:
    """What was noted of a run's files.

    Attributes:
        noted: By place, relative to the folder and with forward slashes, its digests as hex text, oldest first.
        damaged_lines: Lines that do not check, the title's among them.
    """

    noted: dict[str, list[str]] = field(default_factory=dict)
    damaged_lines: int = 0

    def allow(self, place: str, sha256: str) -> bool:
        """Tell whether a file with this digest may stand at a place."""
        return sha256 in self.noted.get(place, [])[-2:]


def begin(folder: Path) -> None:
    """Begin to note the digests of a run that is about to be begun, of its private files in the private folder."""
    for place in (folder, folder / PRIVATE):
        if place.is_dir() and not (place / FILE).exists():
            _append(place / FILE, _line(TITLE, "1"))


def note(finished: Path, place: Path) -> None:
    """Note the digest of a file, or of all files of a folder, that takes its place next.

    Args:
        finished: The file or folder as it is now.
        place: Where it is renamed to. Outside a run, and for hidden files, nothing is noted.
    """
    root = _root(place)
    if root is None:
        return
    known = read(root) or Digests()
    for path in sorted(finished.rglob("*")) if finished.is_dir() else [finished]:
        target = place / path.relative_to(finished)
        inside = target.relative_to(root).as_posix()
        parts = target.relative_to(root).parts
        hidden = PRIVATE in parts or any(part.startswith(".") for part in parts)
        if hidden or path.is_symlink() or not path.is_file():
            continue
        digest = _sha256(path)
        if known.noted.get(inside, [""])[-1] != digest:
            _append(root / FILE, _line(inside, digest))


def read(folder: Path) -> Digests | None:
    """Return what was noted in a folder; None when nothing ever was."""
    try:
        state = (folder / FILE).stat()
        return _parsed(folder / FILE, state.st_mtime_ns, state.st_size)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=16)
def _parsed(path: Path, _modified: int, _size: int) -> Digests:
    """Return what a file says; read again when it has grown."""
    content = path.read_bytes()
    noted: dict[str, list[str]] = {}
    lines = content.decode("utf-8", "replace").splitlines()
    bad = int(not lines or _entry(lines[0]) != (TITLE, "1"))
    for entry in map(_entry, lines[1:]):
        if entry is None:
            bad += 1
        else:
            noted.setdefault(entry[0], []).append(entry[1])
    return Digests(noted, bad)


def is_as_written(path: Path) -> bool:
    """Tell whether a file is there and is the one that was written; of a run without digests, whether it is there."""
    root = _root(path)
    if not path.is_file() or root is None:
        return path.is_file()
    inside = path.relative_to(root).as_posix()
    noted = read(root) or Digests()
    return inside not in noted.noted or noted.allow(inside, _sha256(path))


def _root(place: Path) -> Path | None:
    """Return the nearest folder above a place that notes digests."""
    for folder in list(place.parents)[:DEEPEST]:
        if (folder / FILE).is_file():
            return folder
    return None


def _line(place: str, digest: str) -> str:
    """Return a line; JSON, since a name may hold commas, quotes or bytes that are no UTF-8."""
    return json.dumps([place, digest, _check(place, digest)])


def _entry(line: str) -> tuple[str, str] | None:
    """Return place and digest of a line; None when it is not as it was written."""
    try:
        place, digest, check = json.loads(line)
        return (place, digest) if check == _check(place, digest) else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _check(place: str, digest: str) -> str:
    return hashlib.sha256(f"{place}\n{digest}".encode("utf-8", "surrogatepass")).hexdigest()[:CHECK_DIGITS]


def _append(path: Path, line: str) -> None:
    """Add a line by one write, so that processes at work side by side do not mix theirs."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        torn = bool(size) and os.pread(handle, 1, size - 1) != b"\n" if hasattr(os, "pread") else False
        os.write(handle, (b"\n" if torn else b"") + line.encode("ascii") + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
