"""PyTorch programs and ONNX files to LiteRT, in an environment of their own.

The converters bring PyTorch, JAX and protobuf in versions that TensorFlow does not share, so they are not part of
radlib's environment: `make import-environment` builds one for them, and what runs there is one script, started as a
worker with limits of time and memory (`importing.workers`). It gives back a LiteRT file, which is then treated like
any other that comes from elsewhere.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.errors import SetupError
from radlib.importing.guard import ForeignFile
from radlib.importing.workers import run_worker

FOLDER = ".venv-import"
VARIABLE = "RADLIB_IMPORT_PYTHON"
SECONDS = 900.0  # a deep network on one busy processor
MEMORY_BYTES = 32_000_000_000  # of addresses; PyTorch and JAX reserve far more than they use
PASSED_ON = ("PATH", "LANG", "TMPDIR")  # of the environment: no token of the user's reaches the converters


def foreign_shape(file: ForeignFile) -> tuple[int, ...]:
    """Return the shape of the films that a PyTorch program or ONNX file takes, batch included; errors as below."""
    found, _ = _run(file, {"kind": file.kind, "films": ""})
    return tuple(found["shape"])


def convert_foreign(file: ForeignFile, films: np.ndarray, target: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Convert a PyTorch program or ONNX file to LiteRT.

    Args:
        file: What `guard.inspect` let pass.
        films: Probe films as the network takes them, float32 (n, …).
        target: Where to write the LiteRT file, which is as foreign as what it was made of.

    Returns:
        What PyTorch answers to the films, (n, outputs); and the versions that converted.

    Raises:
        SetupError: When the import environment was not built.
        UsageError: When the file cannot be converted.
    """
    with tempfile.TemporaryDirectory(prefix="radlib-") as scratch:
        probes = Path(scratch) / "films.npy"
        np.save(probes, films)
        found, arrays = _run(file, {"kind": file.kind, "films": str(probes)})
    target.write_bytes(arrays["model"].tobytes())
    return arrays["outputs"], found


def _run(file: ForeignFile, asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run the script of the import environment on a file, with limits."""
    command = [str(import_python(file)), "-I", str(Path(__file__).with_name("torch_worker.py"))]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    given = {"path": str(file.path.resolve()), "name": file.path.name, **asked}
    limits: dict[str, Any] = {"seconds": SECONDS, "memory_bytes": MEMORY_BYTES}
    return run_worker(command, given, environment, name=file.path.name, **limits)


def import_python(file: ForeignFile) -> Path:
    """Return the Python of the import environment.

    Raises:
        SetupError: When it was not built.
    """
    given = os.environ.get(VARIABLE)
    python = Path(given) if given else Path(__file__).parents[2] / FOLDER / "bin" / "python"
    if not python.is_file():
        raise SetupError(
            f"{file.path.name} is converted in an environment of its own, which is not there yet; build it once with make "
            f"import-environment, or name its Python in {VARIABLE}."
        )
    return python
