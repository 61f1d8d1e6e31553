"""What rounding costs, seen from the weights alone: ranges, errors, and the codes in a file.

With b bits a symmetric grid has `2^(b−1) − 1` steps on each side of zero, so a range of ±c has steps of
`S = c / (2^(b−1) − 1)`. A wide range makes every weight's error of rounding large, about `S² / 12`; a narrow one cuts
off the large weights, which costs `(|w| − c)²` each. With 8 bits the first is so small that nothing should be cut off;
with 4 bits the largest weight of a channel is the wrong range. OCTAV (Sakr et al., 2022) finds the one with the least
sum of both by Newton's iteration on its derivative (their equation 6)

    c ← Σ |w| 1(|w| > c) / (4⁻ᵇ / 3 · n(|w| ≤ c) + n(|w| > c)).

This file computes it by itself, to show and to check what the AI Edge Quantizer wrote into a file.
"""

from collections.abc import Mapping

import numpy as np

from radlib.architectures.counting import unpack
from radlib.formats.litert_tables import read_tables
from radlib.foundation.extras import pandas as pd
from radlib.foundation.storage import deflated_bytes

ITERATIONS = 20


def round_to_grid(weights: np.ndarray, clip: float | np.ndarray, bits: int) -> np.ndarray:
    """Return weights rounded to the nearest of the symmetric grid's values, and cut off at its ends.

    `r = S q` with `q = clip(round(w / S), −Q, Q)`, `S = c / Q` and `Q = 2^(b−1) − 1` (Jacob et al., 2018, equation 1 with
    the zero point at 0).

    Args:
        weights: Any shape.
        clip: End of the grid, greater than 0; broadcasts against the weights.
        bits: Of a code, at least 2.

    Example:
        >>> round_to_grid(np.array([0.2, -0.6, 3.0]), 1.0, 2).tolist()
        [0.0, -1.0, 1.0]
    """
    steps = 2 ** (bits - 1) - 1
    return np.clip(np.round(weights / clip * steps), -steps, steps) * clip / steps


def octav_clip(channels: np.ndarray, bits: int) -> np.ndarray:
    """Return the range of each channel that OCTAV finds: where rounding and clipping together err least in squares.

    Newton's iteration `c ← Σ |w| 1(|w| > c) / (4⁻ᵇ / 3 · n(|w| ≤ c) + n(|w| > c))` (Sakr et al., 2022, equation 6).

    Args:
        channels: Weights, (channels, weights of each).
        bits: Of a code.

    Returns:
        (channels,), greater than 0 where a channel has a weight that is not.

    Example:
        >>> weights = np.r_[np.full(999, 0.1), 2.0][None]  # one of them is large
        >>> octav_clip(weights, 8).round(1).tolist(), octav_clip(weights, 2).round(1).tolist()
        ([2.0], [0.1])

    References:
        Sakr et al. (2022). Optimal clipping and magnitude-aware differentiation for improved quantization-aware
            training. ICML, arXiv 2206.06501.
    """
    size = np.abs(np.asarray(channels, np.float64))
    clip = size.mean(axis=1)
    for _ in range(ITERATIONS):
        beyond = size > clip[:, None]
        inside = (~beyond).sum(axis=1) * 4.0**-bits / 3
        clip = (size * beyond).sum(axis=1) / (inside + beyond.sum(axis=1))
    return clip


def clip_curve(channels: np.ndarray, bits: int, shares: np.ndarray | None = None) -> "pd.DataFrame":
    """Return what a range costs, as a share of the weights' power, if every channel is cut off at the same share.

    Args:
        channels: Weights, (channels, weights of each), not all zero in any channel.
        bits: Of a code.
        shares: Ranges to try, as shares of each channel's largest weight; None for a hundred in (0, 1].

    Returns:
        `range_share`; `rounding`, the squared error of the weights within the range; `clipping`, of those beyond;
        `both`; all as shares of the sum of squares.
    """
    channels = np.asarray(channels, np.float64)
    largest = np.abs(channels).max(axis=1, keepdims=True)
    power = (channels**2).sum()
    rows = []
    for share in np.linspace(0.01, 1, 100) if shares is None else shares:
        error = (round_to_grid(channels, share * largest, bits) - channels) ** 2
        beyond = np.abs(channels) > share * largest
        rows.append((share, error[~beyond].sum() / power, error[beyond].sum() / power))
    table = pd.DataFrame(rows, columns=["range_share", "rounding", "clipping"])
    return table.assign(both=table["rounding"] + table["clipping"])


def rounding_error(channels: np.ndarray, clip: np.ndarray, bits: int) -> float:
    """Return the squared error of rounding, as a share of the sum of squares, each channel with its own range."""
    rounded = round_to_grid(channels, np.asarray(clip)[:, None], bits)
    return float(((rounded - channels) ** 2).sum() / (np.asarray(channels) ** 2).sum())


def weight_codes(content: bytes) -> dict[str, np.ndarray]:
    """Return the integer codes of every kernel in a LiteRT file.

    Args:
        content: A quantized LiteRT file.

    Returns:
        By tensor name, (channels, weights of each), int8; codes of 4 bits are widened.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_tables(content)
    found = {}
    for tensor in model.subgraphs[0].tensors:
        stored = model.buffers[tensor.buffer].data
        if stored is None or not len(stored) or len(tensor.shape) < 2:
            continue
        if tensor.type not in (schema.TensorType.INT8, schema.TensorType.INT4):
            continue
        dtype = "int4" if tensor.type == schema.TensorType.INT4 else "int8"
        codes = unpack(np.frombuffer(bytes(stored), np.uint8), dtype)
        codes = codes[: int(np.prod(tensor.shape))].reshape(tensor.shape)
        axis = tensor.quantization.quantizedDimension
        found[tensor.name.decode()] = np.moveaxis(codes, axis, 0).reshape(codes.shape[axis], -1)
    return found


def code_table(files: Mapping[str, bytes]) -> "pd.DataFrame":
    """Return how the weights' codes of each file are spread, over all its kernels.

    Args:
        files: Contents of quantized LiteRT files, by label.

    Returns:
        A row per file: `weights`; `zeros`, their share; `codes_per_channel`, how many different ones the median channel
        of the largest kernel uses; `entropy_bits` a weight, the mean over kernels of what a code that knows
        each kernel's frequencies, and no order, would need; `deflated_bits` a weight, by zlib.
    """
    rows = []
    for label, content in files.items():
        kernels = list(weight_codes(content).values())
        largest = max(kernels, key=np.size)
        count = sum(codes.size for codes in kernels)
        packed = deflated_bytes(b"".join(codes.tobytes() for codes in kernels))
        rows.append(
            {
                "label": label,
                "weights": count,
                "zeros": sum(int((codes == 0).sum()) for codes in kernels) / count,
                "codes_per_channel": int(np.median([len(np.unique(channel)) for channel in largest])),
                "entropy_bits": sum(_entropy_bits(codes) * codes.size for codes in kernels) / count,
                "deflated_bits": 8 * packed / count,
            }
        )
    return pd.DataFrame(rows)


def _entropy_bits(codes: np.ndarray) -> float:
    _, counts = np.unique(codes, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
