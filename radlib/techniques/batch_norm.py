"""Batch norm as what it is once a network is trained: a scale and a shift per channel, in float16.

Ioffe and Szegedy (2015, arXiv 1502.03167, algorithm 2): four numbers per channel in training, two in use. Deep
Compression, MIRACLE and XNOR-Net store it so.
"""

from typing import Any

import numpy as np

from radlib.foundation import backend


def reduce_batch_norm(model: Any) -> None:
    """Change each batch norm of a model, in place, to a scale and a shift that float16 holds exactly.

    `γ (x − μ) / √(σ² + ε) + β` is `a x + b` with `a = γ / √(σ² + ε)` and `b = β − μ a`. The layer is left with
    γ = a, β = b, μ = 0 and σ² = 1 − ε, of which a file stores the first two as float16 and two constants. A layer
    that was built without γ keeps σ², rounded to float16. Layers without β, or with a number that float16
    cannot hold, are left as they are.
    """
    for layer in model.layers:
        if not isinstance(layer, backend.keras().layers.BatchNormalization) or not layer.center:
            continue
        *gamma, beta, mean, variance = (values.astype(np.float64) for values in layer.get_weights())
        with np.errstate(over="ignore"):
            kept = np.float16(gamma[0] / np.sqrt(variance + layer.epsilon) if gamma else variance)
            scale = kept.astype(np.float64) if gamma else 1 / np.sqrt(kept.astype(np.float64) + layer.epsilon)
            shift = np.float16(beta - mean * scale)
        if not (np.isfinite(kept).all() and np.isfinite(shift).all()):
            continue
        if not gamma and kept.min() < np.finfo(np.float16).tiny:  # below, float16 has fewer digits
            continue
        zeros, ones = np.zeros_like(mean), np.full_like(mean, 1 - layer.epsilon)
        reduced = (kept, shift, zeros, ones) if gamma else (shift, zeros, kept)
        layer.set_weights([values.astype(np.float32) for values in reduced])
