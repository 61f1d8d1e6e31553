"""Read a Keras network: its removable channels in groups, and what they cost.

The walk goes once through the graph, in the order of computation. Each layer's rule (see `rules`) says how
channels pass; what it says is collected here. A group is all units with the same places in the network: the
filters of one convolution, or those of all convolutions whose outputs meet in one shortcut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.formats.graphs import weight_name
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.techniques.pruning.surgery.channels import (
    Call,
    Channels,
    Edit,
    Effect,
    WeightAxis,
    fixed_trace,
)
from radlib.techniques.pruning.surgery.rules.rule_registry import RULES
from radlib.techniques.pruning.surgery.rules.wrapped import call_arguments


@dataclass(frozen=True)
class Slot:
    """An axis of a weight, as `channels.WeightAxis`, with the removable unit at each place (−1: it stays)."""

    layer: str
    weight: str
    axis: int
    role: str
    units: np.ndarray


@dataclass(frozen=True)
class Group:
    """Channels with the same places in the network, which compete with each other.

    Attributes:
        name: The first layer that makes them.
        layers: All layers that make them.
        units: Their numbers, int (channels,).
        growth: Whether they are the growth of a dense block: made by kernels of more than one tap, and handed
            on by one concatenation after the other.
    """

    name: str
    layers: tuple[str, ...]
    units: np.ndarray
    growth: bool


@dataclass(frozen=True)
class Structure:
    """All that pruning needs to know of a network.

    Attributes:
        count: Number of removable units.
        groups: The units in groups, in the order of computation.
        slots: Where units lie in weights.
        unit_of: The unit of each channel number, −1 where it must stay.
        edits: (layer, change of its config) for every layer whose config names a number of channels.
        positions: How often each value of a layer's kernels is used per image.
        shapes: Of each weight, by (layer, weight).
    """

    count: int
    groups: tuple[Group, ...]
    slots: tuple[Slot, ...]
    unit_of: np.ndarray
    edits: tuple[tuple[str, Edit], ...]
    positions: dict[str, int]
    shapes: dict[tuple[str, str], tuple[int, ...]]


def read_structure(model: Any, keep_layers: Sequence[str] = ()) -> Structure:
    """Follow every channel through a Keras network.

    Args:
        model: A functional or sequential Keras model with channels last.
        keep_layers: Names of layers whose channels, in and out, must all stay.

    Raises:
        UsageError: For a layer of a kind without rule, a nested model, or a name the model does not have.
    """
    channels = Channels()
    traces: dict[Any, Any] = {}
    axes: dict[str, list[WeightAxis]] = {}
    edits: list[tuple[str, Edit]] = []
    positions: dict[str, int] = {}
    joins: dict[str, tuple[list[str], list[np.ndarray]]] = {}
    entries = _entries(model, keep_layers)
    for layer, node in _nodes(model):
        inputs = tuple(traces[number] for number in node.flat_input_ids)
        outputs = backend.tensorflow().nest.flatten(node.outputs)
        call = Call(
            layer,
            inputs,
            tuple(tuple(t.shape) for t in backend.tensorflow().nest.flatten(node.keras_inputs)),
            tuple(tuple(t.shape) for t in outputs),
            call_arguments(entries[layer.name]) if "OpLambda" in type(layer).__name__ else {},
        )
        effect = _effect(call, channels, kept=layer.name in keep_layers)
        if layer.name in axes:  # called again: the same weights, so the same channels
            _tie_calls(axes[layer.name], effect, channels)
        axes.setdefault(layer.name, list(effect.weights))
        edits += [(layer.name, edit) for edit in effect.edits]
        positions[layer.name] = positions.get(layer.name, 0) + effect.positions
        traces |= dict(zip(node.flat_output_ids, effect.outputs, strict=True))
        if type(layer).__name__ == "Concatenate":
            sources = backend.tensorflow().nest.flatten(node.keras_inputs)
            names = [tensor._keras_history.layer.name for tensor in sources]
            joins[layer.name] = (names, [trace.numbers for trace in inputs])
    for output in model.outputs:
        channels.fix(traces[str(id(output))].numbers)
    unit_of = channels.units()
    slots = tuple(
        Slot(name, axis.weight, axis.axis, axis.role, unit_of[axis.numbers])
        for name, found in axes.items()
        for axis in found
    )
    shapes = {
        (layer.name, weight_name(weight)): tuple(weight.shape)
        for layer in model.layers
        for weight in layer.weights
    }
    growing = unit_of[_densely_joined(joins)]
    count = int(unit_of.max()) + 1
    groups = _groups(count, slots, shapes, set(growing.tolist()))
    return Structure(count, groups, slots, unit_of, tuple(edits), positions, shapes)


def group_table(structure: Structure) -> "pd.DataFrame":
    """Return the groups of channels, in the order of computation.

    Returns:
        One row per group: group, channels, made_by and read_by (layers, as text), growth (of a dense block).
    """
    rows = []
    for group in structure.groups:
        read = [s.layer for s in structure.slots if s.role == "input" and np.isin(s.units, group.units).any()]
        made = ", ".join(group.layers)
        rows.append((group.name, len(group.units), made, ", ".join(dict.fromkeys(read)), group.growth))
    return pd.DataFrame(rows, columns=["group", "channels", "made_by", "read_by", "growth"])


def _entries(model: Any, keep_layers: Sequence[str]) -> dict[str, dict]:
    """Return each layer's entry in the model's config, by name."""
    if not isinstance(model, backend.keras().Model) or not getattr(model, "_nodes_by_depth", None):
        raise NotApplicable(
            "Channels can only be followed through a functional Keras model; build one of this."
        )
    names = [layer.name for layer in model.layers]
    for name in keep_layers:
        if name not in names:
            raise UsageError(f"keep_layers names {name!r}, but the network has no layer of that name.")
    return {entry["config"]["name"]: entry for entry in model.get_config()["layers"]}


def _nodes(model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (layer, call) of every call in a model, in the order of computation."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            yield node.layer, node


def _effect(call: Call, channels: Channels, *, kept: bool) -> Effect:
    """Return what a layer does with channels, by its rule; or nothing may change, if it is to be kept."""
    kind, name = type(call.layer).__name__, call.layer.name
    fixed = Effect(tuple(fixed_trace(shape) for shape in call.output_shapes))
    if kind == "InputLayer":
        return fixed
    if getattr(call.layer, "data_format", None) == "channels_first":
        raise NotApplicable(
            f"The layer {name!r} has its channels first; build the network with channels last."
        )
    found = RULES[kind].function(call, channels) if kind in RULES else None
    if kept:
        found = found or fixed
        for part in (*call.inputs, *found.outputs, *found.weights):
            channels.fix(part.numbers)
        return found
    if found is None:
        operation = call.layer.get_config().get("function") if "OpLambda" in kind else ""
        raise NotApplicable(
            f"It is not known what the layer {name!r} ({operation or kind}) does with channels: name it in "
            "keep_layers, so that all of its channels stay, or register a rule for it in radlib.techniques.pruning.surgery.rules."
        )
    return found


def _tie_calls(first: Sequence[WeightAxis], again: Effect, channels: Channels) -> None:
    """Tie the channels of a layer's further call to those of its first; fix those of reshapes, which may differ."""
    for one, other in zip(first, again.weights, strict=True):
        channels.tie(other.numbers, one.numbers)
    if again.edits and not again.weights:
        for trace in again.outputs:
            channels.fix(trace.numbers)


