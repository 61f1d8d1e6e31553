"""Which tensor of a whole-model `.h5` file belongs to which layer.

The file has a group for each outermost layer and in it a list of tensors in the order in which Keras held them. For a
plain layer that is the order in which it makes them. For a model inside the model it is: all that were being trained,
layer by layer, and then all that were not. Which those were says the configuration, so the order follows from it. Names
stand beside the tensors; where four tensors of one shape could be mistaken for each other (scale, shift, mean and
variance of a batch normalization) the names must agree.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.importing.keras_config import MODELS
from radlib.importing.keras_files import DEEPEST, unique_name

STATISTICS = {
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
    "running_variance": "moving_variance",
}
ENDING = re.compile(
    r"(gamma|beta|moving_mean|moving_variance|running_mean|running_std|running_variance)(_\d+)?(:0)?$"
)
STATES = re.compile(r"StateVar|seed_generator|(^|/)_?rng|(^|/)state(:0)?$", re.IGNORECASE)


class Slot(NamedTuple):
    """A tensor that a layer holds: the layer's name in the flat network, its place in the layer, and what it must be called."""

    layer: str
    place: int
    ending: str


def assigned(
    configuration: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    arrays: Mapping[str, np.ndarray],
    name: str,
) -> dict[str, list[np.ndarray]]:
    """Return the tensors of each layer of the flat network.

    Args:
        configuration: Of the whole model, in today's words.
        groups: Names of the tensors of each outermost layer, in the file's order.
        arrays: The tensors, by `<number of the group>/<number of the tensor>`.
        name: Of the file.

    Raises:
        UsageError: When the file holds more or fewer than the configuration asks for, or calls them otherwise.
    """
    slots = {
        layer["config"]["name"]: [slot for part in _slots(layer, "", 0) for slot in part]
        for layer in configuration["config"]["layers"]
    }
    values: dict[str, list[tuple[int, np.ndarray]]] = {}
    for number, (group, names) in enumerate(groups.items()):
        kept = [place for place, each in enumerate(names) if not STATES.search(each)]
        wanted = slots.pop(group, [])
        if len(kept) != len(wanted):
            raise UsageError(
                f"{name} holds {len(kept)} tensors for the layer {ascii(group)[:60]}, whose configuration asks for "
                f"{len(wanted)}; save the model again with the Keras that trained it."
            )
        for place, slot in zip(kept, wanted, strict=True):
            found = ENDING.search(names[place])
            if slot.ending and found and STATISTICS.get(found[1], found[1]) != slot.ending:
                raise UsageError(
                    f"{name} orders the tensors of {slot.layer!r} in a way that cannot be told; save the model as .keras."
                )
            values.setdefault(slot.layer, []).append((slot.place, arrays[f"{number}/{place}"]))
    if missing := next((layer for layer, wanted in slots.items() if wanted), ""):
        raise UsageError(f"{name} holds no weights for the layer {missing!r}; save the whole model again.")
    return {
        layer: [each for _, each in sorted(own, key=lambda pair: pair[0])] for layer, own in values.items()
    }


def _slots(layer: Mapping[str, Any], prefix: str, depth: int) -> tuple[list[Slot], list[Slot]]:
    """Return the tensors of a layer, or of a model inside the model: those in training, and the others."""
    kind, config = layer["class_name"], layer["config"]
    frozen = config.get("trainable", True) is False
    if kind in MODELS:
        if depth > DEEPEST:
            raise UsageError("The file nests models without end; save the network again.")
        inner = [_slots(each, f"{prefix}{config['name']}_", depth + 1) for each in config["layers"]]
        if frozen:
            return [], [slot for trained, still in inner for slot in (*trained, *still)]
        return [slot for trained, _ in inner for slot in trained], [
            slot for _, still in inner for slot in still
        ]
    trained, still = _tensors(kind, config)
    title = unique_name(prefix, config["name"])
    own = [Slot(title, place, ending) for place, ending in enumerate((*trained, *still))]
    return ([], own) if frozen else (own[: len(trained)], own[len(trained) :])


def _tensors(kind: str, config: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what a layer's tensors are called where that tells them apart, in its order: in training, and others."""
    scaled = [name for name, key in (("gamma", "scale"), ("beta", "center")) if config.get(key, True)]
    bias = [""] * bool(config.get("use_bias", True))
    if kind == "BatchNormalization":
        return scaled, ["moving_mean", "moving_variance"]
    if kind == "LayerNormalization":
        return scaled, []
    if kind == "Normalization":
        return [], [""] * (3 if config.get("mean") is None else 0)
    if kind in ("Conv2D", "Conv2DTranspose", "Dense", "DepthwiseConv2D"):
        return ["", *bias], []
    if kind == "SeparableConv2D":
        return ["", "", *bias], []
    return [""] * (kind == "PReLU"), []
