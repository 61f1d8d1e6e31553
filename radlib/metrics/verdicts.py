"""Is the compressed network as good as its original? One test for yes, one for no, a margin fixed before.

*Non-inferior*: the data speak against a loss of the margin or more. *Inferior*: they speak against a smaller one.
*Cannot tell*: neither. With many variants and findings one of them looks good or bad by luck, so p-values are adjusted by Holm's
rule, each direction over all that are asked together.

Both p-values come from the standard error clustered by patient. Losses of AUROC are skewed: few patients carry
them, and a sample that lacks these shows both a small loss and a small error, so the plain normal test would call
a loss of exactly the margin non-inferior in 6 % of all samples instead of 5 %. Two corrections mend that: Hall's
for skewness (1992), where it makes the claim harder, and the patient who speaks most against the claim is counted
once more, as a sample is never quite as wide as what it was drawn from (compare Agresti and Coull, 1998).

References:
    Piaggio et al. (2012). Reporting of noninferiority and equivalence randomized trials. JAMA 308.
    Holm (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.
    Hall (1992). On the removal of skewness by transformation. Journal of the Royal Statistical Society B 54.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.delong import Difference, auroc_difference, mean_auroc_difference

ALPHA = 0.05
POWER = 0.8
SKEWED_TO = 3.0  # standard errors from the margin
FEWEST_PATIENTS = 10  # with the finding, and without: with fewer, a standard error is a guess
VERDICTS = ("non-inferior", "inferior", "cannot tell", "undefined")


@dataclass(frozen=True)
class PairedTest:
    """A compressed network tested against its original.

    Attributes:
        difference: AUROC of the compressed network minus that of the original; NaN where undefined.
        standard_error: Of the difference, clustered by patient.
        p_noninferior: One-sided p of "the loss is the margin or more"; small speaks for non-inferiority.
        p_inferior: One-sided p of "the loss is the margin or less"; small speaks for inferiority.
        method: Which standard error it rests on.
        reason: One sentence where something is undefined or unusual, else empty.
    """

    difference: float
    standard_error: float
    p_noninferior: float
    p_inferior: float
    method: str
    reason: str


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
        >>> truth = np.arange(400) % 2
        >>> score = truth + generator.normal(size=400)
        >>> test = paired_test(truth, score, score + 0.01 * generator.normal(size=400), np.arange(400))
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
        return untested(reason)
    if y_true.ndim == 1:
        known = ~np.isnan(y_true)
        found = auroc_difference(y_true[known], prob_a[known], prob_b[known], patient_ids[known])
    else:
        found = mean_auroc_difference(y_true, prob_a, prob_b, patient_ids)
        method += ", mean over labels"
    if math.isnan(found.standard_error):
        reason = "A label occurs in one patient only, so the mean over labels has no standard error."
    noninferior, inferior = one_sided(found, margin)
    return PairedTest(found.value, found.standard_error, noninferior, inferior, method, reason)


def untested(reason: str) -> PairedTest:
    """Return the test that was not made, and why."""
    return PairedTest(math.nan, math.nan, math.nan, math.nan, "", reason)


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


def one_sided(found: Difference, margin: float) -> tuple[float, float]:
    """Return the p-values of both directions: of non-inferiority, and of inferiority.

    Args:
        found: The difference with each patient's influence on it.
        margin: See `paired_test`.

    Returns:
        (p of "loss ≥ margin", p of "loss ≤ margin"). Without any spread (both networks win the same pairs) they are
        0 or 1, by which side of the margin the difference lies on.
    """
    distance = found.value + margin
    return (
        _tail(distance, found.standard_error, found.influence),
        _tail(-distance, found.standard_error, -found.influence),
    )


def _tail(distance: float, standard_error: float, influence: np.ndarray) -> float:
    """Return the chance of at least this distance if the true one is 0; see the module's text."""
    if math.isnan(distance) or math.isnan(standard_error):
        return float("nan")
    if standard_error == 0:
        return float(distance <= 0)
    against = min(float(influence.min()), 0.0)
    error = math.hypot(standard_error, against)
    skewness = min((float((influence**3).sum()) + against**3) / error**3, 0.0)
    t = distance / error
    # Hall's cubic takes the skewness out. It is an expansion about the centre and flat far from it, where it would
    # call no loss certain however large; beyond SKEWED_TO its correction stays as it is there.
    near = min(t, SKEWED_TO)
    return normal_tail(t + skewness / 3 * near**2 + skewness**2 / 27 * near**3 + skewness / 6)


def normal_tail(z: float) -> float:
    """Return the chance that a standard normal number exceeds z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return Holm's adjusted p-values; what is NaN was not tested and does not count.

    Args:
        p_values: Of all that is asked together, (tests,).

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted


def verdict(p_noninferior: float, p_inferior: float, alpha: float = ALPHA) -> str:
    """Say what two adjusted p-values allow to say: one of `VERDICTS`."""
    if math.isnan(p_noninferior) or math.isnan(p_inferior):
        return "undefined"
    if p_noninferior < alpha:
        return "non-inferior"
    return "inferior" if p_inferior < alpha else "cannot tell"


def smallest_shown(
    standard_error: float, tests: int = 1, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Return how far from the margin a loss must truly lie to be told from it by as many films.

    Args:
        standard_error: Of the difference.
        tests: How many are asked together; the first step of Holm's rule divides alpha by it.
        alpha: Level of the verdict.
        power: How often such a difference is to be found.

    Example:
        >>> round(smallest_shown(0.004), 4), round(smallest_shown(0.004, tests=20), 4)
        (0.0099, 0.0146)
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / max(tests, 1)) + normal.inv_cdf(power)) * standard_error


def judge(tests: Sequence[PairedTest], alpha: float = ALPHA) -> "pd.DataFrame":
    """Return the verdicts of all that is asked together, adjusted by Holm's rule.

    Args:
        tests: One per variant, or per variant and finding.
        alpha: Level of the verdicts, of each direction.

    Returns:
        DataFrame with columns `difference`, `standard_error`, `p_noninferior`, `p_inferior` (adjusted), `verdict`,
        `smallest_shown`, `method`, `reason`; one row per test, in their order.
    """
    noninferior, inferior = (
        holm([getattr(t, f"p_{side}") for t in tests]) for side in ("noninferior", "inferior")
    )
    asked = sum(not math.isnan(t.p_noninferior) for t in tests)
    return pd.DataFrame(
        {
            "difference": [t.difference for t in tests],
            "standard_error": [t.standard_error for t in tests],
            "p_noninferior": noninferior,
            "p_inferior": inferior,
            "verdict": [verdict(*pair, alpha) for pair in zip(noninferior, inferior, strict=True)],
            "smallest_shown": [smallest_shown(t.standard_error, asked, alpha) for t in tests],
            "method": [t.method for t in tests],
            "reason": [t.reason for t in tests],
        }
    )
