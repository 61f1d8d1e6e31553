"""Sensitivity: round one layer at a time and see by how much the answers move (Pandey et al., 2023).

Layers differ by a factor of a hundred in what their rounding does to an answer, and not by their size: in small networks the
first few, which hold hardly a byte, are what must not be coarse. A few films and no label are enough to see it, since
only the answers of the same network are compared.

The measure is the noise that rounding adds to the answers as a share of what films differ by: 0.1 means that a film's
logit moves by a tenth of the spread between films. The noises of several layers add up in squares, nearly.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.formats.litert_tables import packed, read_tables
from radlib.foundation.extras import pandas as pd
from radlib.techniques.quantization.bias_correction import expected_patches
from radlib.techniques.quantization.float_layers import (
    answers_of,
    channels_of,
    float_layers,
)
from radlib.techniques.quantization.weight_grids import put_on_grid

FURTHEST = 1e-6  # a probability nearer to 0 or 1 than that counts as that


def coarse_layers(noise: Sequence[float], saved: Sequence[int], wanted: int) -> list[int]:
    """Return which layers to make coarse so that enough is saved: first those that add least noise for a byte.

    Layers in order of `σ² / s`, until `Σ s ≥ wanted` (the greedy list of Pandey et al., 2023, algorithm 1, by noise power for
    each byte that a layer saves).

    Args:
        noise: σ, what making each layer coarse alone adds to the answers, see `answer_noise`.
        saved: s, the bytes that it saves; 0 for a layer that cannot be coarse.
        wanted: Bytes to save; all layers are returned where that is more than they have.

    Returns:
        Numbers of layers, the least sensitive first.

    Example:
        >>> coarse_layers([0.1, 0.02, 0.01, 0.3], [500, 400, 10, 20], 450)
        [1, 2, 0]
        >>> coarse_layers([0.1, 0.02, 0.01, 0.3], [500, 400, 10, 20], 400)
        [1]

    References:
        Pandey et al. (2023). A practical mixed precision algorithm for post-training quantization. arXiv 2302.05397.
    """
    able = [number for number, bytes_ in enumerate(saved) if bytes_ > 0]
    order = sorted(able, key=lambda number: noise[number] ** 2 / saved[number])
    chosen: list[int] = []
    for number in order:
        if sum(saved[each] for each in chosen) >= wanted:
            break
        chosen.append(number)
    return chosen


def answer_noise(before: np.ndarray, after: np.ndarray) -> float:
    """Return by how much answers moved, as a share of what films differ by.

    `√(Σ (z' − z)² / Σ (z − z̄)²)` over films and findings, with z the logit of an answer: one over the root of the
    signal-to-quantization-noise ratio of Pandey et al. (2023, equation 4), the mean answer taken off the signal.

    Args:
        before: Probabilities of the network, (films, outputs).
        after: Of the rounded one.

    Example:
        >>> round(answer_noise(np.array([[0.2], [0.8]]), np.array([[0.2], [0.8]])), 3)
        0.0
        >>> round(answer_noise(np.array([[0.2], [0.8]]), np.array([[0.5], [0.5]])), 3)
        1.0
    """
    logits = [
        np.log(p / (1 - p)) for p in (np.clip(each, FURTHEST, 1 - FURTHEST) for each in (before, after))
    ]
    spread = ((logits[0] - logits[0].mean(axis=0)) ** 2).sum()
    return float(np.sqrt(((logits[1] - logits[0]) ** 2).sum() / max(spread, 1e-12)))


def sensitivity(content: bytes, images: np.ndarray, bits: Sequence[int] = (4,)) -> "pd.DataFrame":
    """Return what rounding each layer alone does to the answers, biases corrected.

    Args:
        content: A float32 LiteRT file.
        images: Some films, float32 (n, h, w, 1); no labels are needed.
        bits: Numbers of bits to round to.

    Returns:
        A row per layer and number of bits: `number` of the layer, `layer` (scope), `operation`, `weights`, `bits`,
        `noise` (see `answer_noise`).
    """
    tables = read_tables(content)
    layers, before = float_layers(tables), answers_of(content, images)
    expected, rows = expected_patches(content, tables, layers, images), []
    for number, (layer, mean) in enumerate(zip(layers, expected, strict=True), 1):
        for width in bits:
            changed = read_tables(content)
            put_on_grid(changed, layer, width, mean)
            noise = answer_noise(before, answers_of(packed(changed), images))
            facts: dict[str, Any] = {"number": number, "layer": layer.scope, "operation": layer.kind}
            rows.append({**facts, "weights": channels_of(tables, layer).size, "bits": width, "noise": noise})
    return pd.DataFrame(rows)
