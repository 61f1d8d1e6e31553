"""How sure is a share, such as a sensitivity? Wilson's interval, with films counted in patients.

Shares near 1 and of few patients are where an interval is needed most, and where resampling fails: when nobody of
five was missed, every draw of the five shows that too, and the interval has no width. Wilson's interval asks which true
shares could have shown this one, so it never collapses. Films of one patient are not independent; the *design effect*

    d = m / (m − 1) · Σ_patients (right − share · films)² / (share · (1 − share) · n)

is by how much they vary more than independent ones, and n / d is the *effective* number of films (Kish, 1965). Where
few patients are wrong, d itself is a guess: it is averaged over them and one more who is wrong on all films, of whom d
is films per patient. Without any error that alone is left, and n / d is the number of patients. Three more cautions: d
is at least 1, Student's quantile replaces the normal one (Korn and Graubard, 1998), and the lower end is never above
the exact one (Clopper and Pearson, 1934). A balanced accuracy is a mean of two shares: its interval follows from
theirs (MOVER; Zou and Donner, 2008).

References:
    Wilson (1927). Probable inference, the law of succession, and statistical inference. JASA 22.
    Clopper, Pearson (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
    Biometrika 26. Korn, Graubard (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24. Zou, Donner (2008). Construction of confidence limits about
    effect measures: a general approach. Statistics in Medicine 27.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.calibration import NORMAL_975, wilson_interval
from radlib.metrics.estimates import TAIL, Estimate, exact_tail, nothing

ROUNDING = 1e-12


def rate_interval(right: ArrayLike, patient_ids: ArrayLike) -> tuple[float, float]:
    """Return the 95 % interval of a share of films, clustered by patient; NaN without films.

    Args:
        right: Which films count, bool (n,): of those with the finding the ones called positive, for a sensitivity.
        patient_ids: Whose film it is, (n,).

    Example:
        >>> [round(end, 3) for end in rate_interval([1] * 20, range(20))]
        [0.82, 1.0]
        >>> [round(end, 3) for end in rate_interval([1] * 18 + [0] * 2, range(20))]
        [0.675, 0.975]
    """
    _, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    return share_interval(rate(right, patient, int(patient.max(initial=-1)) + 1))


def rate(right: ArrayLike, patient: np.ndarray, everyone: int) -> Estimate:
    """Return a share of films and how sure it is.

    Args:
        right: Which films count, bool (n,).
        patient: Whose film it is, whole numbers below `everyone`, (n,).
        everyone: How many patients there are in all, with films of this share or without.
    """
    right = np.asarray(right, dtype=np.float64)
    if not len(right):
        return nothing(everyone)
    films = np.bincount(patient, minlength=everyone)
    successes = np.bincount(patient, right, minlength=everyone)
    patients, share = int((films > 0).sum()), float(right.mean())
    influence = (successes - share * films) / len(right)
    if share in (0.0, 1.0):  # so much that the exact bound lies where the normal one would
        variance = (exact_tail(patients) / NORMAL_975) ** 2
    else:
        variance = share * (1 - share) / len(right) * design_effect(successes, films)
    return Estimate(share, variance, patients, influence, max(patients - 1, 1))


def design_effect(successes: np.ndarray, films: np.ndarray) -> float:
    """Return by how much a share varies more than that of independent films, at least 1.

    Args:
        successes: Films that count, of each patient, (patients,).
        films: All films of each, (patients,).

    Example:
        >>> design_effect(np.array([2, 2, 2, 0, 0, 0]), np.array([2] * 6)) > 2
        True
    """
    successes, films = successes[films > 0], films[films > 0]
    count, total = len(films), films.sum()
    share = successes.sum() / total
    found = 1.0
    if count > 1:
        spread = ((successes - share * films) ** 2).sum() / (share * (1 - share) * total)
        found = max(1.0, spread * count / (count - 1))
    rare = successes if share < 0.5 else films - successes
    seen = (rare > 0).sum()
    return float((seen * found + max(total / count, found)) / (seen + 1))


def share_interval(found: Estimate) -> tuple[float, float]:
    """Return the 95 % interval of a share, or of a mean of shares; see the module's text.

    Args:
        found: See `rate` and `estimates.mean_of`.
    """
    from scipy.special import betaincinv, stdtrit

    value = found.value
    if np.isnan(value):
        return float("nan"), float("nan")
    certain = min(value, 1 - value) < ROUNDING
    films = found.patients if certain else value * (1 - value) / found.variance
    quantile = float(stdtrit(found.freedom, 1 - TAIL))
    low, high = (float(end) for end in wilson_interval(value * films, films, quantile))
    exact = betaincinv(value * films, (1 - value) * films + 1, TAIL) if value > ROUNDING else 0.0
    return min(low, float(exact), value), max(high, value)


def mover_mean(
    one: float, of_one: tuple[float, float], other: float, of_other: tuple[float, float]
) -> tuple[float, float]:
    """Return the interval of the mean of two independent numbers, from theirs (Zou and Donner, 2008).

    Example:
        >>> [round(end, 3) for end in mover_mean(0.9, (0.8, 0.95), 0.7, (0.6, 0.8))]
        [0.729, 0.856]
    """
    low = np.hypot(one - of_one[0], other - of_other[0]) / 2
    high = np.hypot(of_one[1] - one, of_other[1] - other) / 2
    centre = (one + other) / 2
    return float(centre - low), float(centre + high)
