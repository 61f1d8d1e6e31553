"""Convolutions told apart, and the two layers that a separable one consists of."""

from typing import Any

import numpy as np

from radlib.foundation import backend

Weighted = tuple[Any, list[np.ndarray]]  # a layer, and its weights as `set_weights` takes them


def separable_halves(layer: Any, name: str = "") -> list[Weighted]:
    """Return the depthwise and the 1 × 1 layer that a separable one consists of; the second bears its name.

    Args:
        layer: A built separable convolution.
        name: Of the first half; see `depthwise_half`.
    """
    plain = {"use_bias": layer.use_bias, "activation": layer.activation, "trainable": layer.trainable}
    second = backend.keras().layers.Conv2D(layer.filters, 1, name=layer.name, **plain)
    return [depthwise_half(layer, name), (second, with_bias(layer, layer.pointwise_kernel.numpy()))]


def depthwise_half(layer: Any, name: str = "") -> Weighted:
    """Return the first half of a separable convolution, which sees each channel alone.

    Args:
        layer: A built separable convolution.
        name: Of the new layer; `<the layer's>_depthwise` where none is given.
    """
    half = backend.keras().layers.DepthwiseConv2D(
        layer.kernel_size,
        layer.strides,
        padding=layer.padding,
        depth_multiplier=layer.depth_multiplier,
        dilation_rate=layer.dilation_rate,
        use_bias=False,
        trainable=layer.trainable,
        name=name or f"{layer.name}_depthwise",
    )
    return half, [layer.depthwise_kernel.numpy()]


def is_convolution(layer: Any) -> bool:
    """Whether a layer is a plain convolution, neither depthwise, transposed nor grouped."""
    layers = backend.keras().layers
    other = layers.DepthwiseConv2D | layers.Conv2DTranspose | layers.SeparableConv2D
    return isinstance(layer, layers.Conv2D) and not isinstance(layer, other) and layer.groups == 1


def with_bias(layer: Any, kernel: np.ndarray) -> list[np.ndarray]:
    """Return the weights of a layer with another kernel, as `set_weights` takes them."""
    return [kernel.astype(np.float32), *([layer.bias.numpy()] if layer.use_bias else [])]
