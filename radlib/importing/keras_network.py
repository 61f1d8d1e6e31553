"""A Keras network built from a foreign file: our own layers, its numbers, probabilities of the study's task."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.container import reason_of
from radlib.formats.graphs import build_graph
from radlib.formats.keras_archive import read_configuration
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.importing.answers import Answers
from radlib.importing.guard import ForeignFile
from radlib.importing.keras_config import refuse_code
from radlib.importing.keras_files import describe_network
from radlib.importing.layout import InputLayout
from radlib.importing.legacy_weights import assigned
from radlib.importing.old_configurations import modern
from radlib.importing.workers import in_worker

Description = dict[str, Any]
Values = dict[str, list[np.ndarray]]


def build_keras(file: ForeignFile, layout: InputLayout, answers: Answers, image_size: int) -> Any:
    """Return the network of a `.keras` file or of a whole-model `.h5` file, rebuilt so that it keeps the contract.

    Args:
        file: What `guard.inspect` let pass.
        layout: How its network takes a film.
        answers: What becomes of its outputs.
        image_size: Side of the films where the network leaves it open, pixels.

    Returns:
        A Keras model of plain layers, float32 (n, h, w, 1) in [0, 1] to probabilities: every technique takes it.

    Raises:
        UsageError: For anything but a plain network whose weights fit.
    """
    name = file.path.name
    read = _archived if file.kind == "keras" else _whole_hdf5
    description, values = read(file.path, layout, image_size)
    _finish(description, values, answers, name)
    try:
        with backend.quiet_stderr():
            model = build_graph(
                description, weights=sum(each.size for own in values.values() for each in own)
            )
    except Exception as error:  # Keras has no errors of its own: a wrong setting leads anywhere
        raise UsageError(
            f"{name} cannot be built from Keras 2's layers ({reason_of(error)}); convert it to LiteRT instead."
        ) from None
    for layer in model.layers:
        _assign(layer, values.get(layer.name, []), name)
    return model


def _archived(path: Path, layout: InputLayout, image_size: int) -> tuple[Description, Values]:
    """Return the description and the tensors of a `.keras` file."""
    config = refuse_code(modern(read_configuration(path)), path.name)
    description, groups = describe_network(config, path.name, layout, image_size)
    found, arrays = in_worker("read_keras", {"path": str(path.resolve()), "tensors": groups}, name=path.name)
    return description, {
        layer: [arrays[f"{number}/{order}"] for order in range(found["counts"][layer])]
        for number, layer in enumerate(groups)
    }


def _whole_hdf5(path: Path, layout: InputLayout, image_size: int) -> tuple[Description, Values]:
    """Return the description and the tensors of a whole model in HDF5, as Keras 1, 2 and 3 save it."""
    found, arrays = in_worker("read_whole_hdf5", {"path": str(path.resolve())}, name=path.name)
    try:
        config = modern(json.loads(found["configuration"]))
    except (ValueError, RecursionError):
        raise UsageError(f"{path.name} has a damaged configuration; save the model again.") from None
    if found["backend"] not in ("", "tensorflow", "jax", "torch"):
        raise UsageError(
            f"{path.name} was trained with {ascii(found['backend'])[:30]}, whose convolutions run the other way; load it "
            "there, convert its kernels, and save it with TensorFlow, or convert it to LiteRT."
        )
    config = refuse_code(config, path.name)
    description, _ = describe_network(config, path.name, layout, image_size)
    return description, assigned(config, found["groups"], arrays, path.name)


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
