"""A number per film, such as Dice: what is it on average, what on the films that fail, and how sure is either?

A mean of 0.96 may be 0.96 on every film, or 0.98 on most and 0.4 on one in twenty. The twentieth is whom an outline harms, so
beside the mean stands the *5th percentile*: the smallest value that at least one film in twenty does not exceed. Both have an
interval by the bootstrap over patients: so many patients are drawn with replacement, all films of a patient together.

References:
    Efron (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7.
    Field, Welsh (2007). Bootstrapping clustered data. JRSS B 69.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.bootstrap import mean_draws, patient_draws, percentile_interval

FAILING = 0.05  # the share of films that a 5th percentile is about


def film_summary(
    values: ArrayLike, patient_ids: ArrayLike, draws: int = 1000, seed: int = 0
) -> dict[str, float]:
    """Return mean and 5th percentile of a number per film, each with its 95 % interval.

    Args:
        values: Of each film, (n,); NaN where it is undefined, which is left out.
        patient_ids: Whose film it is, (n,).
        draws: Draws of patients.
        seed: Of the draws.

    Returns:
        `mean`, `mean_low`, `mean_high`, `failing` (the 5th percentile), `failing_low`, `failing_high`; NaN without a film.

    Example:
        >>> found = film_summary(np.linspace(0.0, 1.0, 101), np.arange(101))
        >>> round(found["mean"], 2), round(found["failing"], 2), found["mean_low"] < 0.5 < found["mean_high"]
        (0.5, 0.05, True)
    """
    every = np.asarray(values, np.float64)
    known = ~np.isnan(every)
    there, patients = every[known], np.asarray(patient_ids)[known]
    if not len(there):
        return dict.fromkeys(
            [f"{name}{end}" for name in ("mean", "failing") for end in ("", "_low", "_high")], np.nan
        )
    counts = patient_draws(patients, draws, seed)
    found = {
        "mean": float(there.mean()),
        "failing": float(lowest_share(there, np.ones((1, len(there))))[0]),
    }
    drawn = {"mean": mean_draws(there, counts), "failing": lowest_share(there, counts)}
    ends = {name: percentile_interval(of) for name, of in drawn.items()}
    return {
        key: value
        for name in found
        for key, value in (
            (name, found[name]),
            (f"{name}_low", ends[name][0]),
            (f"{name}_high", ends[name][1]),
        )
    }


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
