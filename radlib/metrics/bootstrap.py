"""How sure is a number? The bootstrap over patients.

Draw as many patients as there are, with replacement, a thousand times; compute the metric on the films of the
patients drawn; the middle 95 % of the thousand values is the interval (Efron, 1979; percentile method). Films
of one patient resemble each other, so patients are drawn, not films (Field and Welsh, 2007). Comparing two
networks on the *same* draws cancels what their errors share, which makes small differences visible. Where nobody is
wrong no draw is, either, and the interval collapses: shares and AUROCs of one network have formulas of their own, see
`label_intervals`.

A draw is kept as how often each film counts; `presorted` makes the AUROC of all draws from it.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.discrimination import COUNTS, arrays, rates, roc_curve
from radlib.metrics.presorted import BLOCK, auroc_draws_of_all

MINIMUM_DEFINED = 0.95  # share of draws in which a metric must be defined for its interval to be


def patient_draws(patient_ids: ArrayLike, draws: int = 1000, seed: int = 0) -> np.ndarray:
    """Return how often each film counts in each draw of patients.

    Args:
        patient_ids: Whose film it is, (n,).
        draws: How many times to draw.
        seed: Of the draws; the same patients and seed give the same draws.

    Returns:
        uint8 (draws, n). In each row, films of one patient have the same count, and counts add up to the
        number of patients when one film of each is taken.

    Example:
        >>> counts = patient_draws(["a", "a", "b", "c"], draws=5)
        >>> counts[:, [0, 2, 3]].sum(axis=1).tolist()
        [3, 3, 3, 3, 3]
    """
    patients, film_patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    generator = np.random.default_rng(seed)
    counts = np.empty((draws, len(film_patient)), dtype=np.uint8)
    for draw in range(draws):
        chosen = generator.integers(0, len(patients), size=len(patients))
        times = np.bincount(chosen, minlength=len(patients)).clip(max=255)  # more is out of reach
        counts[draw] = times[film_patient]
    return counts


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 2.5 and 97.5 % points of the draws' values.

    Undefined (NaN) draws are left out; when more than 5 % are undefined, so is the interval.

    Example:
        >>> percentile_interval(np.arange(1001.0))
        (25.0, 975.0)
    """
    defined = values[~np.isnan(values)]
    if not len(defined) or len(defined) < MINIMUM_DEFINED * len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def metric_draws(
    y_true: ArrayLike, y_prob: ArrayLike, threshold: ArrayLike, counts: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the values of each metric (but the calibration error) over the draws, float64 (draws,) each."""
    y_true, y_prob, _ = arrays(y_true, y_prob)
    thresholds = np.broadcast_to(np.asarray(threshold, np.float64), y_true.shape)[:, None]
    return metric_draws_of_all(y_true[:, None], y_prob[:, None], thresholds, counts)[0]


def metric_draws_of_all(
    y_true: ArrayLike, y_prob: ArrayLike, thresholds: np.ndarray, counts: np.ndarray
) -> list[dict[str, np.ndarray]]:
    """Return `metric_draws` of every label; each block of draws is widened once for all of them.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n, labels); films whose label is unknown are left out of it.
        y_prob: Probabilities, (n, labels).
        thresholds: Of each film and label, (n, labels).
        counts: How often each film counts, integers (draws, n).
    """
    y_true, y_prob = np.asarray(y_true, np.float64), np.asarray(y_prob, np.float64)
    known, truth, called = ~np.isnan(y_true), y_true == 1, y_prob >= thresholds
    outcomes = (called & truth, called & ~truth & known, ~called & ~truth & known, ~called & truth)
    squares = np.where(known, (y_prob - y_true) ** 2, 0.0)
    columns = np.stack([*outcomes, squares]).astype(np.float64)  # (5, n, labels)
    flat = np.moveaxis(columns, 0, 1).reshape(len(y_true), -1)
    blocks = [counts[i : i + BLOCK].astype(np.float64) @ flat for i in range(0, len(counts), BLOCK)]
    sums = np.concatenate(blocks).reshape(len(counts), len(columns), -1)  # (draws, 5, labels)
    aurocs = auroc_draws_of_all(y_true, y_prob[None], counts)[0]
    return [
        {
            "auroc": aurocs[label],
            **_rates_of(sums[..., label], np.isnan(thresholds[known[:, label], label]).any()),
        }
        for label in range(y_true.shape[1])
    ]


def _rates_of(sums: np.ndarray, undecided: bool | np.bool) -> dict[str, np.ndarray]:
    """Return what follows from the four counts and the sum of squares of every draw, (draws, 5)."""
    found = rates(*sums[:, : len(COUNTS)].T)
    if undecided:
        found = {name: np.full(len(sums), np.nan) for name in found}
    films = sums[:, : len(COUNTS)].sum(axis=1)
    return found | {"brier": np.divide(sums[:, -1], films, out=np.full(len(films), np.nan), where=films > 0)}


def mean_draws(values: ArrayLike, counts: np.ndarray, known: ArrayLike | None = None) -> np.ndarray:
    """Return the mean of a number per film over the films of every draw; NaN without films.

    Args:
        values: (n,), or (n, k) for many means at once: each block of draws is widened once for all of them.
        counts: How often each film counts, (draws, n).
        known: Which films count, bool of the values' shape; None for all.

    Returns:
        float64 (draws,) or (draws, k).

    Example:
        >>> mean_draws([1.0, 3.0], np.array([[1, 1], [0, 2], [0, 0]])).tolist()
        [2.0, 3.0, nan]
    """
    values = np.asarray(values, np.float64)
    columns = values.reshape(len(values), -1)
    weights = (
        np.ones((len(columns), 1)) if known is None else np.asarray(known, np.float64).reshape(columns.shape)
    )
    if known is not None:
        columns = np.where(weights > 0, columns, 0.0)
    stacked = np.concatenate([columns, weights], axis=1)
    blocks = [counts[i : i + BLOCK].astype(np.float64) @ stacked for i in range(0, len(counts), BLOCK)]
    sums = np.concatenate(blocks) if blocks else np.empty((0, stacked.shape[1]))
    sums, films = (
        sums[:, : columns.shape[1]],
        np.broadcast_to(sums[:, columns.shape[1] :], (len(sums), columns.shape[1])),
    )
    means = np.divide(sums, films, out=np.full(sums.shape, np.nan), where=films > 0)
    return means[:, 0] if values.ndim == 1 else means


def roc_band(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike, draws: int = 300, seed: int = 0, *,
    points: int = 101
) -> "pd.DataFrame":  # fmt: skip
    """Return the 95 % band of the ROC curve: at each false positive rate, the middle of the draws' curves.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, (n,).
        patient_ids: Whose film it is, (n,).
        draws: How many draws of patients.
        seed: Of the draws.
        points: How many false positive rates, evenly spaced in [0, 1].

    Returns:
        DataFrame with columns `false_positive_rate`, `low`, `high` (true positive rates). It is pointwise, by
        vertical averaging (Fawcett, 2006).
    """
    grid = np.linspace(0, 1, points)
    curves = []
    for weights in patient_draws(patient_ids, draws, seed):
        false_positive, true_positive, _ = roc_curve(y_true, y_score, weights)
        if not np.isnan(false_positive[-1] + true_positive[-1]):
            curves.append(np.interp(grid, false_positive, true_positive))
    band = np.quantile(curves, [0.025, 0.975], axis=0) if curves else np.full((2, points), np.nan)
    return pd.DataFrame({"false_positive_rate": grid, "low": band[0], "high": band[1]})
