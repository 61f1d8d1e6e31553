"""What a model file really is, told by its content, before anything opens it.

A model file can be a program. A pickle is one by design: reading it runs what it names. Whole-model HDF5 files and
Lambda layers in `.keras` files carry Python bytecode; exported PyTorch programs carry text that is evaluated. A file
ending says nothing about this, so none is looked at: the first bytes, the central directory of a zip, the attributes
of an HDF5 file and the opcodes of a pickle say what a file is, and reading those runs nothing.

What may be imported is a closed list; everything else is refused with a sentence that says what to do instead.
"""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from radlib.errors import UsageError
from radlib.importing.exported_programs import refuse_program_code
from radlib.importing.onnx_files import is_onnx
from radlib.importing.pickles import looks_pickled
from radlib.tensor_files.pytorch import STREAM_START

MOST_BYTES = 2_000_000_000
HARMLESS_BYTES = 64_000_000  # up to here any ratio of packed and unpacked size does no harm
MOST_RATIO = 20.0
MOST_MEMBERS = 20_000
HDF5 = b"\x89HDF\r\n\x1a\n"
KERAS_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
OTHER_MAGIC: Mapping[bytes, str] = {
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"#!": "a script",
    b"\x93NUMPY": "a NumPy array",
    b"7z\xbc\xaf": "a 7z archive",
}
SAVE_ELSEWHERE = "where you trust it, load it yourself and save it with model.save('x.keras') in Keras, or convert it to LiteRT"
EXPORT_TORCH = (
    "export the network with torch.export.save(torch.export.export(model.eval(), (film,)), 'model.pt2')"
)


@dataclass(frozen=True)
class ForeignFile:
    """A file that may be imported.

    Attributes:
        path: Where it lies.
        kind: `litert`, `keras`, `onnx`, `pt2`, or `weights` for tensors alone.
    """

    path: Path
    kind: str


def inspect(path: Path) -> ForeignFile:
    """Tell what a model file is, and refuse what could run code or do other harm; nothing of it is executed.

    Raises:
        UsageError: One sentence: what it is and what to do instead.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(
            f"{path.name} is a folder, such as a SavedModel, which is a program; convert it to LiteRT or to a .keras file."
        )
    if not path.is_file():
        raise UsageError(f"There is no model file {path.name}; give a .tflite, .keras, .pt2 or .onnx file.")
    size = path.stat().st_size
    if not 16 < size <= MOST_BYTES:
        state = "is empty or nearly so" if size <= 16 else "is larger than 2 GB"
        raise UsageError(f"{path.name} {state}; save the network again.")
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head[4:8] == b"TFL3":
        return ForeignFile(path, "litert")
    if head[:4] == b"PK\x03\x04" or head[:4] == b"PK\x05\x06":
        return ForeignFile(path, _kind_of_zip(path))
    if _hdf5_start(path) is not None:
        return ForeignFile(path, _kind_of_hdf5(path))
    if head.startswith(STREAM_START):
        return ForeignFile(
            path, "weights"
        )  # a checkpoint before PyTorch 1.6; `tensor_files` reads it without running it
    if looks_pickled(head):
        raise UsageError(
            f"{path.name} is a Python pickle, which runs whatever it names when it is opened; {EXPORT_TORCH}, or save the "
            "state_dict as .safetensors and name its --architecture."
        )
    for magic, words in OTHER_MAGIC.items():
        if head.startswith(magic):
            raise UsageError(
                f"{path.name} is {words}, not a network; give a .tflite, .keras, .pt2 or .onnx file."
            )
    if head[:1] == b"<" or head[:1] == b"{" or _is_safetensors(head, size):
        if _is_safetensors(head, size):
            return ForeignFile(path, "weights")
        raise UsageError(f"{path.name} is a text, not a network; give a .tflite, .keras, .pt2 or .onnx file.")
    if is_onnx(path):
        return ForeignFile(path, "onnx")
    raise UsageError(
        f"{path.name} is no network that can be told by its content, or it is damaged; give a .tflite, .keras, .pt2 or "
        ".onnx file as it was saved."
    )


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of a zip archive after making sure that it is a plain one.

    Raises:
        UsageError: For names that lead out of the archive, links, names twice, encryption, unknown compression, or
            contents that would grow beyond reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            damaged = None if len(members) > MOST_MEMBERS else _damaged(archive, members)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, struct.error, zlib.error):
        raise UsageError(f"{path.name} is a damaged archive; save the network again.") from None
    what = damaged or _unsafe(members, path.stat().st_size)
    if what:
        raise UsageError(
            f"{path.name} {what}, as no saved network does; save it again from where it was trained."
        )
    return members


def _unsafe(members: list[zipfile.ZipInfo], size_bytes: int) -> str:
    """Return what is wrong with the members of an archive; empty when nothing is."""
    names = [member.orig_filename for member in members]
    if len(names) > MOST_MEMBERS:
        return "holds more files than a network"
    if len({name.casefold() for name in names}) < len(names):
        return "names a file twice"
    for member, name in zip(members, names, strict=True):
        path = PurePosixPath(name)
        mode = (member.external_attr >> 16) & 0o170000
        if path.is_absolute() or ".." in path.parts or "\\" in name or PureWindowsPath(name).drive:
            return "names a file outside of itself"
        if not name.isprintable() or mode not in (0, 0o100000, 0o040000):
            return "holds a link or a device"
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "is encrypted, or packed in an unusual way"
    claimed = sum(member.file_size for member in members)
    if claimed > MOST_BYTES or claimed > max(HARMLESS_BYTES, MOST_RATIO * size_bytes):
        return "would grow beyond reason when unpacked"
    return ""


def _damaged(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    """Compare each member's own header with the directory: readers differ in which of the two they believe."""
    for member in members:
        if member.orig_filename.endswith("/"):
            continue
        archive.fp.seek(member.header_offset)  # type: ignore[union-attr]
        header = archive.fp.read(30)  # type: ignore[union-attr]
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            return "has a directory that does not fit its files"
        length = struct.unpack("<H", header[26:28])[0]
        if archive.fp.read(length) != member.orig_filename.encode("utf-8"):  # type: ignore[union-attr]
            return "calls a file by two names"
    return ""


