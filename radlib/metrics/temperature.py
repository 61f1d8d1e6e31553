"""Is the compressed network surer of itself, and rightly so? Confidence, and the temperature that mends it.

Confidence is the probability of the answer given: 0.9 and 0.1 are equally confident. Compression can raise it
without the network being right more often. Dividing all logits by one number, the *temperature*, fitted on
validation films, mends the scale without changing the order of films (Guo et al., 2017): above 1 the network was
too sure of itself, below 1 too timid.

References:
    Guo, Pleiss, Sun, Weinberger (2017). On calibration of modern neural networks. ICML, arXiv 1706.04599.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.value_intervals import signed_interval

RANGE = (0.05, 20.0)  # of the temperature; films that are all told apart would drive it to 0
SMALLEST = 1e-6  # a probability of 0 or 1 (int8 has them) has no logit


def fit_temperature(y_true: ArrayLike, y_prob: ArrayLike) -> float:
    """Return the temperature under which the probabilities describe the labels best (smallest log loss).

    Args:
        y_true: Labels of validation films, 1 or 0, (n,).
        y_prob: Their probabilities, (n,), in [0, 1].

    Returns:
        In [0.05, 20]; NaN when only one answer occurs.

    Example:
        >>> truth = [1] * 9 + [0] + [0] * 9 + [1]
        >>> round(fit_temperature(truth, [0.99] * 10 + [0.01] * 10), 3)  # 0.99 should have been 0.9
        2.091
    """
    y_true, logit = np.asarray(y_true, dtype=np.float64), logits(y_prob)
    if not 0 < y_true.sum() < len(y_true):
        return float("nan")
    low, high = 1 / RANGE[1], 1 / RANGE[0]
    for _ in range(80):  # the slope of the log loss rises with the inverse temperature: halve until it is 0
        middle = np.sqrt(low * high)
        slope = ((_sigmoid(middle * logit) - y_true) * logit).sum()
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(1 / np.sqrt(low * high))


def at_temperature(y_prob: ArrayLike, temperature: float) -> np.ndarray:
    """Return probabilities with their logits divided by a temperature, float64 of the same shape.

    Example:
        >>> at_temperature([0.9, 0.5], 2.0).round(3).tolist()
        [0.75, 0.5]
    """
    return _sigmoid(logits(y_prob) / temperature)


def logits(y_prob: ArrayLike) -> np.ndarray:
    """Return log-odds, float64; probabilities nearer than 1e-6 to 0 or 1 count as that near."""
    prob = np.clip(np.asarray(y_prob, dtype=np.float64), SMALLEST, 1 - SMALLEST)
    return np.log(prob) - np.log1p(-prob)


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logit))


def confidence(y_prob: ArrayLike) -> np.ndarray:
    """Return the probability of the likelier answer, float64 of the same shape, in [0.5, 1].

    Example:
        >>> confidence([0.9, 0.1, 0.5]).tolist()
        [0.9, 0.9, 0.5]
    """
    prob = np.asarray(y_prob, dtype=np.float64)
    return np.maximum(prob, 1 - prob)


def confidence_changes(
    prob_a: ArrayLike, prob_b: ArrayLike, known: ArrayLike, patient_ids: ArrayLike
) -> dict[str, np.ndarray]:
    """Return, for every label, the mean confidence of b minus that of a, with its 95 % interval clustered by patient.

    Args:
        prob_a: Probabilities by the original, (n, labels).
        prob_b: Probabilities by the compressed network, of the same films, (n, labels).
        known: Which films count for each label, bool (n, labels).
        patient_ids: Whose film it is, (n,).

    Returns:
        The difference, positive where b is surer of itself, under "", and the ends of its interval, see `value_intervals.signed_interval`,
        under "_low" and "_high", float64 (labels,) each; NaN where no film is known.

    Example:
        >>> change = confidence_changes([[0.8], [0.3]], [[0.9], [0.2]], [[True], [True]], ["a", "b"])
        >>> [change[end].round(3).tolist() for end in ("", "_low", "_high")]
        [[0.1], [0.1], [0.1]]
    """
    change, known = confidence(prob_b) - confidence(prob_a), np.asarray(known, bool)
    patients = np.asarray(patient_ids)
    means = [
        column[films].mean() if films.any() else np.nan
        for column, films in zip(change.T, known.T, strict=True)
    ]
    ends = [
        signed_interval(column[films], patients[films])
        for column, films in zip(change.T, known.T, strict=True)
    ]
    low, high = np.array(ends).reshape(-1, 2).T
    return {"": np.round(means, 15), "_low": low.round(15), "_high": high.round(15)}
