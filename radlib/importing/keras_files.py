"""A Keras network of somebody else's, read as data: its configuration becomes a plain description.

Keras opens such a file by importing the modules and calling the classes that its configuration names, and has had a
hole in its safe mode every year. Nothing of that happens here. The configuration is JSON; from it a description in the
terms of `graphs` is made, which holds layers of a closed list, numbers and text, and whatever is not understood is
refused rather than skipped. Files of Keras 3, 2 and 1 are read alike. What a network for films has around its
layers is put right on the way:

- models inside models, as transfer learning makes them, are laid flat, so that pruning can look into them;
- layers that vary films while training (`RandomFlip` and its kin) do nothing afterwards, and are left out;
- what the network wants to be given (`InputLayout`) is put before its first layer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from radlib.formats.keras_archive import snake_case
from radlib.foundation.errors import UsageError
from radlib.importing.keras_calls import Tensor, ends_of, numbered_as_read, tensors_read, title_of
from radlib.importing.keras_config import MODELS, settings_of
from radlib.importing.layout import InputLayout

DEEPEST = 20  # models inside models
STANDING_BEFORE = ("film", "repeat_channel", "input_range")
VARYING = re.compile(r"Random\w+|AugMix|RandAugment|MixUp|CutMix|Auto\w*Contrast")


@dataclass
class Flat:
    """A network laid flat, as it grows.

    Attributes:
        layers: Name to [class, settings, nodes], in the order of computation.
        groups: Name to places where the weights file may keep the layer's tensors.
        left_out: Layers that do nothing once a network is trained.
    """

    layers: dict[str, list[Any]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def describe_network(
    config: Mapping[str, Any], name: str, layout: InputLayout, image_size: int
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the description of a network from its configuration; nothing is imported or run.

    Args:
        config: As `keras_config.refuse_code` let it pass.
        name: Of the file.
        layout: How its network takes a film.
        image_size: Side of the films where the network leaves it open, pixels.

    Returns:
        A description for `graphs.build_graph`, of one input `film` (h, w, 1); and where the weights of each layer lie
        in `model.weights.h5`.

    Raises:
        UsageError: For anything that is not a plain network of Keras's own layers.
    """
    flat = Flat()
    try:
        entry = _entry_shape(config, name, layout, image_size)
        given = _film_layers(flat, entry, layout)
        outputs = _model(flat, config, [given], "", [""], name, 0)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{name} has a configuration that no Keras writes ({type(error).__name__}); save the model again."
        ) from None
    if len(outputs) != 1:
        raise UsageError(
            f"{name} has {len(outputs)} outputs; save the one that classifies films as a model of its own, "
            "keras.Model(model.input, model.outputs[0])."
        )
    names = list(flat.layers)
    layers = [
        [kind, layer, settings, [_node(node, names) for node in nodes]]
        for layer, (kind, settings, nodes) in flat.layers.items()
    ]
    return {"name": "imported", "layers": layers, "outputs": [list(outputs[0])]}, flat.groups


def _entry_shape(
    config: Mapping[str, Any], name: str, layout: InputLayout, image_size: int
) -> tuple[int, int]:
    """Return height and width that the network takes; `image_size` where it leaves them open."""
    shape, model = None, config
    for _ in range(DEEPEST):
        layers = model["config"]["layers"]
        first = next((layer for layer in layers if layer["class_name"] == "InputLayer"), layers[0])
        settings = first["config"]
        shape = settings.get("batch_shape") or settings.get("batch_input_shape") or shape
        if shape is not None or first["class_name"] not in MODELS:
            break
        model = first
    built = (config.get("build_config") or {}).get("input_shape") or config["config"].get("build_input_shape")
    shape = shape or built or [None, None, None, layout.channels]
    if layout.layout != "NHWC" or len(shape) != 4 or shape[3] not in (None, layout.channels):
        raise UsageError(
            f"{name} takes films of shape {' × '.join('any' if side is None else str(side) for side in shape[1:])}, which is not "
            f"{layout.layout} with {layout.channels} channel{'s' * (layout.channels > 1)}; see --layout and --channels."
        )
    return int(shape[1] or image_size), int(shape[2] or image_size)


def _film_layers(flat: Flat, sides: tuple[int, int], layout: InputLayout) -> Tensor:
    """Add what stands before the network: the film, its channels, its range."""
    flat.layers["film"] = ["InputLayer", {"batch_input_shape": [None, *sides, 1]}, []]
    now: Tensor = ("film", 0, 0)
    scale, offset = (values.tolist() for values in layout.factors)
    if layout.channels > 1:
        flat.layers["repeat_channel"] = ["Concatenate", {}, [[now] * layout.channels]]
        now = ("repeat_channel", 0, 0)
    if set(scale) != {1.0} or set(offset) != {0.0}:
        flat.layers["input_range"] = ["Rescaling", {"scale": scale, "offset": offset}, [[now]]]
        now = ("input_range", 0, 0)
    return now


