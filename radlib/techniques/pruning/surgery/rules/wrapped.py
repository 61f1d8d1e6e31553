"""Rules for TensorFlow operations that Keras wraps into layers when they are called on its tensors.

MobileNetV3 is full of them (`x + 3.0`, `relu6(x) * (1 / 6)`). A wrapped operation has no options, only the
arguments of its call; these stand in the model's config, where the edits change them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from radlib.techniques.pruning.surgery.channels import Call, Channels, Edit, Effect, Kept, Trace
from radlib.techniques.pruning.surgery.rules.elementwise import concatenate, join, mixing
from radlib.techniques.pruning.surgery.rules.rule_registry import RULES
from radlib.techniques.pruning.surgery.rules.shapes import rearrange, shortened

UNARY = (
    "nn.relu", "nn.relu6", "nn.silu", "nn.swish", "nn.sigmoid", "math.sigmoid", "math.tanh", "nn.tanh",
    "nn.gelu", "nn.elu", "nn.selu", "nn.leaky_relu", "nn.softplus", "math.softplus", "clip_by_value", "cast",
    "identity", "stop_gradient", "math.square", "math.sqrt", "math.rsqrt", "math.exp", "math.abs", "abs",
    "math.negative", "nn.dropout",
)  # fmt: skip
BINARY = (
    "__operators__.add", "math.add", "math.subtract", "math.multiply", "math.divide", "math.truediv",
    "math.maximum", "math.minimum", "math.pow", "math.add_n",
)  # fmt: skip
REDUCTIONS = ("math.reduce_mean", "math.reduce_max", "math.reduce_sum", "math.reduce_min")
SPATIAL = ("nn.avg_pool2d", "nn.max_pool2d", "image.resize", "compat.v1.pad", "pad")


@RULES.register("TFOpLambda")
@RULES.register("SlicingOpLambda")
def wrapped_operation(call: Call, channels: Channels) -> Effect | None:
    """Apply the rule of the operation's name; None where there is none."""
    name = call.layer.get_config()["function"]
    return OPERATIONS[name](call, channels) if name in OPERATIONS else None


def unary(call: Call, channels: Channels) -> Effect:
    """Hand the channels on."""
    return Effect(call.inputs[:1])


def binary(call: Call, channels: Channels) -> Effect:
    """Tie the channels of all tensors; a constant with one value per channel fixes them."""
    output = join(call.inputs, call.input_shapes, call.output_shapes[0], channels)
    if any(np.ndim(value) and not _is_tensor(value) for value in call.arguments.values()):
        channels.fix(output.numbers)
    return Effect((output,))


def reduction(call: Call, channels: Channels) -> Effect:
    """Hand the channels on where other axes are summed up; fix them where they are."""
    rank, trace = len(call.input_shapes[0]), call.inputs[0]
    given = call.arguments.get("axis")
    axes = {axis % rank for axis in np.atleast_1d(range(rank) if given is None else given).tolist()}
    if trace.axis in axes or 0 in axes:
        return mixing(call, channels)
    gone = 0 if call.arguments.get("keepdims") else sum(axis < trace.axis for axis in axes)
    return Effect((Trace(trace.axis - gone, trace.numbers),))


def spatial_operation(call: Call, channels: Channels) -> Effect:
    """Hand the channels on where their number is unchanged and they lie last."""
    trace, shape = call.inputs[0], call.output_shapes[0]
    if trace.axis == len(shape) - 1 and len(trace.numbers) == shape[-1]:
        return Effect((trace,))
    return mixing(call, channels)


def reshape_operation(call: Call, channels: Channels) -> Effect:
    """Rearrange the values in order."""
    output = rearrange(call.inputs[0], call.input_shapes[0], call.output_shapes[0], channels)
    return Effect(
        (output,),
        edits=(_argument("shape", lambda shape, kept: shortened(shape, output.axis, kept(output.numbers))),),
    )


def transposition(call: Call, channels: Channels) -> Effect:
    """Swap axes; the channels go with theirs."""
    order = call.arguments.get("perm") or list(range(len(call.input_shapes[0])))[::-1]
    return Effect((Trace(list(order).index(call.inputs[0].axis), call.inputs[0].numbers),))


