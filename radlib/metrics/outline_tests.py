"""Is a compressed network's outline as good as its original's: on average, and on the films that fail?

Two questions, asked of the same films. *Mean Dice*: each patient's change, clustered, with one patient counted who was not seen
and is lost entirely (`unseen_patient`), as everywhere else. *5th percentile*: a quantile has no influence to sum up, but the same
question can be drawn. Patients are weighted at random as in the Bayesian bootstrap, together with one more whom the original
outlines perfectly and the variant not at all,

    p = P( q₀.₀₅(variant; E) − q₀.₀₅(original; E) ≤ −margin ),        E independent, exponential, mean 1

With fewer than 59 patients that one patient alone may be a twentieth of all at the 5 % level, whatever the others say: "too few".
The claim *as good* needs both; since both have to hold, neither is adjusted (an intersection-union test; Berger, 1982). An alarm
sounds for either.

Networks trained with several seeds are one method: the differences of the seeds are averaged within each draw, and their spread
is drawn beside the patients, by Student's distribution.

References:
    Berger (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24.
    Rubin (1981). The Bayesian bootstrap. Annals of Statistics 9. Gaffke (2005), see `unseen_patient`.
"""

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.human_units import plural
from radlib.metrics.delong import Difference
from radlib.metrics.film_values import FAILING, lowest_share
from radlib.metrics.paired_tests import FEWEST_PATIENTS, PairedTest, pooled_test, tested, untested
from radlib.metrics.power import ALPHA, patients_for
from radlib.metrics.verdicts import verdict

DRAWS = 4000
TOGETHER = 500  # draws at once, which bounds the memory


def mean_value_difference(before: ArrayLike, after: ArrayLike, patient_ids: ArrayLike) -> Difference:
    """Return the mean over films of after − before, with its standard error clustered by patient.

    Args:
        before: A number in [0, 1] of each film, such as Dice, of the original, (n,).
        after: Of the compressed network, of the same films, (n,).
        patient_ids: Whose film it is, (n,).

    Example:
        >>> found = mean_value_difference([0.9, 0.9, 0.8, 1.0], [0.9, 0.7, 0.8, 1.0], ["a", "b", "c", "d"])
        >>> round(found.value, 3), round(found.standard_error, 3), found.patient_share
        (-0.05, 0.05, 0.25)
    """
    change = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    count = len(patients)
    influence = np.bincount(patient, change - change.mean(), minlength=count) / len(change)
    error = math.sqrt(count / max(count - 1, 1) * float(influence @ influence))
    return Difference(float(change.mean()), error, influence, 1 / count)


def mean_test(before: ArrayLike, after: ArrayLike, patient_ids: ArrayLike, margin: float) -> PairedTest:
    """Test a loss of a mean over films, over one training or several.

    Args:
        before: A number in [0, 1] of each film by the original, (n,), or of several seeds (seeds, n).
        after: By the compressed network, of the same shape.
        patient_ids: Whose film it is, (n,).
        margin: The largest loss of the mean that still counts as none; above 0.

    Example:
        >>> test = mean_test([0.9] * 200, [0.9] * 199 + [0.0], range(200), 0.05)
        >>> test.p_noninferior < 0.01, round(test.difference, 4)
        (True, -0.0045)
    """
    first, second = np.atleast_2d(before, after)
    if reason := _why_not(first, second, patient_ids):
        return untested(reason)
    found = [mean_value_difference(a, b, patient_ids) for a, b in zip(first, second, strict=True)]
    return pooled_test([tested(one, margin, "means over films, clustered by patient") for one in found])


def failing_test(
    before: ArrayLike, after: ArrayLike, patient_ids: ArrayLike, margin: float, draws: int = DRAWS, seed: int = 0
) -> PairedTest:  # fmt: skip
    """Test a loss of the 5th percentile over films, over one training or several.

    Args:
        before: A number in [0, 1] of each film by the original, (n,), or of several seeds (seeds, n).
        after: By the compressed network, of the same shape.
        patient_ids: Whose film it is, (n,).
        margin: The largest loss of the percentile that still counts as none; above 0.
        draws: Of patients; no p-value is below one of them.
        seed: Of the draws.

    Example:
        >>> dice = np.linspace(0.5, 1.0, 300)
        >>> kept, lost = failing_test(dice, dice, range(300), 0.02), failing_test(dice, dice - 0.1, range(300), 0.02)
        >>> kept.p_noninferior < 0.001, round(lost.difference, 2), lost.p_inferior < 0.001
        (True, -0.1, True)
    """
    first, second = np.atleast_2d(before, after)
    if reason := _why_not(first, second, patient_ids):
        return untested(reason)
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    generator = np.random.default_rng(seed)
    gain = np.bincount(patient, (second - first).mean(axis=0))
    lost = _drawn(first, second, patient, generator, draws, again=None)
    kept = _drawn(first, second, patient, generator, draws, again=int(gain.argmax()))
    differences = _percentile(second, None) - _percentile(first, None)
    value, seeds = float(differences.mean()), len(first)
    spread = float(differences.std(ddof=1)) if seeds > 1 else math.nan
    if seeds > 1:
        of_seeds = spread / math.sqrt(seeds) * generator.standard_t(seeds - 1, (2, draws))
        lost, kept = lost + of_seeds[0], kept + of_seeds[1]
    return PairedTest(
        difference=value,
        standard_error=float(kept.std(ddof=1)),
        low=min(float(np.quantile(lost, 0.025)), value),
        high=max(float(np.quantile(kept, 0.975)), value),
        p_noninferior=(1 + int((lost <= -margin).sum())) / (1 + draws),
        p_inferior=(1 + int((kept >= -margin).sum())) / (1 + draws),
        margin=margin,
        patients=len(patients),
        method=f"5th percentile over films, {draws} weighted draws of patients",
        seeds=seeds,
        seed_deviation=spread,
    )


