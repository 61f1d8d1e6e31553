"""Arrays in an `.npz` file, read without believing it.

An `.npz` is a zip of `.npy` members. A hostile or damaged one can hold pickled code, claim a shape of terabytes, or
inflate a thousandfold. So nothing is unpickled, headings are read before values, only arrays of whole numbers up to 255
with exactly the bytes that their shape needs are accepted, and values are streamed to disk, never held at once.
"""

import contextlib
import hashlib
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from radlib.formats.tensor_files.archive_members import DAMAGE
from radlib.formats.tensor_files.numpy_archives import npy_heading
from radlib.foundation import storage
from radlib.foundation.errors import DataError
from radlib.foundation.plain_text import plain_line

MOST_ROWS, MOST_SIDE, MOST_LABEL_BYTES = 1_000_000, 1024, 100_000_000
BLOCK_BYTES = 16_000_000


@dataclass(frozen=True)
class Heading:
    """What an array says of itself: its shape, and at which byte of the member its values begin."""

    shape: tuple[int, ...]
    start: int

    @property
    def value_bytes(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield an archive; whatever is wrong with it, while it is open, is one sentence.

    Raises:
        DataError: When it is no archive, or lacks an array, or an array is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (KeyError, *DAMAGE) as error:
        what = (
            f"has no array {error.args[0]!r}" if isinstance(error, KeyError) else "is damaged or no .npz file"
        )
        raise DataError(f"{path.name} {what}; replace it by the published one.") from None


def heading(archive: zipfile.ZipFile, name: str) -> Heading:
    """Return what an array says of itself.

    Raises:
        KeyError: When there is none of that name.
        ValueError: When it is no array of uint8 with as many bytes as its shape needs.
    """
    member = _member(archive, name)
    with archive.open(member) as stream:
        shape, fortran, dtype = npy_heading(stream)
        found = Heading(shape, stream.tell())
    if dtype != np.uint8 or fortran or member.file_size != found.start + found.value_bytes:
        raise ValueError("not an array of uint8 in row order, or not as long as its shape needs")
    return found


def read_labels(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Return an array of labels, uint8 (n, k).

    Raises:
        KeyError, ValueError: As `heading`, and when it is no table of 1 and 0 or larger than labels are.
    """
    found = heading(archive, name)
    if len(found.shape) != 2 or found.value_bytes > MOST_LABEL_BYTES:
        raise ValueError("no table of labels")
    values = np.frombuffer(archive.read(_member(archive, name))[found.start :], np.uint8).reshape(found.shape)
    if not np.isin(values, (0, 1)).all():
        raise ValueError("labels other than 0 and 1")
    return values


def unpack_rows(archive: zipfile.ZipFile, name: str, target: Path) -> list[str]:
    """Unpack an array of films into a file that can be mapped, once.

    Args:
        archive: An open archive.
        name: Of an array uint8, (n, h, w) or (n, h, w, 3).
        target: The .npy file to write; a file of ids is written beside it when it is whole.

    Returns:
        The image id of each row: the first 12 hex digits of the sha256 over its shape and pixels.

    Raises:
        KeyError, ValueError: As `heading`, and when it is no array of films.
    """
    found = heading(archive, name)
    rows, *film = found.shape
    if len(film) not in (2, 3) or film[2:] not in ([], [3]) or rows > MOST_ROWS or max(film) > MOST_SIDE:
        raise ValueError("no array of films")
    record = target.with_suffix(".json")
    if not (
        record.is_file() and target.is_file() and target.stat().st_size == found.start + found.value_bytes
    ):
        with storage.atomic_path(target) as partial, partial.open("wb") as output:
            ids = list(_copy(archive, name, found, output))
        storage.write_json(record, {"ids": ids})
    return json.loads(record.read_text(encoding="utf-8"))["ids"]


def _copy(archive: zipfile.ZipFile, name: str, found: Heading, output: BinaryIO) -> Iterator[str]:
    """Copy a member, heading and all, a block of rows at a time, and yield the id of each row."""
    rows, film = found.shape[0], found.shape[1:]
    row_bytes = math.prod(film)
    block = max(1, BLOCK_BYTES // max(1, row_bytes))
    shape_text = str(film).encode()
    with archive.open(_member(archive, name)) as stream:
        output.write(stream.read(found.start))
        for start in tqdm(range(0, rows, block), f"Unpacking {plain_line(name)}", leave=False, disable=None):
            count = min(block, rows - start)
            values = stream.read(count * row_bytes)
            if len(values) != count * row_bytes:
                raise EOFError("the array ends early")
            output.write(values)
            for row in range(count):
                pixels = values[row * row_bytes : (row + 1) * row_bytes]
                yield hashlib.sha256(shape_text + pixels).hexdigest()[:12]
        stream.read(1)  # at the end of a member its checksum is compared


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(f"{name}.npy")
    except KeyError:
        raise KeyError(name) from None
