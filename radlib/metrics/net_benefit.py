"""Is a network of use where it is to stand? Missed findings, needless calls, and what both weigh together.

Sensitivity and specificity are those of the network; what a clinic sees depends on the *prevalence* π there as well. Of
1,000 films

    missed = 1000 · π · (1 − sensitivity)          called back for nothing = 1000 · (1 − π) · (1 − specificity)

and of the films that are called, the share that has the finding (positive predictive value) is π · sensitivity over all
that is called. *Net benefit* weighs both errors: who wants a film called from a probability p on accepts (1 − p) / p
needless calls for one finding, so

    net benefit = π · sensitivity − (1 − π) · (1 − specificity) · p / (1 − p)

in findings per film; a network is of use where it lies above both calling none (0) and calling all. Drawn over p it is the decision
curve (Vickers and Elkin, 2006). Intervals follow from those of sensitivity and specificity: what depends on one of them alone
takes its ends, what depends on both combines them (MOVER; Zou and Donner, 2008).

References:
    Vickers, Elkin (2006). Decision curve analysis: a novel method for evaluating prediction models. Medical Decision
    Making 26. Zou, Donner (2008). Construction of confidence limits about effect measures. Statistics in Medicine 27.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.metrics.rate_intervals import rate_interval

PROBABILITIES = tuple(round(0.01 * step, 2) for step in range(1, 100))
Ends = tuple[float, float, float]  # value, low, high


@dataclass(frozen=True)
class Rates:
    """Sensitivity and specificity, each as (value, low, high)."""

    sensitivity: Ends
    specificity: Ends


def rates_of(y_true: ArrayLike, called: ArrayLike, patient_ids: ArrayLike) -> Rates:
    """Return both rates of decisions with their intervals clustered by patient.

    Args:
        y_true: Labels, 1 or 0, (n,).
        called: Whether a film is called positive, bool (n,).
        patient_ids: Whose film it is, (n,).
    """
    truth, called, ids = np.asarray(y_true) == 1, np.asarray(called, bool), np.asarray(patient_ids)
    found = []
    for films, right in ((truth, called), (~truth, ~called)):
        value = float(right[films].mean()) if films.any() else float("nan")
        found.append((value, *rate_interval(right[films], ids[films])))
    return Rates(*found)


def usefulness(rates: Rates, prevalence: float, weight: float) -> dict[str, Ends]:
    """Return what decisions with such rates mean at a prevalence, each as (value, low, high).

    Args:
        rates: See `rates_of`.
        prevalence: Share of films with the finding, above 0 and below 1.
        weight: What a film called back for nothing weighs against a finding, p / (1 − p).

    Returns:
        `missed_per_1000` and `needless_per_1000` films, `ppv_at_prevalence`, `npv_at_prevalence`, `net_benefit`.

    Raises:
        UsageError: For a prevalence that is none.

    Example:
        >>> rates = Rates((0.9, 0.8, 0.95), (0.8, 0.7, 0.9))
        >>> found = usefulness(rates, 0.1, 1 / 9)
        >>> [round(end, 3) for end in found["missed_per_1000"]], round(found["ppv_at_prevalence"][0], 3)
        ([10.0, 5.0, 20.0], 0.333)
        >>> [round(end, 3) for end in found["net_benefit"]]
        [0.07, 0.056, 0.081]
    """
    if not 0 < prevalence < 1:
        raise UsageError(f"A prevalence lies between 0 and 1, not at {prevalence}.")
    sensitivity, specificity = rates.sensitivity, rates.specificity
    healthy = 1 - prevalence
    return {
        "missed_per_1000": _errors(sensitivity, 1000 * prevalence),
        "needless_per_1000": _errors(specificity, 1000 * healthy),
        "ppv_at_prevalence": _predictive(sensitivity, specificity, prevalence),
        "npv_at_prevalence": _predictive(specificity, sensitivity, healthy),
        "net_benefit": _combined(
            tuple(prevalence * end for end in sensitivity),
            tuple(-healthy * weight * (1 - end) for end in specificity),
        ),
    }


def predictive_value(right: ArrayLike, wrong: ArrayLike, share: float) -> np.ndarray:
    """Return which share of what is called so is so: share · right / (share · right + (1 − share) · wrong).

    Args:
        right: Of the films that are so, the share that is called so: the sensitivity, for a positive value.
        wrong: Of the films that are not, the share that is called so all the same: 1 − specificity; of the same shape.
        share: Of all films, those that are so: the prevalence.

    Returns:
        float64 of their shape; NaN where nothing is called so.

    Example:
        >>> predictive_value([0.9, 0.9, 0.0], [0.1, 0.1, 0.0], 0.5).tolist()
        [0.9, 0.9, nan]
        >>> round(float(predictive_value(0.9, 0.1, 0.02)), 3)
        0.155
    """
    found, called = (np.asarray(rate, np.float64) for rate in (right, wrong))
    whole = share * found + (1 - share) * called
    return np.divide(share * found, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def decision_curve(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, prevalence: float = 0.0,
    probabilities: ArrayLike = PROBABILITIES
) -> "pd.DataFrame":  # fmt: skip
    """Return the net benefit of calling films from each probability on.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_prob: Probabilities, (n,).
        patient_ids: Whose film it is, (n,).
        prevalence: Share of films with the finding at the place of use; 0 takes that of these films.
        probabilities: From which a film is called, above 0 and below 1.

    Returns:
        DataFrame with columns `probability`, `net_benefit`, `net_benefit_low`, `net_benefit_high`, `call_all` (the net
        benefit of calling every film; calling none has 0).

    Example:
        >>> table = decision_curve([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.9], range(4), probabilities=[0.5])
        >>> table["net_benefit"].tolist(), table["call_all"].tolist()
        ([0.5], [0.0])
    """
    truth, prob = np.asarray(y_true), np.asarray(y_prob, np.float64)
    share = prevalence or float(truth.mean())
    rows = []
    for p in np.asarray(probabilities, np.float64):
        weight = p / (1 - p)
        found = usefulness(rates_of(truth, prob >= p, patient_ids), share, weight)["net_benefit"]
        rows.append((p, *found, share - (1 - share) * weight))
    names = ["probability", "net_benefit", "net_benefit_low", "net_benefit_high", "call_all"]
    return pd.DataFrame(rows, columns=names)


def _errors(rate: Ends, films: float) -> Ends:
    value, low, high = (films * (1 - end) for end in rate)
    return value, high, low


def _combined(one: tuple[float, ...], other: tuple[float, ...]) -> Ends:
    """Return the sum of two numbers, each (value, low, high), with its interval (MOVER)."""
    value = one[0] + other[0]
    below = np.hypot(one[0] - one[1], other[0] - other[1])
    above = np.hypot(one[2] - one[0], other[2] - other[0])
    return value, float(value - below), float(value + above)


def _predictive(own: Ends, other: Ends, share: float) -> Ends:
    """Return `predictive_value` of one rate and of what the other gets wrong, with its interval, on the scale of logits.

    Where a rate is 0 or 1 there is no logit: then both ends are those of both rates' ends together, which is wider.
    """
    value, *corners = (float(predictive_value(own[end], 1 - other[end], share)) for end in range(3))
    if not (own[1] > 0 and other[2] < 1) or np.isnan(value):
        return value, corners[0], corners[1]
    logs = np.log([np.array(own), 1 / (1 - np.array(other))])  # log own and −log(1 − other), ends in order
    _, low, high = _combined(*(tuple(row) for row in logs))
    ends = [1 / (1 + np.exp(-(end + np.log(share / (1 - share))))) for end in (low, high)]
    return value, float(ends[0]), float(ends[1])
