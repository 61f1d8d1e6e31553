"""Bias correction: give back the mean that rounding took from a layer's outputs (Nagel et al., 2019).

The errors of rounded weights do not average out: what flows into a layer behind a ReLU is never negative, so that a channel
whose few weights were all rounded up gives more on every film. Nine weights of a depthwise channel are few. The shift
of the mean is the error of the weights times the mean input, and a bias takes it away for nothing: no byte, no time.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.techniques.quantization.float_layers import Layer, mean_patch, observed, products, values_of


def bias_shift(weights: np.ndarray, rounded: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return what to add to each bias, so that a layer with rounded weights gives the same mean.

    `b' = b − E[W̃ x] + E[W x] = b + (W − W̃) E[x]` (Nagel et al., 2019, section 4.2, equations 14 to 17), with E[x] measured on films.

    Args:
        weights: W, (channels, weights of each).
        rounded: W̃, the same rounded.
        expected: E[x], the mean patch: (weights of each,), or (weights of each, channels) of a depthwise layer.

    Example:
        >>> bias_shift(np.array([[0.3, 0.4]]), np.array([[0.25, 0.5]]), np.array([2.0, 1.0])).round(6).tolist()
        [0.0]
        >>> bias_shift(np.array([[0.3, 0.4]]), np.array([[0.25, 0.25]]), np.array([2.0, 1.0])).round(6).tolist()
        [0.25]

    References:
        Nagel et al. (2019). Data-free quantization through weight equalization and bias correction. ICCV,
            arXiv 1906.04721.
    """
    return products(weights - rounded, expected[None])[0]


def expected_patches(
    content: bytes, tables: Any, layers: Sequence[Layer], images: np.ndarray
) -> list[np.ndarray]:
    """Return the mean patch that each layer reads, over all positions of all films; see `bias_shift`.

    Args:
        content: A float32 LiteRT file.
        tables: Its tables.
        layers: Some of its layers.
        images: Films, float32 (n, h, w, 1).
    """
    shapes = [values_of(tables, layer.kernel).shape for layer in layers]
    sums: list[Any] = [0.0] * len(layers)
    for seen in observed(content, images, sorted({layer.source for layer in layers})):
        for number, (layer, shape) in enumerate(zip(layers, shapes, strict=True)):
            sums[number] = sums[number] + mean_patch(layer, shape, seen[layer.source])
    return [total / len(images) for total in sums]