def _densely_joined(joins: dict[str, tuple[list[str], list[np.ndarray]]]) -> np.ndarray:
    """Return the numbers of all channels that enter a chain of three or more concatenations: a dense block.

    Args:
        joins: Of each concatenation, in the order of computation: the layers before it, and their channels.
    """
    before: dict[str, int] = {}
    after = dict.fromkeys(joins, 1)
    for name, (sources, _) in joins.items():
        before[name] = 1 + max((before[source] for source in sources if source in joins), default=0)
    for name, (sources, _) in reversed(joins.items()):
        for source in set(sources) & set(joins):
            after[source] = max(after[source], 1 + after[name])
    entering = [
        numbers for name, (_, found) in joins.items() if before[name] + after[name] > 3 for numbers in found
    ]
    return np.unique(np.concatenate(entering)) if entering else np.array([], int)


def _groups(count: int, slots: Sequence[Slot], shapes: dict, growing: set[int]) -> tuple[Group, ...]:
    """Sort units into groups by the set of slots they appear in."""
    # one random word per slot, combined by exclusive or: equal sets give equal words, others practically never
    words = np.random.default_rng(0).integers(1, 2**63, len(slots), dtype=np.int64)
    marks = np.zeros(count, np.int64)
    makers: list[list] = [[] for _ in range(count)]
    for word, slot in zip(words, slots, strict=True):
        units = np.unique(slot.units[slot.units >= 0])
        marks[units] ^= word
        if slot.role == "filter":
            for unit in units.tolist():
                makers[unit].append(slot)
    members: dict[int, list[int]] = {}
    for unit in range(count):  # counted in the order in which channels were made
        members.setdefault(int(marks[unit]), []).append(unit)
    groups = []
    for same in members.values():
        made = makers[same[0]]
        if not made:  # channels that no kernel makes: nothing to score or to save
            continue
        spread = all(np.prod(shapes[slot.layer, slot.weight][:-2]) > 1 for slot in made)
        layers = tuple(dict.fromkeys(slot.layer for slot in made))
        groups.append(Group(layers[0], layers, np.array(same), growth=spread and same[0] in growing))
    return tuple(groups)
