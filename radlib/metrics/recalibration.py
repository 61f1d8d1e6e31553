"""The operating point of another place: a threshold chosen anew on a site's own labelled films.

A threshold that suits one X-ray room fails in the next. Chosen anew by the same rule on films of the place, it fits
those very films too well; so its rates are measured on patients that took no part in choosing it: in each bootstrap
draw the threshold is chosen on the patients drawn and measured on those left out.

References:
    Efron, Tibshirani (1997). Improvements on cross-validation: the .632+ bootstrap method. JASA 92.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.bootstrap import patient_draws, percentile_interval
from radlib.metrics.discrimination import operating_point, scores
from radlib.metrics.paired_tests import FEWEST_PATIENTS

SHOWN = ("sensitivity", "specificity")


def recalibrate(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, threshold: float, *, rule: str = "youden",
    draws: int = 200, seed: int = 0
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
        `_before` at the old threshold on these films; `reason`, one sentence when the films are too few and the old
        threshold stays.

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
    counts = [len(np.unique(patients[truth == answer])) for answer in (1, 0)]
    if min(counts) < FEWEST_PATIENTS:
        reason = (
            f"Too few films to choose a threshold: {counts[0]} patients with the finding and {counts[1]} without, "
            f"{FEWEST_PATIENTS} of each are needed; {'none is chosen' if np.isnan(threshold) else 'the old threshold stays'}."
        )
        return {"threshold": threshold, **row, "reason": reason}
    drawn = np.array([_drawn(truth, prob, times, rule) for times in patient_draws(patients, draws, seed)])
    row["threshold"] = operating_point(truth, prob, rule)
    row["threshold_low"], row["threshold_high"] = percentile_interval(drawn[:, 0])
    for place, name in enumerate(SHOWN, start=1):
        row[name] = float(np.nanmean(drawn[:, place]))
        row[f"{name}_low"], row[f"{name}_high"] = percentile_interval(drawn[:, place])
    return {**row, "reason": ""}


def _drawn(truth: np.ndarray, prob: np.ndarray, times: np.ndarray, rule: str) -> tuple[float, float, float]:
    """Return a draw's threshold, and sensitivity and specificity of the films left out; NaN where undefined."""
    films = np.repeat(np.arange(len(truth)), times)
    threshold = operating_point(truth[films], prob[films], rule)
    left_out = times == 0
    found = scores(truth[left_out], prob[left_out], threshold)
    return threshold, found["sensitivity"], found["specificity"]
