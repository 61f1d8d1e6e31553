"""How sure is each number of one network? The right interval for each kind of number, in one table.

Shares (sensitivity, specificity, accuracy, predictive values) have Wilson's with films counted in patients
(`rate_intervals`), the AUROC DeLong's on the scale of logits (`auroc_intervals`), balanced accuracy follows from its two
shares. the Brier score is a mean over films (`value_intervals`). None of them collapses where nobody was wrong. F1 is neither a share nor a rank nor a mean: its
interval comes from the bootstrap over patients (`bootstrap`). The calibration error has none: resampling inflates it.

Over several labels the mean is shown, and labels of one patient go together (`estimates.mean_of`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.metrics.auroc_intervals import auroc_estimate, estimate_interval
from radlib.metrics.bootstrap import metric_draws, metric_draws_of_all, patient_draws, percentile_interval
from radlib.metrics.discrimination import METRICS, scores
from radlib.metrics.estimates import Estimate, mean_of, nothing
from radlib.metrics.rate_intervals import mover_mean, rate, share_interval
from radlib.metrics.value_intervals import estimate_ends, value_estimate

DRAWN = ("f1",)  # whose intervals come from the bootstrap
SHARES = ("accuracy", "sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value")


def estimates_of(
    y_true: ArrayLike, y_prob: ArrayLike, patient: np.ndarray, thresholds: ArrayLike, everyone: int
) -> dict[str, Estimate]:
    """Return the AUROC, the Brier score and every share of one label, and how sure each is.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,).
        y_prob: Probabilities, (n,).
        patient: Whose film it is, whole numbers below `everyone`, (n,).
        thresholds: A probability at or above it is called positive; one number, or one per film; NaN for none.
        everyone: How many patients there are in all.
    """
    y_true, y_prob = np.asarray(y_true, np.float64), np.asarray(y_prob, np.float64)
    thresholds = np.broadcast_to(np.asarray(thresholds, np.float64), y_true.shape)
    known = ~np.isnan(y_true)
    found = {
        "auroc": auroc_estimate(y_true, y_prob, patient, everyone),
        "brier": value_estimate((y_prob - y_true)[known] ** 2, patient[known], everyone),
    }
    if np.isnan(thresholds[known]).any():
        return found | dict.fromkeys(SHARES, nothing(everyone))
    truth, called = y_true == 1, y_prob >= thresholds
    asked = {
        "accuracy": (known, called == truth),
        "sensitivity": (known & truth, called),
        "specificity": (known & ~truth, ~called),
        "positive_predictive_value": (known & called, truth),
        "negative_predictive_value": (known & ~called, ~truth),
    }
    return found | {name: rate(right[of], patient[of], everyone) for name, (of, right) in asked.items()}


def intervals_of(found: Mapping[str, Estimate]) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of the AUROC, the Brier score, every share, and balanced accuracy, from their estimates."""
    ends = {name: share_interval(found[name]) for name in SHARES}
    pair = [(found[name].value, ends[name]) for name in ("sensitivity", "specificity")]
    return {
        "auroc": estimate_interval(found["auroc"]),
        "brier": estimate_ends(found["brier"]),
        **ends,
        "balanced_accuracy": mover_mean(*pair[0], *pair[1]),
    }