def _model(
    flat: Flat,
    model: Mapping[str, Any],
    given: Sequence[Tensor],
    prefix: str,
    places: Sequence[str],
    name: str,
    depth: int,
) -> list[Tensor]:
    """Lay a model flat and return its outputs.

    Args:
        flat: What is laid flat already.
        model: Its configuration.
        given: What it is called with.
        prefix: Of the names of its layers, which repeat from model to model.
        places: Where the weights file may keep the model itself.
        name: Of the file.
        depth: How many models stand around it.
    """
    if depth > DEEPEST:
        raise UsageError(f"{name} nests models without end; save the network again.")
    layers = model["config"]["layers"]
    inside = _places(layers, places)
    sequential = model["class_name"] == "Sequential"
    made: dict[tuple[str, int], list[Tensor]] = {}
    if sequential:
        now = list(given)
        for layer in layers:
            if layer["class_name"] != "InputLayer":
                now = _call(flat, layer, now, prefix, inside, name, depth)
        return now
    inputs = ends_of(model["config"]["input_layers"])
    if len(inputs) != len(given):
        raise UsageError(
            f"{name} takes {len(inputs)} inputs ({', '.join(ascii(end[0])[1:-1][:30] for end in inputs[:4])}), and a film is one; "
            "train a network that takes the film alone, or fix the others as constants before you save it."
        )
    for place, end in enumerate(inputs):
        made[end[0], 0] = [given[place]]
    waiting = [
        (layer, number, tensors_read(node, title_of(layer), name))
        for layer in layers
        if layer["class_name"] != "InputLayer"
        for number, node in enumerate(layer["inbound_nodes"])
    ]
    outputs = [tuple(end[:3]) for end in ends_of(model["config"]["output_layers"])]
    waiting = numbered_as_read(waiting, [tensor for call in waiting for tensor in call[2]] + outputs)
    while waiting:
        ready = [call for call in waiting if all((t[0], t[1]) in made for t in call[2])]
        if not ready:
            raise UsageError(f"{name} has layers that wait for each other in a circle; save the model again.")
        for layer, number, read in ready:
            tensors = [made[t[0], t[1]][t[2]] for t in read]
            made[title_of(layer), number] = _call(flat, layer, tensors, prefix, inside, name, depth)
        waiting = [call for call in waiting if (title_of(call[0]), call[1]) not in made]
    return [made[end[0], end[1]][end[2]] for end in outputs]


def _places(layers: Sequence[Mapping[str, Any]], places: Sequence[str]) -> dict[str, list[str]]:
    """Return where each layer's weights may lie: numbered by class within the model, under one of several names."""
    used: dict[str, int] = {}
    found = {}
    for layer in layers:
        kind = snake_case(layer["class_name"])
        number = used[kind] = used.get(kind, -1) + 1
        key = f"{kind}_{number}" if number else kind
        containers = ("layers", "_layer_checkpoint_dependencies", "_functional/layers")
        found[title_of(layer)] = [
            f"{place}{container}/{key}".lstrip("/") for place in places for container in containers
        ]
    return found


def _call(
    flat: Flat,
    layer: Mapping[str, Any],
    given: Sequence[Tensor],
    prefix: str,
    places: Mapping[str, list[str]],
    name: str,
    depth: int,
) -> list[Tensor]:
    """Add one call of a layer, or of a model inside the model, and return what it gives."""
    kind, title = layer["class_name"], title_of(layer)
    if not isinstance(title, str) or not re.fullmatch(r"[\w./ -]{1,200}", title):
        raise UsageError(f"{name} has a layer whose name is none; save the model again.")
    if kind in MODELS:
        below = [f"{place}/" for place in places[title]]
        return _model(flat, layer, given, f"{prefix}{title}_", below, name, depth + 1)
    if VARYING.fullmatch(kind):
        flat.left_out.append(title)
        return list(given)
    unique = unique_name(prefix, title)
    settings = settings_of(layer, name)
    if unique not in flat.layers:
        flat.layers[unique] = [kind, settings, []]
        flat.groups[unique] = places[title]
    nodes = flat.layers[unique][2]
    nodes.append([tuple(tensor) for tensor in given])
    return [(unique, len(nodes) - 1, 0)]


def unique_name(prefix: str, title: str) -> str:
    """Return what a layer is called once the models around it are laid flat."""
    name = f"{prefix}{title}"
    return f"own_{title}" if name in STANDING_BEFORE else name


def _node(node: Sequence[Tensor], names: Sequence[str]) -> list[Any]:
    """Return a call as `graphs` writes it: positions alone where they say everything."""
    if all(tensor[1:] == (0, 0) for tensor in node):
        return [names.index(tensor[0]) for tensor in node]
    return [[*tensor, {}] for tensor in node]
