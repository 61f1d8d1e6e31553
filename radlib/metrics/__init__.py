"""How well a classifier reads, with how much certainty.

One module a question. *discrimination*: does it tell the two answers apart, and what does it get
right at one threshold? *calibration*: does 80 % mean 80 %? *bootstrap*: how far might each number be from
that of all patients? *comparison*: how far is the compressed network from its original on the same films?
*delong* and *verdicts*: is it as good, within a margin fixed before? *decisions*: which films are decided
otherwise? *temperature*: is it surer of itself? *groups*: who is harmed? *agreement* and *maps*: do two networks say
the same of each film, in each layer, and for the same reason?

Every function takes one label at a time, as plain arrays: `y_true` holds 1 and 0, `y_score` or `y_prob` the
scores, both of shape (n,). A film counts as positive when its probability is at or above the threshold. What
cannot be computed, such as an AUROC where only one answer occurs, is NaN; it is printed as "undefined", never
as 0.5.
"""

from radlib.metrics.agreement import (
    agreement_of_labels,
    concordance,
    decibels,
    limits_of_agreement,
    linear_cka,
    signal_to_noise_db,
)
from radlib.metrics.bootstrap import (
    intervals,
    mean_draws,
    metric_draws,
    metric_draws_of_all,
    patient_draws,
    per_label,
    percentile_interval,
    roc_band,
)
from radlib.metrics.calibration import brier, expected_calibration_error, reliability, wilson_interval
from radlib.metrics.comparison import changed_decisions, paired_difference
from radlib.metrics.decisions import change_test, changed_patients, mcnemar, rate_difference, rate_test
from radlib.metrics.delong import auroc_covariance, auroc_difference, mean_auroc_difference
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
from radlib.metrics.groups import age_group, group_tests, judge_groups
from radlib.metrics.maps import points_inside, rank_correlation, top_overlap
from radlib.metrics.presorted import auroc_draws, auroc_draws_of_all
from radlib.metrics.recalibration import recalibrate
from radlib.metrics.temperature import (
    at_temperature,
    confidence,
    confidence_changes,
    confidence_difference,
    fit_temperature,
)
from radlib.metrics.verdicts import ALPHA, PairedTest, holm, judge, paired_test, smallest_shown, verdict

__all__ = [
    "ALPHA",
    "METRICS",
    "PairedTest",
    "age_group",
    "agreement_of_labels",
    "at_temperature",
    "auroc",
    "auroc_covariance",
    "auroc_difference",
    "auroc_draws",
    "auroc_draws_of_all",
    "brier",
    "change_test",
    "changed_decisions",
    "changed_patients",
    "concordance",
    "confidence",
    "confidence_changes",
    "confidence_difference",
    "confusion",
    "decibels",
    "expected_calibration_error",
    "fit_temperature",
    "group_tests",
    "holm",
    "intervals",
    "judge",
    "judge_groups",
    "largest_wins",
    "limits_of_agreement",
    "linear_cka",
    "mcnemar",
    "mean_auroc_difference",
    "mean_draws",
    "metric_draws",
    "metric_draws_of_all",
    "operating_point",
    "paired_difference",
    "paired_test",
    "patient_draws",
    "per_label",
    "percentile_interval",
    "points_inside",
    "rank_correlation",
    "rate_difference",
    "rate_test",
    "recalibrate",
    "reliability",
    "right_class",
    "roc_band",
    "roc_curve",
    "scores",
    "signal_to_noise_db",
    "smallest_shown",
    "top_overlap",
    "verdict",
    "wilson_interval",
]
