"""Model files: how each kind is written, and how each is opened as one function from films to probabilities.

A caller never asks what lies in a file. `open_model` returns a `Predictor` whatever the format, and every
predictor keeps the model contract: grey films in [0, 1], one row of probabilities per film. A new format is
one module with one registered function that opens a path.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.foundation.registry import FORMATS


@dataclass(frozen=True)
class Predictor:
    """An opened model.

    Attributes:
        predict: From films, float32 (n, h, w, 1) in [0, 1] or uint8 (n, h, w), to float32 (n, *answer_shape).
        input_shape: (height, width, channels) of one film.
        answer_shape: Of what it answers to one film: (outputs,), or maps, (rows, columns, outputs).
        runtime: Library and version that computes, e.g. `ai-edge-litert 2.3.0`.
        delegate: What speeds the runtime up: `XNNPACK` or `none`.
        threads: Threads that one call uses; 0 when the runtime decides.
        close: Frees the model.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    input_shape: tuple[int, ...]
    answer_shape: tuple[int, ...]
    runtime: str
    delegate: str
    threads: int
    close: Callable[[], None]

    @property
    def outputs(self) -> int:
        """Number of probabilities per film, or per pixel."""
        return self.answer_shape[-1]

    def __enter__(self) -> "Predictor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def format_of(path: Path) -> str:
    """Return the name of the format that a file's ending stands for.

    Raises:
        UsageError: When no format has that ending; the message lists those that have one.
    """
    suffixes = {entry.facts["suffix"]: entry.name for entry in FORMATS}
    if Path(path).suffix not in suffixes:
        raise UsageError(f"Model files end in {', '.join(suffixes)}, not in {Path(path).suffix!r}.")
    return suffixes[Path(path).suffix]


def open_model(path: Path, format: str | None = None, *, threads: int = 1) -> Predictor:
    """Open a model file.

    Args:
        path: The file.
        format: Name of a registered format; None asks the file's ending.
        threads: Threads that one call may use, where the runtime lets one choose.

    Raises:
        UsageError: For an unknown format.
        SetupError: When the file is damaged or cannot be run here.
    """
    return FORMATS[format or format_of(path)].function(Path(path), threads=threads)


def save_model(model: Any, path: Path) -> None:
    """Write a model in the format of the path's ending: a Keras model, or the bytes of a LiteRT file.

    Raises:
        UsageError: When the ending stands for no format.
    """
    FORMATS[format_of(path)].facts["save"](model, Path(path))


def load_network(path: Path, format: str) -> Any | None:
    """Return the Keras network in a file, to look into; None for a format that holds no such network.

    Raises:
        SetupError: When the file is damaged.
    """
    load = FORMATS[format].facts.get("load")
    return load(Path(path)) if load else None


def unit_range(films: np.ndarray) -> np.ndarray:
    """Return stored grey values, uint8, as float32 in [0, 1]: divided by 255.

    Films, training and every format share this arithmetic, so that no variant sees slightly other pixels.
    """
    return films / np.float32(255)


def grey_levels() -> np.ndarray:
    """Return what each stored grey value means, float32 (256,)."""
    return unit_range(np.arange(256, dtype=np.uint8))
