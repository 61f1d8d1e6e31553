"""How often would outlines that lose nothing be shown to be as good: on average *and* on the films that fail?

The claim needs the mean and the 5th percentile (`outline_tests`), and the mean is nearly always the easier half: where both
networks outline a film alike its change is small, while a percentile hangs on the few films that are outlined worst. A
percentile has no formula for its power, so studies of the size to come are drawn from the films at hand: patients with replacement, all
films of a patient together, and of each patient the two networks change places or not, by a coin. What is drawn so has lost nothing,
of mean or percentile, and is as noisy as the networks are (Fisher, 1935; Efron and Tibshirani, 1993, chapter 25, power by the bootstrap).

Few films drawn again and again lie in steps, and a percentile of steps is less sure than one of many different films. So each film drawn is moved
towards its neighbour in the order of Dice, with all that was measured of it (a smoothed bootstrap; Silverman and Young, 1987).

References:
    Fisher (1935). The design of experiments. Oliver and Boyd.
    Efron, Tibshirani (1993). An introduction to the bootstrap. Chapman and Hall.
    Silverman, Young (1987). The bootstrap: to smooth or not to smooth? Biometrika 74.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.outline_tests import both_tests, failing_test, mean_test
from radlib.metrics.power import ALPHA

STUDIES = 100  # drawn; their share is known to 0.05
DRAWS = 500  # of patients within each


def chance_of_both(
    before: ArrayLike,
    after: ArrayLike,
    patient_ids: ArrayLike,
    patients: int,
    margin: float,
    *,
    alpha: float = ALPHA,
    studies: int = STUDIES,
    seed: int = 0,
) -> float:
    """Return how often a variant without any loss would be shown as good in mean and 5th percentile.

    Args:
        before: A number in [0, 1] of each film at hand by the original, (n,), or of several seeds (seeds, n).
        after: By the compressed network, of the same shape.
        patient_ids: Whose film it is, (n,).
        patients: How many there will be.
        margin: The largest loss of either that still counts as none.
        alpha: Level of the claim.
        studies: To draw.
        seed: Of the draws.

    Returns:
        A share; NaN where the films at hand cannot say.

    Example:
        >>> dice = np.linspace(0.8, 1.0, 100)
        >>> few, many = (chance_of_both(dice, dice, range(100), n, 0.02, studies=20) for n in (50, 300))
        >>> few < 0.1, many > 0.9
        (True, True)
    """
    first, second = np.atleast_2d(np.asarray(before, np.float64), np.asarray(after, np.float64))
    everyone, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    if not len(everyone) or patients < 1 or not np.isfinite(first + second).all():
        return math.nan
    films = [np.flatnonzero(patient == one) for one in range(len(everyone))]
    generator = np.random.default_rng(seed)
    level = np.bincount(patient, (first + second).mean(axis=0) / 2) / np.bincount(patient)
    order = np.argsort(level, kind="stable")
    claimed = []
    for number in range(studies):
        place = generator.uniform(0, len(everyone), patients)
        drawn = order[place.astype(int)]
        moved = np.interp(place - 0.5, np.arange(len(order)), level[order]) - level[drawn]
        rows = np.concatenate([films[one] for one in drawn])
        whose = np.repeat(np.arange(patients), [len(films[one]) for one in drawn])
        changed = (generator.random(patients) < 0.5)[whose]
        one, other = (np.clip(of[:, rows] + moved[whose], 0.0, 1.0) for of in (first, second))
        a, b = np.where(changed, other, one), np.where(changed, one, other)
        both = both_tests(
            mean_test(a, b, whose, margin), failing_test(a, b, whose, margin, DRAWS, seed + number)
        )
        claimed.append(both.p_noninferior < alpha)
    return float(np.mean(claimed))
