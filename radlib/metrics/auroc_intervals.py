"""How sure is an AUROC? DeLong's error on the scale of logits, clustered by patient.

An AUROC cannot exceed 1, and near 1 its errors are skewed: `AUROC ± 1.96 · error` reaches beyond 1 on one side and not
far enough on the other. On the scale of logits both mend (Pepe, 2003; Qin and Hotilovac, 2008):

    logit(AUROC) ± 1.96 · error / (AUROC · (1 − AUROC))        logit(x) = log(x / (1 − x))

Where the AUROC rests on few pairs that are in the wrong order, a sample misses some of the patients that would have
made it worse. So the patient with the largest influence counts once more, as in `verdicts`. Where no pair is in the wrong order
there is no error to scale: then the bound is the exact one on patients that were not seen (`estimates.exact_tail`),
of those with the finding or those without, whichever are fewer.

References:
    DeLong, DeLong, Clarke-Pearson (1988). Biometrics 44. Obuchowski (1997). Biometrics 53, see `delong`.
    Pepe (2003). The statistical evaluation of medical tests for classification and prediction. Oxford.
    Qin, Hotilovac (2008). Comparison of non-parametric confidence intervals for the area under the ROC curve of a
    continuous-scale diagnostic test. Statistical Methods in Medical Research 17.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.calibration import NORMAL_975
from radlib.metrics.delong import auroc_influence
from radlib.metrics.estimates import Estimate, exact_tail, mean_of, nothing

ROUNDING = 1e-12


def logit_interval(value: float, standard_error: float, quantile: float = NORMAL_975) -> tuple[float, float]:
    """Return the interval of a number between 0 and 1 that is symmetric on the scale of logits.

    Args:
        value: Above 0 and below 1.
        standard_error: Of the value.
        quantile: Of the normal distribution; 1.96 for 95 %.

    Example:
        >>> [round(end, 3) for end in logit_interval(0.96, 0.01)]
        [0.935, 0.976]
    """
    from scipy.special import expit, logit

    reach = quantile * standard_error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def auroc_interval(
    y_true: ArrayLike, y_score: ArrayLike, patient_ids: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the 95 % interval of the AUROC of one network; of several labels that of their mean.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,) or (n, labels).
        y_score: Scores, higher for the finding, of the same shape.
        patient_ids: Whose film it is, (n,); None when each film is of another patient.

    Returns:
        (low, high), never of zero width; NaN where no label has both answers.

    Example:
        >>> [round(end, 3) for end in auroc_interval([0] * 30 + [1] * 20, range(50))]
        [0.832, 1.0]
    """
    y_true, y_score = np.asarray(y_true, dtype=np.float64), np.asarray(y_score, dtype=np.float64)
    labels, scores = y_true.reshape(len(y_true), -1), y_score.reshape(len(y_score), -1)
    ids = np.arange(len(labels)) if patient_ids is None else np.asarray(patient_ids)
    _, patient = np.unique(ids, return_inverse=True)
    everyone = int(patient.max(initial=-1)) + 1
    found = [
        auroc_estimate(truth, score, patient, everyone)
        for truth, score in zip(labels.T, scores.T, strict=True)
    ]
    return estimate_interval(mean_of(found))


def auroc_estimate(y_true: np.ndarray, y_score: np.ndarray, patient: np.ndarray, everyone: int) -> Estimate:
    """Return the AUROC of one label and how sure it is, the most influential patient counted once more.

    Args:
        y_true: Labels, 1, 0 or NaN, float64 (n,).
        y_score: Scores, (n,).
        patient: Whose film it is, whole numbers below `everyone`, (n,).
        everyone: How many patients there are in all.
    """
    known = ~np.isnan(y_true)
    truth, patient = y_true[known], patient[known]
    if not 0 < truth.sum() < len(truth):
        return nothing(everyone)
    value, variance, of_patients = auroc_influence(truth, y_score[known], patient)
    influence = np.zeros(everyone)
    influence[np.unique(patient)] = of_patients
    fewest = min(len(np.unique(patient[truth == answer])) for answer in (0, 1))
    if fewest == 1 and np.isnan(variance):
        variance = value * (1 - value)  # no share of pairs varies more
    if not variance > ROUNDING**2:  # so much that the exact bound lies where the normal one would
        variance = (exact_tail(fewest) / NORMAL_975) ** 2
        return Estimate(value, variance, fewest, influence, max(fewest - 1, 1))
    once_more = float((influence**2).max())
    return Estimate(value, variance + once_more, fewest, influence, max(fewest - 1, 1))


def estimate_interval(found: Estimate) -> tuple[float, float]:
    """Return the 95 % interval of an AUROC, or of a mean of them, from `auroc_estimate` or `estimates.mean_of`."""
    if np.isnan(found.value):
        return float("nan"), float("nan")
    worst = exact_tail(found.patients)
    if found.value > 1 - ROUNDING:
        return 1 - worst, 1.0
    if found.value < ROUNDING:
        return 0.0, worst
    return logit_interval(found.value, found.variance**0.5)