def concat_operation(call: Call, channels: Channels) -> Effect:
    """Put the channels of all inputs one after the other."""
    return Effect(
        (concatenate(call.inputs, call.output_shapes[0], call.arguments.get("axis", -1), channels),)
    )


def split_operation(call: Call, channels: Channels) -> Effect:
    """Deal the channels out to several tensors."""
    trace, axis = call.inputs[0], call.arguments.get("axis", 0) % len(call.input_shapes[0])
    if axis != trace.axis:
        return Effect(tuple(trace for _ in call.output_shapes))
    ends = np.cumsum([shape[axis] for shape in call.output_shapes])[:-1]
    parts = np.split(trace.numbers, ends)
    sizes = _argument("num_or_size_splits", lambda _, kept: [int(kept(part).sum()) for part in parts])
    return Effect(tuple(Trace(axis, part) for part in parts), edits=(sizes,))


def slicing(call: Call, channels: Channels) -> Effect:
    """Take a run of channels, or cut other axes; anything else that is done to channels fixes them."""
    trace, rank = call.inputs[0], len(call.input_shapes[0])
    spec = _whole_spec(call.arguments.get("slice_spec"), rank)
    if spec is None:
        return mixing(call, channels)
    run = slice(*(spec[trace.axis].get(key) for key in ("start", "stop", "step")))
    taken = trace.numbers[run]
    first, stop, step = run.indices(len(trace.numbers))
    if step != 1:  # backwards, all channels are kept, but not their order
        return mixing(call, channels)
    if len(taken) == len(trace.numbers):
        return Effect((trace,))

    def cut(_: Any, kept: Kept) -> tuple:
        stays = kept(trace.numbers)
        bounds = {"start": int(stays[:first].sum()), "stop": int(stays[:stop].sum()), "step": None}
        return tuple({**part, **bounds} if axis == trace.axis else part for axis, part in enumerate(spec))

    return Effect((Trace(trace.axis, taken),), edits=(_argument("slice_spec", cut),))


OPERATIONS: dict[str, Callable[[Call, Channels], Effect]] = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(BINARY, binary),
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys(SPATIAL, spatial_operation),
    **dict.fromkeys(("reshape", "compat.v1.reshape"), reshape_operation),
    **dict.fromkeys(("transpose", "compat.v1.transpose"), transposition),
    "concat": concat_operation,
    "split": split_operation,
    "nn.softmax": mixing,
    "__operators__.getitem": slicing,
}


def _whole_spec(spec: Any, rank: int) -> list[dict] | None:
    """Return one slice per axis of `x[…]`, or None where axes are dropped, added or picked by a tensor."""
    parts = list(spec) if isinstance(spec, (list, tuple)) else [spec]
    if any(part is not Ellipsis and not isinstance(part, dict) for part in parts):
        return None
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [{}] * (rank - len(parts) + 1)
    parts += [{}] * (rank - len(parts))
    whole = [{"start": None, "stop": None, "step": None, **part} for part in parts]
    plain = all(isinstance(value, int | None) for part in whole for value in part.values())
    return whole if plain else None


def _is_tensor(value: Any) -> bool:
    """Return whether an argument in a config refers to a Keras tensor: [layer, call, output], or a list of such."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return isinstance(value[0], str) or _is_tensor(value[0])


def _argument(name: str, change: Callable[[Any, Kept], Any]) -> Edit:
    """Return the edit that changes one argument of an operation's call."""

    def edit(entry: dict, kept: Kept) -> None:
        for reference in _references(entry["inbound_nodes"]):
            if name in reference[3]:
                reference[3][name] = change(reference[3][name], kept)

    return edit


def _references(nodes: Any) -> list[list]:
    """Return all [layer, call, output, arguments] of a config's inbound nodes, however deep."""
    if len(nodes) == 4 and isinstance(nodes[3], dict):
        return [nodes]
    return [found for part in nodes if isinstance(part, list | tuple) for found in _references(part)]


def call_arguments(entry: dict) -> dict[str, Any]:
    """Return the arguments of a wrapped operation, by name, from its entry in the model's config."""
    references = _references(entry.get("inbound_nodes", []))
    arguments = dict(references[0][3]) if references else {}
    for name, _, value, _ in references:
        if name == "_CONSTANT_VALUE":  # as in `1.0 - x`, where the tensor is not the first argument
            arguments["constant"] = value
    return arguments
