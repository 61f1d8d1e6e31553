"""The plain layers that a factored layer consists of, with their weights."""

from typing import Any

import numpy as np

from radlib.foundation import backend
from radlib.techniques.kernels import pruned_kernel
from radlib.techniques.low_rank.decomposition import Sketch, truncated_svd, tucker2
from radlib.techniques.separable_layers import Weighted, depthwise_half, is_convolution, with_bias


def is_matrix(layer: Any) -> bool:
    """Whether a layer multiplies channels by a matrix: dense, 1 × 1, or the second half of a separable one."""
    layers = backend.keras().layers
    if isinstance(layer, layers.Dense | layers.SeparableConv2D):
        return True
    return is_convolution(layer) and tuple(layer.kernel_size) == (1, 1)


def is_kernel(layer: Any) -> bool:
    """Whether a layer is a convolution that sees more than a pixel and all channels."""
    return is_convolution(layer) and tuple(layer.kernel_size) != (1, 1)


def kernel_of(layer: Any) -> np.ndarray:
    """Return what of a layer is factored: (inputs, outputs), or (height, width, inputs, outputs)."""
    kernel = pruned_kernel(layer).numpy()
    return kernel.reshape(kernel.shape[-2:]) if is_matrix(layer) else kernel


def factored_weights(shape: tuple[int, ...], ranks: tuple[int, ...]) -> int:
    """Return how many weights a factored layer has; a mode of full rank gets no layer of its own."""
    inputs, outputs = shape[-2:]
    if len(ranks) == 1:
        return ranks[0] * (inputs + outputs)
    ends = (ranks[0] < inputs) * inputs * ranks[0] + (ranks[1] < outputs) * outputs * ranks[1]
    return ends + shape[0] * shape[1] * ranks[0] * ranks[1]


def matrix_layers(layer: Any, rank: int, sketch: Sketch | None = None) -> list[Weighted]:
    """Return the layers that take the place of a dense, 1 × 1 or separable one; the last bears its name.

    Args:
        layer: A built Keras layer for which `is_matrix` holds.
        rank: Channels between the two halves.
        sketch: See `decomposition.truncated_svd`.
    """
    layers = backend.keras().layers
    first, second = truncated_svd(kernel_of(layer), rank, sketch)
    ends = {"name": layer.name, "use_bias": layer.use_bias, "activation": layer.activation}
    inner = f"{layer.name}_in"
    if isinstance(layer, layers.Dense):
        pair = layers.Dense(rank, use_bias=False, name=inner), layers.Dense(layer.units, **ends)
        return [(pair[0], _as_float32(first)), (pair[1], with_bias(layer, second))]
    new: list[Weighted] = []
    strides = layer.strides
    if isinstance(layer, layers.SeparableConv2D):
        new.append(depthwise_half(layer))
        strides = (1, 1)
    reduce = layers.Conv2D(rank, 1, strides, use_bias=False, name=inner)
    expand = layers.Conv2D(layer.filters, 1, **ends)
    new.append((reduce, _as_float32(first[None, None])))
    new.append((expand, with_bias(layer, second[None, None])))
    return new


def tucker_layers(
    layer: Any, ranks: tuple[int, ...], *, sweeps: int = 5, sketch: Sketch | None = None
) -> list[Weighted]:
    """Return the one to three layers that take the place of a convolution; the last bears its name.

    Args:
        layer: A built Keras layer for which `is_kernel` holds.
        ranks: Channels that the middle layer reads and writes; at full rank the end is left out.
        sweeps: See `decomposition.tucker2`.
        sketch: See `decomposition.tucker2`.
    """
    layers, kernel = backend.keras().layers, layer.kernel.numpy()
    core, inputs, outputs = tucker2(kernel, ranks, sweeps=sweeps, sketch=sketch)
    reduces, expands = ranks[0] < kernel.shape[2], ranks[1] < kernel.shape[3]
    if not reduces:
        core = np.einsum("yxab,sa->yxsb", core, inputs)
    if not expands:
        core = core @ outputs.T
    ends = {"name": layer.name, "use_bias": layer.use_bias, "activation": layer.activation}
    spatial = {"strides": layer.strides, "padding": layer.padding, "dilation_rate": layer.dilation_rate}
    new: list[Weighted] = []
    if reduces:
        reduce = layers.Conv2D(ranks[0], 1, use_bias=False, name=f"{layer.name}_in")
        new.append((reduce, _as_float32(inputs[None, None])))
    if not expands:
        middle = layers.Conv2D(kernel.shape[3], layer.kernel_size, **spatial, **ends)
        return [*new, (middle, with_bias(layer, core))]
    middle = layers.Conv2D(ranks[1], layer.kernel_size, **spatial, use_bias=False, name=f"{layer.name}_core")
    expand = layers.Conv2D(kernel.shape[3], 1, **ends)
    return [*new, (middle, _as_float32(core)), (expand, with_bias(layer, outputs.T[None, None]))]


def _as_float32(kernel: np.ndarray) -> list[np.ndarray]:
    return [kernel.astype(np.float32)]
