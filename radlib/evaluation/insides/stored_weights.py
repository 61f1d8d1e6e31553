"""The weights as they lie in the file, layer by layer, against the kernels of the original.

A float kernel becomes integer codes: of int8 the 255 from −127 to 127, zero in the middle, one scale for each
channel (Jacob et al., 2018). The codes are read from the file itself. A normalisation that was folded into the layer
has multiplied every channel by a number of its own; so the error is measured after each channel has been given the
scale that fits best: what is left is what rounding or pruning lost.

References:
    Jacob et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only
        inference. CVPR, arXiv 1712.05877.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.insides.correspondence import as_keras, kernel_of, match_layers, open_transparent
from radlib.evaluation.insides.layers import kernel_layers
from radlib.foundation.extras import pandas as pd

LARGEST_CODE = 127
COLUMNS = ("layer", "dtype", "weights", "lowest", "highest", "distinct", "zeros", "at_limit", "entropy_bits",
           "signal_to_noise_db", "reason")  # fmt: skip


def stored_kernels(original: Any, variant: Any) -> dict[str, np.ndarray]:
    """Return the kernels of a variant as they are stored, with axes as Keras orders them; int8 stay codes.

    Args:
        original: The trained Keras network.
        variant: Another Keras network, or the path of a LiteRT file.

    Returns:
        By layer name; layers whose kernel the variant does not have are left out.
    """
    if not isinstance(variant, Path):
        own = {layer.name: kernel_of(layer) for layer in variant.layers}
        return {name: own[name] for name in kernel_layers(original) if own.get(name) is not None}
    interpreter = open_transparent(variant)
    matches = match_layers(original, interpreter)
    kernels = {name: kernel_of(original.get_layer(name)) for name in kernel_layers(original)}
    return {
        name: as_keras(interpreter.get_tensor(matches[name].kernel), kernel)
        for name, kernel in kernels.items()
        if matches[name].kernel >= 0
    }


def compare_weights(original: Any, stored: Mapping[str, np.ndarray]) -> "pd.DataFrame":
    """Return what is stored of every kernel of the original.

    Args:
        original: The trained Keras network.
        stored: See `stored_kernels`.

    Returns:
        One row per layer, `COLUMNS`: the numbers stored and how they are spread, `zeros` (share), `at_limit` (share of
        codes at ±127; NaN of floats), `entropy_bits` per weight, `signal_to_noise_db` to the original's kernel, and
        `reason` where a kernel is not there or has another shape.
    """
    rows = []
    for name in kernel_layers(original):
        row: dict[str, Any] = {"layer": name, "reason": ""}
        kernel, values = kernel_of(original.get_layer(name)), stored.get(name)
        if values is None:
            rows.append(
                {**row, "reason": "The variant stores no kernel of this name and shape: it was replaced."}
            )
            continue
        row |= describe_values(values)
        if values.shape == kernel.shape:
            row["signal_to_noise_db"] = rounding_noise_db(kernel, values)
        else:
            row["reason"] = "Another shape than the original’s: the values cannot be compared one by one."
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def describe_values(values: np.ndarray) -> dict[str, Any]:
    """Return how stored numbers are spread.

    Example:
        >>> found = describe_values(np.array([-127, 0, 0, 5], np.int8))
        >>> found["distinct"], found["zeros"], found["at_limit"], found["entropy_bits"]
        (3, 0.5, 0.25, 1.5)
    """
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    codes = np.issubdtype(values.dtype, np.integer)
    limit = float((np.abs(values.astype(np.int32)) >= LARGEST_CODE).mean()) if codes else np.nan
    return {
        "dtype": str(values.dtype),
        "weights": int(values.size),
        "lowest": float(values.min()),
        "highest": float(values.max()),
        "distinct": len(counts),
        "zeros": float((values == 0).mean()),
        "at_limit": limit,
        "entropy_bits": float(-(shares * np.log2(shares)).sum()) + 0.0,
    }


def rounding_noise_db(kernel: np.ndarray, stored: np.ndarray) -> float:
    """Return the signal-to-noise ratio of stored weights, dB, each channel at the scale that fits best.

    Args:
        kernel: The original's, (h, w, in, out), (h, w, in, multiplier) or (in, out).
        stored: The same shape; codes or floats.

    Example:
        >>> kernel = np.array([[1.0, 2.0], [3.0, -4.0]])
        >>> rounding_noise_db(kernel, kernel * [5, 7]) > 100
        True
    """
    depthwise = kernel.ndim == 4 and kernel.shape[3] < kernel.shape[2] and kernel.shape[3] == 1
    channels = int(np.prod(kernel.shape[2:])) if depthwise else kernel.shape[-1]
    a, b = (np.asarray(values, np.float64).reshape(-1, channels) for values in (kernel, stored))
    power = (b**2).sum(axis=0)
    scale = np.divide((a * b).sum(axis=0), power, out=np.zeros(channels), where=power > 0)
    return metrics.signal_to_noise_db(a, b * scale)


def histogram(values: np.ndarray, bins: int = 101) -> dict[str, list[float]]:
    """Return counts of stored numbers: of int8 one per code from −127 to 127, of others in equal bins.

    Returns:
        `edges` (one more than `counts`) and `counts`.
    """
    if values.dtype == np.int8:
        edges = np.arange(-LARGEST_CODE - 0.5, LARGEST_CODE + 1)
        values = values.clip(-LARGEST_CODE, LARGEST_CODE)
    else:
        edge = max(float(np.abs(values.astype(np.float64)).max(initial=0)), 1e-12)
        edges = np.linspace(-edge, edge, bins + 1)
    counts, edges = np.histogram(values, edges)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
