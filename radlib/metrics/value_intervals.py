"""How sure is a mean over films, such as Dice or a squared error, and how sure the 5th percentile? By formulas, not by resampling.

Numbers per film are skewed: most are good, a few are not, and a sample that happens to hold few of those looks both better and surer
than it is. Resampling cannot mend that: what was not seen is in no draw. So a *mean* is treated as an AUROC is
(`auroc_intervals`): the patient who moves it most counts once more, Student's quantile replaces the normal one, and the interval is symmetric
on a scale on which errors are. For shares, in [0, 1], that is

    logit(m) ± t · √(SE² + max influence²) / (m (1 − m))

for numbers that are never negative, such as distances or counts, the same with log(m) and m. Films of one patient are summed first.

A *percentile* has an exact interval whatever the distribution (Thompson, 1936): of n films so many lie below the true 5th percentile as
coins of 5 % fall, thus it lies between the l-th and the u-th lowest with

    l: largest with P(Binomial(n, 0.05) < l) ≤ 0.025        u: smallest with P(Binomial(n, 0.05) ≥ u) ≤ 0.025

Films of one patient fail together: n is divided by the design effect of "is among the lowest" (Woodruff, 1952; Korn and Graubard, 1998).
With fewer than 72 films l is 0: the films say nothing of how low it may be, and the end is the lowest value that there is.

References:
    Thompson (1936). On confidence ranges for the median and other expectation distributions. Annals of Mathematical Statistics 7.
    Woodruff (1952). Confidence intervals for medians and other position measures. JASA 47.
    Korn, Graubard (1998). Confidence intervals for proportions with small expected number of positive counts. Survey Methodology 24.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.estimates import TAIL, Estimate, exact_tail, nothing
from radlib.metrics.rate_intervals import design_effect

ROUNDING = 1e-12


def value_estimate(values: ArrayLike, patient: np.ndarray, everyone: int) -> Estimate:
    """Return the mean over films of a number and how sure it is, the patient who moves it most counted once more.

    Args:
        values: Of each film, (n,).
        patient: Whose film it is, whole numbers below `everyone`, (n,).
        everyone: How many patients there are in all.
    """
    values = np.asarray(values, np.float64)
    if not len(values):
        return nothing(everyone)
    mean = float(values.mean())
    influence = np.bincount(patient, values - mean, minlength=everyone) / len(values)
    patients = len(np.unique(patient))
    variance = float(influence @ influence) * patients / max(patients - 1, 1) + float((influence**2).max())
    return Estimate(mean, variance, patients, influence, max(patients - 1, 1))


def estimate_ends(found: Estimate, shares: bool = True) -> tuple[float, float]:
    """Return the 95 % interval of a mean, see the module's text.

    Args:
        found: See `value_estimate` and `estimates.mean_of`.
        shares: Whether the numbers lie in [0, 1]; else they are at least 0.
    """
    from scipy.special import expit, logit, stdtrit

    mean, worst = found.value, exact_tail(found.patients)
    if math.isnan(mean):
        return math.nan, math.nan
    if mean < ROUNDING:  # none had any: one more of those unseen has 1
        return 0.0, worst
    if shares and mean > 1 - ROUNDING:
        return 1 - worst, 1.0
    reach = float(stdtrit(found.freedom, 1 - TAIL)) * math.sqrt(found.variance)
    if not shares:
        return mean * math.exp(-reach / mean), mean * math.exp(reach / mean)
    scaled = reach / (mean * (1 - mean))
    return float(expit(logit(mean) - scaled)), float(expit(logit(mean) + scaled))


def value_interval(values: ArrayLike, patient_ids: ArrayLike, shares: bool = True) -> tuple[float, float]:
    """Return the 95 % interval of the mean over films of a number, clustered by patient.

    Args:
        values: Of each film, at least 0, (n,).
        patient_ids: Whose film it is, (n,).
        shares: Whether they are at most 1, too.

    Example:
        >>> [round(end, 3) for end in value_interval([0.9] * 39 + [0.1], range(40))]
        [0.811, 0.926]
        >>> [round(end, 3) for end in value_interval([1.0] * 20, range(20))]
        [0.832, 1.0]
    """
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    return estimate_ends(value_estimate(values, patient, len(patients)), shares)


def percentile_ends(
    values: ArrayLike, patient_ids: ArrayLike, share: float, least: float = 0.0
) -> tuple[float, float]:
    """Return the 95 % interval of the number that a small share of films does not exceed, clustered by patient.

    Args:
        values: Of each film, (n,).
        patient_ids: Whose film it is, (n,).
        share: Of the films, in (0, 0.5].
        least: The lowest value that there is, which stands where so few films say nothing of the lower end.

    Example:
        >>> percentile_ends(np.arange(1, 201), range(200), 0.05)
        (4.0, 17.0)
        >>> percentile_ends(np.arange(1, 41), range(40), 0.05)
        (0.0, 6.0)
    """
    from scipy.special import bdtr, bdtrc

    values = np.asarray(values, np.float64)
    if not len(values):
        return math.nan, math.nan
    order = np.argsort(values, kind="stable")
    ordered, films = values[order], len(values)
    lowest = np.zeros(films)
    lowest[order[: max(math.ceil(share * films), 1)]] = 1
    _, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    alone = int(patient.max()) + 1 == films
    effect = 1.0 if alone else design_effect(np.bincount(patient, lowest), np.bincount(patient))
    effective = max(int(films / effect), 1)
    places = np.arange(effective + 1)
    below = int((bdtr(places, effective, share) <= TAIL).sum())  # P(≤ place) small: l − 1 is such a place
    above = int(np.argmax(bdtrc(places, effective, share) <= TAIL)) + 1
    low = ordered[math.floor(below * films / effective) - 1] if below else least
    return float(low), float(ordered[min(math.ceil(above * films / effective), films) - 1])
