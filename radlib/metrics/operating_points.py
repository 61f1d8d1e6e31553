"""Where a probability becomes a decision: threshold rules, each with what it promises.

*youden* takes the largest sensitivity + specificity − 1 (Youden, 1950). It weighs both errors alike, and on the films it was chosen
on it flatters: the largest of many sums is partly luck. `optimism` says by how much.

*sensitivity* promises that at least a share X of patients with the finding is found, with confidence C. The naive rule,
the threshold at which X of the validation films with the finding are found, is too high half of the time. The r-th lowest score of m patients
misses a share of all patients that is distributed as Beta(r, m − r + 1), whatever the scores' distribution (Wilks,
1941); so the rule takes the largest r with

    P(Binomial(m, 1 − X) ≥ r) ≥ C

A patient of several films counts by its lowest one, so that the promise holds for films too. With too few patients no r
will do: 1 − X^m ≥ C needs 59 of them at X = C = 0.95. Then there is no threshold, and a sentence says why.

*cost* makes the expected cost of a film least, prevalence · cost of a miss · (1 − sensitivity) + (1 − prevalence) ·
(1 − specificity), a film called back for nothing costing 1 (Metz, 1978). *half* is 0.5 whatever the films.

References:
    Youden (1950). Index for rating diagnostic tests. Cancer 3. Wilks (1941). Determination of sample sizes for setting
    tolerance limits. Annals of Mathematical Statistics 12. Metz (1978). Basic principles of ROC analysis. Seminars in
    Nuclear Medicine 8. Efron, Tibshirani (1997). Improvements on cross-validation: the .632+ bootstrap. JASA 92.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.names import check_known
from radlib.metrics.discrimination import arrays, roc_curve

RULES = ("youden", "sensitivity", "cost", "half")
ALIKE = 1e-12  # sums of fractions differ in the last bits where the index is equal


@dataclass(frozen=True)
class ThresholdRule:
    """By what a threshold is chosen.

    Attributes:
        name: One of `RULES`.
        sensitivity: That is promised by `sensitivity`.
        assurance: With what confidence.
        missed_cost: How many films called back for nothing one missed finding weighs, for `cost`.
        prevalence: Share of films with the finding where the network is to be used, for `cost`; 0 takes that of the
            films that it is chosen on.
    """

    name: str = "youden"
    sensitivity: float = 0.95
    assurance: float = 0.95
    missed_cost: float = 10.0
    prevalence: float = 0.0

    def __str__(self) -> str:
        """Return the rule with the numbers that it depends on, as the file of choices names it."""
        if self.name == "sensitivity":
            return f"sensitivity {self.sensitivity:g} with confidence {self.assurance:g}"
        if self.name == "cost":
            return f"cost {self.missed_cost:g} at prevalence {self.prevalence or 'of the films'}"
        return self.name

    @property
    def words(self) -> str:
        """By what a threshold is chosen, as a report says it."""
        share = f"a prevalence of {self.prevalence:g}" if self.prevalence else "the prevalence of these films"
        return {
            "youden": "Youden’s index (1950)",
            "sensitivity": f"a promise: at least {self.sensitivity:g} of patients with the finding are found, with "
            f"confidence {self.assurance:g} (Wilks, 1941)",
            "cost": f"least cost: a missed finding weighs {self.missed_cost:g} films called back for nothing, at {share}",
            "half": "convention: 0.5 whatever the films",
        }[self.name]


def operating_point(
    y_true: ArrayLike,
    y_score: ArrayLike,
    rule: str | ThresholdRule = "youden",
    patient_ids: ArrayLike | None = None,
) -> float:
    """Return the threshold at which a film counts as positive.

    Args:
        y_true: Labels of validation films, 1 or 0, (n,).
        y_score: Their scores, (n,).
        rule: A name of `RULES`, or a rule with its numbers. Of several thresholds that are equally good by `youden` or
            `cost` the most sensitive is taken, as a missed finding costs more than a second look.
        patient_ids: Whose film it is, (n,), for `sensitivity`; None when each film is of another patient.

    Returns:
        A threshold midway between two neighbouring scores, so that rounding on another device does not flip
        a film that lies on it; NaN where none can be chosen, see `choose_threshold` for why.

    Raises:
        UsageError: For a rule that does not exist.

    Example:
        >>> operating_point([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9])
        0.4
    """
    return choose_threshold(y_true, y_score, rule, patient_ids)[0]


def choose_threshold(
    y_true: ArrayLike,
    y_score: ArrayLike,
    rule: str | ThresholdRule = "youden",
    patient_ids: ArrayLike | None = None,
) -> tuple[float, str]:
    """Return `operating_point` and, where it is NaN, one sentence that says why.

    Example:
        >>> choose_threshold([1] * 40 + [0] * 40, range(80), "sensitivity")[1]
        'Too few to promise a sensitivity of 0.95 with confidence 0.95: 40 patients with the finding, 59 are needed.'
    """
    rule = ThresholdRule(rule) if isinstance(rule, str) else rule
    check_known("threshold rule", rule.name, RULES)
    truth, score, _ = arrays(y_true, y_score)
    if rule.name == "half":
        return 0.5, ""
    if truth.all() or not truth.any():
        return float("nan"), "Only one answer occurs among these films."
    if rule.name == "sensitivity":
        ids = np.arange(len(truth)) if patient_ids is None else np.asarray(patient_ids)
        return _assured(truth, score, ids, rule)
    false_positive, true_positive, thresholds = roc_curve(truth, score)
    prevalence = rule.prevalence or truth.mean()
    weights = (1.0, 1.0) if rule.name == "youden" else (prevalence * rule.missed_cost, 1 - prevalence)
    gain = weights[0] * true_positive - weights[1] * false_positive
    best = np.flatnonzero(gain >= gain.max() - ALIKE)[-1]
    if best == 0:
        return float("nan"), "By this cost no threshold is better than calling no film positive."
    return _just_below(thresholds[best], score), ""


def fewest_patients(sensitivity: float, assurance: float) -> int:
    """Return how many patients with the finding a promised sensitivity needs at least.

    Example:
        >>> fewest_patients(0.95, 0.95), fewest_patients(0.9, 0.95)
        (59, 29)
    """
    return int(np.ceil(np.log(1 - assurance) / np.log(sensitivity) - 1e-9))


def _assured(truth: np.ndarray, score: np.ndarray, ids: np.ndarray, rule: ThresholdRule) -> tuple[float, str]:
    """Return the threshold at the order statistic that assures the sensitivity; see the module's text."""
    from scipy.special import bdtrc

    patients, patient = np.unique(ids[truth], return_inverse=True)
    lowest = np.full(len(patients), np.inf)
    np.minimum.at(lowest, patient, score[truth])
    needed = fewest_patients(rule.sensitivity, rule.assurance)
    if len(lowest) < needed:
        return float("nan"), (
            f"Too few to promise a sensitivity of {rule.sensitivity:g} with confidence {rule.assurance:g}: {len(lowest)} "
            f"patients with the finding, {needed} are needed."
        )
    ranks = np.arange(1, len(lowest) + 1)
    assured = bdtrc(ranks - 1, len(lowest), 1 - rule.sensitivity)  # P(Binomial ≥ rank)
    rank = ranks[assured >= rule.assurance - ALIKE][-1]
    return _just_below(np.sort(lowest)[rank - 1], score), ""


def _just_below(lowest_called: float, score: np.ndarray) -> float:
    """Return the middle between the lowest score that is called positive and the one below it."""
    below = score[score < lowest_called]
    lower = below.max() if len(below) else -np.inf
    middle = (lowest_called + lower) / 2
    return float(middle if lower < middle else lowest_called)
