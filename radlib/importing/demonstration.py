"""Files that must not be opened, written for notebook 20_import to show what becomes of them.

Each would make a file, the canary, had its code run; each has a name that promises something harmless. They are kinds
of file that were found in the wild, without what made them dangerous to anybody.
"""

import base64
import io
import json
import marshal
import pickle
import zipfile
from pathlib import Path

from radlib.formats.keras_archive import read_configuration
from radlib.foundation.errors import UsageError
from radlib.importing.guard import inspect
from radlib.importing.keras_config import refuse_code


class _Touch:
    """What a pickle can be made of: a call of any function, on any argument."""

    def __init__(self, canary: Path):
        self.canary = canary

    def __reduce__(self):
        return Path.touch, (self.canary,)


def refusals(folder: Path, canary: Path) -> dict[str, str]:
    """Write files that must not be opened, try to import them, and return what was said.

    Args:
        folder: Where to write them.
        canary: The file that their code would make.

    Returns:
        Name of each file, and the sentence with which it was refused.
    """
    said = {}
    for name, content in _files(canary).items():
        path = folder / name
        path.write_bytes(content)
        try:
            inspect(path)
            if path.suffix == ".keras":
                refuse_code(read_configuration(path), name)
        except UsageError as error:
            said[name] = str(error)
    return said


def _files(canary: Path) -> dict[str, bytes]:
    """Return the content of each file by name."""
    code = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    pickled = pickle.dumps({"state_dict": _Touch(canary), "epoch": 12})
    node = {"target": "torch.os.system", "inputs": [code]}
    program = {"graph_module": {"graph": {"nodes": [node]}}}
    return {
        "best_model.tflite": pickled,
        "best_model.keras": _zipped({"config.json": _lambda_model(code), "model.weights.h5": b"-" * 32}),
        "best_model.onnx": _zipped({"best/data.pkl": pickled, "best/code/__torch__/net.py": code.encode()}),
        "best_model.pt2": _zipped(
            {
                "net/archive_format": b"pt2",
                "net/archive_version": b"0",
                "net/models/model.json": json.dumps(program).encode(),
            }
        ),
        "best_model_v2.keras": _zipped(
            {"config.json": b"{}", "model.weights.h5": b"", "../../start.py": code.encode()}
        ),
    }


def _lambda_model(code: str) -> bytes:
    """Return the configuration of a Keras model whose only layer is bytecode."""
    bytecode = base64.b64encode(marshal.dumps(compile(code, "lambda", "eval"))).decode()
    function = {"class_name": "__lambda__", "config": {"value": [bytecode, None, None]}}
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l", "function": function}}
    return json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}).encode()


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()
