"""Ranges of activations: where to cut off what flows between layers, so that rounding and cutting off err least together.

A range that reaches to the largest value ever seen gives every other value coarser steps for the sake of one. The ends may
stand at the extremes, at a percentile of all values, or where the squared error is least (Nagel et al., 2021, section
3.1.2). Weights know their largest value; activations are asked of films.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from radlib.formats.litert_tables import read_tables
from radlib.techniques.quantization.float_layers import observed

Ends = Literal["extremes", "percentile", "least_error"]
BINS = 2048
PERCENTILE = 99.99  # of the values of a tensor that stay within
SHARES = np.linspace(0.3, 1.0, 71)  # of the extremes, tried as ends


def least_error_range(counts: np.ndarray, values: np.ndarray, bits: int) -> tuple[float, float]:
    """Return the ends between which values are rounded with the least squared error, those beyond cut off.

    `q_min, q_max = argmin Σ n (x − x̂(q_min, q_max))²`, `x̂ = S · (clip(round(x / S) + Z, 0, 2^b − 1) − Z)` (Nagel et al., 2021,
    equation 22), tried at shares of both extremes; 0 always lies within.

    Args:
        counts: n, how often each value occurs: (values,).
        values: x, rising: (values,).
        bits: b, of a code.

    Example:
        >>> values, counts = np.linspace(0, 1, 101), np.r_[np.full(50, 99), np.zeros(50), 1]
        >>> least_error_range(counts, values, 8), least_error_range(counts, values, 3)
        ((0.0, 1.0), (0.0, 0.46))

    References:
        Nagel et al. (2021). A white paper on neural network quantization. arXiv 2106.08295.
    """
    low, high = min(float(values[0]), 0.0), max(float(values[-1]), 0.0)
    levels, best = 2**bits - 1, (np.inf, low, high)
    for share in SHARES[::-1]:
        bottom, top = share * low, share * high
        scale = max((top - bottom) / levels, 1e-12)
        offset = round(-bottom / scale)
        rounded = scale * (np.clip(np.round(values / scale) + offset, 0, levels) - offset)
        error = float((counts * (values - rounded) ** 2).sum())
        if error < best[0] * (1 - 1e-9):  # of equal ones the widest
            best = error, bottom, top
    return round(float(best[1]), 9), round(float(best[2]), 9)


def percentile_range(
    counts: np.ndarray, values: np.ndarray, percentile: float = PERCENTILE
) -> tuple[float, float]:
    """Return the ends between which a share of all values lies, as much cut off below as above; 0 lies within.

    Args:
        counts: How often each value occurs.
        values: The values, rising.
        percentile: What is to lie within.

    Example:
        >>> percentile_range(np.ones(101), np.arange(101.0), 98)
        (0.0, 99.0)
    """
    share, below = np.cumsum(counts) / np.sum(counts), (1 - percentile / 100) / 2
    first, last = np.searchsorted(share, [below, 1 - below])
    return min(float(values[first]), 0.0), max(float(values[min(last, len(values) - 1)]), 0.0)


def clipped(content: bytes, images: np.ndarray, extremes: Mapping[str, Any], ends: Ends) -> dict[str, Any]:
    """Return the ranges of the activations of a float32 LiteRT file with other ends than their extremes.

    Args:
        content: The file.
        images: Representative films, float32 (n, h, w, 1).
        extremes: `min` and `max` of every tensor by name, as the AI Edge Quantizer keeps them.
        ends: How the ends are found; `extremes` returns what was given.
    """
    if ends == "extremes":
        return dict(extremes)
    tables = read_tables(content)
    places = {
        number: tensor.name.decode()
        for number, tensor in enumerate(tables.subgraphs[0].tensors)
        if "min" in extremes.get(tensor.name.decode(), ())
        and not _length(tables.buffers[tensor.buffer].data)  # else weights, which keep theirs
    }
    edges = {place: _edges(extremes[name]) for place, name in places.items()}
    counts: dict[int, Any] = dict.fromkeys(places, 0.0)
    for seen in observed(content, images, list(places)):
        for place, flow in seen.items():
            counts[place] = counts[place] + np.histogram(flow, edges[place])[0]
    found = dict(extremes)
    for place, name in places.items():
        middles = np.r_[edges[place][0], (edges[place][1:-2] + edges[place][2:-1]) / 2, edges[place][-1]]
        chosen = (
            percentile_range(counts[place], middles)
            if ends == "percentile"
            else least_error_range(counts[place], middles, 8)
        )
        shape = np.shape(extremes[name]["min"])
        found[name] = {
            **extremes[name],
            "min": np.full(shape, chosen[0], np.float32),
            "max": np.full(shape, chosen[1], np.float32),
        }
    return found


def _edges(extremes: Mapping[str, Any]) -> np.ndarray:
    low, high = float(np.min(extremes["min"])), float(np.max(extremes["max"]))
    return np.linspace(low, max(high, low + 1e-6), BINS + 1)


def _length(stored: Any) -> int:
    return 0 if stored is None else len(stored)
