"""Of the films that are called, how many have the finding, at the prevalence of the place? Precision over sensitivity.

Test films are enriched: far more of them have the finding than of a clinic's. Sensitivity and specificity do not ask how many,
precision (positive predictive value) does, and computed on such films it flatters. So it is made from the other two at the
prevalence π of the place (Elkan, 2001):

    precision = π · sensitivity / (π · sensitivity + (1 − π) · (1 − specificity))

Over all thresholds that is the precision-recall curve, which shows what an ROC curve hides where few have the finding (Saito
and Rehmsmeier, 2015); who calls at random is at π throughout. Between two scores both rates go straight, and precision
along a bend: a straight line there would promise too much (Davis and Goadrich, 2006).

The band is pointwise, at a given sensitivity. Precision falls as the false positive rate rises, so its ends are those of that
rate: the middle 95 % over draws of patients (see `bootstrap`), but never nearer than the interval of the specificity itself
(see `rate_intervals`), as where nobody is called wrongly no draw is, either. So near a sensitivity of 1 that as many patients
might all lie above its threshold (r^m > 0.025), the true threshold may lie below every score: there the lower end is that of
calling every film. The prevalence is taken as known.

References:
    Davis, Goadrich (2006). The relationship between precision-recall and ROC curves. ICML. Saito, Rehmsmeier (2015). The
    precision-recall plot is more informative than the ROC plot when evaluating binary classifiers on imbalanced datasets.
    PLoS ONE 10. Elkan (2001). The foundations of cost-sensitive learning. IJCAI.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.metrics.bootstrap import MINIMUM_DEFINED, patient_draws
from radlib.metrics.discrimination import arrays, roc_curve
from radlib.metrics.estimates import exact_tail
from radlib.metrics.net_benefit import predictive_value
from radlib.metrics.rate_intervals import ROUNDING, rate_interval

POINTS = 100  # evenly spaced sensitivities


def precision_curve(
    y_true: ArrayLike, y_score: ArrayLike, prevalence: float = 0.0, *, points: int = POINTS
) -> "pd.DataFrame":
    """Return precision and sensitivity of calling films from each score on.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, higher for the finding, (n,).
        prevalence: Share of films with the finding at the place of use; 0 takes that of these films.
        points: How many evenly spaced sensitivities are put between the scores, so that a line through all rows bends as
            it must; 0 for none.

    Returns:
        DataFrame with columns `threshold` (a score at or above it is called; NaN in the rows between), `sensitivity`,
        `precision`, by ascending sensitivity; NaN where only one answer occurs.

    Raises:
        UsageError: For a prevalence that is none.

    Example:
        >>> table = precision_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], points=0)
        >>> table["sensitivity"].tolist(), table["precision"].round(3).tolist()
        ([0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 0.667, 0.5])
        >>> precision_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.1, points=0)["precision"].round(3).tolist()
        [1.0, 0.1, 0.182, 0.1]
    """
    share = _share(y_true, prevalence)
    wrong, right, thresholds = roc_curve(y_true, y_score)
    grid = _grid(points) if not np.isnan(wrong[-1] + right[-1]) else np.empty(0)
    between = _wrong_at(grid, wrong, right)
    wrong, right = np.concatenate([wrong[1:], between]), np.concatenate([right[1:], grid])
    thresholds = np.concatenate([thresholds[1:], np.full(len(grid), np.nan)])
    order = np.lexsort((right, wrong))  # neither ever falls along the curve
    columns = {
        "threshold": thresholds,
        "sensitivity": right,
        "precision": predictive_value(right, wrong, share),
    }
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def precision_band(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike, prevalence: float = 0.0, draws: int = 300,
    seed: int = 0, *, points: int = POINTS
) -> "pd.DataFrame":  # fmt: skip
    """Return precision at evenly spaced sensitivities with its pointwise 95 % band.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, higher for the finding, (n,).
        patient_ids: Whose film it is, (n,).
        prevalence: Share of films with the finding at the place of use; 0 takes that of these films.
        draws: How many draws of patients.
        seed: Of the draws.
        points: How many sensitivities, up to 1.

    Returns:
        DataFrame with columns `sensitivity`, `precision`, `low`, `high`; NaN where only one answer occurs, and ends where it
        does in more than 5 % of the draws.

    Raises:
        UsageError: For a prevalence that is none.

    Example:
        >>> band = precision_band([0] * 20 + [1] * 20, range(40), range(40), 0.1, draws=20, points=2)
        >>> band.round(2).values.tolist()
        [[0.5, 1.0, 0.24, 1.0], [1.0, 1.0, 0.1, 1.0]]
    """
    share, grid = _share(y_true, prevalence), _grid(points)
    wrong, right, thresholds = roc_curve(y_true, y_score)
    columns = ["sensitivity", "precision", "low", "high"]
    if np.isnan(wrong[-1] + right[-1]):
        return pd.DataFrame({name: grid if name == "sensitivity" else np.nan for name in columns})
    value = _wrong_at(grid, wrong, right)
    drawn = _drawn(y_true, y_score, patient_ids, draws, seed, grid)
    own = _own_ends(y_true, y_score, patient_ids, thresholds[_reached(grid, right)])
    low, high = np.minimum(drawn[0], own[0]), np.maximum(drawn[1], own[1])
    with_finding = len(np.unique(np.asarray(patient_ids)[np.asarray(y_true) == 1]))
    high = np.where((grid > 1 - exact_tail(with_finding)) & ~np.isnan(high), 1.0, high)
    ends = (value, np.maximum(value, high), np.minimum(value, low))
    found = [predictive_value(grid, rate, share) for rate in ends]
    return pd.DataFrame(dict(zip(columns, (grid, *found), strict=True)))


def point_at(table: "pd.DataFrame", threshold: float) -> tuple[float, float]:
    """Return sensitivity and precision at a threshold; NaN where it is NaN, or no film is called.

    Args:
        table: See `precision_curve`.
        threshold: A score at or above it is called.

    Example:
        >>> point_at(precision_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.39)
        (0.5, 0.5)
    """
    called = table[table["threshold"] >= threshold]
    if called.empty:
        return float("nan"), float("nan")
    lowest = called.loc[called["threshold"].idxmin()]
    return float(lowest["sensitivity"]), float(lowest["precision"])


def _share(y_true: ArrayLike, prevalence: float) -> float:
    if not 0 <= prevalence < 1:
        raise UsageError(f"A prevalence lies between 0 and 1, not at {prevalence}.")
    return prevalence or float(np.mean(np.asarray(y_true)))


def _grid(points: int) -> np.ndarray:
    return np.arange(1, points + 1) / max(points, 1)


def _wrong_at(grid: np.ndarray, wrong: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the false positive rate at sensitivities above 0, on straight lines between the points of an ROC curve.

    Where a curve has several at one sensitivity it is the lowest: that of the score which reaches it.
    """
    after = _reached(grid, right)
    way = (grid - right[after - 1]) / (right[after] - right[after - 1])
    return wrong[after - 1] + way * (wrong[after] - wrong[after - 1])


