"""The tables of a watching reader: a CSV file that follows the journal, row by row, each row once.

The journal decides what was answered. The table is made from it: what it lacks when the reader starts, or lacked while the
disk was full, is added, and what a kill left of a row is cut off first.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from radlib.deployment.answer_tables import heading_text, row_text
from radlib.deployment.reading.journal import write_whole
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import plain_cell
from radlib.foundation.storage import disk_errors

IMAGE = "image_id"
Rows = Sequence[Mapping[str, Any]]


class FollowingTable:
    """A CSV file that rows are appended to.

    Args:
        path: The file; made if need be.
        columns: Its columns.
        of_film: Makes a row of the journal the rows that stand here, in an order that stays.
        option: Of the command line, that a message names.

    Attributes:
        behind: Whether it may lack rows of the journal.

    Raises:
        UsageError: When another table lies there.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        of_film: Callable[[Mapping[str, Any]], Rows] = lambda row: [row],
        option: str = "--csv",
    ):
        self._path, self._columns, self._of_film = path, list(columns), of_film
        self.behind = True
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._length = _whole_length(path)
        heading = [plain_cell(column) for column in columns]
        found = next(_read(path, self._length), heading) if self._length else heading
        if found != heading:
            raise UsageError(
                f"{path.name} is there and holds another table; name another file with {option}."
            )

    def catch_up(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append those of the journal's rows that the table lacks.

        Raises:
            OSError: When the disk refuses.
        """
        place = self._columns.index(IMAGE)
        there = Counter(line[place] for line in _read(self._path, self._length) if len(line) > place)
        if not self._length:
            self._append(heading_text(self._columns))
        for row in rows:
            self._append_all(self._of_film(row)[there[row[IMAGE]] :])
        self.behind = False

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row; one that is behind takes it from the journal with the others.

        Raises:
            OSError: When the disk refuses; the row comes with a later one then.
        """
        if self.behind:
            return
        self.behind = True
        self._append_all(self._of_film(row))
        self.behind = False

    def _append_all(self, rows: Rows) -> None:
        if rows:
            self._append("".join(row_text(self._columns, row) for row in rows))

    def _append(self, line: str) -> None:
        content = line.encode()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.ftruncate(descriptor, self._length)
            os.lseek(descriptor, 0, os.SEEK_END)
            write_whole(descriptor, content)
            os.fsync(descriptor)
            self._length += len(content)
        finally:
            os.close(descriptor)


def _whole_length(path: Path) -> int:
    """Return up to where a table holds whole rows: a kill leaves half a row, a power cut zeros."""
    if not path.is_file():
        return 0
    content = path.read_bytes()
    end = content.find(b"\0")
    return content[: end if end >= 0 else len(content)].rfind(b"\n") + 1


def _read(path: Path, length: int) -> Iterator[list[str]]:
    if not length:
        return
    yield from csv.reader(io.StringIO(path.read_bytes()[:length].decode(), newline=""))
