"""NumPy's `.npz`: a zip of arrays, read without the pickles that it may hold instead of numbers.

An array of Python objects is stored as a pickle, and refused unopened. What the members claim to hold is added up
before the first is unpacked, and no more than that is ever unpacked.
"""

import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from radlib.errors import UsageError
from radlib.tensor_files.limits import LONGEST_NAME, check_amount, clipped, damaged, plain_float32


def read_numpy_archive(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file; see `tensor_files.read_tensors`."""
    values: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_amount(path, (member.file_size for member in members))
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name in values or len(name) > LONGEST_NAME:
                    raise damaged(path)
                with archive.open(member) as stream:
                    _check_heading(stream, member.file_size, path)
                with archive.open(member) as stream:
                    values[name] = _array(np.lib.format.read_array(stream, allow_pickle=False), name, path)
    except (zipfile.BadZipFile, EOFError, OSError, MemoryError, RuntimeError, zlib.error, struct.error):
        raise damaged(path) from None
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise UsageError(
                f"{path.name} holds Python objects, which were not opened; save plain arrays with numpy.savez."
            ) from None
        raise damaged(path) from None
    return values


def _check_heading(stream: IO[bytes], size_bytes: int, path: Path) -> None:
    """Refuse an array whose heading claims more values than its member holds, before memory is taken for them."""
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(
        version
    )
    if read is None:
        raise damaged(path)
    shape, _, kind = read(stream)
    if not kind.hasobject and stream.tell() + math.prod(shape) * kind.itemsize != size_bytes:
        raise damaged(path)


def _array(values: np.ndarray, name: str, path: Path) -> np.ndarray:
    if values.dtype.kind not in "fiub":
        raise UsageError(
            f"{path.name} holds {clipped(name)} of the type {values.dtype}, which no weight has; save plain numbers."
        )
    return plain_float32(values, "float32" if values.dtype.kind == "f" else "whole")
