"""The operating point of another place: a threshold chosen anew on a site's own labelled films.

A threshold that suits one X-ray room fails in the next. Chosen anew by the same rule on films of the place, it fits
those very films too well. By how much is its *optimism*: in each bootstrap draw of patients a threshold is chosen on
those drawn, and their rate at it is set against that of those left out. These lack a third of the patients to choose
by, so 0.632 of the mean difference is what the threshold in use flatters (Efron and Tibshirani, 1997). The rate on these
films less its optimism is what other patients of the site may expect, with the interval of a share of as many films
(`rate_intervals`). The spread of the left-out rates would be twice as wide: they belong to other thresholds and to a third
of the patients.

References:
    Efron, Tibshirani (1997). Improvements on cross-validation: the .632+ bootstrap method. JASA 92.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.bootstrap import patient_draws, percentile_interval
from radlib.metrics.discrimination import scores
from radlib.metrics.estimates import Estimate
from radlib.metrics.operating_points import ThresholdRule, choose_threshold, operating_point
from radlib.metrics.paired_tests import FEWEST_PATIENTS
from radlib.metrics.rate_intervals import rate, share_interval

SHARE_DRAWN = 0.632  # of the patients, in a draw of as many with replacement
SHOWN = ("sensitivity", "specificity")


def recalibrate(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, threshold: float, *,
    rule: str | ThresholdRule = "youden", draws: int = 200, seed: int = 0
) -> dict[str, float | int | str]:  # fmt: skip
    """Choose a threshold anew on a site's own films, and say what that would change.

    Args:
        y_true: Labels of one finding, 1, 0 or NaN for unknown, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        patient_ids: Whose film it is, (n,).
        threshold: The one in use; NaN where there is none.
        rule: See `operating_point`.
        draws: How many draws of patients.
        seed: Of the draws.

    Returns:
        `threshold` with `threshold_low` and `threshold_high` (95 % of the draws), `films`, `patients`, `positives`; `sensitivity`
        and `specificity` as they are to be expected of other patients of the site, with `_low` and `_high`, and both
        `_before` at the old threshold on these films and `_here` at the new one (which flatters, as it was chosen on
        them); `reason`, one sentence when the films are too few and the old threshold stays.

    Example:
        >>> truth, prob = np.arange(200) % 2, np.where(np.arange(200) % 2, 0.4, 0.1)
        >>> found = recalibrate(truth, prob, np.arange(200), 0.5)
        >>> found["threshold"], found["sensitivity_before"], found["sensitivity"]
        (0.25, 0.0, 1.0)
    """
    y_true, y_prob = np.asarray(y_true, dtype=np.float64), np.asarray(y_prob, dtype=np.float64)
    known = ~np.isnan(y_true)
    truth, prob, patients = y_true[known], y_prob[known], np.asarray(patient_ids)[known]
    row: dict[str, float | int | str] = {
        "films": len(truth), "patients": len(np.unique(patients)), "positives": int(truth.sum()),
    }  # fmt: skip
    before = scores(truth, prob, threshold) if len(truth) else dict.fromkeys(SHOWN, float("nan"))
    row |= {f"{name}_before": before[name] for name in SHOWN}
    why = _too_few(truth, patients)
    chosen, reason = (np.nan, why) if why else choose_threshold(truth, prob, rule, patients)
    if reason:
        stays = "none is chosen" if np.isnan(threshold) else "the old threshold stays"
        return {"threshold": threshold, **row, "reason": f"{reason.removesuffix('.')}; {stays}."}
    drawn = _drawn(truth, prob, patients, patient_draws(patients, draws, seed), rule)
    row |= {"threshold": chosen, "threshold_low": np.nan, "threshold_high": np.nan}
    row["threshold_low"], row["threshold_high"] = percentile_interval(drawn[0])
    here = scores(truth, prob, chosen)
    for answer, name in ((1, "sensitivity"), (0, "specificity")):
        flatters = _flattered(drawn[answer + 1])
        films = truth == answer
        found = _less(_rate_of(prob[films] >= chosen, patients[films], answer), flatters)
        row |= {name: found.value, f"{name}_here": here[name]}
        row[f"{name}_low"], row[f"{name}_high"] = share_interval(found)
    return {**row, "reason": ""}


def optimism(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, *, rule: str | ThresholdRule = "youden",
    draws: int = 200, seed: int = 0
) -> dict[str, float]:  # fmt: skip
    """Return by how much sensitivity and specificity flatter on the films that a threshold was chosen on.

    Args:
        y_true: Labels of one finding, 1 or 0, (n,).
        y_prob: Probabilities, (n,).
        patient_ids: Whose film it is, (n,).
        rule: See `operating_point`.
        draws: How many draws of patients.
        seed: Of the draws.

    Returns:
        `sensitivity` and `specificity`: what to take off either, NaN where no threshold can be chosen.
    """
    truth, prob, patients = np.asarray(y_true), np.asarray(y_prob, np.float64), np.asarray(patient_ids)
    drawn = _drawn(truth, prob, patients, patient_draws(patients, draws, seed), rule)
    return {name: _flattered(drawn[answer + 1]) for answer, name in ((1, "sensitivity"), (0, "specificity"))}


def _too_few(truth: np.ndarray, patients: np.ndarray) -> str:
    """Return a sentence where there are too few patients of either answer, else nothing."""
    counts = [len(np.unique(patients[truth == answer])) for answer in (1, 0)]
    if min(counts) >= FEWEST_PATIENTS:
        return ""
    return (
        f"Too few films to choose a threshold: {counts[0]} patients with the finding and {counts[1]} without, "
        f"{FEWEST_PATIENTS} of each are needed."
    )


def _drawn(
    truth: np.ndarray, prob: np.ndarray, patients: np.ndarray, counts: np.ndarray, rule: str | ThresholdRule
) -> np.ndarray:
    """Return of every draw its threshold, and by how much specificity and sensitivity flatter, float64 (3, draws)."""
    patient = np.unique(patients, return_inverse=True)[1]
    found = np.full((3, len(counts)), np.nan)
    for draw, times in enumerate(counts):
        films = np.repeat(np.arange(len(truth)), times)
        copy = np.arange(len(films)) - np.repeat(np.cumsum(times) - times, times)  # drawn twice counts as two
        threshold = operating_point(truth[films], prob[films], rule, patient[films] * 256 + copy)
        found[0, draw] = threshold
        for answer in (0, 1):
            asked = truth == answer
            right, weight = (prob[asked] >= threshold) == bool(answer), times[asked].astype(np.float64)
            if not np.isnan(threshold) and 0 < (weight > 0).sum() < len(weight):
                found[answer + 1, draw] = (right * weight).sum() / weight.sum() - right[weight == 0].mean()
    return found


def _flattered(differences: np.ndarray) -> float:
    known = differences[~np.isnan(differences)]
    return SHARE_DRAWN * float(known.mean()) if len(known) else float("nan")


def _rate_of(called: np.ndarray, patients: np.ndarray, answer: int) -> Estimate:
    """Return the share of films of one answer that are called by it."""
    _, patient = np.unique(patients, return_inverse=True)
    return rate(called == bool(answer), patient, int(patient.max(initial=-1)) + 1)


def _less(found: Estimate, flatters: float) -> Estimate:
    """Return a share less its optimism, as sure as a share of its size is of as many effective films."""
    value = float(np.clip(found.value - (0.0 if np.isnan(flatters) else flatters), 0.0, 1.0))
    inside = 0 < found.value < 1 and 0 < value < 1
    scale = value * (1 - value) / (found.value * (1 - found.value)) if inside else 1.0
    return replace(found, value=value, variance=found.variance * scale)
