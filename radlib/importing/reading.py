"""From a foreign file to a network that keeps the contract, each kind in the way that is safe for it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.tensor_files.reading import kind_of, read_tensors
from radlib.foundation.errors import UsageError
from radlib.importing.answers import Answers, refuse_no_probabilities
from radlib.importing.converters import convert_foreign, foreign_shape
from radlib.importing.guard import ForeignFile
from radlib.importing.layout import PLAIN_RANGE, InputLayout
from radlib.importing.tasks import probe_films
from radlib.importing.workers import in_worker
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task

LARGEST_DIFFERENCE = 1e-3  # of a probability, between two ways to compute the same network


@dataclass(frozen=True)
class Content:
    """What an imported file became.

    Attributes:
        format: `keras` or `tflite`.
        model: A Keras model, or the bytes of a LiteRT file.
        input_shape: (height, width, 1).
        outputs: What it answers to the probe films, float32 (n, outputs).
        facts: What was measured on the way, JSON-able.
        layout: How its network takes a film, with the range settled.
    """

    format: str
    model: Any
    input_shape: tuple[int, ...]
    outputs: np.ndarray
    facts: Mapping[str, Any] = field(default_factory=dict)
    layout: InputLayout = field(default_factory=InputLayout)


def read_network(
    file: ForeignFile,
    layout: InputLayout,
    finish: Answers,
    task: Task,
    settings: Settings,
    architecture: str = "",
) -> Content:
    """Return the network of a file as one that keeps the contract, after it has answered to probe films.

    Args:
        file: What `guard.inspect` let pass.
        layout: How its network takes a film.
        finish: What becomes of its outputs.
        task: What the study asks.
        settings: Of the study; `image_size` is that of the films where the network leaves it open.
        architecture: Of weights alone: the registered network that they belong to.

    Raises:
        UsageError: One sentence, when it cannot be opened, or its answers are no probabilities.
    """
    name = file.path.name
    if file.kind != "litert" and layout.range is None:
        layout = replace(layout, range=PLAIN_RANGE)
    if file.kind == "litert":
        content = _litert(file.path, layout, finish, name)
    elif file.kind in ("keras", "keras_h5"):
        from radlib.importing.keras_network import build_keras

        content = _keras(build_keras(file, layout, finish, settings.image_size))
    elif file.kind == "weights":
        content = _keras(_brought(file.path, architecture, task, settings))
    else:
        content = _converted(file, layout, finish)
    content = content if file.kind == "litert" else replace(content, layout=layout)
    refuse_no_probabilities(content.outputs, task, name=name)
    if content.input_shape[0] != content.input_shape[1]:
        raise UsageError(
            f"{name} takes films of {content.input_shape[0]} × {content.input_shape[1]} pixels; films are prepared as squares, so "
            "export the network with a square input."
        )
    return content


def _litert(path: Path, layout: InputLayout, finish: Answers, name: str) -> Content:
    """Return a LiteRT file rewritten, after it was run in a process that may die."""
    arguments = {"layout": layout.to_dict(), "answers": finish.to_dict(), "name": name}
    found, arrays = in_worker("rewrite_litert", {"path": str(path.resolve()), **arguments}, name=name)
    # one grey level that is rounded the other way may move integer answers by a step or two
    allowed = LARGEST_DIFFERENCE + 2.5 * found["step"]
    _refuse_difference(found["difference"], name, "once its input is part of it", allowed)
    model, shape = arrays["model"].tobytes(), tuple(found["input_shape"])
    facts = {"difference": found["difference"]}
    return Content("tflite", model, shape, arrays["outputs"], facts, InputLayout.from_dict(found["layout"]))


def _converted(file: ForeignFile, layout: InputLayout, finish: Answers) -> Content:
    """Return a PyTorch program or ONNX file as a LiteRT file, compared with what PyTorch answers."""
    name = file.path.name
    films = probe_films(*layout.sides(foreign_shape(file), name))
    with tempfile.TemporaryDirectory(prefix="radlib-") as scratch:
        path = Path(scratch) / "converted.tflite"
        answered, facts = convert_foreign(file, layout.apply(films), path)
        content = _litert(path, layout, finish, name)
    difference = float(np.abs(finish.apply(answered) - content.outputs).max())
    _refuse_difference(difference, name, "as a LiteRT file than in PyTorch")
    return replace(content, facts={**content.facts, **facts, "difference": difference})


def _refuse_difference(difference: float, name: str, where: str, allowed: float = LARGEST_DIFFERENCE) -> None:
    if not difference <= allowed:
        raise UsageError(
            f"{name} answers otherwise {where} (by {difference:.3g}); check that it was saved in eval mode, and convert it again."
        )


def _keras(model: Any) -> Content:
    shape = tuple(model.input_shape[1:])
    return Content("keras", model, shape, np.asarray(model.predict_on_batch(probe_films(*shape[:2]))))


def _brought(path: Path, architecture: str, task: Task, settings: Settings) -> Any:
    """Return a registered network with the weights of a file, head included."""
    if not architecture:
        if kind_of(path) != "hdf5":
            read_tensors(path)  # one that is a program in disguise is refused as that
        raise UsageError(
            f"{path.name} holds weights alone; name the network that they belong to with --architecture "
            "(radlib list architectures)."
        )
    from radlib.architectures.networks import build_network

    shape = (settings.image_size, settings.image_size, 1)
    options = settings.architecture_options
    return build_network(architecture, options, task, shape, weights=str(path), need_head=True)
