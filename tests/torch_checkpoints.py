"""Files of `torch.save`, written without PyTorch: both layouts, instruction by instruction, and hostile ones."""

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

MAGIC_NUMBER, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {
    "float32": "Float",
    "float64": "Double",
    "float16": "Half",
    "int64": "Long",
    "uint16": "BFloat16",
    "uint8": "Byte",
}


class Raw(bytes):
    """Instructions to be put into the pickle as they are."""


def name(module: str, thing: str) -> bytes:
    return f"c{module}\n{thing}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


class Writer:
    """Pickles plain values and arrays as PyTorch does; arrays become tensors, and their storages are kept."""

    def __init__(self, *, stream: bool, version: int = 2):
        self.stream, self.version, self.storages = stream, version, {}

    def pickle(self, value: Any) -> bytes:
        return b"\x80\x02" + self.value(value) + b"."

    def value(self, value: Any) -> bytes:
        if isinstance(value, Raw):
            return bytes(value)
        if isinstance(value, np.ndarray):
            return self.tensor(value)
        if isinstance(value, Mapping):
            items = b"".join(text(key) + self.value(item) for key, item in value.items())
            made = name("collections", "OrderedDict") + b")R" if value and self.stream else b"}"
            return made + b"(" + items + b"u"
        if isinstance(value, str):
            return text(value)
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self.value, value)) + b"t"
        return pickle.dumps(value, 2)[2:-1]  # None, numbers, lists of numbers

    def tensor(self, values: np.ndarray) -> bytes:
        key = str(len(self.storages))
        base = values if values.base is None or values.flags.c_contiguous else values.base
        self.storages[key] = np.ascontiguousarray(base)
        strides = tuple(int(s // values.itemsize) for s in values.strides)
        kind = name("torch", f"{STORAGES[values.dtype.name]}Storage")
        identity = text("storage") + kind + text(key) + text("cpu") + self.value(int(base.size))
        identity += b"N" if self.stream else b""
        described = b"(" + identity + b"tQ" + self.value(0) + self.value(values.shape) + self.value(strides)
        if self.version == 1:
            return name("torch._utils", "_rebuild_tensor") + b"(" + described + b"tR"
        hooks = name("collections", "OrderedDict") + b")R"
        return name("torch._utils", "_rebuild_tensor_v2") + b"(" + described + b"\x89" + hooks + b"tR"


def write_zip(path: Path, content: Any) -> Path:
    """Write a file as `torch.save` does since release 1.6."""
    writer = Writer(stream=False)
    pickled = content if isinstance(content, bytes) else writer.pickle(content)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for key, values in writer.storages.items():
            archive.writestr(f"archive/data/{key}", values.tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def write_stream(path: Path, content: Any, *, version: int = 1) -> Path:
    """Write a file as `torch.save` did before release 1.6; `version` 1 rebuilds tensors as releases before 0.4 did."""
    writer = Writer(stream=True, version=version)
    pickled = content if isinstance(content, bytes) else writer.pickle(content)
    facts = {
        "protocol_version": PROTOCOL,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    out = io.BytesIO()
    for part in (MAGIC_NUMBER, PROTOCOL, facts):
        out.write(pickle.dumps(part, 2))
    out.write(pickled)
    out.write(pickle.dumps(sorted(writer.storages), 2))
    for key in sorted(writer.storages):
        out.write(struct.pack("<q", writer.storages[key].size) + writer.storages[key].tobytes())
    path.write_bytes(out.getvalue())
    return path


def write_safetensors(
    path: Path, tensors: Mapping[str, np.ndarray], kinds: Mapping[str, str] | None = None
) -> Path:
    """Write tensors in the safetensors layout."""
    import json

    codes = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "uint16": "BF16"}
    table, position = {"__metadata__": {"format": "pt"}}, 0
    for key, values in tensors.items():
        kind = (kinds or {}).get(key, codes[values.dtype.name])
        table[key] = {
            "dtype": kind,
            "shape": list(values.shape),
            "data_offsets": [position, position + values.nbytes],
        }
        position += values.nbytes
    head = json.dumps(table).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(v.tobytes() for v in tensors.values()))
    return path
