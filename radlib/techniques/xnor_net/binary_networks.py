"""Networks with binary convolutions: which layers become binary, and how the graph changes (see `xnor_net`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.techniques.kernels import prunable_layers, pruned_kernel
from radlib.techniques.replacement import replace_layers
from radlib.techniques.separable_layers import Weighted, depthwise_half, is_convolution
from radlib.techniques.xnor_net.binary_layers import split_kernel, stored_layer, trained_layer

MOST_ZEROS = 0.3  # a kernel with more was pruned, and a weight of one bit cannot be zero


def binary_candidates(model: Any, spared_layers: Sequence[str] = ()) -> list[str]:
    """Return the names of the layers whose kernels become binary, in the network's order.

    Args:
        model: A Keras model.
        spared_layers: Names of layers to leave out.

    Raises:
        UsageError: For an unknown name, a pruned kernel, or when none is left.
    """
    known = {layer.name for layer in model.layers}
    if unknown := [name for name in spared_layers if name not in known]:
        raise UsageError(f"{model.name} has no layer {unknown[0]!r} to spare.")
    found = []
    for name in prunable_layers(model):
        layer = model.get_layer(name)
        if name in spared_layers or not _can_be_binary(layer):
            continue
        zeros = float((pruned_kernel(layer).numpy() == 0).mean())
        if zeros > MOST_ZEROS:
            raise NotApplicable(
                f"{zeros:.0%} of the weights of {name!r} are zero, and a weight of one bit is never: leave weight "
                "pruning out before 'xnor_net', or remove whole filters with 'filter_pruning'."
            )
        found.append(name)
    if not found:
        raise NotApplicable(
            f"{model.name} has no convolution between its first and its last layer that can be binary."
        )
    return found


def trainer_of(
    model: Any, names: Sequence[str], *, binary_inputs: bool = True, input_scale: bool = True
) -> Any:
    """Return a copy of a network with binary convolutions in training form, each behind a batch norm of its own.

    Args:
        model: A Keras model.
        names: Its layers that become binary, as `binary_candidates` returns them.
        binary_inputs: Whether their inputs are binary, too.
        input_scale: Whether binary inputs keep the scale K.
    """
    return replace_layers(
        model, {name: _binary_row(model.get_layer(name), binary_inputs, input_scale) for name in names}
    )


def stored_model(trainer: Any) -> Any:
    """Return a trainer with the signs and scales of its shadow weights in their place."""
    replaced = {}
    for layer in trainer.layers:
        if isinstance(layer, trained_layer()):
            kernel, scales = split_kernel(layer.shadow.numpy())
            bias = [layer.bias.numpy()] if layer.use_bias else []
            plain = stored_layer().from_config(layer.get_config())
            replaced[layer.name] = [(plain, [*bias, kernel, scales])]
    return replace_layers(trainer, replaced)


def _binary_row(layer: Any, binary_inputs: bool, input_scale: bool) -> list[Weighted]:
    """Return what takes the place of a convolution: its depthwise half, a batch norm, a binary convolution."""
    layers, new, kernel = backend.keras().layers, [], pruned_kernel(layer).numpy()
    separable = isinstance(layer, layers.SeparableConv2D)
    if separable:
        new.append(depthwise_half(layer))
    if binary_inputs:
        norm = layers.BatchNormalization(name=f"{layer.name}_threshold")
        new.append((norm, [np.full(kernel.shape[2], value, np.float32) for value in (1, 0, 0, 1)]))
    binary = trained_layer()(
        kernel.shape[3],
        kernel.shape[:2],
        (1, 1) if separable else layer.strides,
        "valid" if separable else layer.padding,
        (1, 1) if separable else layer.dilation_rate,
        layer.use_bias,
        backend.keras().activations.serialize(layer.activation),
        binary_inputs,
        input_scale,
        name=layer.name,
    )
    shadow = np.clip(kernel, -1, 1).astype(np.float32)
    return [*new, (binary, [shadow, *([layer.bias.numpy()] if layer.use_bias else [])])]


def _can_be_binary(layer: Any) -> bool:
    """Whether a layer is a convolution (or ends in one) on a map of more than one pixel."""
    separable = isinstance(layer, backend.keras().layers.SeparableConv2D)
    sides = layer.get_input_shape_at(0)[1:3] if separable or is_convolution(layer) else (1, 1)
    return tuple(sides) != (1, 1)
