"""Two networks on the same films: by how much do they differ, and what do the films say against "as good"?

The difference of two AUROCs is that of DeLong with errors clustered by patient (`delong`), its p-values count with a
patient who is not in the sample (`unseen_patient`), and its interval is made of those p-values, so that interval and
verdict never contradict each other.

Networks trained with several seeds are one method with several outcomes. A claim about the *method* has to hold for
the next training too, so the spread of the seeds is part of its error:

    SE² = SE²(patients, of the mean over seeds) + s² / k,      s: standard deviation over the k seeds

with as many degrees of freedom as Satterthwaite's formula leaves. One seed has no spread: it speaks of *this file*.

References:
    DeLong, DeLong, Clarke-Pearson (1988). Biometrics 44. Obuchowski (1997). Biometrics 53.
    Satterthwaite (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2.
    Bouthillier et al. (2021). Accounting for variance in machine learning benchmarks. MLSys, arXiv 2103.03098.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.delong import Difference, auroc_difference, mean_auroc_difference
from radlib.metrics.unseen_patient import difference_interval, normal_tail, seen_again_p, unseen_p

FEWEST_PATIENTS = 10  # with the finding, and without: with fewer, a standard error is a guess


@dataclass(frozen=True)
class PairedTest:
    """A compressed network tested against its original, or a method against another over several seeds.

    Attributes:
        difference: AUROC (or rate) of the compressed network minus that of the original; NaN where undefined.
        standard_error: Of the difference, clustered by patient; of several seeds with their spread.
        low: Lower end of the 95 % interval; beside it the patients who were not seen are allowed for.
        high: Upper end.
        p_noninferior: One-sided p of "the loss is the margin or more"; small speaks for non-inferiority.
        p_inferior: One-sided p of "the loss is the margin or less"; small speaks for inferiority.
        margin: Largest loss that still counts as none.
        patients: How many patients of the rarer answer a claim rests on; of the mean over k labels k times as many.
        method: Which standard error it rests on.
        reason: One sentence where something is undefined or unusual, else empty.
        seeds: How many trainings it is about.
        seed_deviation: Standard deviation of the difference over the seeds; NaN of one.
        found: What it was computed from.
    """

    difference: float
    standard_error: float
    low: float
    high: float
    p_noninferior: float
    p_inferior: float
    margin: float
    patients: float
    method: str
    reason: str = ""
    seeds: int = 1
    seed_deviation: float = math.nan
    found: Difference | None = None

    @property
    def findings(self) -> int:
        """Of how many findings it tests the mean."""
        return 1 if self.found is None else self.found.findings


def paired_test(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike, margin: float = 0.01
) -> PairedTest:
    """Test a compressed network against its original on the same films.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,) or (n, labels); of several labels the mean AUROC is tested.
        prob_a: Probabilities by the original, of the same shape.
        prob_b: Probabilities by the compressed network, of the same films.
        patient_ids: Whose film it is, (n,).
        margin: The largest loss that still counts as "as good", fixed before looking; above 0.

    Returns:
        The test; NaN and a `reason` where these films cannot answer.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> truth = np.arange(2000) % 2
        >>> score = truth + generator.normal(size=2000)
        >>> test = paired_test(truth, score, score + 0.01 * generator.normal(size=2000), np.arange(2000))
        >>> test.p_noninferior < 0.001, test.method
        (True, 'DeLong')
    """
    y_true, prob_a, prob_b = (np.asarray(x, dtype=np.float64) for x in (y_true, prob_a, prob_b))
    patient_ids = np.asarray(patient_ids)
    if y_true.ndim == 2 and y_true.shape[1] == 1:
        y_true, prob_a, prob_b = y_true[:, 0], prob_a[:, 0], prob_b[:, 0]
    several = len(np.unique(patient_ids)) < len(patient_ids)
    method = "DeLong, clustered by patient (Obuchowski)" if several else "DeLong"
    reason, fatal = _why_not(y_true, prob_a, prob_b, patient_ids)
    if fatal:
        same = y_true.shape == prob_a.shape == prob_b.shape and bool(np.isfinite(prob_a + prob_b).all())
        if not same:
            return untested(reason)
        truth, a, b = (x.reshape(len(x), -1) for x in (y_true, prob_a, prob_b))
        return untested(reason, mean_auroc_difference(truth, a, b, patient_ids).value)
    if y_true.ndim == 1:
        known = ~np.isnan(y_true)
        found = auroc_difference(y_true[known], prob_a[known], prob_b[known], patient_ids[known])
    else:
        found = mean_auroc_difference(y_true, prob_a, prob_b, patient_ids)
        method += ", mean over labels"
    if math.isnan(found.standard_error):
        reason = "A label occurs in one patient only, so the mean over labels has no standard error."
        return untested(reason, found.value)
    return tested(found, margin, method, reason)


def tested(found: Difference, margin: float, method: str, reason: str = "") -> PairedTest:
    """Return the test of a difference on one set of films."""
    low, high = difference_interval(found)
    return PairedTest(
        difference=found.value,
        standard_error=found.standard_error,
        low=low,
        high=high,
        p_noninferior=unseen_p(found, margin),
        p_inferior=seen_again_p(found, margin),
        margin=margin,
        patients=1 / found.patient_share,
        method=method,
        reason=reason,
        found=found,
    )


def untested(reason: str, difference: float = math.nan) -> PairedTest:
    """Return the test that was not made, and why."""
    return PairedTest(
        difference, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, "", reason
    )


def noted(test: PairedTest, reason: str) -> PairedTest:
    """Return a test with a sentence on what is unusual about it."""
    return dataclasses.replace(test, reason=reason)


def pooled_test(tests: Sequence[PairedTest]) -> PairedTest:
    """Return the test of a method over several trainings, with the seeds as random effects.

    Args:
        tests: Of the same question on the same films, one per seed, each with its margin.

    Returns:
        The test of the mean difference; that of the only seed where there is one. Where a seed has none, its reason.

    Example:
        >>> def seed(change):
        ...     found = Difference(change, 0.0, np.zeros(400), 1 / 400)
        ...     return tested(found, 0.01, "DeLong")
        >>> pooled = pooled_test([seed(-0.001), seed(0.0), seed(0.001)])
        >>> pooled.seeds, round(pooled.standard_error, 6), pooled.p_noninferior > seed(0.0).p_noninferior
        (3, 0.000577, True)
    """
    differences = [test.found for test in tests if test.found is not None]
    if len(tests) == 1 or len(differences) < len(tests):
        return next((test for test in tests if test.found is None), tests[0])
    first, count = tests[0], len(tests)
    values = np.array([one.value for one in differences])
    mean = mean_of_differences(differences)
    of_seeds = float(values.var(ddof=1)) / count
    freedom = _freedom(mean.standard_error**2, of_seeds, count - 1)
    # the normal level at which a bound lies as far out as Student's at 5 %
    low, high = difference_interval(mean, 2 * normal_tail(student_quantile(0.975, freedom)), of_seeds)
    return PairedTest(
        difference=mean.value,
        standard_error=math.hypot(mean.standard_error, math.sqrt(of_seeds)),
        low=low,
        high=high,
        p_noninferior=as_student(unseen_p(mean, first.margin, of_seeds), freedom),
        p_inferior=as_student(seen_again_p(mean, first.margin, of_seeds), freedom),
        margin=first.margin,
        patients=1 / mean.patient_share,
        method=f"{first.method}, {count} seeds as random effects",
        reason=next((test.reason for test in tests if test.reason), ""),
        seeds=count,
        seed_deviation=float(values.std(ddof=1)),
        found=mean,
    )


def mean_of_differences(differences: Sequence[Difference]) -> Difference:
    """Return the mean of several differences of the same patients: of seeds, or of labels asked together."""
    influences = np.array([one.influence for one in differences])
    own = np.sqrt((influences**2).sum(axis=1))
    errors = np.array([one.standard_error for one in differences])
    # what a sample of n estimates too small by n − 1 is carried over from the single ones
    correction = float((errors[own > 0] / own[own > 0]).mean()) if (own > 0).any() else 1.0
    influence = influences.mean(axis=0)
    return Difference(
        float(np.mean([one.value for one in differences])),
        correction * math.sqrt(float((influence**2).sum())),
        influence,
        max(one.patient_share for one in differences),
        differences[0].findings,
    )


def _freedom(of_patients: float, of_seeds: float, freedom_of_seeds: int) -> float:
    """Return the degrees of freedom of a sum of two variances, the first known well (Satterthwaite, 1946, eq. 17)."""
    if of_seeds == 0:
        return math.inf
    return freedom_of_seeds * ((of_patients + of_seeds) / of_seeds) ** 2


def as_student(p_value: float, freedom: float) -> float:
    """Return the p-value of Student's distribution that lies as many standard errors out as a normal one.

    Example:
        >>> round(as_student(0.025, 4), 3), as_student(0.025, math.inf)
        (0.061, 0.025)
    """
    if not 0 < p_value < 1 or math.isinf(freedom):
        return p_value
    from scipy.special import stdtr

    return float(stdtr(freedom, NormalDist().inv_cdf(p_value)))


def student_quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's distribution; of infinite freedom the normal one."""
    if math.isinf(freedom):
        return NormalDist().inv_cdf(share)
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))


