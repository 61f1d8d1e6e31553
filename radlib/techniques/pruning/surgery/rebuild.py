"""Take channels out of a network: a new, plain Keras model with smaller layers and the surviving weights.

The config of the old model is changed where it names numbers of channels, a model is built from it, and each
weight is cut along its axes. So layers keep their names and order, the film and the answer stay as they are,
and nothing of pruning is left in the file: no masks, no wrappers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.formats.graphs import weight_name
from radlib.techniques.pruning.surgery.structure import Structure


def remove_channels(model: Any, structure: Structure, stays: np.ndarray) -> Any:
    """Return a network without some of its channels.

    Args:
        model: A Keras model; it is left as it is.
        structure: What `read_structure` found in it.
        stays: Whether each removable unit stays, bool (structure.count,).

    Returns:
        A new Keras model, not compiled, that answers as the old one with these channels silenced would.
    """
    everyone = np.append(stays, True)  # the last place serves those that must stay: their unit is −1

    def kept(numbers: np.ndarray) -> np.ndarray:
        return everyone[structure.unit_of[numbers]]

    config = model.get_config()
    entries = {entry["config"]["name"]: entry for entry in config["layers"]}
    for entry in config["layers"]:
        entry.pop("build_config", None)  # the shapes that the layers had
    for name, edit in structure.edits:
        edit(entries[name], kept)
    kinds = {type(layer).__name__: type(layer) for layer in model.layers}
    smaller = type(model).from_config(config, custom_objects=kinds)
    for layer in model.layers:
        if layer.weights:
            values = surviving_weights(layer, structure, everyone)
            smaller.get_layer(layer.name).set_weights(values)
    return smaller


def surviving_weights(layer: Any, structure: Structure, everyone: np.ndarray) -> list[np.ndarray]:
    """Return a layer's weights cut to the units that stay, in the layer's order.

    Args:
        layer: Of the old network.
        structure: Of the old network.
        everyone: Whether each unit stays, with True appended for those that must.
    """
    names = [weight_name(weight) for weight in layer.weights]
    values = dict(zip(names, layer.get_weights(), strict=True))
    for slot in _slots_of(structure, layer.name):
        places = np.flatnonzero(everyone[slot.units])
        values[slot.weight] = np.take(values[slot.weight], places, axis=slot.axis)
    return [values[name] for name in names]


def silence(model: Any, structure: Structure, stays: np.ndarray) -> None:
    """Make a network, in place, answer as if channels had been removed, without making it smaller.

    Whoever mixes a removed channel gets weights of zero for it: nothing downstream can tell the difference.
    This is how the loss of a removal is measured quickly, and how the rebuilt network is checked.

    Args:
        model: A Keras model.
        structure: What `read_structure` found in it.
        stays: Whether each removable unit stays, bool (structure.count,).
    """
    everyone = np.append(stays, True)
    for slot in structure.slots:
        if slot.role != "input" or everyone[slot.units].all():
            continue
        weight = weight_of(model.get_layer(slot.layer), slot.weight)
        values = weight.numpy()
        values[(slice(None),) * slot.axis + (~everyone[slot.units],)] = 0
        weight.assign(values)


def weight_of(layer: Any, name: str) -> Any:
    """Return a layer's variable by its name within the layer, e.g. `kernel`."""
    return next(weight for weight in layer.weights if weight_name(weight) == name)


def _slots_of(structure: Structure, layer: str) -> Sequence:
    return [slot for slot in structure.slots if slot.layer == layer]
