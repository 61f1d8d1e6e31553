"""Cross-layer equalization: bring the channels between two layers to one size before they share a scale (Nagel et al., 2019).

A ReLU does not mind whether a channel is divided by s before it and multiplied by s after it. So the rows of one kernel
and the columns of the next can be made alike without changing an answer, and then no channel has a range so small that the
scale it shares with a large one leaves it a handful of values.

ReLU6 does mind: what is divided less than it may is cut off elsewhere. A channel that reaches 6 on films stays as it is,
and the others are divided such that they stay below.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from radlib.formats.litert_tables import packed, read_tables
from radlib.techniques.quantization.aeq_fitness import operation_names
from radlib.techniques.quantization.float_layers import (
    Layer,
    add_to_bias,
    biases_of,
    channels_of,
    float_layers,
    observed,
    set_channels,
    set_values,
    values_of,
)

SWEEPS = 20  # over all pairs; a layer between two others belongs to two
CHANNEL_BY_CHANNEL = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "PAD")  # what may lie between two layers


def equalizing_factors(
    first: np.ndarray, second: np.ndarray, reached: np.ndarray, ceiling: float = math.inf
) -> np.ndarray:
    """Return by what to divide each channel that leads from one layer to the next, and to multiply it there.

    `s = √(r₁ r₂) / r₂`, after which both ranges are `√(r₁ r₂)` (Nagel et al., 2019, equation 11); under a ceiling `s ≥ m / 6`.

    Args:
        first: r₁, the largest weight of each channel in the layer that writes it: (channels,).
        second: r₂, the largest weight that reads it: (channels,).
        reached: m, the largest value of each channel on films: (channels,).
        ceiling: Where the activation between them cuts off.

    Returns:
        s, (channels,); 1 where a channel is dead or reaches the ceiling.

    Example:
        >>> factors = equalizing_factors(np.array([8.0, 1.0]), np.array([2.0, 4.0]), np.array([9.0, 9.0]))
        >>> factors.tolist(), (np.array([8.0, 1.0]) / factors).tolist(), (np.array([2.0, 4.0]) * factors).tolist()
        ([2.0, 0.5], [4.0, 2.0], [4.0, 2.0])

    References:
        Nagel et al. (2019). Data-free quantization through weight equalization and bias correction. ICCV,
            arXiv 1906.04721.
    """
    alive = (first > 0) & (second > 0) & (reached < ceiling * (1 - 1e-4))
    factors = np.sqrt(np.divide(first, second, out=np.ones_like(first), where=alive))
    return np.where(alive, np.maximum(factors, reached / ceiling), 1.0)


def equalized(content: bytes, images: np.ndarray) -> tuple[bytes, int]:
    """Return a float32 LiteRT file with equalized channels, and how many pairs of layers it has.

    Its answers are the same but for float32's own rounding, on films whose channels stay below a ceiling where these did.

    Args:
        content: A float32 LiteRT file.
        images: Films that show how far channels reach, float32 (n, h, w, 1).
    """
    tables = read_tables(content)
    pairs = list(_pairs(tables, float_layers(tables)))
    places = sorted({first.target for first, _ in pairs})
    reached: dict[int, Any] = dict.fromkeys(places, 0.0)
    for seen in observed(content, images, places):
        for place, values in seen.items():
            reached[place] = np.maximum(reached[place], values.reshape(-1, values.shape[-1]).max(axis=0))
    for _ in range(SWEEPS):
        for first, second in pairs:
            writing, reading = channels_of(tables, first), _by_source(tables, second)
            written, read = (np.abs(each).max(axis=1).astype(np.float64) for each in (writing, reading))
            factors = equalizing_factors(written, read, reached[first.target], first.limits[1])
            reached[first.target] = reached[first.target] / factors
            set_channels(tables, first, writing / factors[:, None])
            biases = biases_of(tables, first)
            add_to_bias(tables, first, biases / factors - biases)
            _set_by_source(tables, second, reading * factors[:, None])
    return packed(tables), len(pairs)


def _pairs(tables: Any, layers: Sequence[Layer]) -> Iterator[tuple[Layer, Layer]]:
    """Yield the pairs of layers of which the second alone reads what the first writes, channel by channel."""
    graph = tables.subgraphs[0]
    readers: dict[int, list[Any]] = {}
    for operation, kind in zip(graph.operators, operation_names(tables), strict=True):
        for place in operation.inputs:
            readers.setdefault(int(place), []).append((kind, operation))
    by_source = {layer.source: layer for layer in layers}
    for first in layers:
        place, channels = first.target, len(channels_of(tables, first))
        while len(found := readers.get(place, [])) == 1 and place not in graph.outputs:
            kind, operation = found[0]
            second = by_source.get(place)
            if second is not None and int(operation.outputs[0]) == second.target:
                if len(_by_source(tables, second)) == channels:
                    yield first, second
                break
            shape = graph.tensors[operation.outputs[0]].shape
            if kind not in CHANNEL_BY_CHANNEL or shape is None or int(shape[-1]) != channels:
                break
            place = int(operation.outputs[0])


def _by_source(tables: Any, layer: Layer) -> np.ndarray:
    """Return the weights that read each channel of a layer's input, (channels, weights of each)."""
    kernel = values_of(tables, layer.kernel)
    if layer.depthwise:
        channels = int(tables.subgraphs[0].tensors[layer.source].shape[-1])
        return kernel.reshape(-1, channels, kernel.shape[-1] // channels).swapaxes(0, 1).reshape(channels, -1)
    return kernel.reshape(-1, kernel.shape[-1]).T


def _set_by_source(tables: Any, layer: Layer, weights: np.ndarray) -> None:
    """Give a layer other weights, in the order of `_by_source`."""
    shape = values_of(tables, layer.kernel).shape
    if layer.depthwise:
        repeats = shape[-1] // len(weights)
        weights = weights.reshape(len(weights), -1, repeats).swapaxes(0, 1)
        set_values(tables, layer.kernel, weights.reshape(shape))
        return
    set_values(tables, layer.kernel, weights.T.reshape(shape))
