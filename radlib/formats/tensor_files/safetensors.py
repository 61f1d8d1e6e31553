"""The safetensors layout: eight bytes of length, a table of contents in JSON, the values.

    {"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 37632]}, …}

It was made so that there is nothing to run. What is left to check are the claims: each tensor's bytes must lie in the
file, be as many as its shape says, and belong to it alone.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.tensor_files.limits import (
    LONGEST_NAME,
    MOST_AXES,
    NUMPY_TYPES,
    check_amount,
    damaged,
    item_bytes,
    plain_float32,
)

LARGEST_TABLE_BYTES = 100_000_000
KINDS = {
    "F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def looks_like_safetensors(head: bytes) -> bool:
    """Tell whether a file begins with a length and a table of contents."""
    return (
        len(head) > 8 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= LARGEST_TABLE_BYTES
    )


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a safetensors file; see `tensor_files.read_tensors`."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        table = _table(stream.read(length), path)
        size = path.stat().st_size - 8 - length
        places = {name: _place(name, entry, size, path) for name, entry in table.items()}
        check_amount(path, (end - start for _, _, start, end in places.values()))
        ends = 0
        for _, _, start, end in sorted(places.values(), key=lambda place: place[2:]):
            if start != ends:  # a gap, or bytes that two tensors share
                raise damaged(path)
            ends = end
        if ends != size:
            raise damaged(path)
        values = {}
        for name, (kind, shape, start, end) in places.items():
            stream.seek(8 + length + start)
            stored = np.frombuffer(stream.read(end - start), NUMPY_TYPES[kind]).reshape(shape)
            values[name] = plain_float32(stored, kind)
        return values


def _table(text: bytes, path: Path) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a name twice")
        return dict(pairs)

    try:
        table = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise damaged(path) from None
    table.pop("__metadata__", None)
    if not table:
        raise damaged(path)
    return table


def _place(name: str, entry: Any, size: int, path: Path) -> tuple[str, tuple[int, ...], int, int]:
    """Return type, shape, first byte and end of a tensor, all checked."""
    if not isinstance(entry, dict) or entry.get("dtype") not in KINDS or len(name) > LONGEST_NAME:
        raise damaged(path)
    kind, shape, offsets = KINDS[entry["dtype"]], entry.get("shape"), entry.get("data_offsets")
    if (
        not isinstance(shape, list)
        or not isinstance(offsets, list)
        or len(offsets) != 2
        or len(shape) > MOST_AXES
    ):
        raise damaged(path)
    if any(type(number) is not int or not 0 <= number < 2**40 for number in [*shape, *offsets]):
        raise damaged(path)
    start, end = offsets
    if not start <= end <= size or end - start != math.prod(shape) * item_bytes(kind):
        raise damaged(path)
    return kind, tuple(shape), start, end
