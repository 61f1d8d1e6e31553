"""The standard error of an AUROC, and of the difference of two on the same films (DeLong, 1988).

The AUROC is a mean over pairs of a film with the finding and one without. Each film's share in it is its
*structural component*: how often that film wins its pairs. Their spread gives the variance, and the spread of
the difference of two networks' components that of the difference, so that what both find hard cancels. Sorting
yields all components at once instead of every pair (Sun and Xu, 2014). Where patients have several films, the
components are summed per patient first (Obuchowski, 1997), because ten films of one patient are not ten patients.

References:
    DeLong, DeLong, Clarke-Pearson (1988). Comparing the areas under two or more correlated receiver operating
    characteristic curves. Biometrics 44. Obuchowski (1997). Nonparametric analysis of clustered ROC curve data.
    Biometrics 53. Sun, Xu (2014). Fast implementation of DeLong's algorithm. IEEE Signal Processing Letters 21.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.metrics.discrimination import arrays


@dataclass(frozen=True)
class Difference:
    """What two networks differ by on the same films.

    Attributes:
        value: Second minus first; negative where the second reads worse.
        standard_error: Of the value, clustered by patient.
        influence: What each patient adds to the value's deviation, float64 (patients,), ids in sorted order; the sum
            is 0 and the sum of squares about the variance.
        patient_share: How much of the value hangs on one patient of the rarer answer: what it would change by at most
            if that patient, with as many films as others have, were lost entirely; one over their number.
        findings: Of how many it is the mean.
    """

    value: float
    standard_error: float
    influence: np.ndarray
    patient_share: float
    findings: int = 1


def structural_components(y_true: ArrayLike, y_score: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each film wins its pairs, ties counting half.

    Args:
        y_true: Labels, 1 or 0, (n,); both must occur.
        y_score: Scores, higher for the finding, (n,).

    Returns:
        Of the films with the finding, the share of those without that score lower, float64 (m,); and of the films
        without, the share of those with it that score higher, float64 (n − m,). The mean of either is the AUROC.

    Example:
        >>> [part.tolist() for part in structural_components([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])]
        [[0.75, 1.0], [1.0, 0.75]]
    """
    y_true, y_score, _ = arrays(y_true, y_score)
    if y_true.all() or not y_true.any():
        raise UsageError("An AUROC needs films with and without the finding; these have one answer only.")
    _, group = np.unique(y_score, return_inverse=True)
    positives = np.bincount(group[y_true], minlength=group.max() + 1)
    negatives = np.bincount(group[~y_true], minlength=group.max() + 1)
    lower = np.cumsum(negatives) - negatives / 2
    higher = positives.sum() - np.cumsum(positives) + positives / 2
    return lower[group[y_true]] / negatives.sum(), higher[group[~y_true]] / positives.sum()