def mean_intervals(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, thresholds: ArrayLike
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of the mean over labels of AUROC, Brier score, every share, and balanced accuracy.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n, labels).
        y_prob: Probabilities, (n, labels).
        patient_ids: Whose film it is, (n,).
        thresholds: Of each film and label, (n, labels), or what fits that shape.

    Returns:
        {metric: (low, high)}; NaN where undefined in all labels.

    Example:
        >>> truth, prob = np.array([[0], [0], [1], [1]]), np.array([[0.1], [0.7], [0.6], [0.9]])
        >>> found = mean_intervals(truth, prob, list("abcd"), 0.5)
        >>> [round(end, 2) for end in found["sensitivity"]]
        [0.01, 1.0]
    """
    y_true, y_prob = np.asarray(y_true, np.float64), np.asarray(y_prob, np.float64)
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    thresholds = np.broadcast_to(np.asarray(thresholds, np.float64), y_true.shape)
    each = [
        estimates_of(truth, prob, patient, at, len(patients))
        for truth, prob, at in zip(y_true.T, y_prob.T, thresholds.T, strict=True)
    ]
    return intervals_of({name: mean_of([one[name] for one in each]) for name in ("auroc", "brier", *SHARES)})


def intervals(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, threshold: ArrayLike, draws: int = 1000,
    seed: int = 0, *, counts: np.ndarray | None = None
) -> "pd.DataFrame":  # fmt: skip
    """Return every metric of one label with its 95 % interval.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        patient_ids: Whose film it is, (n,).
        threshold: A probability at or above it is called positive; one number, or one per film.
        draws: How many draws of patients, for those of `DRAWN`.
        seed: Of the draws.
        counts: Draws made before with `patient_draws`, in place of `draws` and `seed`.

    Returns:
        DataFrame with columns `metric`, `value`, `low`, `high`, one row per name of `METRICS`. The calibration
        error has no interval: resampling inflates it.

    Example:
        >>> table = intervals([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.9], list("abcd"), 0.5, draws=20)
        >>> table.set_index("metric").loc["auroc", "value"]
        np.float64(1.0)
    """
    counts = patient_draws(patient_ids, draws, seed) if counts is None else counts
    drawn = metric_draws(y_true, y_prob, threshold, counts)
    return _table(y_true, y_prob, np.asarray(patient_ids), threshold, drawn)


def _table(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    patient_ids: np.ndarray,
    threshold: ArrayLike,
    drawn: Mapping[str, np.ndarray],
) -> "pd.DataFrame":
    value = scores(y_true, y_prob, threshold)
    patients, patient = np.unique(patient_ids, return_inverse=True)
    ends = intervals_of(estimates_of(y_true, y_prob, patient, threshold, len(patients)))
    ends |= {name: percentile_interval(drawn[name]) for name in DRAWN}
    rows = [(name, value[name], *ends.get(name, (np.nan, np.nan))) for name in METRICS]
    return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])


def per_label(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, labels: Sequence[str], thresholds: ArrayLike,
    draws: int = 1000, seed: int = 0, *, drawn: Sequence[dict[str, np.ndarray]] | None = None
) -> "pd.DataFrame":  # fmt: skip
    """Return every metric of every label with its interval; films whose label is unknown are left out of it.

    Args:
        y_true: Labels, 1, 0 or NaN, (n, labels).
        y_prob: Probabilities, (n, labels).
        patient_ids: Whose film it is, (n,).
        labels: Names of the labels.
        thresholds: One number for all labels, one each, or one per film and label, (n, labels).
        draws: How many draws of patients, for those of `DRAWN`; the same draws serve all labels.
        seed: Of the draws.
        drawn: What `metric_draws_of_all` returned for these answers, in place of `draws` and `seed`.

    Returns:
        DataFrame with columns `label`, `films`, `positives`, `metric`, `value`, `low`, `high`.

    Raises:
        UsageError: When shapes do not fit the labels.
    """
    y_true, y_prob = np.asarray(y_true, dtype=np.float64), np.asarray(y_prob, dtype=np.float64)
    if y_true.shape != y_prob.shape or y_true.ndim != 2 or y_true.shape[1] != len(labels):
        raise UsageError(f"Shapes {y_true.shape} and {y_prob.shape} do not fit {len(labels)} labels.")
    thresholds, tables = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), y_true.shape), []
    if drawn is None:
        drawn = metric_draws_of_all(y_true, y_prob, thresholds, patient_draws(patient_ids, draws, seed))
    for column, label in enumerate(labels):
        known = ~np.isnan(y_true[:, column])
        truth, prob, at = y_true[known, column], y_prob[known, column], thresholds[known, column]
        table = _table(truth, prob, np.asarray(patient_ids)[known], at, drawn[column])
        table.insert(0, "label", label)
        table.insert(1, "films", int(known.sum()))
        table.insert(2, "positives", int(truth.sum()))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
