"""How well a classifier reads, with how much certainty.

Four questions, four modules. *discrimination*: does it tell the two answers apart, and what does it get
right at one threshold? *calibration*: does 80 % mean 80 %? *bootstrap*: how far might each number be from
that of all patients? *comparison*: is the compressed network as good as its original on the same films?

Every function takes one label at a time, as plain arrays: `y_true` holds 1 and 0, `y_score` or `y_prob` the
scores, both of shape (n,). A film counts as positive when its probability is at or above the threshold. What
cannot be computed, such as an AUROC where only one answer occurs, is NaN; it is printed as "undefined", never
as 0.5.
"""

from radlib.metrics.bootstrap import (
    auroc_draws,
    intervals,
    metric_draws,
    patient_draws,
    per_label,
    percentile_interval,
    roc_band,
    share_draws,
)
from radlib.metrics.calibration import brier, expected_calibration_error, reliability, wilson_interval
from radlib.metrics.comparison import changed_decisions, paired_difference, verdict
from radlib.metrics.discrimination import (
    METRICS,
    auroc,
    confusion,
    largest_wins,
    operating_point,
    right_class,
    roc_curve,
    scores,
)

__all__ = [
    "METRICS",
    "auroc",
    "auroc_draws",
    "brier",
    "changed_decisions",
    "confusion",
    "expected_calibration_error",
    "intervals",
    "largest_wins",
    "metric_draws",
    "operating_point",
    "paired_difference",
    "patient_draws",
    "per_label",
    "percentile_interval",
    "reliability",
    "right_class",
    "roc_band",
    "roc_curve",
    "scores",
    "share_draws",
    "verdict",
    "wilson_interval",
]
