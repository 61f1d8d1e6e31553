"""What a device does without: the libraries that come with an extra, and what is said where one is not installed.

`pip install` of radlib brings what `predict`, `verify`, `doctor` and `list` need; all that trains, measures and reports
comes with `radlib[train]`. So that the rooms below the reports can be imported without it, they take pandas from here,
where it is imported on first use, as TensorFlow is by `backend`. Whatever is missing then ends in one sentence with the
line to type.
"""

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from radlib.foundation.errors import MissingExtra

# What each extra of pyproject.toml brings, as it is imported.
MODULES = {
    "train": (
        "IPython", "ai_edge_quantizer", "h5py", "ipykernel", "jinja2", "jupyter_client", "jupyter_core", "matplotlib",
        "nbclient", "nbformat", "optuna", "pandas", "papermill", "scipy", "seaborn", "sklearn", "tensorflow",
        "tensorflow_model_optimization", "tf_keras", "threadpoolctl",
    ),
    "fetch": ("kagglehub", "pooch", "requests"),
    "binary": ("numba",),
    "micro": ("tflite_micro",),
    "outlines": ("highdicom",),
}  # fmt: skip


def line_to_type(extra: str) -> str:
    """Return the line that installs an extra.

    Example:
        >>> line_to_type("train")
        "pip install 'radlib[train]'"
    """
    return f"pip install 'radlib[{extra}]'"


def check_extra(extra: str) -> None:
    """Make sure that all of an extra is installed, before work is begun that needs it at the end.

    Raises:
        MissingExtra: With the line to type.
    """
    for name in MODULES[extra]:
        if sys.modules.get(name) is None and importlib.util.find_spec(name) is None:
            raise _missing(name, extra)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell of a library that an extra brings, where the block cannot import it; a decorator, too.

    Raises:
        MissingExtra: In place of the `ModuleNotFoundError`, with the line to type.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        for extra, modules in MODULES.items():
            if name in modules:
                raise _missing(name, extra) from None
        raise


def _missing(name: str, extra: str) -> MissingExtra:
    return MissingExtra(f"This needs {name}, which is not installed; {line_to_type(extra)} brings it.")


class _OnFirstUse(ModuleType):
    """A library that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # of the import system and of those who look into modules
            raise AttributeError(name)
        with told():
            return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import pandas as pandas
else:
    pandas = _OnFirstUse("pandas")
