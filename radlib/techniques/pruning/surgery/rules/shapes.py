"""Rules for layers that rearrange: the numbers are rearranged in the same way, and then read off."""

from collections.abc import Sequence

import numpy as np

from radlib.techniques.pruning.surgery.channels import (
    Call,
    Channels,
    Edit,
    Effect,
    Kept,
    Trace,
    fixed_trace,
)
from radlib.techniques.pruning.surgery.rules.rule_registry import RULES


@RULES.register("Flatten")
@RULES.register("Reshape")
def reshaping(call: Call, channels: Channels) -> Effect:
    """Rearrange the values in order, e.g. each channel of a map of 7 × 7 becomes 49 entries of a vector."""
    output = rearrange(call.inputs[0], call.input_shapes[0], call.output_shapes[0], channels)
    edits = (resized("target_shape", output),) if type(call.layer).__name__ == "Reshape" else ()
    return Effect((output,), edits=edits)


@RULES.register("Permute")
def permutation(call: Call, channels: Channels) -> Effect:
    """Swap axes; the channels go with theirs."""
    return Effect((Trace([0, *call.layer.dims].index(call.inputs[0].axis), call.inputs[0].numbers),))


@RULES.register("RepeatVector")
def repetition(call: Call, channels: Channels) -> Effect:
    """Repeat a vector along a new axis before its own."""
    return Effect((Trace(2, call.inputs[0].numbers),))


def rearrange(trace: Trace, source: tuple, target: tuple, channels: Channels) -> Trace:
    """Return the channels of a reshaped tensor.

    Where the channels come to lie along several axes (as in a channel shuffle), those that differ in the last
    such axis alone can still leave, if they do so along the whole of the others: they are tied.

    Args:
        trace: The channels before.
        source: Shape before, batch first.
        target: Shape after, batch first.
        channels: Where ties are noted.
    """
    if None in (*source[1:], *target[1:]):  # sides known only when it runs
        channels.fix(trace.numbers)
        return fixed_trace(target)
    sides = [1] * (len(source) - 1)
    sides[trace.axis - 1] = -1
    numbers = np.broadcast_to(trace.numbers.reshape(sides), source[1:]).reshape(target[1:])
    varying = [axis for axis in range(numbers.ndim) if (np.take(numbers, [0], axis) != numbers).any()]
    axis = varying[-1] if varying else numbers.ndim - 1
    rows = np.moveaxis(numbers, axis, -1).reshape(-1, numbers.shape[axis])
    for row in np.unique(rows, axis=0):
        channels.tie(row, rows[0])
    return Trace(axis + 1, rows[0])


def resized(key: str, trace: Trace) -> Edit:
    """Return the edit that sets one side of a shape option, without batch, to how many channels stay."""

    def edit(entry: dict, kept: Kept) -> None:
        entry["config"][key] = shortened(entry["config"][key], trace.axis - 1, kept(trace.numbers))

    return edit


def shortened(shape: Sequence[int], axis: int, stays: np.ndarray) -> list[int]:
    """Return a shape with one side replaced by how many stay, unless it is left open (−1)."""
    sides = list(shape)
    if sides[axis] != -1:
        sides[axis] = int(stays.sum())
    return sides
