"""Telling two answers apart: AUROC, the ROC curve, and what happens at one threshold.

The area under the ROC curve is the probability that a film with the finding scores higher than one without,
ties counting half (Hanley and McNeil, 1982). A threshold turns scores into decisions; it is chosen on validation films by
a rule that the study names (`operating_points`), and then frozen.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.metrics.calibration import brier, expected_calibration_error

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
RATES = (
    "accuracy",
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "positive_predictive_value",
    "negative_predictive_value",
    "f1",
)
METRICS = ("auroc", *RATES, "brier", "expected_calibration_error")


def arrays(
    y_true: ArrayLike, y_score: ArrayLike, weights: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels as bool, scores and weights as float64, each (n,), after checking that they fit.

    Raises:
        UsageError: When lengths differ, or a label is neither 1 nor 0, or a score is not a number.
    """
    y_true, y_score = np.asarray(y_true), np.asarray(y_score, dtype=np.float64)
    weights = np.ones(y_true.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (y_true.ndim == 1 and y_true.shape == y_score.shape == weights.shape):
        raise UsageError(
            f"Labels, scores and weights must be 1-D of one length, not of shapes {y_true.shape}, "
            f"{y_score.shape} and {weights.shape}; pass one label at a time."
        )
    if not np.isin(y_true, (0, 1)).all():
        raise UsageError("Labels must be 1 or 0; drop films whose label is unknown first (see `per_label`).")
    if np.isnan(y_score).any():
        raise UsageError("A score is not a number; the network's output is broken.")
    return y_true.astype(bool), y_score, weights


def roc_curve(
    y_true: ArrayLike, y_score: ArrayLike, weights: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ROC curve, one point per distinct score.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, higher for the finding, (n,).
        weights: How much each film counts, (n,); None for 1 each.

    Returns:
        False positive rate, true positive rate, and the threshold (score at or above it is positive), each
        (k + 1,) for k distinct scores; they start at (0, 0, inf). Rates without a film to rest on are NaN.

    Example:
        >>> roc_curve([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.9])[1].tolist()
        [0.0, 0.5, 1.0, 1.0]
    """
    y_true, y_score, weights = arrays(y_true, y_score, weights)
    thresholds, group = np.unique(-y_score, return_inverse=True)  # descending scores
    positives = np.bincount(group, weights * y_true, minlength=len(thresholds))
    negatives = np.bincount(group, weights * ~y_true, minlength=len(thresholds))
    rates = [np.concatenate([[0.0], np.cumsum(counts)]) for counts in (negatives, positives)]
    with np.errstate(invalid="ignore"):
        false_positive, true_positive = (r / r[-1] for r in rates)
    return false_positive, true_positive, np.concatenate([[np.inf], -thresholds])


def auroc(y_true: ArrayLike, y_score: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, ties counting half; NaN when only one answer occurs.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, higher for the finding, (n,).
        weights: How much each film counts, (n,); None for 1 each.

    References:
        Hanley and McNeil, 1982, The meaning and use of the area under a ROC curve.

    Example:
        >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    y_true, y_score, weights = arrays(y_true, y_score, weights)
    _, group = np.unique(y_score, return_inverse=True)
    positives = np.bincount(group, weights * y_true)
    negatives = np.bincount(group, weights * ~y_true)
    pairs = positives.sum() * negatives.sum()
    if not pairs:
        return float("nan")
    below = np.cumsum(negatives) - negatives
    return float((positives * (2 * below + negatives)).sum() / (2 * pairs))


def largest_wins(y_prob: ArrayLike) -> np.ndarray:
    """Return thresholds at which a film is called of its most probable class and of no other.

    They turn the choice among classes into one decision per class, so that everything that holds at a threshold
    holds there too. Of equal probabilities the first class wins, as in `argmax`.

    Args:
        y_prob: Probabilities of classes that exclude each other, (n, classes).

    Returns:
        float64 (n, classes): minus infinity for the class chosen, infinity for the others.

    Example:
        >>> largest_wins([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]) == -np.inf
        array([[False,  True, False],
               [ True, False, False]])
    """
    y_prob = np.asarray(y_prob, dtype=np.float64)
    thresholds = np.full(y_prob.shape, np.inf)
    thresholds[np.arange(len(y_prob)), y_prob.argmax(axis=1)] = -np.inf
    return thresholds


def right_class(y_true: ArrayLike, y_prob: ArrayLike) -> np.ndarray:
    """Return which films are given their class, bool (n,), from labels and probabilities, both (n, classes).

    Example:
        >>> right_class([[1, 0, 0], [0, 1, 0]], [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]).tolist()
        [True, False]
    """
    return np.asarray(y_true).argmax(axis=1) == np.asarray(y_prob).argmax(axis=1)


def confusion(
    y_true: ArrayLike, y_score: ArrayLike, threshold: ArrayLike, weights: ArrayLike | None = None
) -> dict[str, float]:
    """Return the four counts at a threshold.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, (n,).
        threshold: A score at or above it is called positive; one number, or one per film.
        weights: How much each film counts, (n,); None for 1 each.

    Example:
        >>> confusion([0, 0, 1, 1], [0.1, 0.7, 0.6, 0.9], 0.5)["false_positives"]
        1.0
    """
    y_true, y_score, weights = arrays(y_true, y_score, weights)
    called = y_score >= threshold
    outcomes = (called & y_true, called & ~y_true, ~called & ~y_true, ~called & y_true)
    return {name: float(weights[outcome].sum()) for name, outcome in zip(COUNTS, outcomes, strict=True)}


def rates(tp: Any, fp: Any, tn: Any, fn: Any) -> dict[str, np.ndarray]:
    """Return everything that follows from the four counts (scalars or arrays); 0/0 is NaN."""

    def ratio(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
        part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
        return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)

    sensitivity, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
    return {
        "accuracy": ratio(tp + tn, tp + fp + tn + fn),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "positive_predictive_value": ratio(tp, tp + fp),
        "negative_predictive_value": ratio(tn, tn + fn),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
    }


def scores(y_true: ArrayLike, y_prob: ArrayLike, threshold: ArrayLike) -> dict[str, float]:
    """Return all of `METRICS` for one label.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        threshold: A probability at or above it is called positive; chosen on other films than these; one number,
            or one per film. With a NaN threshold everything that rests on it is NaN.

    Example:
        >>> scores([0, 0, 1, 1], [0.1, 0.7, 0.6, 0.9], 0.5)["specificity"]
        0.5
    """
    if np.isnan(threshold).any():
        at_threshold = dict.fromkeys(RATES, float("nan"))
    else:
        counts = confusion(y_true, y_prob, threshold).values()
        at_threshold = {name: float(value) for name, value in rates(*counts).items()}
    return {
        "auroc": auroc(y_true, y_prob),
        **at_threshold,
        "brier": brier(y_true, y_prob),
        "expected_calibration_error": expected_calibration_error(y_true, y_prob),
    }
