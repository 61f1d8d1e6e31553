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
    limits: tuple[float | np.ndarray, float | np.ndarray] = (-np.inf, np.inf),
    steps: int = 300,
    seed: int = 0,
    strength: float = 10.0,
) -> np.ndarray:
    """Return a layer's weights on a grid, each rounded up or down so that the layer's outputs change least.

    Minimizes `E ‖f(z) − f(W̃ x)‖² + λ Σ (1 − |2 h(V) − 1|^β)` over V, with `W̃ = S · clip(⌊W / S⌋ + h(V), −Q, Q)`, `S = c / Q`,
    `Q = 2^(b−1) − 1` and `h(V) = clip(1.2 σ(V) − 0.1, 0, 1)`; β falls from 20 to 2 after a fifth of the steps (Nagel et al.,
    2020, equations 21 to 25). The error is counted in that of rounding to nearest, which a channel keeps where it is less.

    Args:
        weights: W, (channels, weights of each).
        patches: x, what it reads once all before it are rounded: (n, weights of each), depthwise (n, weights of each, channels).
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
    highest = 2 ** (bits - 1) - 1
    scale = (clip / highest).astype(np.float32)[:, None]
    patches, target = patches.astype(np.float32), np.clip(wanted, *limits).astype(np.float32)
    floor, nearest = np.floor(weights / scale), np.clip(np.round(weights / scale), -highest, highest)
    nearest_error = _errors(nearest * scale, patches, target, limits)
    v = _inverse(weights / scale - floor)
    generator, moments = np.random.default_rng(seed), np.zeros((2, *v.shape), np.float32)
    for step in range(1, steps + 1):
        rows = generator.integers(0, len(patches), min(BATCH, len(patches)))
        sigmoid = 1 / (1 + np.exp(-v))
        h = np.clip(sigmoid * (ZETA - GAMMA) + GAMMA, 0, 1)
        given = products(np.clip(floor + h, -highest, highest) * scale, patches[rows])
        error = (np.clip(given, *limits) - target[rows]) * ((given > limits[0]) & (given < limits[1]))
        slope = 2 * scale * backwards(error, patches[rows]) / len(rows) / (nearest_error.sum() + 1e-12)
        slope += strength / v.size * _indecision_slope(h, step / steps)
        slope *= sigmoid * (1 - sigmoid) * (ZETA - GAMMA) * ((h > 0) & (h < 1))
        v -= _adam_step(slope, moments, step)
    ends = np.abs(weights) >= clip[:, None] * (1 - 1e-6)  # of the grid, which its scale is read from
    codes = np.where(ends, nearest, np.clip(floor + (v > 0), -highest, highest))
    better = _errors(codes * scale, patches, target, limits) < nearest_error
    return (np.where(better[:, None], codes, nearest) * scale).astype(np.float32)


def _inverse(share: np.ndarray) -> np.ndarray:
    """Return the V at which `h(V)` is a share of a step, float32."""
    sigmoid = np.clip((share - GAMMA) / (ZETA - GAMMA), 1e-4, 1 - 1e-4)
    return np.log(sigmoid / (1 - sigmoid)).astype(np.float32)


def _indecision_slope(h: np.ndarray, done: float) -> np.ndarray | float:
    """Return the derivative of `1 − |2 h − 1|^β` by h; 0 in the first fifth of the steps."""
    if done <= WARM_UP:
        return 0.0
    beta = LAST_BETA + (FIRST_BETA - LAST_BETA) * (1 - done) / (1 - WARM_UP)
    side = 2 * h - 1
    return -2 * beta * np.abs(side) ** (beta - 1) * np.sign(side)


def _adam_step(slope: np.ndarray, moments: np.ndarray, step: int) -> np.ndarray:
    """Return by how much to move against a slope, and keep its running moments in `moments`."""
    moments[0] += (1 - FIRST_MOMENT) * (slope - moments[0])
    moments[1] += (1 - SECOND_MOMENT) * (slope**2 - moments[1])
    mean, square = moments[0] / (1 - FIRST_MOMENT**step), moments[1] / (1 - SECOND_MOMENT**step)
    return RATE * mean / (np.sqrt(square) + 1e-8)


def _errors(weights: np.ndarray, patches: np.ndarray, target: np.ndarray, limits: tuple) -> np.ndarray:
    """Return the mean squared error of each channel's outputs, (channels,)."""
    return np.square(np.clip(products(weights, patches), *limits) - target).mean(axis=0)
