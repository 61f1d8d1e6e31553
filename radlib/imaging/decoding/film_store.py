"""Decoded films on disk: what was decoded once for a preprocessing record is never decoded again.

One folder per preprocessing record (and so per image size). In it, films lie one behind the other in the order
in which they were decoded, all of one length, so that a film is a row of a memory map. A journal says which
row belongs to which file, by the sha256 of its content. So another split, another study, a data set that grew,
or a run that was killed finds every film that is already there; only another record or size starts anew, since
a square cannot be made from another square without changing it.

Squares are uint8, and that loses nothing a network could see: the record itself ends with rounding to at most
256 levels, and every network gets exactly those (see `images.Preprocessing`). The many levels of a 12-bit film
count before that: its window, its averaging over the area of each new pixel and its operations are worked out
in float32, and the one rounding comes last, so a level of the square is within half a level of the exact mean.

Nothing is believed unseen. The journal has a checksum of each film's square and mark, and whoever opens films compares
those that he uses (`damaged_keys`): what a failing disk or a careless hand changed is decoded again, and said.

The store shows patients' films, so its folder opens to its owner alone.

Nothing is half-written. Pixels are appended first and reach the disk before the journal names them, each line
of the journal carries a checksum, and a row belongs to the last line that claims it: whatever a kill, a power
cut or a full disk leaves behind the last whole line is overwritten by the next writer. One process appends at a
time, others fill places that were reserved for them (see `shards`) and have journals of their own; readers need no lock,
since what a journal names never changes.
"""

import contextlib
import os
import zlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from radlib.foundation import owner_only, storage
from radlib.foundation.plain_text import say_line
from radlib.imaging import images, resemblance
from radlib.imaging.decoding.film_journal import Entry, journal_line, next_row, read_journal

REVISION = 3  # raised when the same file would decode to other pixels, or the journal says other things
BLOCK_BYTES = 4_000_000  # of squares compared at a time: memory stays flat
COMMIT_FILMS = 256  # films that a kill costs, at most

# What these name can be mended without touching the film: a codec installed, a file put back, and a machine so busy
# that a good film ran out of time. Not remembered.
NOT_REMEMBERED = ("not_a_file", "unsupported_compression", "timeout")


def store_folder(cache_folder: Path, preprocessing: images.Preprocessing) -> Path:
    """Return the folder for films of a preprocessing record."""
    spec = {"revision": REVISION, "marks": resemblance.REVISION, "record": preprocessing.to_dict()}
    return cache_folder / f"films-{preprocessing.image_size}-{storage.spec_digest(spec)}"


def content_key(image_id: str) -> str:
    """Return the key of a film's content: its id, less the suffix that tells exact copies apart."""
    return image_id.partition("-")[0]


def intact(folder: Path, image_size: int, entries: Mapping[str, Entry], wanted: Set[str]) -> dict[str, Entry]:
    """Return what a store knows of the films wanted, without those whose pixels are no longer what was written.

    Those are counted on the standard error. A store that an earlier release left open to others is closed.
    """
    if entries:
        owner_only.make_folder(folder)
    used = {key: entry for key, entry in entries.items() if key in wanted}
    damaged = damaged_keys(folder, image_size, used)
    if damaged:
        say_line(f"{len(damaged)} decoded films in the store are damaged; they are decoded again.", err=True)
    return {key: entry for key, entry in used.items() if key not in damaged}


