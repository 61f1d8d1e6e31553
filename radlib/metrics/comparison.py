"""What two networks differ by on the same films, with an interval from the same draws of patients.

Two intervals that overlap say little. The difference on the same films and the same draws of patients says
much more, as most films are easy or hard for both. Whether it matters is a matter of `verdicts`.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.bootstrap import patient_draws, percentile_interval
from radlib.metrics.presorted import auroc_draws


def paired_difference(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike, draws: int = 1000,
    seed: int = 0, *, counts: np.ndarray | None = None
) -> tuple[float, float, float]:  # fmt: skip
    """Return AUROC of b minus AUROC of a, with its 95 % interval, on the same draws of patients.

    Args:
        y_true: Labels, 1 or 0, (n,).
        prob_a: Scores by the original, (n,).
        prob_b: Scores by the compressed network, of the same films, (n,).
        patient_ids: Whose film it is, (n,).
        draws: How many draws of patients.
        seed: Of the draws.
        counts: Draws made before with `patient_draws`, in place of `draws` and `seed`.

    Returns:
        (difference, low, high): negative where b reads worse.

    Example:
        >>> truth, score = [0, 1] * 4, [0.1, 0.9, 0.3, 0.8, 0.4, 0.2, 0.5, 0.7]
        >>> paired_difference(truth, score, score, range(8), draws=50)
        (0.0, 0.0, 0.0)
    """
    counts = patient_draws(patient_ids, draws, seed) if counts is None else counts
    everyone = np.ones((1, len(np.asarray(y_true))), dtype=np.uint8)
    a, b = (auroc_draws(y_true, p, np.concatenate([everyone, counts])) for p in (prob_a, prob_b))
    return (float(b[0] - a[0]), *percentile_interval((b - a)[1:]))


def changed_decisions(
    prob_a: ArrayLike, prob_b: ArrayLike, threshold_a: float, threshold_b: float
) -> dict[str, int]:
    """Return how many films two networks decide differently, in either direction.

    Args:
        prob_a: Probabilities by the first network, (n,).
        prob_b: Probabilities by the second, of the same films, (n,).
        threshold_a: The first network's threshold.
        threshold_b: The second's.

    Example:
        >>> changed_decisions([0.2, 0.8], [0.6, 0.9], 0.5, 0.5)
        {'to_positive': 1, 'to_negative': 0}
    """
    # in float64: a threshold that was typed must not be rounded to the float32 of the probabilities
    a = np.asarray(prob_a, np.float64) >= threshold_a
    b = np.asarray(prob_b, np.float64) >= threshold_b
    return {"to_positive": int((~a & b).sum()), "to_negative": int((a & ~b).sum())}
