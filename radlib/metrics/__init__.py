"""How well a classifier reads, with how much certainty.

One module a question. *discrimination*: does it tell the two answers apart, and what does it get
right at one threshold? *calibration*: does 80 % mean 80 %? *bootstrap*: how far might each number be from
that of all patients? *comparison*: how far is the compressed network from its original on the same films?
*delong* and *verdicts*: is it as good, within a margin fixed before?

Every function takes one label at a time, as plain arrays: `y_true` holds 1 and 0, `y_score` or `y_prob` the
scores, both of shape (n,). A film counts as positive when its probability is at or above the threshold. What
cannot be computed, such as an AUROC where only one answer occurs, is NaN; it is printed as "undefined", never
as 0.5.
"""

from radlib.metrics.bootstrap import (
    intervals,
    metric_draws,
    patient_draws,
    per_label,
    percentile_interval,
    roc_band,
)
from radlib.metrics.calibration import brier, expected_calibration_error, reliability, wilson_interval
from radlib.metrics.comparison import changed_decisions, paired_difference
from radlib.metrics.delong import auroc_covariance, auroc_difference, mean_auroc_difference
from radlib.metrics.discrimination import METRICS, auroc, confusion, operating_point, roc_curve, scores
from radlib.metrics.presorted import auroc_draws, auroc_draws_of_all
from radlib.metrics.verdicts import PairedTest, holm, judge, paired_test, smallest_shown, verdict

__all__ = [
    "METRICS",
    "PairedTest",
    "auroc",
    "auroc_covariance",
    "auroc_difference",
    "auroc_draws",
    "auroc_draws_of_all",
    "brier",
    "changed_decisions",
    "confusion",
    "expected_calibration_error",
    "holm",
    "intervals",
    "judge",
    "mean_auroc_difference",
    "metric_draws",
    "operating_point",
    "paired_difference",
    "paired_test",
    "patient_draws",
    "per_label",
    "percentile_interval",
    "reliability",
    "roc_band",
    "roc_curve",
    "scores",
    "smallest_shown",
    "verdict",
    "wilson_interval",
]