def _kind_of_zip(path: Path) -> str:
    """Tell a Keras file, an exported program and a state dict apart by their members."""
    members = checked_members(path)
    names = {member.orig_filename for member in members if not member.orig_filename.endswith("/")}
    inner = {name.partition("/")[2] or name for name in names}
    if "config.json" in names:
        if surplus := sorted(names - KERAS_MEMBERS):
            raise UsageError(
                f"{path.name} carries {surplus[0]!r} beside the network, which a plain Keras model has not; save it "
                "without custom layers and assets."
            )
        if missing := sorted({"config.json", "model.weights.h5"} - names):
            raise UsageError(
                f"{path.name} has no {missing[0]}; save the model again with model.save('x.keras')."
            )
        return "keras"
    if {"archive_format", "archive_version"} <= inner:
        refuse_program_code(path, names)
        return "pt2"
    if "serialized_exported_program.json" in names | inner:
        raise UsageError(
            f"{path.name} was exported by an old PyTorch, whose format is read by unpickling; {EXPORT_TORCH}."
        )
    if any(name.startswith("code/") for name in inner):
        raise UsageError(f"{path.name} is a TorchScript file, which is a program; {EXPORT_TORCH}.")
    if "data.pkl" in inner:
        return "weights"
    if names and all(name.endswith(".npy") for name in names):
        return "weights"
    if "saved_model.pb" in inner:
        raise UsageError(f"{path.name} is a packed SavedModel, which is a program; convert it to LiteRT.")
    raise UsageError(
        f"{path.name} is a zip archive, but neither a Keras model nor an exported PyTorch program; give the model file."
    )


def _hdf5_start(path: Path) -> int | None:
    """Return where an HDF5 file begins: at 0, or at 512, 1024, … behind whatever somebody put before it."""
    size, offset = path.stat().st_size, 0
    with path.open("rb") as stream:
        while offset + 8 <= size:
            stream.seek(offset)
            if stream.read(8) == HDF5:
                return offset
            offset = offset * 2 or 512
    return None


def _kind_of_hdf5(path: Path) -> str:
    """Tell weights from a whole model, in a worker: HDF5 trusts the offsets in a file."""
    from radlib.importing.workers import in_worker

    found, _ = in_worker("describe_hdf5", {"path": str(path.resolve())}, name=path.name)
    if found["whole_model"]:
        raise UsageError(
            f"{path.name} is a whole model in HDF5, whose code would run when Keras opens it; {SAVE_ELSEWHERE}."
        )
    return "weights"


def _is_safetensors(head: bytes, size: int) -> bool:
    length = struct.unpack("<Q", head[:8])[0]
    return 2 <= length <= size - 8 and head[8:9] == b"{"
