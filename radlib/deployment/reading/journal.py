"""What a watching reader has answered, so that a power cut loses no film and answers none twice.

One file grows by a line per film, with a checksum; a film counts as answered when its line is whole on the disk. What a kill
or a power cut left of a line is cut off at the next start, and what a full disk took of one is taken back at once. A film is
known by the digest of its content, and a file that was looked at by a digest of its name, size and time, so that ten thousand
films are not read again to learn that they were. No name stands in the file but in rows that were asked for with names.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from radlib.foundation.owner_only import opener
from radlib.foundation.storage import disk_errors

FILM, PLACE, ROW = "film", "place", "row"


class Journal:
    """The journal of one folder and one variant; see `opened_journal`.

    Args:
        path: The file, which is there.
        descriptor: The same, open to append.

    Attributes:
        films: Digests of all films that were answered.
        places: Digests of the files that they were.
    """

    def __init__(self, path: Path, descriptor: int):
        self._path, self._descriptor = path, descriptor
        self.films: set[str] = set()
        self.places: set[str] = set()
        self._length = 0
        for entry, end in _entries(path):
            self._remember(entry)
            self._length = end
        os.ftruncate(descriptor, self._length)

    def _remember(self, entry: Mapping[str, Any]) -> None:
        self.films.add(entry[FILM])
        self.places.add(entry[PLACE])

    def note(self, film: str, place: str, row: Mapping[str, Any] | None = None) -> None:
        """Note that a film was answered, or without a row that a file is a copy of one that was.

        Raises:
            OSError: When the disk refuses; nothing was noted then.
        """
        entry = {FILM: film, PLACE: place, **({} if row is None else {ROW: dict(row)})}
        text = json.dumps(entry, ensure_ascii=True)
        content = f"{zlib.crc32(text.encode()):08x} {text}\n".encode()
        try:
            write_whole(self._descriptor, content)
            os.fsync(self._descriptor)
        except BaseException:  # a full disk, or the wish to stop: half a line helps nobody
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            raise
        self._length += len(content)
        self._remember(entry)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows in the order in which films were answered."""
        for entry, _ in _entries(self._path):
            if ROW in entry:
                yield entry[ROW]


@contextlib.contextmanager
def opened_journal(path: Path) -> Iterator[Journal]:
    """Open a journal, made if need be; the caller holds a lock on it.

    Raises:
        SetupError: When the disk refuses.
    """
    with disk_errors(path):
        descriptor = opener(os.fspath(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        if os.name == "posix":
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
    try:
        yield Journal(path, descriptor)
    finally:
        os.close(descriptor)


def write_whole(descriptor: int, content: bytes) -> None:
    """Write all of some bytes; a system may take a part at a time."""
    while content:
        content = content[os.write(descriptor, content) :]


def _entries(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield what each whole line says, and where it ends; lines that are not whole are passed over."""
    end = 0
    with path.open("rb") as stream:
        for line in stream:
            end += len(line)
            if (entry := _entry(line)) is not None:
                yield entry, end


def _entry(line: bytes) -> dict[str, Any] | None:
    check, _, text = line.partition(b" ")
    if not line.endswith(b"\n") or check != f"{zlib.crc32(text[:-1]):08x}".encode():
        return None
    return json.loads(text)
