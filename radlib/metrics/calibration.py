"""Does a probability mean what it says? Reliability in equal-mass bins, calibration error, Brier score.

Of the films a network calls 80 % likely, 80 % should have the finding. Films are sorted by probability into
bins of about equal number and the mean probability of each bin is set against the share of films that have
the finding (DeGroot and Fienberg, 1983). Compression can leave AUROC untouched and still spoil this.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd

NORMAL_975 = 1.959963984540054  # the 97.5 % point of the standard normal distribution


def brier(y_true: ArrayLike, y_prob: ArrayLike, weights: np.ndarray | None = None) -> float:
    """Return the mean squared distance of probability and label; 0 is perfect, 0.25 is always saying 0.5.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        weights: How much each film counts, (n,); None for 1 each.

    References:
        Brier, 1950, Verification of forecasts expressed in terms of probability.

    Example:
        >>> brier([0, 1], [0.5, 0.5])
        0.25
    """
    squares = (np.asarray(y_prob, dtype=np.float64) - np.asarray(y_true, dtype=np.float64)) ** 2
    return float(np.average(squares, weights=weights)) if len(squares) else float("nan")


def reliability(y_true: ArrayLike, y_prob: ArrayLike, bins: int = 10) -> "pd.DataFrame":
    """Return the reliability table: one row per bin of about equally many films.

    Bin edges are quantiles of the probabilities; films with equal probabilities stay together, so ties make
    fewer and uneven bins.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        bins: How many bins at most.

    Returns:
        DataFrame with columns `predicted` (mean probability), `observed` (share with the finding), `films`,
        and `low`, `high`, Wilson's 95 % interval of `observed` (which takes films as independent).

    Example:
        >>> reliability([0, 0, 1, 1], [0.1, 0.1, 0.8, 0.8], bins=2)["observed"].tolist()
        [0.0, 1.0]
    """
    y_true, y_prob = np.asarray(y_true, dtype=np.float64), np.asarray(y_prob, dtype=np.float64)
    if not len(y_prob):
        return pd.DataFrame(columns=["predicted", "observed", "films", "low", "high"], dtype=float)
    edges = np.quantile(y_prob, np.linspace(0, 1, bins + 1))
    bin_of = np.searchsorted(edges[1:-1], y_prob)
    films = np.bincount(bin_of, minlength=bins)
    used = films > 0
    positives = np.bincount(bin_of, y_true, minlength=bins)[used]
    predicted = np.bincount(bin_of, y_prob, minlength=bins)[used] / films[used]
    low, high = wilson_interval(positives, films[used])
    columns = {"predicted": predicted, "observed": positives / films[used], "films": films[used]}
    return pd.DataFrame({**columns, "low": low, "high": high})


def expected_calibration_error(y_true: ArrayLike, y_prob: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance of predicted and observed share over equal-mass bins, weighted by films.

    It is at least a little above zero for any finite number of films, more so for few; resampling inflates it
    further, which is why it is given without an interval.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        bins: How many bins at most.

    References:
        Naeini, Cooper and Hauskrecht, 2015, Obtaining well calibrated probabilities using Bayesian binning;
        equal-mass bins after Nguyen and O'Connor, 2015, arXiv 1508.05154.

    Example:
        >>> expected_calibration_error([0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75], bins=2)
        0.25
    """
    table = reliability(y_true, y_prob, bins)
    if table.empty:
        return float("nan")
    return float(np.average(np.abs(table["predicted"] - table["observed"]), weights=table["films"]))


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, quantile: float = NORMAL_975
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's interval of a share, which takes trials as independent; see `rate_intervals` where they are not.

    Args:
        successes: How many of the trials, number or array.
        trials: How many trials, number or array, at least 1.
        quantile: How many standard errors it reaches; that of the normal distribution gives 95 %.

    References:
        Wilson, 1927, Probable inference, the law of succession, and statistical inference.

    Example:
        >>> [round(float(x), 3) for x in wilson_interval(174, 200)]
        [0.816, 0.91]
    """
    successes, trials = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    share, z2 = successes / trials, quantile**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = quantile * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
