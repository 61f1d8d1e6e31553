"""NumPy's `.npz`: a zip of arrays, read without the pickles that it may hold instead of numbers.

An array of Python objects is stored as a pickle, and refused unopened. What the members claim to hold is added up
before the first is unpacked, and no more than that is ever unpacked.
"""

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

from radlib.formats.tensor_files.archive_members import DAMAGE, beyond_reason
from radlib.formats.tensor_files.limits import (
    LONGEST_NAME,
    check_amount,
    clipped,
    damaged,
    plain_float32,
)
from radlib.foundation.errors import RadlibError, UsageError


def read_numpy_archive(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file; see `tensor_files.read_tensors`."""
    values: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_amount(path, (member.file_size for member in members))
            check_growth(path, members)
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name in values or len(name) > LONGEST_NAME:
                    raise damaged(path)
                with archive.open(member) as stream:
                    _check_heading(stream, member.file_size, path)
                with archive.open(member) as stream:
                    values[name] = _array(np.lib.format.read_array(stream, allow_pickle=False), name, path)
    except RadlibError:
        raise
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise UsageError(
                f"{path.name} holds Python objects, which were not opened; save plain arrays with numpy.savez."
            ) from None
        raise damaged(path) from None
    except Exception:  # a heading is a Python literal, and NumPy raises whatever that leads to
        raise damaged(path) from None
    return values


def check_growth(path: Path, members: Iterable[zipfile.ZipInfo] | None = None) -> None:
    """Refuse an archive that would inflate to more than arrays of anything real do, before any is unpacked.

    Args:
        path: The `.npz` file.
        members: Its members, where they were read already.

    Raises:
        UsageError: When it would, or is no archive.
    """
    if members is None:
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except DAMAGE:
            raise damaged(path) from None
    if beyond_reason(sum(member.file_size for member in members), path.stat().st_size):
        raise UsageError(
            f"{path.name} would inflate to more than weights or films do; save it again with numpy.savez, or make it anew."
        )


def npy_heading(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return what an array says of itself: shape, whether it lies in the order of columns, and type.

    Raises:
        ValueError: When it is no array, or one of another version of the format.
    """
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(stream)
    if version not in readers:
        raise ValueError("an unknown version of the .npy format")
    return readers[version](stream)


def _check_heading(stream: IO[bytes], size_bytes: int, path: Path) -> None:
    """Refuse an array whose heading claims more values than its member holds, before memory is taken for them."""
    shape, _, kind = npy_heading(stream)
    if not kind.hasobject and stream.tell() + math.prod(shape) * kind.itemsize != size_bytes:
        raise damaged(path)


def _array(values: np.ndarray, name: str, path: Path) -> np.ndarray:
    if values.dtype.kind not in "fiub":
        raise UsageError(
            f"{path.name} holds {clipped(name)} of the type {values.dtype}, which no weight has; save plain numbers."
        )
    return plain_float32(values, "float32" if values.dtype.kind == "f" else "whole")