def two_sided(test: PairedTest, alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval for "which of two", in which both are treated alike: difference ± t SE.

    NaN of one seed: it says which *file* reads better here, and nothing of which method would.
    """
    if test.seeds < 2:
        return math.nan, math.nan
    of_seeds = test.seed_deviation**2 / test.seeds
    freedom = _freedom(max(test.standard_error**2 - of_seeds, 0.0), of_seeds, test.seeds - 1)
    reach = student_quantile(1 - alpha / 2, freedom) * test.standard_error
    return test.difference - reach, test.difference + reach


def _why_not(
    y_true: np.ndarray, prob_a: np.ndarray, prob_b: np.ndarray, patient_ids: np.ndarray
) -> tuple[str, bool]:
    """Return a sentence on what is wrong with the films, and whether nothing can be said because of it."""
    if not y_true.shape == prob_a.shape == prob_b.shape:
        return "The two networks answered different numbers of films or labels.", True
    if not (np.isfinite(prob_a).all() and np.isfinite(prob_b).all()):
        return "A probability is not a number; the network’s output is broken.", True
    columns = [y_true] if y_true.ndim == 1 else list(y_true.T)
    counts = [_patients_of(column, patient_ids) for column in columns]
    if not any(np.isfinite(column).any() for column in columns):
        return "No film has a known label.", True
    defined = [pair for pair in counts if min(pair) > 0]
    if not defined:
        return "Only one answer occurs among these films, so there is no AUROC.", True
    smallest = min(min(pair) for pair in defined) if y_true.ndim == 1 else max(min(pair) for pair in defined)
    if smallest < FEWEST_PATIENTS:
        return (
            f"Too few for a standard error: {defined[0][0]} patients with the finding and {defined[0][1]} without, "
            f"{FEWEST_PATIENTS} of each are needed.",
            True,
        )
    if _is_constant(prob_a):
        return "The original gives every film the same score, so there is nothing to lose.", True
    if _is_constant(prob_b):
        return "The variant gives every film the same score.", False
    return "", False


def _patients_of(labels: np.ndarray, patient_ids: np.ndarray) -> tuple[int, int]:
    """Return how many patients have a film with the finding, and how many one without."""
    with_finding, without = (len(np.unique(patient_ids[labels == answer])) for answer in (1, 0))
    return with_finding, without


def _is_constant(scores: np.ndarray) -> bool:
    return bool((scores == scores[:1]).all())
