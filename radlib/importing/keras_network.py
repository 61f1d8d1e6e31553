"""A Keras network built from a foreign file: our own layers, its numbers, probabilities of the study's task."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib import backend
from radlib.errors import UsageError
from radlib.graphs import build_graph
from radlib.importing.keras_files import describe_keras_file
from radlib.importing.layout import Answers, InputLayout
from radlib.importing.workers import in_worker

WEIGHTS = "model.weights.h5"
Description = dict[str, Any]


def build_keras(path: Path, layout: InputLayout, answers: Answers, image_size: int) -> Any:
    """Return the network of a `.keras` file, rebuilt so that it keeps the contract.

    Args:
        path: The file, which `guard.inspect` has looked at.
        layout: How its network takes a film.
        answers: What becomes of its outputs.
        image_size: Side of the films where the network leaves it open, pixels.

    Returns:
        A Keras model of plain layers, float32 (n, h, w, 1) in [0, 1] to probabilities: every technique takes it.

    Raises:
        UsageError: For anything but a plain network whose weights fit.
    """
    description, groups = describe_keras_file(path, layout, image_size)
    task = {"path": str(Path(path).resolve()), "member": WEIGHTS, "tensors": groups, "name": path.name}
    found, arrays = in_worker("read_hdf5", task, name=path.name)
    values = {
        layer: [arrays[f"{number}/{order}"] for order in range(found["counts"][layer])]
        for number, layer in enumerate(groups)
    }
    _finish(description, values, answers, path.name)
    try:
        with backend.quiet_stderr():
            model = build_graph(description)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise UsageError(
            f"{path.name} cannot be built from Keras 2's layers ({reason}); convert it to LiteRT instead."
        ) from None
    for layer in model.layers:
        _assign(layer, values.get(layer.name, []), path.name)
    return model


def _assign(layer: Any, values: list[np.ndarray], name: str) -> None:
    """Give a layer its tensors, after comparing every shape."""
    if isinstance(layer, backend.keras().layers.Normalization) and len(values) == 2:
        values = [*values, np.zeros((), np.float32)]  # Keras 2 keeps the number of films it was adapted to
    wanted, there = [tuple(w.shape) for w in layer.weights], [value.shape for value in values]
    if wanted != there:
        raise UsageError(
            f"{name} holds tensors {there or 'of no shape'} for the layer {layer.name!r}, which takes {wanted}; the file is "
            "damaged, or its layer is not the one it is called."
        )
    if values:
        layer.set_weights(values)
    if isinstance(layer, backend.keras().layers.Normalization):
        layer.finalize_state()


def _finish(
    description: Description, values: Mapping[str, list[np.ndarray]], answers: Answers, name: str
) -> None:
    """Change the last layers so that they answer in probabilities of the task, in its order.

    One sigmoid of z is the second of two softmax outputs of (0, z), and another order of the outputs is another order
    of the columns of the last kernel: both leave a plain network that ends in a dense layer.
    """
    if answers.groups:
        raise UsageError(
            f"{name} is a Keras network, and several of its outputs cannot become one there (--map); convert it to LiteRT "
            "and import that."
        )
    layers = {layer[1]: layer for layer in description["layers"]}
    last = layers[description["outputs"][0][0]]
    if answers.activation:
        last = _activated(description, last, answers.activation)
    ordered = answers.order == tuple(range(len(answers.order)))
    if ordered and not answers.single:
        return
    head = last
    if last[0] in ("Activation", "Softmax") and isinstance(last[3][0][0], int):
        head = description["layers"][last[3][0][0]]
    active = last[2].get("activation", "softmax" if last[0] == "Softmax" else "")
    if head[0] != "Dense" or (answers.single and (head[2].get("units") != 1 or active != "sigmoid")):
        raise UsageError(
            f"{name} does not end in a dense layer with {'one sigmoid' if answers.single else 'a softmax or sigmoids'}, so "
            "that its outputs cannot be put into the study's order; convert it to LiteRT and import that."
        )
    kernel, *bias = values[head[1]]
    if answers.single:
        head[2]["units"], last[2]["activation"] = 2, "softmax"
        columns = [np.concatenate([np.zeros_like(each), each], axis=-1) for each in (kernel, *bias)]
    else:
        columns = [each[..., list(answers.order)] for each in (kernel, *bias)]
    values[head[1]][:] = columns


def _activated(description: Description, last: list[Any], activation: str) -> list[Any]:
    """Return the layer that makes probabilities of logits: the last one with an activation, or one behind it."""
    if last[0] == "Dense" and "activation" not in last[2]:
        last[2]["activation"] = activation
        return last
    position = description["layers"].index(last)
    layer = ["Activation", "probabilities", {"activation": activation}, [[position]]]
    description["layers"].append(layer)
    description["outputs"] = [["probabilities", 0, 0]]
    return layer
