"""A layer replaced by several in a row, in any functional graph.

Keras can copy a model with another layer for each layer, but not with two for one. Its configuration can be
edited, though: the new layers take the place of the old one, each fed by the one before it, and whoever read
the old layer reads the last of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib.formats.graphs import functional
from radlib.foundation import backend
from radlib.foundation.errors import UsageError


def replace_layers(model: Any, replacements: Mapping[str, Sequence[tuple[Any, Sequence[np.ndarray]]]]) -> Any:
    """Return a copy of a network in which some layers are replaced by several in a row.

    Args:
        model: A functional or sequential Keras model.
        replacements: For the name of each layer to replace, the new layers in order, each with its weights as
            `layer.set_weights` takes them. The last may bear the old name.

    Returns:
        A functional model; all other layers keep names and weights.

    Raises:
        UsageError: When the network has no layer of that name.
    """
    model = functional(model)
    config = model.get_config()
    missing = set(replacements) - {layer["name"] for layer in config["layers"]}
    if missing:
        raise UsageError(f"{model.name} has no layer {sorted(missing)[0]!r} to replace.")
    last = {old: new[-1][0].name for old, new in replacements.items()}
    layers: list[dict[str, Any]] = []
    for layer in config["layers"]:
        layer = {**layer, "inbound_nodes": _renamed(layer["inbound_nodes"], last)}
        new = replacements.get(layer["name"])
        layers += [layer] if new is None else _in_a_row(layer, [each for each, _ in new])
    outputs = _renamed(config["output_layers"], last)
    edited = type(model).from_config({**config, "layers": layers, "output_layers": outputs})
    weights = {layer.name: layer.get_weights() for layer in model.layers if layer.name not in replacements}
    weights |= {layer.name: list(arrays) for new in replacements.values() for layer, arrays in new}
    for layer in edited.layers:
        layer.set_weights(weights[layer.name])
    return edited


def _in_a_row(layer: Mapping[str, Any], new: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the configurations of layers that take the place of one, each fed by the one before it."""
    entries = []
    for number, each in enumerate(new):
        calls = [[[new[number - 1].name, call, 0, {}]] for call in range(len(layer["inbound_nodes"]))]
        entries.append(
            {
                "module": "keras.layers",
                "class_name": type(each).__name__,
                "registered_name": backend.keras().utils.get_registered_name(type(each)),
                "name": each.name,
                "config": each.get_config(),
                "inbound_nodes": calls if number else layer["inbound_nodes"],
            }
        )
    return entries


def _renamed(content: Any, names: Mapping[str, str]) -> Any:
    """Return nested lists of [layer, node, tensor, …] with layers renamed."""
    if isinstance(content, list | tuple):
        head = [names.get(content[0], content[0])] if content and isinstance(content[0], str) else []
        return [*head, *(_renamed(each, names) for each in content[len(head) :])]
    if isinstance(content, Mapping):
        return {key: _renamed(value, names) for key, value in content.items()}
    return content
