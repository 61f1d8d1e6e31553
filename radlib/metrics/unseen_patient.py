"""How sure is it that nobody was harmed unseen? One patient who is not in the sample is counted with it.

A network that misses one lesion in a hundred loses nothing on the ninety-nine others, and a sample of ninety-nine may
well hold no patient whom it harms: loss 0, standard error 0, and by every normal test no doubt at all. A sample is
never quite as wide as what it was drawn from. So the patients seen are weighted at random, as in the Bayesian
bootstrap, together with one more, who is lost entirely:

    p = P( Σᵢ Eᵢ (lossᵢ − margin) / m  +  E₀ (worst − margin) / m  ≥ 0 ),        Eᵢ independent, exponential, mean 1

Where a patient is either lost or not, this is the exact test of Clopper and Pearson (1934), so that one patient in m
who was not seen is allowed for at any level; where many lose a little it is the normal test, a little stricter. No
counter-example to its level is known for losses that are bounded; it is proven for the two-valued ones.

The weighted sum of exponentials has the cumulants of K(s) = −Σ log(1 − s cᵢ), and the tail follows from them by the
saddlepoint formula of Lugannani and Rice (1980), here within 3 % of the exact p down to 1e-5. What does not come from
patients, such as the luck of the seeds, is a normal variable beside it: τ² s² / 2 more in K.

References:
    Gaffke (2005). Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
    variable. Mathematical Methods of Statistics 14. Learned-Miller, Thomas (2019). A new confidence interval for
    the mean of a bounded random variable. arXiv 1905.06208. Rubin (1981). The Bayesian bootstrap. Annals of
    Statistics 9. Lugannani, Rice (1980). Saddle point approximation. Advances in Applied Probability 12.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from radlib.metrics.delong import Difference

STEPS = 100  # of halving; Newton's method usually needs six
NOTHING = 1e-12  # of the spread, below which a weight moves nothing and its reciprocal overflows
EXACT = 1e-7  # of the saddlepoint, at which the exponent is flat
_NORMAL = NormalDist()
NEAR_THE_MEAN = 1e-4  # standard deviations, within which the formula divides zero by zero
FAR_FROM_THE_MEAN = 1e9  # standard deviations
BEYOND_A_NORMAL = 40.0  # standard deviations, beyond which the tail of a normal variable is 0 in float64


def unseen_p(found: Difference, margin: float, other_variance: float = 0.0) -> float:
    """Return the p-value of "the loss is the margin or more", with one lost patient counted with those seen.

    Args:
        found: The difference (negative is a loss), each patient's influence on it, and what one patient weighs.
        margin: Largest loss that still counts as none.
        other_variance: Of the difference, from what patients do not explain, such as seeds.

    Returns:
        In [0, 1]; NaN where the difference is undefined.

    Example:
        >>> nobody = Difference(0.0, 0.0, np.zeros(170), 1 / 170)
        >>> round(unseen_p(nobody, 0.01), 3), round(0.99**170, 3)
        (0.181, 0.181)
    """
    if not math.isfinite(found.value) or not len(found.influence):
        return math.nan
    weights = (-found.value - margin) / len(found.influence) - found.influence
    unseen = found.patient_share * (1 - margin)
    return weighted_tail(np.append(weights, unseen), variance=other_variance)


def seen_again_p(found: Difference, margin: float, other_variance: float = 0.0) -> float:
    """Return the p-value of "the loss is the margin or less"; the patient who speaks most against it counts twice.

    An alarm has to be heard, so nobody unseen excuses it.
    """
    if not math.isfinite(found.value) or not len(found.influence):
        return math.nan
    weights = (found.value + margin) / len(found.influence) + found.influence
    return weighted_tail(np.append(weights, max(float(weights.max()), 0.0)), variance=other_variance)


def difference_interval(
    found: Difference, alpha: float = 0.05, other_variance: float = 0.0
) -> tuple[float, float]:
    """Return the interval of a difference: the margins that neither test rejects at half of `alpha`.

    Its lower end is exact where nobody was harmed: −3.6 of a hundred patients, never 0.

    Returns:
        (low, high), in [−1, 1]; NaN where the difference is undefined.

    Example:
        >>> low, high = difference_interval(Difference(0.0, 0.0, np.zeros(100), 1 / 100))
        >>> round(low, 3), round(high, 3), round(0.025 ** (1 / 100) - 1, 3)
        (-0.036, 0.0, -0.036)
    """
    if not math.isfinite(found.value) or not len(found.influence):
        return math.nan, math.nan
    wanted, loss = normal_score(alpha / 2), -found.value
    low = -_crossing(
        lambda x: wanted - normal_score(unseen_p(found, x, other_variance)), max(loss, -1.0), 1.0
    )
    high = -_crossing(
        lambda x: normal_score(seen_again_p(found, x, other_variance)) - wanted, -1.0, min(loss, 1.0)
    )
    return min(low, found.value), max(high, found.value)


def _crossing(falling: Callable[[float], float], first: float, last: float) -> float:
    """Return where a falling function crosses zero between two places, to 1e-6; the first or last where it does not.

    By the Illinois form of false position: the p-values' probits are nearly straight lines.
    """
    left, right = falling(first), falling(last)
    if left <= 0 or right >= 0:
        return first if left <= 0 else last
    for _ in range(STEPS):
        middle = (first * right - last * left) / (right - left) if math.isfinite(left - right) else math.nan
        if not first < middle < last:
            middle = (first + last) / 2
        value = falling(middle)
        if abs(value) < 1e-4 or last - first < 1e-6:
            return middle
        if value > 0:
            first, left, right = middle, value, right / 2
        else:
            last, right, left = middle, value, left / 2
    return (first + last) / 2


def normal_score(p_value: float) -> float:
    """Return how many standard errors out a one-sided p-value lies; at most 40, where it is 0.

    Example:
        >>> round(normal_score(0.025), 3), normal_score(0.0)
        (1.96, 40.0)
    """
    return -_NORMAL.inv_cdf(p_value) if 0 < p_value < 1 else math.copysign(40.0, 0.5 - p_value)


def weighted_tail(weights: np.ndarray, shift: float = 0.0, variance: float = 0.0) -> float:
    """Return P(Σ Eᵢ wᵢ + shift + N(0, variance) ≥ 0) for independent exponential variables E of mean 1.

    Args:
        weights: wᵢ, (n,), of either sign.
        shift: What is added.
        variance: Of a normal variable that is added.

    Example:
        >>> round(weighted_tail(np.array([1.0, -1.0])), 3), round(weighted_tail(np.array([]), -1.645, 1.0), 3)
        (0.5, 0.05)
    """
    weights = np.asarray(weights, np.float64)
    centre = float(weights.sum()) + shift
    spread = math.sqrt(float((weights**2).sum()) + variance)
    if spread == 0:
        return float(centre >= 0)
    if abs(centre) > FAR_FROM_THE_MEAN * spread:
        return float(centre > 0)  # Chebyshev: the other side has less than a number can hold
    weights = weights[np.abs(weights) > NOTHING * spread]
    of_one_sign = centre != 0 and (weights * centre >= 0).all() and shift * centre >= 0
    if of_one_sign and variance * BEYOND_A_NORMAL**2 <= shift**2:
        return float(
            centre > 0
        )  # no draw lies on the other side, or fewer of the normal ones than a number can hold
    if abs(centre) < NEAR_THE_MEAN * spread:
        return 0.5 - float((weights**3).sum()) / (3 * math.sqrt(2 * math.pi) * spread**3)
    s = _saddlepoint(weights, shift, variance)
    cumulant = -float(np.log1p(-s * weights).sum()) + s * shift + variance * s**2 / 2
    curvature = float(((weights / (1 - s * weights)) ** 2).sum()) + variance
    w, u = math.copysign(math.sqrt(max(-2 * cumulant, 0.0)), s), s * math.sqrt(curvature)
    if w == 0:  # rounding left nothing of the exponent, of which the formula needs the reciprocal
        return normal_tail(-centre / spread)
    density = math.exp(-(w**2) / 2) / math.sqrt(2 * math.pi)
    return min(max(normal_tail(w) + density * (1 / u - 1 / w), 0.0), 1.0)


def _saddlepoint(weights: np.ndarray, shift: float, variance: float) -> float:
    """Return s with K'(s) = 0, by Newton's method, halved back into the interval where K exists."""
    largest, smallest = weights.max(initial=0.0), weights.min(initial=0.0)
    low = float(1 / smallest) if smallest < 0 else -math.inf
    high = float(1 / largest) if largest > 0 else math.inf
    s = 0.0
    for _ in range(STEPS):
        ratio = weights / (1 - s * weights)
        slope = float(ratio.sum()) + shift + variance * s
        low, high = (s, high) if slope < 0 else (low, s)
        following = s - slope / (float(ratio @ ratio) + variance)
        if not low < following < high:
            following = (
                (low + high) / 2 if math.isfinite(low + high) else s - math.copysign(abs(s) + 1, slope)
            )
        if abs(following - s) <= EXACT * abs(following):
            return float(following)
        s = following
    return float(s)


def normal_tail(z: float) -> float:
    """Return the chance that a standard normal number exceeds z."""
    return 0.5 * math.erfc(z / math.sqrt(2))
