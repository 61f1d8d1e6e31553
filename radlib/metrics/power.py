"""Can these patients answer at all? Asked before the test films are opened, on what validation films already say.

A verdict "cannot tell" that could not have been another one wastes the only look at the test films. The standard error
on validation patients, scaled to the number of test patients, says beforehand how often a variant that loses nothing
would be shown non-inferior, and how many patients would be needed. Whatever the spread, nobody can rule out with m
patients that a share of log(α)/m of all patients is lost entirely: below `patients_for` a claim is out of reach.

References:
    Chow, Shao, Wang (2008). Sample size calculations in clinical research. Hanley, Lippman-Hand (1983). If nothing goes
    wrong, is everything all right? JAMA 249 (the rule of three).
"""

import math

from radlib.metrics.unseen_patient import normal_tail

ALPHA = 0.05
POWER = 0.8
MOST = 10_000_000  # patients; more is nowhere


def patients_for(margin: float, alpha: float = ALPHA) -> int:
    """Return how many patients of the rarer answer a claim needs even if nobody in the sample is harmed.

    (1 − margin)^m ≤ α: the smallest m for which a share `margin` of lost patients would have been met.

    Example:
        >>> patients_for(0.01), patients_for(0.02), patients_for(0.05)
        (299, 149, 59)
    """
    return math.ceil(math.log(alpha) / math.log1p(-margin) - 1e-9) if 0 < margin < 1 else MOST


def not_excluded(patients: float, alpha: float = ALPHA) -> float:
    """Return the share of patients that may be lost entirely without one of them being in the sample.

    Example:
        >>> round(not_excluded(170), 4), round(not_excluded(10), 2)
        (0.0175, 0.26)
    """
    return 1 - alpha ** (1 / patients) if patients > 0 else 1.0


def chance_if_lossless(
    standard_error: float, patients: float, margin: float, alpha: float = ALPHA, loss: float = 0.0
) -> float:
    """Return how often a variant without any loss would be shown non-inferior.

    Args:
        standard_error: Of the difference on as many patients.
        patients: Of the rarer answer.
        margin: Largest loss that still counts as none.
        alpha: Level of the claim; divided by the number of chains at the first step of Holm's rule.
        loss: The true loss, in place of none.

    Example:
        >>> round(chance_if_lossless(0.004, 1000, 0.01), 2), round(chance_if_lossless(0.004, 170, 0.01), 2)
        (0.71, 0.01)
    """
    if not (math.isfinite(standard_error) and patients > 0):
        return math.nan
    largest = _largest_claimed(standard_error, patients, margin, alpha)
    if math.isnan(largest):
        return 0.0
    if standard_error == 0:
        return float(loss <= largest)
    return normal_tail((loss - largest) / standard_error)


def patients_needed(
    standard_error: float, patients: float, margin: float, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Return how many patients of the rarer answer would show a lossless variant to be so in a share `power`.

    Args:
        standard_error: Of the difference on `patients`.
        patients: Those it was found on.
        margin: Largest loss that still counts as none.
        alpha: Level of the claim.
        power: How often it is to be made.

    Returns:
        Patients; NaN where the error is unknown, infinite where no number of them would do.

    Example:
        >>> patients_needed(0.0, 170, 0.01), patients_needed(0.01, 100, 0.01) > 700
        (299.0, True)
    """
    if not (math.isfinite(standard_error) and patients > 0):
        return math.nan

    def reached(count: float) -> bool:
        error = standard_error * math.sqrt(patients / count)
        return chance_if_lossless(error, count, margin, alpha) >= power

    low, high = patients_for(margin, alpha) - 1, patients_for(margin, alpha)
    while not reached(high):
        low, high = high, 2 * high
        if high > MOST:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return float(high)


def _largest_claimed(standard_error: float, patients: float, margin: float, alpha: float) -> float:
    """Return the largest loss in the sample with which non-inferiority is still claimed; NaN where none is."""
    if standard_error == 0 and patients < patients_for(margin, alpha):
        return math.nan
    unseen = margin / -math.log1p(-margin) / patients  # exp(−margin / it) = (1 − margin)^patients
    low, high = margin - 50 * (standard_error + 1 / patients), margin
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if normal_and_unseen(margin - middle, standard_error, unseen) > alpha
            else (middle, high)
        )
    return low


def normal_and_unseen(distance: float, standard_error: float, unseen: float) -> float:
    """Return P(N(0, SE²) + unseen · E ≥ distance), E exponential: the p-value of `unseen_patient` when losses are spread.

    = Φ(−d/σ) + exp(−d/w + σ²/2w²) Φ(d/σ − σ/w), the exponentially modified normal distribution (Grushka, 1972).

    Example:
        >>> round(normal_and_unseen(0.01, 0.0, 1 / 170), 3), round(normal_and_unseen(1.645, 1.0, 1e-6), 3)
        (0.183, 0.05)
    """
    if standard_error == 0:
        return math.exp(-max(distance, 0.0) / unseen)
    near, far = distance / standard_error, standard_error / unseen
    exponent = -distance / unseen + far**2 / 2 + _log_normal(near - far)
    return min(normal_tail(near) + math.exp(min(exponent, 0.0)), 1.0)


def _log_normal(z: float) -> float:
    """Return log Φ(z), by its asymptote where Φ underflows."""
    return math.log(normal_tail(-z)) if z > -30 else -(z**2) / 2 - math.log(-z * math.sqrt(2 * math.pi))
