"""A store filled by many processes or machines at once: each decodes its shard of the films into places of its own.

Who comes first reserves: it notes which films are missing and where their squares will lie, one behind the other, after all
that is there. Shard k of n takes every film from rank k·N/n on up to the next shard's, writes each square to its reserved row of
the one `pixels.raw`, and names it in a journal of its own. So nothing is copied when shards are joined: whoever opens the store
reads all journals. A shard that was killed goes on after its last committed film; a shard that runs twice writes the same bytes
to the same places. A film that cannot be decoded leaves its row empty, which on most file systems takes no room.
"""

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from radlib.foundation import owner_only, storage
from radlib.foundation.errors import UsageError
from radlib.imaging import images, resemblance
from radlib.imaging.decoding import film_journal, film_store
from radlib.imaging.decoding.decode import FILM_TIMEOUT_S, decode_files
from radlib.imaging.decoding.film_journal import Entry
from radlib.imaging.decoding.film_store import COMMIT_FILMS, content_key

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shard:
    """Which part of the films.

    Attributes:
        number: From 1.
        of: How many there are.
    """

    number: int
    of: int

    def ranks(self, films: int) -> range:
        """Return which of so many films it takes.

        Example:
            >>> [list(Shard(k, 3).ranks(8)) for k in (1, 2, 3)]
            [[0, 1], [2, 3, 4], [5, 6, 7]]
        """
        return range((self.number - 1) * films // self.of, self.number * films // self.of)


def parse_shard(text: str) -> Shard:
    """Return a shard that was typed as `3/16`.

    Raises:
        UsageError: For anything else.
    """
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(f"A shard is typed as 3/16, the third of sixteen, not {text[:20]!r}.")
    return Shard(int(number), int(of))


def decode_shard(
    index: "pd.DataFrame",
    preprocessing: images.Preprocessing,
    cache_folder: Path,
    shard: Shard,
    *,
    workers: int = 2,
    timeout_s: float = FILM_TIMEOUT_S,
) -> tuple[int, int]:
    """Decode a shard of the films of an index into the store.

    Args:
        index: As for `decode.decode_films`, all films, the same for every shard.
        preprocessing: What every film becomes.
        cache_folder: Where decoded films are kept.
        shard: Which part.
        workers: Processes.
        timeout_s: Seconds one film may take of the processor.

    Returns:
        How many films the shard has, and how many of them cannot be decoded.
    """
    from tqdm import tqdm

    folder, size = film_store.store_folder(cache_folder, preprocessing), preprocessing.image_size
    paths = {content_key(i): p for i, p in zip(index["image_id"], index["path"], strict=True)}
    base, keys = _reserved(folder, size, sorted(paths))
    ranks = shard.ranks(len(keys))
    mine = {keys[rank] for rank in ranks}
    known = film_store.intact(folder, size, film_journal.read_journal(folder, size), mine)
    left = [rank for rank in ranks if keys[rank] not in known]
    results = decode_files(
        [paths[keys[r]] for r in left], preprocessing, workers=workers, timeout_s=timeout_s
    )
    bar = tqdm(results, "Decoding films", len(left), leave=False, disable=None, unit=" films")
    refused = sum(bool(entry.reason) for entry in known.values())
    with _places(folder, shard) as places:
        for rank, (reason, height, width, pixels, mark) in zip(left, bar, strict=True):
            refused += bool(reason)
            if reason:
                places.refuse(keys[rank], reason)
            else:
                places.put(keys[rank], base + rank, height, width, pixels, mark)
    return len(ranks), refused


def _reserved(folder: Path, size: int, keys: Sequence[str]) -> tuple[int, list[str]]:
    """Return the first reserved row and the films in the order of their rows; whoever comes first decides both."""
    with storage.disk_errors(folder / "pixels.raw"):
        owner_only.make_folder(folder)
        (folder / "lock").touch(mode=owner_only.FILE)
        path = folder / f"{film_journal.RESERVED}{storage.spec_digest({'keys': list(keys)})}.json"
        with storage.only_process(folder / "lock"):
            if not path.is_file():
                known = film_journal.read_journal(folder, size)
                base = film_journal.next_row(folder, known)
                missing = [key for key in keys if key not in known]
                storage.write_json(path, {"base": base, "rows": len(missing), "keys": missing})
                path.chmod(owner_only.FILE)
                _lengthen(folder / "pixels.raw", (base + len(missing)) * size**2)
                _lengthen(folder / "marks.raw", (base + len(missing)) * resemblance.MARK_BYTES)
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["base"], found["keys"]


def _lengthen(path: Path, size_bytes: int) -> None:
    with open(path, "ab", opener=owner_only.opener) as stream:
        if stream.tell() < size_bytes:
            stream.truncate(size_bytes)


@dataclass
class _Places:
    """The reserved places of a shard, open for writing; what is put counts once it is committed."""

    pixels: IO[bytes]
    marks: IO[bytes]
    journal: IO[bytes]
    lines: list[str] = field(default_factory=list)

    def put(self, key: str, row: int, height: int, width: int, pixels: bytes, mark: bytes) -> None:
        """Write a film's square and mark to its row."""
        for stream, content in ((self.pixels, pixels), (self.marks, mark)):
            stream.seek(row * len(content))
            stream.write(content)
        self._note(key, Entry(row, height, width, checksum=zlib.crc32(mark, zlib.crc32(pixels))))

    def refuse(self, key: str, reason: str) -> None:
        """Note that a film cannot be decoded, if that will not change by itself."""
        if reason not in film_store.NOT_REMEMBERED:
            self._note(key, Entry(-1, reason=reason))

    def _note(self, key: str, entry: Entry) -> None:
        self.lines.append(film_journal.journal_line(key, entry))
        if len(self.lines) >= COMMIT_FILMS:
            self.commit()

    def commit(self) -> None:
        """Bring the pixels to the disk, then name them in the journal."""
        for stream in (self.pixels, self.marks):
            stream.flush()
            os.fsync(stream.fileno())
        self.journal.write("".join(self.lines).encode())
        self.journal.flush()
        os.fsync(self.journal.fileno())
        self.lines.clear()


@contextlib.contextmanager
def _places(folder: Path, shard: Shard) -> Iterator[_Places]:
    """Open the places of a shard; what was put before an exception is kept."""
    name = f"{film_journal.SHARD}{shard.number}-of-{shard.of}.txt"
    kinds = (("pixels.raw", "r+b"), ("marks.raw", "r+b"), (name, "ab"))
    with storage.disk_errors(folder / "pixels.raw"), contextlib.ExitStack() as stack:
        pixels, marks, journal = (
            stack.enter_context(open(folder / n, how, opener=owner_only.opener)) for n, how in kinds
        )
        places = _Places(pixels, marks, journal)
        places.journal.write(b"\n")  # ends what a kill may have left unended; empty lines are ignored
        try:
            yield places
        finally:
            places.commit()
