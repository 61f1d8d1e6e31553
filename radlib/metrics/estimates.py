"""A number of one network with how sure it is: what an interval, or a mean over labels, is made from.

Films of one patient resemble each other, so certainty is counted in patients. Each patient's *influence* is what it
adds to the deviation of the number; labels of one patient go together, and the products of their influences say by
how much. The mean over labels therefore has the variance

    var(mean) = Σ_i Σ_j cov_ij / labels²      cov_ij = patients / (patients − 1) · Σ_p influence_ip · influence_jp

with each label's own variance, which may be a cautious one, on the diagonal.

References:
    Satterthwaite (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95  # of every interval
TAIL = (1 - LEVEL) / 2  # on either side


@dataclass(frozen=True)
class Estimate:
    """A number between 0 and 1 and how sure it is.

    Attributes:
        value: The number; NaN where undefined.
        variance: Of the value, clustered by patient.
        patients: How many it rests on; of an AUROC those who have the rarer answer.
        influence: What each patient adds to the value's deviation, float64 (all patients,), 0 for those who have no part.
        freedom: Degrees of freedom of the variance.
    """

    value: float
    variance: float
    patients: int
    influence: np.ndarray
    freedom: float


def nothing(patients: int) -> Estimate:
    """Return the estimate of what is undefined."""
    return Estimate(float("nan"), float("nan"), 0, np.zeros(patients), 1.0)


def mean_of(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of several labels' numbers; labels where it is undefined are left out.

    Args:
        estimates: One per label, with influences of the same patients.

    Returns:
        The mean. Its patients are those of the label that has fewest, its degrees of freedom Satterthwaite's.

    Example:
        >>> one = Estimate(0.8, 0.01, 4, np.array([0.05, -0.05, 0.05, -0.05]), 3)
        >>> round(mean_of([one, one]).variance, 4), round(mean_of([one]).variance, 4)
        (0.0117, 0.01)
    """
    known = [one for one in estimates if not np.isnan(one.value)]
    if not known:
        return nothing(len(estimates[0].influence) if estimates else 0)
    influences = np.array([one.influence for one in known])
    everyone = influences.shape[1]
    covariance = influences @ influences.T * everyone / max(everyone - 1, 1)
    own = np.array([one.variance for one in known])
    np.fill_diagonal(covariance, own)
    freedom = np.array([one.freedom for one in known])
    spread = (own**2 / freedom).sum()
    return Estimate(
        float(np.mean([one.value for one in known])),
        float(max(covariance.mean(), 0.0)),
        min(one.patients for one in known),
        influences.mean(axis=0),
        float(own.sum() ** 2 / spread) if spread > 0 else float(freedom.min()),
    )


def exact_tail(patients: int) -> float:
    """Return the largest share of patients of whom none was seen: 1 − 0.025^(1 / patients).

    A sample without a single error does not say that there are none. A share that is larger would have shown at least
    one among so many patients with probability 0.975 (Clopper and Pearson, 1934). It is never 0.

    Example:
        >>> round(exact_tail(20), 3), round(exact_tail(404), 4)
        (0.168, 0.0091)
    """
    return 1.0 - TAIL ** (1 / max(patients, 1))
