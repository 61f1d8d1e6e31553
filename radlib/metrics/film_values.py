"""A number per film, such as Dice: what is it on average, what on the films that fail, and how sure is either?

A mean of 0.96 may be 0.96 on every film, or 0.98 on most and 0.4 on one in twenty. The twentieth is whom an outline harms, so
beside the mean stands the end at which films fail: of shares the *5th percentile*, the smallest value that at least one film in twenty does not
exceed; of distances and counts, which fail upwards, the 95th. How sure both are is said by formulas (`value_intervals`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.value_intervals import percentile_ends, value_interval

FAILING = 0.05  # the share of films that a 5th percentile is about


def film_summary(values: ArrayLike, patient_ids: ArrayLike, shares: bool = True) -> dict[str, float]:
    """Return mean and failing end of a number per film, each with its 95 % interval.

    Args:
        values: Of each film, at least 0, (n,); NaN where it is undefined, which is left out.
        patient_ids: Whose film it is, (n,).
        shares: Whether they lie in [0, 1] and films fail downwards; else films fail upwards, without bound.

    Returns:
        `mean`, `mean_low`, `mean_high`, `failing` (the 5th percentile of shares, else the 95th), `failing_low`,
        `failing_high`; NaN without a film, and of an end that has no bound and of which so few films say nothing.

    Example:
        >>> found = film_summary(np.linspace(0.0, 1.0, 101), np.arange(101))
        >>> round(found["mean"], 2), round(found["failing"], 2), found["mean_low"] < 0.5 < found["mean_high"]
        (0.5, 0.05, True)
        >>> film_summary(np.arange(101), np.arange(101), shares=False)["failing"]
        95.0
    """
    every = np.asarray(values, np.float64)
    known = ~np.isnan(every)
    there, patients = every[known], np.asarray(patient_ids)[known]
    if not len(there):
        return dict.fromkeys(
            [f"{name}{end}" for name in ("mean", "failing") for end in ("", "_low", "_high")], np.nan
        )
    sign = 1.0 if shares else -1.0
    failing = sign * float(lowest_share(sign * there, np.ones((1, len(there))))[0])
    ends = percentile_ends(sign * there, patients, FAILING, 0.0 if shares else -math.inf)
    low, high = (sign * end if math.isfinite(end) else math.nan for end in ends[:: int(sign)])
    mean_low, mean_high = value_interval(there, patients, shares)
    return {
        "mean": float(there.mean()), "mean_low": mean_low, "mean_high": mean_high,
        "failing": failing, "failing_low": low, "failing_high": high,
    }  # fmt: skip


def lowest_share(values: ArrayLike, weights: np.ndarray, share: float = FAILING) -> np.ndarray:
    """Return the smallest value that a share of the films does not exceed, for each set of weights, float64 (draws,).

    Args:
        values: Of each film, (n,).
        weights: What each film counts, at least 0, (draws, n).
        share: Of all weight, in (0, 1).

    Example:
        >>> lowest_share([0.9, 0.1, 0.5], np.array([[1, 1, 1], [1, 0, 1], [98, 1, 1]])).tolist()
        [0.1, 0.5, 0.9]
    """
    order = np.argsort(np.asarray(values, np.float64), kind="stable")
    ordered = np.asarray(values, np.float64)[order]
    reached = np.cumsum(np.asarray(weights, np.float64)[:, order], axis=1)
    # the last sum is all of the weight; a rounding error below it must not reach beyond the last film
    place = (reached < (share - 1e-12) * reached[:, -1:]).sum(axis=1)
    return ordered[np.minimum(place, len(ordered) - 1)]
