"""ONNX files told by content: a protobuf message has no magic number, but its fields are known.

Whoever reads such a file follows lengths that it states itself, so they are followed here without believing them.
"""

from pathlib import Path

FIELDS = (1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26)  # of ONNX's ModelProto
VERSION, GRAPH = 1, 7
NUMBER, BYTES = 0, 2  # how a field is written


def is_onnx(path: Path) -> bool:
    """Tell an ONNX file by the fields of its outermost message: a version first, and a graph that fills it."""
    graph = False
    size, place, version = path.stat().st_size, 0, False
    with path.open("rb") as stream:
        while place < size:
            stream.seek(place)
            head = stream.read(32)
            key, used = _varint(head)
            field, wire = key >> 3, key & 7
            if used == 0 or field not in FIELDS or wire not in (NUMBER, BYTES):
                return False
            value, more = _varint(head[used:])
            if more == 0:
                return False
            version |= field == VERSION and wire == NUMBER and 1 <= value <= 30
            graph |= field == GRAPH and wire == BYTES
            place += used + more + (value if wire == BYTES else 0)
    return version and graph and place == size


def _varint(content: bytes) -> tuple[int, int]:
    """Return a protobuf number and how many bytes it took; none when it does not end."""
    value = 0
    for place, byte in enumerate(content[:10]):
        value |= (byte & 127) << 7 * place
        if not byte & 128:
            return value, place + 1
    return 0, 0
