"""What two networks decide differently on the same films; whether it matters is a matter of `verdicts`."""

import numpy as np
from numpy.typing import ArrayLike


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
