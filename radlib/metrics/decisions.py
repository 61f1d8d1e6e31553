"""Which decisions change, and at whose cost: sensitivity, specificity and single films at a threshold.

A compressed network that orders films as before may still say yes more often, because its probabilities moved past
a threshold that was chosen for the original. So its rates are compared at the original's threshold, *frozen*, and
again after one was chosen anew. A patient's decision is positive when that of any of its films is.

References:
    McNemar (1947). Note on the sampling error of the difference between correlated proportions. Psychometrika 12.
    Fisher (1935). The design of experiments. Oliver and Boyd.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.human_units import plural
from radlib.metrics.delong import Difference, mean_over_labels
from radlib.metrics.paired_tests import FEWEST_PATIENTS, PairedTest, tested, untested

RATES = {"sensitivity": 1, "specificity": 0}  # the answer whose films each is about


def rate_difference(
    y_true: ArrayLike, called_a: ArrayLike, called_b: ArrayLike, patient_ids: ArrayLike, answer: int
) -> Difference:
    """Return the difference of two networks' sensitivity (answer 1) or specificity (answer 0), b minus a.

    Args:
        y_true: Labels, 1 or 0, (n,).
        called_a: Whether the original calls a film positive, bool (n,).
        called_b: Whether the compressed network does, bool (n,).
        patient_ids: Whose film it is, (n,).
        answer: 1 for the films with the finding, 0 for those without.

    Returns:
        The difference, its standard error with films summed per patient, and each patient's influence.

    Example:
        >>> found = rate_difference([1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 1, 0], [1, 2, 3, 4], 1)
        >>> found.value, found.standard_error
        (-0.25, 0.25)
    """
    chosen = np.asarray(y_true) == answer
    right = [np.asarray(called)[chosen].astype(bool) == bool(answer) for called in (called_a, called_b)]
    change = right[1].astype(np.float64) - right[0]
    if not len(change):
        return Difference(float("nan"), float("nan"), np.zeros(0), 1.0)
    _, patient = np.unique(np.asarray(patient_ids)[chosen], return_inverse=True)
    influence = np.bincount(patient, change - change.mean()) / len(change)
    count = len(influence)
    variance = (influence**2).sum() * count / (count - 1) if count > 1 else np.nan
    return Difference(float(change.mean()), float(np.sqrt(variance)), influence, 1 / count)


def rate_test(
    y_true: ArrayLike, called_a: ArrayLike, called_b: ArrayLike, patient_ids: ArrayLike, answer: int,
    margin: float = 0.05
) -> PairedTest:  # fmt: skip
    """Test a rate of the compressed network against its original's, as `paired_tests.paired_test` does an AUROC.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,) or (n, labels); of several labels the mean rate is tested.
        called_a: Whether the original calls a film positive, bool, of the same shape.
        called_b: Whether the compressed network does.
        patient_ids: Whose film it is, (n,).
        answer: 1 for sensitivity, 0 for specificity.
        margin: The largest loss of the rate that still counts as none.
    """
    given = [np.asarray(x) for x in (y_true, called_a, called_b)]
    columns = [x.reshape(len(x), -1) for x in given]
    everyone, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    found, counts = [], []
    for truth, a, b in zip(*(x.T for x in columns), strict=True):
        theirs = np.unique(patient[truth == answer])
        counts.append(len(theirs))
        if len(theirs) >= FEWEST_PATIENTS:
            found.append((rate_difference(truth, a, b, patient, answer), theirs))
    if not found:
        return untested(too_few(max(counts, default=0), answer))
    method = "shares of films, clustered by patient"
    if len(found) == 1:
        return tested(found[0][0], margin, method)
    return tested(mean_over_labels(found, len(everyone)), margin, f"{method}, mean over labels")


def too_few(patients: int, answer: int) -> str:
    """Return why nothing is said of a rate that rests on so few patients; empty where they are enough.

    Args:
        patients: Those who have a film with that answer.
        answer: 1 for sensitivity, 0 for specificity.

    Example:
        >>> too_few(4, 1), too_few(10, 1)
        ('Too few: 4 patients with the finding, 10 are needed.', '')
    """
    which = "with" if answer else "without"
    return (
        ""
        if patients >= FEWEST_PATIENTS
        else f"Too few: {plural(patients, 'patient')} {which} the finding, {FEWEST_PATIENTS} are needed."
    )


def mcnemar(right_a: ArrayLike, right_b: ArrayLike) -> tuple[int, int, float]:
    """Return how many films only one of two networks gets right, and the exact p of "as often either way".

    Args:
        right_a: Whether the first network is right, bool (n,); one film per patient.
        right_b: Whether the second is.

    Returns:
        (right only by a, right only by b, two-sided p by the binomial distribution; 1 when there are none).

    References:
        McNemar, 1947; exact form after Liddell, 1983.

    Example:
        >>> mcnemar([1] * 8 + [0], [0] * 8 + [1])
        (8, 1, 0.0390625)
    """
    from scipy.special import bdtr

    right_a, right_b = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    lost, won = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    if lost + won == 0:
        return 0, 0, 1.0
    return lost, won, float(min(1.0, 2 * bdtr(min(lost, won), lost + won, 0.5)))


def change_test(
    y_true: ArrayLike, called_a: ArrayLike, called_b: ArrayLike, patient_ids: ArrayLike, answer: int
) -> tuple[float, str]:
    """Return the two-sided p of "the rate did not change", and the test that gave it.

    If nothing changed, a patient's net gain might as well have been a loss of the same size: the p-value is the share of
    all such exchanges of signs that give a change as large (Fisher, 1935). It is exact, films of one patient stay together, and
    where each patient has one film it is McNemar's exact test.

    Example:
        >>> truth, before, after = [1] * 6, [1] * 6, [0] * 5 + [1]
        >>> change_test(truth, before, after, range(6), 1)
        (0.0625, 'McNemar, exact')
        >>> change_test(truth, before, after, [0, 1, 2, 3, 4, 4], 1)
        (0.0625, 'signs of patients, exact')
    """
    chosen = np.asarray(y_true) == answer
    ids = np.asarray(patient_ids)[chosen]
    right = [np.asarray(called)[chosen].astype(bool) == bool(answer) for called in (called_a, called_b)]
    if len(np.unique(ids)) == len(ids):
        return mcnemar(*right)[2], "McNemar, exact"
    change = right[1].astype(int) - right[0]
    of_patient = np.bincount(np.unique(ids, return_inverse=True)[1], change).astype(int)
    return sign_flips(of_patient), "signs of patients, exact"


def sign_flips(changes: ArrayLike) -> float:
    """Return the two-sided p of a sum of whole numbers whose signs might all have been the other way.

    Args:
        changes: Of each patient, whole numbers, (patients,).

    Example:
        >>> sign_flips([-1, -1, -1, -1, -2]), sign_flips([2, -2])
        (0.0625, 1.0)
    """
    sizes = np.abs(np.asarray(changes, dtype=int))
    sizes = sizes[sizes > 0]
    chance = np.ones(1)  # of every share of the whole that is negative, one size after the other
    for size in sizes:
        longer = np.zeros(len(chance) + size)
        longer[: len(chance)] += chance / 2
        longer[size:] += chance / 2
        chance = longer
    sums = sizes.sum() - 2 * np.arange(len(chance))
    return float(min(1.0, chance[np.abs(sums) >= abs(int(np.sum(changes)))].sum()))


def changed_patients(called_a: ArrayLike, called_b: ArrayLike, patient_ids: ArrayLike) -> dict[str, int]:
    """Return how many patients two networks decide differently, in either direction.

    Args:
        called_a: Whether the original calls a film positive, bool (n,).
        called_b: Whether the compressed network does, bool (n,).
        patient_ids: Whose film it is, (n,); a patient is positive when any film is.

    Example:
        >>> changed_patients([0, 0, 1], [0, 1, 0], ["a", "a", "b"])
        {'to_positive': 1, 'to_negative': 1}
    """
    _, patient = np.unique(np.asarray(patient_ids), return_inverse=True)
    a, b = (np.bincount(patient, np.asarray(called, dtype=np.float64)) > 0 for called in (called_a, called_b))
    return {"to_positive": int((~a & b).sum()), "to_negative": int((a & ~b).sum())}
