"""What the store of decoded films knows: which row belongs to which film, by the content of its file.

One journal for whoever appends, and one for each shard that fills reserved places. A line carries a checksum of its own, so that
what a kill left unended is no line; it names the film, its row, its size as stored, and a checksum of its square and mark.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radlib.foundation.record_files import read_object
from radlib.imaging import resemblance

APPENDED = "journal.txt"
SHARD, RESERVED = "shard-", "reserved-"  # journals of shards, and which rows are theirs


@dataclass(frozen=True)
class Entry:
    """What is known of one file's content.

    Attributes:
        row: Where its square lies; -1 for a film that cannot be decoded.
        height: Of the film as stored, pixels.
        width: Of the film as stored, pixels.
        reason: A key of `images.REASONS`; empty for a film that decoded.
        checksum: CRC-32 of its square and its mark, one behind the other.
    """

    row: int
    height: int = 0
    width: int = 0
    reason: str = ""
    checksum: int = 0


def read_journal(folder: Path, image_size: int) -> dict[str, Entry]:
    """Return what is known, by content key; lines that are damaged or whose pixels are gone are left out."""
    journals = [
        *sorted(folder.glob(f"{SHARD}*.txt")),
        folder / APPENDED,
    ]  # a film that was decoded again is appended
    text = "\n".join(
        path.read_text(encoding="ascii", errors="replace") for path in journals if path.is_file()
    )
    try:
        squares = (folder / "pixels.raw").stat().st_size // image_size**2
        whole = min(squares, (folder / "marks.raw").stat().st_size // resemblance.MARK_BYTES)
    except FileNotFoundError:
        return {}
    entries: dict[str, Entry] = {}
    owner: dict[int, str] = {}
    for line in text.splitlines():
        key, entry = _parsed(line)
        if entry is None or entry.row >= whole:
            continue
        entries[key] = entry
        if entry.row >= 0:
            owner[entry.row] = key
    return {key: entry for key, entry in entries.items() if entry.row < 0 or owner[entry.row] == key}


def next_row(folder: Path, known: Mapping[str, Entry]) -> int:
    """Return the first row that no film has and that is reserved for none."""
    reserved = [read_object(path) for path in folder.glob(f"{RESERVED}*.json")]
    taken = [entry.row + 1 for entry in known.values()] + [each["base"] + each["rows"] for each in reserved]
    return max(taken, default=0)


def journal_line(key: str, entry: Entry) -> str:
    """Return the line by which a journal names a film."""
    body = f"{key} {entry.row} {entry.height} {entry.width} {entry.reason or '-'} {entry.checksum:08x}"
    return f"{zlib.crc32(body.encode()):08x} {body}\n"


def _parsed(line: str) -> tuple[str, Entry | None]:
    checksum, _, body = line.partition(" ")
    if checksum != f"{zlib.crc32(body.encode()):08x}":
        return "", None
    key, row, height, width, reason, square = body.split(" ")
    return key, Entry(int(row), int(height), int(width), "" if reason == "-" else reason, int(square, 16))
