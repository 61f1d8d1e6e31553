"""How sure is a mean over films, such as Dice or a squared error, and how sure the 5th percentile? By formulas, not by resampling.

Numbers per film are skewed: most are good, a few are not, and a sample that happens to hold few of those looks both better and surer
than it is. Resampling cannot mend that: what was not seen is in no draw. So a *mean* is treated as an AUROC is
(`auroc_intervals`): the patient who moves it most counts once more, Student's quantile replaces the normal one, and the interval is symmetric
on a scale on which errors are. For shares, in [0, 1], that is

    logit(m) ± t · √(SE² + max influence²) / (m (1 − m))

for numbers that are never negative, such as distances or counts, the same with log(m) and m. Films of one patient are summed first.
Numbers of either sign, such as the change of a probability, have no such scale: m ± t · √(SE² + max influence²).

Two sets of other films are compared by what each interval leaves open on the side in question (Newcombe, 1998; Donner and Zou, 2012),
which keeps the skew of both:

    d = m₂ − m₁        from d − √((m₂ − low₂)² + (high₁ − m₁)²) to d + √((high₂ − m₂)² + (m₁ − low₁)²)

A *percentile* has an exact interval whatever the distribution (Thompson, 1936): of n films so many lie below the true 5th percentile as
coins of 5 % fall, thus it lies between the l-th and the u-th lowest with

    l: largest with P(Binomial(n, 0.05) < l) ≤ 0.025        u: smallest with P(Binomial(n, 0.05) ≥ u) ≤ 0.025

Films of one patient fail together: n is divided by the design effect of "is among the lowest" (Woodruff, 1952; Korn and Graubard, 1998).
With fewer than 72 films l is 0: the films say nothing of how low it may be, and the end is the lowest value that there is.

References:
    Thompson (1936). On confidence ranges for the median and other expectation distributions. Annals of Mathematical Statistics 7.
    Donner, Zou (2012). Closed-form confidence intervals for functions of the normal mean and standard deviation. Statistical
        Methods in Medical Research 21 (MOVER).
    Newcombe (1998). Interval estimation for the difference between independent proportions. Statistics in Medicine 17.
    Woodruff (1952). Confidence intervals for medians and other position measures. JASA 47.
    Korn, Graubard (1998). Confidence intervals for proportions with small expected number of positive counts. Survey Methodology 24.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.calibration import NORMAL_975
from radlib.metrics.estimates import TAIL, Estimate, exact_tail, nothing
from radlib.metrics.rate_intervals import design_effect

ROUNDING = 1e-12
SERIES_FROM = 19  # degrees of freedom


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
    mean, worst = found.value, exact_tail(found.patients)
    if math.isnan(mean):
        return math.nan, math.nan
    if mean < ROUNDING:  # none had any: one more of those unseen has 1
        return 0.0, worst
    if shares and mean > 1 - ROUNDING:
        return 1 - worst, 1.0
    reach = _student(found.freedom) * math.sqrt(found.variance)
    if not shares:
        return mean * math.exp(-reach / mean), mean * math.exp(reach / mean)
    scaled, centre = reach / (mean * (1 - mean)), math.log(mean / (1 - mean))
    return _expit(centre - scaled), _expit(centre + scaled)


def _expit(logit: float) -> float:
    return (1 + math.tanh(logit / 2)) / 2


def _student(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's distribution.

    From 19 degrees on by its series in 1 / freedom (Cornish and Fisher, 1938; Abramowitz and Stegun 26.7.5), right to six digits: twenty
    films of a site are compared on devices, where SciPy is not.
    """
    if freedom < SERIES_FROM:
        from scipy.special import stdtrit

        return float(stdtrit(freedom, 1 - TAIL))
    z = NORMAL_975
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


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


def signed_interval(values: ArrayLike, patient_ids: ArrayLike) -> tuple[float, float]:
    """Return the 95 % interval of the mean over films of a number of either sign, clustered by patient.

    Args:
        values: Of each film, in [−1, 1], (n,).
        patient_ids: Whose film it is, (n,).

    Example:
        >>> [round(end, 3) for end in signed_interval([0.01] * 20 + [-0.01] * 20, range(40))]
        [-0.003, 0.003]
        >>> [round(end, 3) for end in signed_interval([0.0] * 40, range(40))]
        [-0.088, 0.088]
    """
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    found = value_estimate(values, patient, len(patients))
    if math.isnan(found.value):
        return math.nan, math.nan
    if not np.any(values):  # one more of those unseen may have moved by 1
        reach = exact_tail(found.patients)
    else:
        reach = _student(found.freedom) * math.sqrt(found.variance)
    return found.value - reach, found.value + reach


def mean_difference(
    first: ArrayLike, second: ArrayLike, first_patients: ArrayLike, second_patients: ArrayLike
) -> tuple[float, float, float]:
    """Return the mean of a second set of films minus that of the first, with its 95 % interval clustered by patient.

    Args:
        first: One value per film in [0, 1], such as a network's confidence, (n,).
        second: The same of other patients' films, (m,).
        first_patients: Whose film it is, (n,).
        second_patients: Likewise, (m,).

    Returns:
        (difference, low, high); NaN where one of the sets is empty.

    Example:
        >>> [round(x, 3) for x in mean_difference([0.9] * 20 + [0.7] * 20, [0.6] * 40, range(40), range(40))]
        [-0.2, -0.231, -0.165]
    """
    each = []
    for values, patients in ((first, first_patients), (second, second_patients)):
        known = np.asarray(values, np.float64)
        each.append((float(known.mean()) if len(known) else math.nan, *value_interval(known, patients)))
    return difference_of_means(*each)


def difference_of_means(
    before: tuple[float, float, float], after: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return how far the second of two means of other patients is above the first, with its 95 % interval.

    Args:
        before: Mean, low and high, see `value_interval`.
        after: Likewise.

    Returns:
        (difference, low, high).

    Example:
        >>> [round(x, 3) for x in difference_of_means((0.9, 0.87, 0.92), (0.8, 0.76, 0.83))]
        [-0.1, -0.145, -0.058]
    """
    change = after[0] - before[0]
    below = math.hypot(after[0] - after[1], before[2] - before[0])
    above = math.hypot(after[2] - after[0], before[0] - before[1])
    return change, change - below, change + above


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