def damaged_keys(folder: Path, image_size: int, entries: Mapping[str, Entry]) -> set[str]:
    """Return the keys of films whose square or mark in the store is not what was written.

    Args:
        folder: Of the store.
        image_size: Side of the squares, pixels.
        entries: Of the films that will be used.
    """
    whole = sorted((entry.row, entry.checksum, key) for key, entry in entries.items() if entry.row >= 0)
    if not whole:
        return set()
    square, most = image_size**2, max(1, BLOCK_BYTES // image_size**2)
    marks = np.asarray(map_marks(folder, whole[-1][0] + 1))
    block, damaged = memoryview(bytearray(most * square)), set()
    with (folder / "pixels.raw").open("rb", buffering=0) as stream:
        place = 0
        while place < len(whole):
            first = whole[place][0]
            together = [film for film in whole[place : place + most] if film[0] < first + most]
            stream.seek(first * square)
            read = stream.readinto(block[: (together[-1][0] + 1 - first) * square])
            for row, checksum, key in together:
                start = (row - first) * square
                found = zlib.crc32(marks[row], zlib.crc32(block[start : start + square]))
                if found != checksum or start + square > read:
                    damaged.add(key)
            place += len(together)
    return damaged


def map_pixels(folder: Path, image_size: int, rows: int) -> np.ndarray:
    """Return the first rows of a store as a read-only map, uint8 (rows, image_size, image_size)."""
    return _map(folder / "pixels.raw", (rows, image_size, image_size))


def map_marks(folder: Path, rows: int) -> np.ndarray:
    """Return the marks of the first rows as a read-only map, uint8 (rows, MARK_BYTES)."""
    return _map(folder / "marks.raw", (rows, resemblance.MARK_BYTES))


def _map(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, np.uint8, "r", shape=shape) if shape[0] else np.empty(shape, np.uint8)


@dataclass
class Writer:
    """Appends films to a store; see `writing`.

    Attributes:
        image_size: Side of the squares, pixels.
        rows: Films in the store so far, those not yet committed included.
    """

    image_size: int
    rows: int
    _pixels: BinaryIO
    _marks: BinaryIO
    _journal: BinaryIO
    _lines: list[str] = field(default_factory=list)

    def add(self, key: str, height: int, width: int, pixels: bytes, mark: bytes) -> Entry:
        """Append a film's square and mark; it counts once it is committed."""
        self._pixels.write(pixels)
        self._marks.write(mark)
        entry = Entry(self.rows, height, width, checksum=zlib.crc32(mark, zlib.crc32(pixels)))
        self.rows += 1
        self._note(key, entry)
        return entry

    def refuse(self, key: str, reason: str) -> Entry:
        """Note that a film cannot be decoded, if that will not change by itself."""
        entry = Entry(-1, reason=reason)
        if reason not in NOT_REMEMBERED:
            self._note(key, entry)
        return entry

    def _note(self, key: str, entry: Entry) -> None:
        self._lines.append(journal_line(key, entry))
        if len(self._lines) >= COMMIT_FILMS:
            self.commit()

    def commit(self) -> None:
        """Bring the pixels to the disk, then name them in the journal."""
        for stream in (self._pixels, self._marks):
            stream.flush()
            os.fsync(stream.fileno())
        self._journal.write("".join(self._lines).encode())
        self._journal.flush()
        os.fsync(self._journal.fileno())
        self._lines.clear()


@contextlib.contextmanager
def writing(folder: Path, image_size: int) -> Iterator[tuple[Writer, Mapping[str, Entry]]]:
    """Open a store for appending, alone; yields the writer and what the store knows.

    What an interrupted writer left behind the last committed film is cut off. What was added before an
    exception is kept.
    """
    with storage.disk_errors(folder / "pixels.raw"):
        owner_only.make_folder(folder)
        (folder / "lock").touch(mode=owner_only.FILE)
    with storage.disk_errors(folder / "pixels.raw"), storage.only_process(folder / "lock"):
        known = read_journal(folder, image_size)
        rows = next_row(folder, known)
        with contextlib.ExitStack() as stack:
            pixels, marks, journal = (
                stack.enter_context(open(folder / name, "ab", opener=owner_only.opener))
                for name in ("pixels.raw", "marks.raw", "journal.txt")
            )
            os.truncate(folder / "pixels.raw", rows * image_size**2)
            os.truncate(folder / "marks.raw", rows * resemblance.MARK_BYTES)
            if journal.tell():
                journal.write(b"\n")  # ends what a kill may have left unended; empty lines are ignored
            writer = Writer(image_size, rows, pixels, marks, journal)
            try:
                yield writer, known
            finally:
                writer.commit()
