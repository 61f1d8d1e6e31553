"""What a model file really is, told by its content, before anything opens it.

A model file can be a program. A pickle is one by design: reading it runs what it names. Lambda layers in `.keras` and
whole-model HDF5 files carry Python bytecode; exported PyTorch programs carry text that is evaluated. A file
ending says nothing about this, so none is looked at: the first bytes, the central directory of a zip, the attributes
of an HDF5 file and the opcodes of a pickle say what a file is, and reading those runs nothing.

What may be imported is a closed list; everything else is refused with a sentence that says what to do instead.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radlib.formats.keras_archive import MEMBERS
from radlib.formats.tensor_files.archive_members import MOST_BYTES, checked_members
from radlib.formats.tensor_files.pytorch import STREAM_START
from radlib.foundation.errors import UsageError
from radlib.importing.exported_programs import refuse_program_code
from radlib.importing.onnx_files import is_onnx
from radlib.importing.pickles import looks_pickled

HDF5 = b"\x89HDF\r\n\x1a\n"
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
EXPORT_TORCH = (
    "export the network with torch.export.save(torch.export.export(model.eval(), (film,)), 'model.pt2')"
)


SAVED_MODEL = b"\x08\x01\x12"  # schema 1, then a graph
FROM_SAVED_MODEL = (
    "where you trust it, convert its folder with tf.lite.TFLiteConverter.from_saved_model(FOLDER).convert(), write what that "
    "returns to a .tflite file, and import this"
)
TENSORFLOW_JS = (b'"layers-model"', b'"graph-model"', b'"modelTopology"', b'"weightsManifest"')
FROM_TENSORFLOW_JS = (
    "convert a layers model with tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras model.json "
    "model.h5 and import model.h5; of a graph model, export the network again from where it was trained"
)


@dataclass(frozen=True)
class ForeignFile:
    """A file that may be imported.

    Attributes:
        path: Where it lies.
        kind: `litert`, `keras`, `keras_h5` (a whole model in HDF5), `onnx`, `pt2`, or `weights` for tensors alone.
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
        raise UsageError(_what_a_folder_is(path))
    if not path.is_file():
        raise UsageError(
            f"There is no model file {path.name}; give a .tflite, .keras, .h5, .pt2 or .onnx file."
        )
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
                f"{path.name} is {words}, not a network; give a .tflite, .keras, .h5, .pt2 or .onnx file."
            )
    if head.startswith(SAVED_MODEL):
        raise UsageError(f"{path.name} is the program of a SavedModel; {FROM_SAVED_MODEL}.")
    if head[:1] == b"{" and any(word in head for word in TENSORFLOW_JS):
        raise UsageError(
            f"{path.name} is a network of TensorFlow.js, which is not read; {FROM_TENSORFLOW_JS}."
        )
    if head[:1] == b"<" or head[:1] == b"{" or _is_safetensors(head, size):
        if _is_safetensors(head, size):
            return ForeignFile(path, "weights")
        raise UsageError(
            f"{path.name} is a text, not a network; give a .tflite, .keras, .h5, .pt2 or .onnx file."
        )
    if is_onnx(path):
        return ForeignFile(path, "onnx")
    raise UsageError(
        f"{path.name} is no network that can be told by its content, or it is damaged; give a .tflite, .keras, .h5, .pt2 or "
        ".onnx file as it was saved."
    )


def _what_a_folder_is(path: Path) -> str:
    """Return why a folder is no model file, and what to do."""
    if (path / "saved_model.pb").is_file():
        return f"{path.name} is a SavedModel, which is a program; {FROM_SAVED_MODEL}."
    if (path / "model.json").is_file():
        return f"{path.name} holds a network of TensorFlow.js, which is not read; {FROM_TENSORFLOW_JS}."
    return f"{path.name} is a folder; give a .tflite, .keras, .h5, .pt2 or .onnx file."


def _kind_of_zip(path: Path) -> str:
    """Tell a Keras file, an exported program and a state dict apart by their members."""
    members = checked_members(path)
    names = {member.orig_filename for member in members if not member.orig_filename.endswith("/")}
    inner = {name.partition("/")[2] or name for name in names}
    if "config.json" in names:
        if surplus := sorted(names - MEMBERS):
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
        raise UsageError(f"{path.name} is a packed SavedModel, which is a program; {FROM_SAVED_MODEL}.")
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
    if found["holds"] == "trained":
        raise UsageError(
            f"{path.name} is a whole model in HDF5 without its configuration; save it again with model.save('x.keras'), or "
            "save its weights alone with save_weights and name its --architecture."
        )
    return "keras_h5" if found["holds"] == "model" else "weights"


def _is_safetensors(head: bytes, size: int) -> bool:
    length = struct.unpack("<Q", head[:8])[0]
    return 2 <= length <= size - 8 and head[8:9] == b"{"