def _reached(grid: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return where a curve first reaches each sensitivity; 7/100 is 0.07, however both are rounded."""
    return np.searchsorted(right, grid - ROUNDING)


def _drawn(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike, draws: int, seed: int, grid: np.ndarray
) -> np.ndarray:
    """Return the middle 95 % of the false positive rates over draws of patients, (2, points)."""
    truth, score, _ = arrays(y_true, y_score)
    scores, step = np.unique(-score, return_inverse=True)  # sorted once for all draws
    curves = []
    for weights in patient_draws(patient_ids, draws, seed):
        steps = (np.bincount(step, weights * own, len(scores)) for own in (~truth, truth))
        wrong, right = (np.concatenate([[0.0], np.cumsum(films)]) for films in steps)
        if wrong[-1] and right[-1]:
            curves.append(_wrong_at(grid, wrong / wrong[-1], right / right[-1]))
    enough = curves and len(curves) >= MINIMUM_DEFINED * draws
    return np.quantile(curves, [0.025, 0.975], axis=0) if enough else np.full((2, len(grid)), np.nan)


def _own_ends(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike, thresholds: np.ndarray
) -> np.ndarray:
    """Return the interval of the false positive rate at each threshold, (2, thresholds)."""
    truth, score, _ = arrays(y_true, y_score)
    healthy, ids = score[~truth], np.asarray(patient_ids)[~truth]
    ends = {at: rate_interval(healthy >= at, ids) for at in np.unique(thresholds)}
    return np.array([ends[at] for at in thresholds]).reshape(-1, 2).T
