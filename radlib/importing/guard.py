"""What a model file really is, told by its content, before anything opens it.

A model file can be a program. A pickle is one by design: reading it runs what it names. Lambda layers in `.keras` and
whole-model HDF5 files carry Python bytecode; exported PyTorch programs carry text that is evaluated. A file
ending says nothing about this, so none is looked at: the first bytes, the central directory of a zip, the attributes
of an HDF5 file and the opcodes of a pickle say what a file is, and reading those runs nothing.

What may be imported is a closed list; everything else is refused with a sentence that says what to do instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radlib.formats.keras_archive import check_plain_members
from radlib.formats.tensor_files.archive_members import MOST_BYTES, checked_members
from radlib.formats.tensor_files.contents import content_of, zip_content
from radlib.foundation.errors import UsageError
from radlib.importing.exported_programs import refuse_program_code
from radlib.importing.onnx_files import is_onnx

EXPORT_TORCH = (
    "export the network with torch.export.save(torch.export.export(model.eval(), (film,)), 'model.pt2')"
)


FROM_SAVED_MODEL = (
    "where you trust it, convert its folder with tf.lite.TFLiteConverter.from_saved_model(FOLDER).convert(), write what that "
    "returns to a .tflite file, and import this"
)
FROM_TENSORFLOW_JS = (
    "convert a layers model with tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras model.json "
    "model.h5 and import model.h5; of a graph model, export the network again from where it was trained"
)
FILES = "give a .tflite, .keras, .h5, .pt2 or .onnx file"
WEIGHTS = (
    "pytorch stream",
    "pytorch zip",
    "safetensors",
    "npz",
)  # which `tensor_files` reads without running it
REFUSALS: Mapping[str, str] = {
    "pickle": (
        f"is a Python pickle, which runs whatever it names when it is opened; {EXPORT_TORCH}, or save the state_dict as "
        ".safetensors and name its --architecture"
    ),
    "saved model": f"is the program of a SavedModel; {FROM_SAVED_MODEL}",
    "tensorflow.js": f"is a network of TensorFlow.js, which is not read; {FROM_TENSORFLOW_JS}",
    "old pt2": f"was exported by an old PyTorch, whose format is read by unpickling; {EXPORT_TORCH}",
    "torchscript": f"is a TorchScript file, which is a program; {EXPORT_TORCH}",
    "zip": "is a zip archive, but neither a Keras model nor an exported PyTorch program; give the model file",
    "": f"is no network that can be told by its content, or it is damaged; {FILES} as it was saved",
}


KINDS = ("litert", "keras", "keras_h5", "onnx", "pt2", "weights")  # what may be imported


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
        raise UsageError(f"There is no model file {path.name}; {FILES}.")
    size = path.stat().st_size
    if not 16 < size <= MOST_BYTES:
        state = "is empty or nearly so" if size <= 16 else "is larger than 2 GB"
        raise UsageError(f"{path.name} {state}; save the network again.")
    kind = content_of(path)
    if kind == "zip":
        kind = _kind_of_zip(path)
    elif kind == "hdf5":
        kind = _kind_of_hdf5(path)
    elif not kind and is_onnx(path):
        kind = "onnx"
    if kind in WEIGHTS:
        kind = "weights"
    if kind not in KINDS:
        raise UsageError(f"{path.name} {REFUSALS.get(kind, f'is {kind}, not a network; {FILES}')}.")
    return ForeignFile(path, kind)


def _what_a_folder_is(path: Path) -> str:
    """Return why a folder is no model file, and what to do."""
    if (path / "saved_model.pb").is_file():
        return f"{path.name} is a SavedModel, which is a program; {FROM_SAVED_MODEL}."
    if (path / "model.json").is_file():
        return f"{path.name} holds a network of TensorFlow.js, which is not read; {FROM_TENSORFLOW_JS}."
    return f"{path.name} is a folder; {FILES}."


def _kind_of_zip(path: Path) -> str:
    """Tell a Keras file, an exported program and a state dict apart by their members, after a look at these."""
    names = {member.orig_filename for member in checked_members(path)}
    names = {name for name in names if not name.endswith("/")}
    kind = zip_content(names)
    if kind == "keras":
        check_plain_members(path, names)
    if kind == "pt2":
        refuse_program_code(path, names)
    if kind == "saved model":
        raise UsageError(f"{path.name} is a packed SavedModel, which is a program; {FROM_SAVED_MODEL}.")
    return kind or "zip"


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