def failing_verdict(test: PairedTest) -> str:
    """Return the verdict on a 5th percentile: there are patients enough where one unseen cannot be a twentieth of all.

    Example:
        >>> few, many = (failing_test([0.9] * n, [0.9] * n, range(n), 0.02) for n in (40, 80))
        >>> failing_verdict(few), failing_verdict(many)
        ('too few patients', 'non-inferior')
    """
    return verdict(test.p_noninferior, test.p_inferior, test.patients >= patients_for(FAILING))


def both_tests(mean: PairedTest, failing: PairedTest) -> PairedTest:
    """Return the test of mean and 5th percentile together: the claim needs both, an alarm is either's (Berger, 1982)."""
    if math.isnan(mean.p_noninferior + failing.p_noninferior):
        return untested(mean.reason or failing.reason, mean.difference)
    claim, alarm = max(mean.p_noninferior, failing.p_noninferior), min(mean.p_inferior, failing.p_inferior)
    return dataclasses.replace(mean, p_noninferior=claim, p_inferior=alarm)


def outline_verdict(
    mean: PairedTest, failing: PairedTest, alpha: float = ALPHA, p_noninferior: float | None = None
) -> str:
    """Return what may be said of outlines: as good only where mean and 5th percentile are.

    Args:
        mean: See `mean_test`.
        failing: See `failing_test`.
        alpha: Level of the claim.
        p_noninferior: Of the claim, adjusted for all that was asked; None as it is of these alone.

    Example:
        >>> dice = np.linspace(0.8, 1.0, 200)
        >>> other = np.where(dice < 0.82, dice - 0.5, dice)
        >>> tests = [test(dice, other, range(200), 0.1) for test in (mean_test, failing_test)]
        >>> tests[0].p_noninferior < 0.05, outline_verdict(*tests)
        (True, 'inferior')
    """
    both = both_tests(mean, failing)
    if math.isnan(both.p_noninferior):
        return "undefined"
    enough = mean.patients >= max(patients_for(mean.margin), patients_for(FAILING))
    claim = both.p_noninferior if p_noninferior is None else p_noninferior
    return verdict(claim, both.p_inferior, enough, alpha)


def _why_not(first: np.ndarray, second: np.ndarray, patient_ids: ArrayLike) -> str:
    """Return a sentence on why these films cannot answer; empty where they can."""
    if first.shape != second.shape or first.shape[1] != len(np.asarray(patient_ids)):
        return "The two networks answered different numbers of films."
    if not np.isfinite(first + second).all():
        return "A film has no value, so there is nothing to compare."
    count = len(np.unique(np.asarray(patient_ids)))
    if count < FEWEST_PATIENTS:
        return f"Too few for a standard error: {plural(count, 'patient')}, {FEWEST_PATIENTS} are needed."
    return ""


def _drawn(
    first: np.ndarray, second: np.ndarray, patient: np.ndarray, generator: np.random.Generator, draws: int,
    again: int | None
) -> np.ndarray:  # fmt: skip
    """Return the differences of the percentiles of every draw, averaged over seeds, float64 (draws,).

    One patient is added, with as many films as others have: one who is lost entirely, or one of those seen once more.
    """
    count, films = int(patient.max()) + 1, len(patient)
    if again is None:
        first, second = (
            np.column_stack([of, np.full(len(of), end)]) for of, end in ((first, 1.0), (second, 0.0))
        )
    values = []
    for start in range(0, draws, TOGETHER):
        weight = generator.exponential(size=(min(TOGETHER, draws - start), count + 1))
        if again is None:
            weights = np.column_stack([weight[:, patient], weight[:, -1] * films / count])
        else:
            weight[:, again] += weight[:, -1]
            weights = weight[:, patient]
        values.append((_percentile(second, weights) - _percentile(first, weights)).mean(axis=0))
    return np.concatenate(values)


def _percentile(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the 5th percentile of each seed: of all films (seeds,), or of every draw (seeds, draws)."""
    if weights is None:
        return np.array([lowest_share(of, np.ones((1, len(of))))[0] for of in values])
    return np.array([lowest_share(of, weights) for of in values])
