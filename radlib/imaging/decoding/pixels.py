"""Decoded films as a file and positions in it, so that any process can read the few it needs.

A memory map would do the same, but every page it touches counts as memory of the process; plain reads of a
few megabytes keep an evaluation's memory the same for a hundred films and for a hundred thousand.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.errors import SetupError
from radlib.foundation.owner_only import opener
from radlib.foundation.scratch import film_scratch
from radlib.foundation.storage import disk_errors

CHUNK_BYTES = 4_000_000  # pixels read at a time


@dataclass(frozen=True)
class StoredFilms:
    """Decoded films in a file, and which of them are meant.

    Attributes:
        file: Path of the file.
        offset: Bytes before the first film.
        shape: (height, width) of a film, uint8.
        positions: Films meant, in the order in which predictions are wanted, int64 (n,).
    """

    file: str
    offset: int
    shape: tuple[int, int]
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def chunk(self) -> int:
        """How many films are read at a time, at most."""
        return max(1, CHUNK_BYTES // (self.shape[0] * self.shape[1]))

    def part(self, start: int, stop: int) -> "StoredFilms":
        """Return some of the films."""
        return StoredFilms(self.file, self.offset, self.shape, self.positions[start:stop])

    def read(self) -> np.ndarray:
        """Return all of them, uint8 (n, h, w); neighbours in the file are read together."""
        films = np.empty((len(self), *self.shape), np.uint8)
        size = self.shape[0] * self.shape[1]
        breaks = np.flatnonzero(np.diff(self.positions) != 1) + 1
        edges = [0, *breaks.tolist(), len(self)]
        with Path(self.file).open("rb", buffering=0) as stream:
            for start, stop in itertools.pairwise(edges):
                stream.seek(self.offset + int(self.positions[start]) * size)
                part: Any = films[start:stop]
                if stream.readinto(memoryview(part).cast("B")) != (stop - start) * size:
                    raise SetupError("The decoded films are damaged; delete the cache folder and run again.")
        return films


@contextlib.contextmanager
def stored_films(pixels: np.ndarray, positions: np.ndarray | None = None) -> Iterator[StoredFilms]:
    """Yield films as a file that workers can read.

    Args:
        pixels: uint8 (n, h, w). A memory-mapped array is read where it lies; any other is written to a
            temporary file first, which is gone when the block ends.
        positions: Films wanted, in order; None is all.
    """
    chosen = np.arange(len(pixels)) if positions is None else np.asarray(positions, np.int64)
    mapped = _mapped_at(pixels)
    if mapped is not None:
        yield StoredFilms(*mapped, pixels.shape[1:], chosen)
        return
    with film_scratch() as path:
        with disk_errors(path), open(path, "wb", opener=opener) as stream:
            np.ascontiguousarray(pixels).tofile(stream)
        yield StoredFilms(str(path), 0, pixels.shape[1:], chosen)


def _mapped_at(pixels: np.ndarray) -> tuple[str, int] | None:
    """Return the file of a memory-mapped array and the byte where it starts; None for any other array."""
    root = pixels
    while isinstance(root.base, np.ndarray):
        root = root.base
    if not isinstance(root, np.memmap) or root.filename is None or not pixels.flags.c_contiguous:
        return None
    return str(root.filename), root.offset + pixels.ctypes.data - root.ctypes.data
