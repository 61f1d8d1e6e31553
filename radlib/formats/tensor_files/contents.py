"""What a file is that may hold a network or its weights: told by its first bytes and by the names in a zip.

Endings lie, so none is looked at; and nothing of a file is unpacked or run to tell it. Who asks decides what to refuse.
"""

import pickletools
from collections.abc import Iterable, Mapping
from pathlib import Path

from radlib.formats.tensor_files.pytorch import STREAM_START
from radlib.formats.tensor_files.safetensors import looks_like_safetensors

HEAD_BYTES = 4096
HDF5 = b"\x89HDF\r\n\x1a\n"
ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
SAVED_MODEL = b"\x08\x01\x12"  # schema 1, then a graph
TENSORFLOW_JS = (b'"layers-model"', b'"graph-model"', b'"modelTopology"', b'"weightsManifest"')
OTHERS: Mapping[bytes, str] = {
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"#!": "a script",
    b"\x93NUMPY": "a NumPy array",
    b"7z\xbc\xaf": "a 7z archive",
    b"<": "a text",
    b"{": "a text",
}


def content_of(path: Path) -> str:
    """Return what a file is.

    Returns:
        `litert`, `zip` (see `zip_content`), `hdf5`, `pytorch stream`, `safetensors`, `pickle`, `saved model`,
        `tensorflow.js`, `empty`, `a tar archive`, one of `OTHERS`, or nothing where its first bytes do not tell.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        return "empty"
    if head[4:8] == b"TFL3":
        return "litert"
    if head.startswith(ZIPS):
        return "zip"
    if _has_hdf5(path):
        return "hdf5"
    if head.startswith(STREAM_START):
        return "pytorch stream"
    if looks_like_safetensors(head):
        return "safetensors"
    if looks_pickled(head):
        return "pickle"
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head.startswith(SAVED_MODEL):
        return "saved model"
    if head.startswith(b"{") and any(word in head for word in TENSORFLOW_JS):
        return "tensorflow.js"
    return next((words for magic, words in OTHERS.items() if head.startswith(magic)), "")


def zip_content(members: Iterable[str]) -> str:
    """Return what a zip is by the names of its files.

    Returns:
        `keras`, `pt2` (an exported PyTorch program), `old pt2`, `torchscript`, `pytorch zip` (a checkpoint), `npz`,
        `saved model`, or nothing.
    """
    names = {name for name in members if not name.endswith("/")}
    inner = {name.partition("/")[2] or name for name in names}
    if names & {"config.json", "model.weights.h5"}:
        return "keras"
    if {"archive_format", "archive_version"} <= inner:
        return "pt2"
    if "serialized_exported_program.json" in names | inner:
        return "old pt2"
    if "constants.pkl" in inner or any(name.startswith("code/") for name in inner):
        return "torchscript"
    if "data.pkl" in inner:
        return "pytorch zip"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "saved model" if "saved_model.pb" in inner else ""


def looks_pickled(head: bytes) -> bool:
    """Tell whether a file begins as a pickle of any protocol, by its opcodes."""
    if head[:1] == b"\x80" and len(head) > 1 and 2 <= head[1] <= 5:
        return True
    known = 0
    try:
        for opcode, _, _ in pickletools.genops(head):
            known += 1
            if opcode.name in ("GLOBAL", "INST", "REDUCE", "STOP") or known > 40:
                return True
    except (ValueError, UnicodeDecodeError, IndexError, OverflowError):
        return known > 12  # cut off in the middle of a longer program
    return False


def _has_hdf5(path: Path) -> bool:
    """Tell whether an HDF5 file begins at 0, or at 512, 1024, … behind whatever somebody put before it."""
    size, offset = path.stat().st_size, 0
    with path.open("rb") as stream:
        while offset + 8 <= size:
            stream.seek(offset)
            if stream.read(8) == HDF5:
                return True
            offset = offset * 2 or 512
    return False
