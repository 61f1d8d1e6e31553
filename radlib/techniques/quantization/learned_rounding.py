"""AdaRound: learn for every weight whether to round it up or down (Nagel et al., 2020).

Rounding to nearest is best for each weight alone and not for their sum: a layer adds up hundreds of products, and two errors
may cancel or add. Which way each weight goes is learnt on a few films, layer by layer, so that the layer gives what it
gave before. A rounded weight moves by less than one step of the grid, and nothing is trained that a label could teach.

The weights that are returned lie on the grid, and the largest of each channel stays at its end: whoever finds the scale
again from the largest weight finds these codes, to the bit.
"""

import numpy as np

from radlib.techniques.quantization.float_layers import backwards, products

ZETA, GAMMA = 1.1, -0.1  # the sigmoid is stretched beyond [0, 1] and cut off, so that it reaches both ends
FIRST_BETA, LAST_BETA, WARM_UP = 20.0, 2.0, 0.2
RATE, BATCH, FIRST_MOMENT, SECOND_MOMENT = 0.05, 256, 0.9, 0.999  # of Adam


def learned_rounding(
    weights: np.ndarray,
    patches: np.ndarray,
    wanted: np.ndarray,
    clip: np.ndarray,
    bits: int,
    *,
    limits: tuple[float, float] = (-np.inf, np.inf),
    steps: int = 300,
    seed: int = 0,
    strength: float = 10.0,
) -> np.ndarray:
    """Return a layer's weights on a grid, each rounded up or down so that the layer's outputs change least.

    Minimizes `E ‖f(z) − f(W̃ x)‖² + λ Σ (1 − |2 h(V) − 1|^β)` over V, with `W̃ = S · clip(⌊W / S⌋ + h(V), −Q, Q)`, `S = c / Q`,
    `Q = 2^(b−1) − 1` and the rectified sigmoid `h(V) = clip(1.2 σ(V) − 0.1, 0, 1)`; β falls from 20 to 2 after a fifth of
    the steps (Nagel et al., 2020, equations 21 to 25). The error is counted in that of rounding to nearest, so that one λ
    fits all layers; a channel for which nothing better than nearest was found keeps that.

    Args:
        weights: W, (channels, weights of each).
        patches: x, what the layer reads once all before it are rounded: (n, weights of each), or (n, weights of each,
            channels) of a depthwise layer.
        wanted: z, what it gave before the activation without rounding, less the bias that it has now: (n, channels).
        clip: c, end of the grid of each channel, at most its largest weight: (channels,).
        bits: b, of a code.
        limits: What the activation f lets through, less the bias: two numbers, or two arrays (channels,).
        steps: Of Adam.
        seed: Of the order of the patches.
        strength: λ, for all weights together.

    Example:
        >>> found = learned_rounding(np.array([[1.0, 0.45, 0.35]]), np.ones((8, 3)), np.full((8, 1), 1.8), np.ones(1), 2)
        >>> float(found.sum())  # rounded to nearest, the sum would be 1
        2.0

    References:
        Nagel et al. (2020). Up or down? Adaptive rounding for post-training quantization. ICML, arXiv 2004.10568.
    """
    patches, target = patches.astype(np.float32), np.clip(wanted, *limits).astype(np.float32)
    highest = 2 ** (bits - 1) - 1
    scale = (clip / highest).astype(np.float32)[:, None]
    floor = np.floor(weights / scale)
    fixed = np.abs(weights) >= clip[:, None] * (
        1 - 1e-6
    )  # the ends of the grid, which its scale is read from
    start = np.clip((weights / scale - floor - GAMMA) / (ZETA - GAMMA), 1e-4, 1 - 1e-4)
    v = np.log(start / (1 - start)).astype(np.float32)
    nearest = np.clip(np.round(weights / scale), -highest, highest)
    nearest_error = _errors(nearest * scale, patches, target, limits)
    unit = nearest_error.sum() + 1e-12
    generator, mean, square = np.random.default_rng(seed), np.zeros_like(v), np.zeros_like(v)
    for step in range(1, steps + 1):
        rows = generator.integers(0, len(patches), min(BATCH, len(patches)))
        sigmoid = 1 / (1 + np.exp(-v))
        h = np.clip(sigmoid * (ZETA - GAMMA) + GAMMA, 0, 1)
        slope = sigmoid * (1 - sigmoid) * (ZETA - GAMMA) * ((h > 0) & (h < 1))
        given = products(np.clip(floor + h, -highest, highest) * scale, patches[rows])
        error = (np.clip(given, *limits) - target[rows]) * ((given > limits[0]) & (given < limits[1]))
        gradient = 2 * scale * backwards(error, patches[rows]) / len(rows) / unit
        if step > WARM_UP * steps:
            done = (step / steps - WARM_UP) / (1 - WARM_UP)
            beta, side = LAST_BETA + (FIRST_BETA - LAST_BETA) * (1 - done), 2 * h - 1
            gradient -= strength / v.size * 2 * beta * np.abs(side) ** (beta - 1) * np.sign(side)
        gradient *= slope
        mean = FIRST_MOMENT * mean + (1 - FIRST_MOMENT) * gradient
        square = SECOND_MOMENT * square + (1 - SECOND_MOMENT) * gradient**2
        lasting = mean / (1 - FIRST_MOMENT**step), square / (1 - SECOND_MOMENT**step)
        v -= RATE * lasting[0] / (np.sqrt(lasting[1]) + 1e-8)
    codes = np.where(fixed, nearest, np.clip(floor + (v > 0), -highest, highest))
    better = _errors(codes * scale, patches, target, limits) < nearest_error
    return (np.where(better[:, None], codes, nearest) * scale).astype(np.float32)


def _errors(weights: np.ndarray, patches: np.ndarray, target: np.ndarray, limits: tuple) -> np.ndarray:
    """Return the mean squared error of each channel's outputs, (channels,)."""
    return np.square(np.clip(products(weights, patches), *limits) - target).mean(axis=0)
