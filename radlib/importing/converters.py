"""PyTorch programs and ONNX files to LiteRT, in an environment of their own.

The converters bring PyTorch, JAX and protobuf in versions that TensorFlow does not share, so they are not part of
radlib's environment: `make import-environment` builds one for them, and what runs there is one script, started as a
worker with limits of time and memory (`importing.workers`). It gives back a LiteRT file, which is then treated like
any other that comes from elsewhere.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from radlib.errors import SetupError

if TYPE_CHECKING:
    from radlib.importing.guard import ForeignFile

FOLDER = ".venv-import"
VARIABLE = "RADLIB_IMPORT_PYTHON"


def import_python(file: "ForeignFile") -> Path:
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
