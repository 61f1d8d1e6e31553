"""Files of `torch.save`: a zip since release 1.6 (2020), one stream before; both read to plain arrays.

The zip holds the table of contents (`data.pkl`) and a member per storage, uncompressed:

    archive/data.pkl   archive/byteorder   archive/data/0   archive/data/1 …

The stream is four pickles (a magic number, the protocol, facts of the machine, the table of contents), a pickled list of
the names of storages, and the storages: each its number of values in 8 bytes, then the values. A tensor is a view of a
storage (offset, shape, strides), so every view is held against the storage it claims before a byte is taken.
"""

import math
import mmap
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.tensor_files.archive_members import DAMAGE
from radlib.formats.tensor_files.limits import (
    LONGEST_NAME,
    MOST_AXES,
    NUMPY_TYPES,
    check_amount,
    damaged,
    item_bytes,
    plain_float32,
)
from radlib.formats.tensor_files.pickles import Storage, StoredTensor, read_pickle
from radlib.foundation.errors import UsageError

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
STREAM_START = b"\x80\x02\x8a\n" + MAGIC_NUMBER.to_bytes(10, "little") + b"."
STREAM_PROTOCOL = 1001
LARGEST_PICKLE_BYTES = 100_000_000
STATE_DICT_KEYS = ("state_dict", "model_state_dict", "model", "net")  # where training loops put it


def read_zip(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file of `torch.save` since release 1.6; see `tensor_files.read_tensors`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            contents = [name for name in members if name.endswith("/data.pkl")]
            if len(contents) != 1 or len(members) != len(archive.infolist()):
                raise damaged(path)
            if any(
                info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 for info in members.values()
            ):
                raise UsageError(
                    f"{path.name} is packed otherwise than PyTorch packs; save it anew with torch.save."
                )
            root = contents[0].removesuffix("data.pkl")
            order = archive.read(f"{root}byteorder")[:10] if f"{root}byteorder" in members else b"little"
            if members[contents[0]].file_size > LARGEST_PICKLE_BYTES or order != b"little":
                raise damaged(path)
            with archive.open(contents[0]) as stream:
                found = state_dict_of(read_pickle(stream, path), path)

            def storage_bytes(storage: Storage) -> bytes:
                return archive.read(members[f"{root}data/{storage.key}"])

            sizes = {key: info.file_size for key, info in members.items()}
            return _values(found, storage_bytes, lambda key: sizes.get(f"{root}data/{key}", -1), path)
    except (*DAMAGE, KeyError):
        raise damaged(path) from None


def zip_member_names(path: Path) -> list[str]:
    """Return the names of a zip's members, none for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except DAMAGE:
        raise damaged(path) from None


def read_stream(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a file of `torch.save` before release 1.6; see `tensor_files.read_tensors`."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        magic, protocol, machine = (read_pickle(content, path) for _ in range(3))
        if magic != MAGIC_NUMBER or protocol != STREAM_PROTOCOL or not isinstance(machine, Mapping):
            raise damaged(path)
        if machine.get("little_endian") is not True:
            raise UsageError(
                f"{path.name} was saved on a machine with another order of bytes; save it on a usual one."
            )
        kinds: dict[str, str] = {}
        found = state_dict_of(read_pickle(content, path, kinds), path)
        places = _storage_places(content, read_pickle(content, path), kinds, path)

        def storage_bytes(storage: Storage) -> bytes:
            start, size = places[storage.key]
            return content[start : start + size]

        return _values(found, storage_bytes, lambda key: places.get(key, (0, -1))[1], path)


def state_dict_of(content: Any, path: Path) -> dict[str, StoredTensor]:
    """Return the tensors by name from what a checkpoint holds: a state dict, or a dictionary with one inside.

    Raises:
        UsageError: When there is none.
    """
    for _ in range(3):  # a checkpoint's `state_dict` may hold the network's
        if not isinstance(content, Mapping):
            break
        inner = next((content[key] for key in STATE_DICT_KEYS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            found = {name: value for name, value in content.items() if isinstance(value, StoredTensor)}
            if found and all(isinstance(name, str) and len(name) <= LONGEST_NAME for name in found):
                return found
            break
        content = inner
    raise UsageError(
        f"{path.name} holds no state dict (tensors by name, or under {', '.join(STATE_DICT_KEYS)}); save one with "
        "torch.save(model.state_dict(), ...)."
    )


def _storage_places(
    content: Any, keys: Any, kinds: Mapping[str, str], path: Path
) -> dict[str, tuple[int, int]]:
    """Return {name: (first byte, bytes)} of the storages that lie behind one another at the end of a stream."""
    places: dict[str, tuple[int, int]] = {}
    position = content.tell()
    if not isinstance(keys, list) or any(not isinstance(key, str) or key not in kinds for key in keys):
        raise damaged(path)
    for key in keys:
        count = int.from_bytes(content[position : position + 8], "little", signed=True)
        size = count * item_bytes(kinds[key])
        position += 8
        if count < 0 or position + size > len(content):
            raise damaged(path)
        places[key] = (position, size)
        position += size
    if position != len(content):
        raise damaged(path)
    return places


def _values(
    tensors: Mapping[str, StoredTensor],
    storage_bytes: Callable[[Storage], bytes],
    storage_size: Callable[[str], int],
    path: Path,
) -> dict[str, np.ndarray]:
    """Return all tensors as arrays, after every one was held against its storage."""
    for tensor in tensors.values():
        _check_view(tensor, storage_size, path)
    check_amount(path, (math.prod(t.shape) * item_bytes(t.storage.kind) for t in tensors.values()))
    values = {}
    for name, (storage, offset, shape, strides) in tensors.items():
        kind = np.dtype(NUMPY_TYPES[storage.kind])
        flat = np.frombuffer(storage_bytes(storage), kind)[storage.first + offset :]
        view = np.lib.stride_tricks.as_strided(
            flat, shape, [kind.itemsize * s for s in strides], writeable=False
        )
        values[name] = plain_float32(view, storage.kind)
    return values


def _check_view(tensor: StoredTensor, storage_size: Callable[[str], int], path: Path) -> None:
    """Refuse a tensor that leaves its storage, shows values twice, or is described by anything but whole numbers."""
    storage, offset, shape, strides = tensor
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        raise damaged(path)
    numbers = [offset, storage.first, storage.count, *shape, *strides]
    if any(type(number) is not int or not 0 <= number < 2**40 for number in numbers):
        raise damaged(path)
    if len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise damaged(path)
    available = storage_size(storage.key) // item_bytes(storage.kind)
    last = storage.first + offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    values = math.prod(shape)
    if values and (last >= available or values > available):
        raise damaged(path)
