"""The tables of a LiteRT file, whatever wrote it and when: operations by one number, every buffer in its place.

A `.tflite` file is a FlatBuffer of tables, and two things in it can be said in two ways. Until TensorFlow 2.4 an
operation's kind was one byte, `deprecated_builtin_code`; when more than 127 kinds were needed a wider field came beside
it, and the kind is the larger of the two. And a buffer's bytes lie in the table itself, or behind all tables at an
offset, since a FlatBuffer ends at 2 GB. A reader that knows one way of each finds no convolutions in one file and no
weights in the other, and says nothing. So all readers here go through this one, which says everything in the new way
and in one place.
"""

import struct
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np

from radlib.foundation.errors import DataError

IDENTIFIER = b"TFL3"
PLACEHOLDER = 127  # of the old byte: the kind stands in the wide field
DAMAGE = (struct.error, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def read_tables(content: bytes, *, name: str = "This file") -> Any:
    """Return the tables of a LiteRT file as objects, `ModelT` of the schema.

    Args:
        content: The whole file.
        name: Of the file, for messages.

    Returns:
        The tables, with `builtinCode` of every operation code the kind that a runtime takes it for, and with every
        buffer's bytes in `data`.

    Raises:
        DataError: When it is no LiteRT file, is damaged, or keeps weights in another file.
    """
    from ai_edge_litert import schema_py_generated as schema

    if content[4:8] != IDENTIFIER:
        raise DataError(f"{name} is not a LiteRT file; give a .tflite file as it was converted.")
    try:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        for code in model.operatorCodes or ():
            code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
            code.deprecatedBuiltinCode = min(code.builtinCode, PLACEHOLDER)
        _bring_in(model, content, name)
    except DAMAGE:
        raise DataError(f"{name} is damaged; convert the network again.") from None
    if any(getattr(tensor, "externalBuffer", 0) for graph in model.subgraphs for tensor in graph.tensors):
        raise DataError(f"{name} keeps weights in another file; convert the network into one file.")
    return model


def read_file(path: str | Path) -> Any:
    """Return the tables of a LiteRT file on disk; see `read_tables`."""
    return read_tables(Path(path).read_bytes(), name=Path(path).name)


def packed(model: Any) -> bytes:
    """Return tables as the file that holds them."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def said_anew(content: bytes) -> bytes:
    """Return a LiteRT file in which every reader finds operations and weights; unchanged where that holds already.

    Raises:
        DataError: See `read_tables`.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_tables(content)
    before = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    old = any(a.builtinCode != b.builtinCode for a, b in _pairs(before.operatorCodes, model.operatorCodes))
    outside = any(buffer.offset or buffer.size for buffer in before.buffers)
    outside |= any(operation.largeCustomOptionsOffset for operation in _operations(before))
    return packed(model) if old or outside else bytes(content)


def _pairs(before: Any, after: Any) -> Any:
    return zip(before or (), after or (), strict=True)


def _operations(model: Any) -> Any:
    return (operation for graph in model.subgraphs for operation in graph.operators or ())


def _bring_in(model: Any, content: bytes, name: str) -> None:
    """Put bytes that lie behind the tables where readers look for them; a runtime goes by the same rules."""
    for buffer in model.buffers or ():
        if (buffer.data is None or not len(buffer.data)) and buffer.offset > 1 and buffer.size > 1:
            buffer.data = _bytes_at(content, buffer.offset, buffer.size, name)
        buffer.offset = buffer.size = 0
    for operation in _operations(model):
        if operation.largeCustomOptionsOffset > 1:
            place, size = operation.largeCustomOptionsOffset, operation.largeCustomOptionsSize
            operation.customOptions = _bytes_at(content, place, size, name)
        operation.largeCustomOptionsOffset = operation.largeCustomOptionsSize = 0


def _bytes_at(content: bytes, place: int, size: int, name: str) -> np.ndarray:
    if place + size > len(content):
        raise DataError(f"{name} ends before its weights do; copy or convert it again.")
    return np.frombuffer(content, np.uint8, size, place)
