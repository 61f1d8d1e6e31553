"""Rules for layers with kernels: where channels are made, and where they are mixed into others.

A kernel that mixes has an axis of inputs and an axis of filters: the two ends between which a channel lives.
Depthwise kernels work on each channel by itself and hand its number on.
"""

import math

import numpy as np

from radlib.techniques.pruning.surgery.channels import (
    Call,
    Channels,
    Effect,
    Trace,
    WeightAxis,
    counted,
    last_axis,
)
from radlib.techniques.pruning.surgery.rules.rule_registry import RULES


@RULES.register("Conv1D")
@RULES.register("Conv2D")
@RULES.register("Conv3D")
def convolution(call: Call, channels: Channels) -> Effect:
    """Make one channel per filter from all channels of the input, or of one group of them."""
    groups, inputs = call.layer.groups, last_axis(call, channels)
    if groups == len(inputs) > 1:
        return _channelwise(call, channels, inputs)
    filters = _made(call, channels)
    for numbers in (inputs, filters):  # every group keeps the same of its channels, so that they stay equal
        rows = numbers.reshape(groups, -1)
        for row in rows[1:]:
            channels.tie(row, rows[0])
    rank = len(call.layer.kernel.shape)
    weights = (
        WeightAxis("kernel", rank - 2, inputs[: len(inputs) // groups], "input"),
        WeightAxis("kernel", rank - 1, filters, "filter"),
        *_bias(call, filters),
    )
    return _effect(call, filters, weights, (counted("filters", filters),), call.output_shapes[0][1:-1])


@RULES.register("Conv2DTranspose")
@RULES.register("Conv3DTranspose")
def transposed_convolution(call: Call, channels: Channels) -> Effect:
    """As a convolution, with the two channel axes of the kernel swapped, laid at every input position."""
    inputs, filters = last_axis(call, channels), _made(call, channels)
    rank = len(call.layer.kernel.shape)
    weights = (
        WeightAxis("kernel", rank - 1, inputs, "input"),
        WeightAxis("kernel", rank - 2, filters, "filter"),
        *_bias(call, filters),
    )
    return _effect(call, filters, weights, (counted("filters", filters),), call.input_shapes[0][1:-1])


@RULES.register("DepthwiseConv1D")
@RULES.register("DepthwiseConv2D")
def depthwise_convolution(call: Call, channels: Channels) -> Effect:
    """Filter each channel by itself, `depth_multiplier` times."""
    inputs = last_axis(call, channels)
    copies = np.repeat(inputs, call.layer.depth_multiplier)
    weights = (
        WeightAxis("depthwise_kernel", len(call.layer.depthwise_kernel.shape) - 2, inputs, "filter"),
        *_bias(call, copies),
    )
    return _effect(call, copies, weights, (), call.output_shapes[0][1:-1])


@RULES.register("SeparableConv1D")
@RULES.register("SeparableConv2D")
def separable_convolution(call: Call, channels: Channels) -> Effect:
    """Filter each channel by itself, then mix."""
    inputs, filters = last_axis(call, channels), _made(call, channels)
    rank = len(call.layer.pointwise_kernel.shape)
    weights = (
        WeightAxis("depthwise_kernel", rank - 2, inputs, "filter"),
        WeightAxis("pointwise_kernel", rank - 2, np.repeat(inputs, call.layer.depth_multiplier), "input"),
        WeightAxis("pointwise_kernel", rank - 1, filters, "filter"),
        *_bias(call, filters),
    )
    return _effect(call, filters, weights, (counted("filters", filters),), call.output_shapes[0][1:-1])


@RULES.register("Dense")
def dense(call: Call, channels: Channels) -> Effect:
    """Make one channel per unit from all of the last axis."""
    inputs, units = last_axis(call, channels), _made(call, channels)
    weights = (
        WeightAxis("kernel", 0, inputs, "input"),
        WeightAxis("kernel", 1, units, "filter"),
        *_bias(call, units),
    )
    return _effect(call, units, weights, (counted("units", units),), call.output_shapes[0][1:-1])


MIXING = ("softmax", "softmax_v2", "log_softmax", "log_softmax_v2")  # Keras's names and TensorFlow's own


def mixes_outputs(layer: object) -> bool:
    """Return whether a layer's activation makes each output depend on all (softmax): then none may leave."""
    return getattr(getattr(layer, "activation", None), "__name__", "") in MIXING


def _channelwise(call: Call, channels: Channels, inputs: np.ndarray) -> Effect:
    """A convolution with as many groups as channels is a depthwise one; a channel takes its group along."""
    filters = np.repeat(inputs, call.layer.filters // len(inputs))
    rank = len(call.layer.kernel.shape)
    weights = (WeightAxis("kernel", rank - 1, filters, "filter"), *_bias(call, filters))
    edits = (counted("filters", filters), counted("groups", inputs))
    return _effect(call, filters, weights, edits, call.output_shapes[0][1:-1])


def _made(call: Call, channels: Channels) -> np.ndarray:
    made = channels.new(call.output_shapes[0][-1])
    if mixes_outputs(call.layer):
        channels.fix(made)
    return made


def _bias(call: Call, numbers: np.ndarray) -> tuple[WeightAxis, ...]:
    return (WeightAxis("bias", 0, numbers),) if call.layer.use_bias else ()


def _effect(call: Call, numbers: np.ndarray, weights: tuple, edits: tuple, positions: tuple) -> Effect:
    output = Trace(len(call.output_shapes[0]) - 1, numbers)
    return Effect((output,), weights, edits, math.prod(side or 1 for side in positions))
