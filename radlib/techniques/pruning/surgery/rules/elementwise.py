"""Rules for layers that treat every channel by itself, or join the channels of several tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.formats.graphs import weight_name
from radlib.techniques.pruning.surgery.channels import (
    Call,
    Channels,
    Edit,
    Effect,
    Kept,
    Trace,
    WeightAxis,
    fixed_trace,
    last_axis,
)
from radlib.techniques.pruning.surgery.rules.kernels import mixes_outputs
from radlib.techniques.pruning.surgery.rules.rule_registry import RULES

POINTWISE = (
    "ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Dropout", "SpatialDropout1D", "SpatialDropout2D",
    "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
)  # fmt: skip
SPATIAL = (
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "ZeroPadding1D", "ZeroPadding2D",
    "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "Resizing", "RandomFlip", "RandomRotation",
    "RandomZoom", "RandomTranslation", "CenterCrop",
)  # fmt: skip
JOINS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "CustomScaleLayer")
MIXING = ("LayerNormalization", "GroupNormalization", "UnitNormalization", "Softmax")


def pointwise(call: Call, channels: Channels) -> Effect:
    """Hand the channels on: every value depends on itself alone."""
    return Effect(call.inputs)


def spatial(call: Call, channels: Channels) -> Effect:
    """Hand the channels on: each is pooled, padded or cut by itself."""
    return Effect((Trace(len(call.output_shapes[0]) - 1, last_axis(call, channels)),))


def joined(call: Call, channels: Channels) -> Effect:
    """Tie the channels of all inputs: a sum or product of two channels has both or neither."""
    return Effect((join(call.inputs, call.input_shapes, call.output_shapes[0], channels),))


def mixing(call: Call, channels: Channels) -> Effect:
    """Fix all channels: each output is divided by a statistic over all of them."""
    for trace in call.inputs:
        channels.fix(trace.numbers)
    return Effect((fixed_trace(call.output_shapes[0]),))


for _names, _rule in ((POINTWISE, pointwise), (SPATIAL, spatial), (JOINS, joined), (MIXING, mixing)):
    for _name in _names:
        RULES.register(_name)(_rule)


@RULES.register("Activation")
def activation(call: Call, channels: Channels) -> Effect:
    """Hand the channels on, unless the function is a softmax, which mixes them."""
    return (mixing if mixes_outputs(call.layer) else pointwise)(call, channels)


@RULES.register("BatchNormalization")
@RULES.register("SyncBatchNormalization")
def batch_normalization(call: Call, channels: Channels) -> Effect:
    """Scale and shift each channel; its statistics leave with it."""
    axes = call.layer.axis if isinstance(call.layer.axis, Sequence) else (call.layer.axis,)
    rank = len(call.input_shapes[0])
    if [axis % rank for axis in axes] != [rank - 1]:
        return mixing(call, channels)
    numbers = last_axis(call, channels)
    weights = tuple(WeightAxis(name, 0, numbers) for name in weight_names(call.layer))
    return Effect((Trace(rank - 1, numbers),), weights)


@RULES.register("PReLU")
def parametric_relu(call: Call, channels: Channels) -> Effect:
    """Hand the channels on, each with its learnt slope."""
    numbers, shape = last_axis(call, channels), call.layer.alpha.shape
    weights = (WeightAxis("alpha", len(shape) - 1, numbers),) if shape[-1] == len(numbers) > 1 else ()
    return Effect((Trace(len(call.input_shapes[0]) - 1, numbers),), weights)


@RULES.register("Rescaling")
def rescaling(call: Call, channels: Channels) -> Effect:
    """Multiply and add, by one number or by one for each channel."""
    numbers = last_axis(call, channels)
    edits = (selected("scale", numbers), selected("offset", numbers))
    return Effect((Trace(len(call.input_shapes[0]) - 1, numbers),), edits=edits)


@RULES.register("Normalization")
def normalization(call: Call, channels: Channels) -> Effect:
    """Standardise each channel by a mean and a variance that were measured or given."""
    numbers = last_axis(call, channels)
    weights = tuple(
        WeightAxis(name, len(weight.shape) - 1, numbers)
        for name, weight in zip(weight_names(call.layer), call.layer.weights, strict=True)
        if len(weight.shape) and weight.shape[-1] == len(numbers)
    )
    edits = (selected("mean", numbers), selected("variance", numbers))
    return Effect((Trace(len(call.input_shapes[0]) - 1, numbers),), weights, edits)


@RULES.register("Concatenate")
def concatenation(call: Call, channels: Channels) -> Effect:
    """Put the channels of all inputs one after the other."""
    return Effect((concatenate(call.inputs, call.output_shapes[0], call.layer.axis, channels),))


def concatenate(inputs: Sequence[Trace], shape: tuple, axis: int, channels: Channels) -> Trace:
    """Return the channels of tensors joined along an axis."""
    axis %= len(shape)
    if all(trace.axis == axis for trace in inputs):
        return Trace(axis, np.concatenate([trace.numbers for trace in inputs]))
    same = all(trace.axis == inputs[0].axis != axis for trace in inputs)
    for trace in inputs:  # put side by side in space: the same channels of all
        if same:
            channels.tie(trace.numbers, inputs[0].numbers)
        else:
            channels.fix(trace.numbers)
    return inputs[0] if same else fixed_trace(shape)


def join(inputs: Sequence[Trace], shapes: Sequence[tuple], shape: tuple, channels: Channels) -> Trace:
    """Return the channels of an element-wise combination, tied where both have them.

    An input with one channel is spread over all channels of the other, and none of them is tied to it.
    """
    wide = [
        Trace(len(shape) - len(given) + trace.axis, trace.numbers)  # shapes are aligned at their ends
        for trace, given in zip(inputs, shapes, strict=True)
        if len(trace.numbers) > 1
    ]
    if not wide:
        return inputs[0] if len(inputs[0].numbers) == shape[-1] else fixed_trace(shape)
    if any(trace.axis != wide[0].axis for trace in wide) or shape[wide[0].axis] != len(wide[0].numbers):
        for trace in wide:
            channels.fix(trace.numbers)
        return fixed_trace(shape)
    for trace in wide[1:]:
        channels.tie(trace.numbers, wide[0].numbers)
    return wide[0]


def selected(key: str, numbers: np.ndarray) -> Edit:
    """Return the edit that keeps, of an option with one value per channel, those of the channels that stay."""

    def edit(entry: dict, kept: Kept) -> None:
        value = entry["config"].get(key)
        values = np.asarray(0 if value is None else value)
        if values.ndim and values.shape[-1] == len(numbers) > 1:
            entry["config"][key] = values[..., kept(numbers)].tolist()

    return edit


def weight_names(layer: Any) -> list[str]:
    """Return the names of a layer's weights without the layer's own, e.g. `gamma`."""
    return [weight_name(weight) for weight in layer.weights]