def auroc_covariance(
    y_true: ArrayLike, scores: ArrayLike, patient_ids: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the AUROC of each network on the same films, and their covariance.

    Args:
        y_true: Labels, 1 or 0, (n,); both must occur.
        scores: One row per network, (networks, n).
        patient_ids: Whose film it is, (n,); None when each film is of another patient.

    Returns:
        float64 (networks,) and (networks, networks): DeLong's covariance, clustered by patient when ids are given.
        Where each patient has one film the two are equal.

    Raises:
        UsageError: When shapes do not fit, or only one answer occurs.

    Example:
        >>> values, covariance = auroc_covariance([0, 0, 1, 1], [[0.1, 0.4, 0.35, 0.8]])
        >>> values.tolist(), covariance.tolist()
        ([0.75], [[0.125]])
    """
    y_true = np.asarray(y_true)
    parts = [structural_components(y_true, score) for score in np.atleast_2d(np.asarray(scores))]
    wins, losses = np.array([p[0] for p in parts]), np.array([p[1] for p in parts])
    patient = np.arange(len(y_true)) if patient_ids is None else np.asarray(patient_ids)
    return wins.mean(axis=1), _covariance(wins, losses, y_true.astype(bool), patient)


def auroc_difference(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike | None = None
) -> Difference:
    """Return AUROC of b minus AUROC of a with its standard error, from the differences of their components.

    Args:
        y_true: Labels, 1 or 0, (n,); both must occur.
        prob_a: Scores by the original, (n,).
        prob_b: Scores by the compressed network, of the same films, (n,).
        patient_ids: Whose film it is, (n,); None when each film is of another patient.

    Returns:
        The difference. Its standard error is exactly 0 where both win the same pairs, and NaN where one patient
        alone has the finding, or alone has not.

    Raises:
        UsageError: When shapes do not fit, or only one answer occurs.

    Example:
        >>> found = auroc_difference([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.2, 0.35, 0.8])
        >>> found.value, round(found.standard_error, 3)
        (0.25, 0.354)
    """
    y_true = np.asarray(y_true)
    a, b = structural_components(y_true, prob_a), structural_components(y_true, prob_b)
    wins, losses = (b[0] - a[0])[None], (b[1] - a[1])[None]
    positive = y_true.astype(bool)
    patient = np.arange(len(y_true)) if patient_ids is None else np.asarray(patient_ids)
    with_finding, without, _ = _per_patient(wins, losses, positive, patient)
    influence = (with_finding / wins.size + without / losses.size)[0]
    variance = float(_covariance(wins, losses, positive, patient)[0, 0])
    patients = min(len(np.unique(patient[chosen])) for chosen in (positive, ~positive))
    return Difference(float(wins.mean()), variance**0.5, influence, 1 / patients)


def auroc_influence(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike
) -> tuple[float, float, np.ndarray]:
    """Return the AUROC of one network, its variance clustered by patient, and each patient's influence on it.

    Args:
        y_true: Labels, 1 or 0, (n,); both must occur.
        y_score: Scores, (n,).
        patient_ids: Whose film it is, (n,).

    Returns:
        The AUROC, the variance (NaN where one patient alone carries an answer), and float64 (patients,), in sorted order.

    Example:
        >>> value, variance, influence = auroc_influence([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], range(4))
        >>> value, variance, influence.tolist()
        (0.75, 0.125, [0.125, -0.125, -0.125, 0.125])
    """
    wins, losses = (part[None] for part in structural_components(y_true, y_score))
    positive = np.asarray(y_true).astype(bool)
    with_finding, without, _ = _per_patient(wins, losses, positive, np.asarray(patient_ids))
    variance = float(_covariance(wins, losses, positive, np.asarray(patient_ids))[0, 0])
    return float(wins.mean()), variance, (with_finding / wins.size + without / losses.size)[0]


def mean_auroc_difference(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike
) -> Difference:
    """Return the mean over labels of the AUROC difference, with its standard error clustered by patient.

    Labels of one patient go together, so their differences covary; the covariance of two labels comes from the
    products of each patient's influence on either. A label with one answer only is left out.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n, labels).
        prob_a: Probabilities by the original, (n, labels).
        prob_b: Probabilities by the compressed network, of the same films, (n, labels).
        patient_ids: Whose film it is, (n,).

    Returns:
        The difference; NaN where no label has both answers.
    """
    y_true, prob_a, prob_b = (np.asarray(x, dtype=np.float64) for x in (y_true, prob_a, prob_b))
    patients, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    found = []
    for truth, a, b in zip(y_true.T, prob_a.T, prob_b.T, strict=True):
        known = ~np.isnan(truth)
        if 0 < truth[known].sum() < known.sum():
            one = auroc_difference(truth[known], a[known], b[known], patient[known])
            found.append((one, np.unique(patient[known])))
    return mean_over_labels(found, len(patients))


def mean_over_labels(found: Sequence[tuple[Difference, np.ndarray]], patients: int) -> Difference:
    """Return the mean of the differences of several labels, whose influences covary patient by patient.

    Args:
        found: Per label the difference, and which of all patients its influences are of, positions.
        patients: How many there are.
    """
    if not found:
        return Difference(float("nan"), float("nan"), np.zeros(patients), 1.0)
    influences = np.zeros((len(found), patients))
    for row, (one, places) in zip(influences, found, strict=True):
        row[places] = one.influence
    covariance = influences @ influences.T * patients / max(patients - 1, 1)
    np.fill_diagonal(covariance, [one.standard_error**2 for one, _ in found])
    error = float(np.sqrt(np.maximum(covariance.mean(), 0)))  # NaN stays NaN
    share = max(one.patient_share for one, _ in found) / len(found)
    return Difference(
        float(np.mean([one.value for one, _ in found])), error, influences.mean(axis=0), share, len(found)
    )


def _per_patient(
    wins: np.ndarray, losses: np.ndarray, positive: np.ndarray, patient_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centred components summed per patient, (networks, patients) each, and films (2, patients)."""
    _, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    count = patient.max() + 1
    sums = []
    for values, films in ((wins, patient[positive]), (losses, patient[~positive])):
        centred = values - values.mean(axis=1, keepdims=True)
        sums.append(np.array([np.bincount(films, row, minlength=count) for row in centred]))
    films = [np.bincount(patient[chosen], minlength=count) for chosen in (positive, ~positive)]
    return sums[0], sums[1], np.array(films)


def _covariance(
    wins: np.ndarray, losses: np.ndarray, positive: np.ndarray, patient_ids: np.ndarray
) -> np.ndarray:
    """Return the covariance of the networks' means; NaN where one patient alone carries an answer."""
    with_finding, without, films = _per_patient(wins, losses, positive, patient_ids)
    both = with_finding @ without.T
    clusters = [*(films > 0).sum(axis=1), films.shape[1]]
    corrections = [i / (i - 1) if i > 1 else np.nan for i in clusters]
    m, n = wins.shape[1], losses.shape[1]
    return (
        corrections[0] * (with_finding @ with_finding.T) / m**2
        + corrections[1] * (without @ without.T) / n**2
        + corrections[2] * (both + both.T) / (m * n)
    )
