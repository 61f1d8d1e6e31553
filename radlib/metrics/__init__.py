"""How well a classifier reads, and with how much certainty: plain arrays in, numbers and intervals out.

It imports `foundation` alone. Begin with `discrimination` (does it tell the two answers apart?), then `bootstrap` (how
far might each number be from that of all patients?) and `verdicts` (is it as good, within a margin fixed before?).

One file a question. *calibration*: does 80 % mean 80 %? *comparison*: how far is the compressed network from its
original on the same films? *delong*: the same by a formula. *decisions*: which films are decided otherwise?
*temperature*: is it surer of itself? *shift*: do two sets of films come from the same place? *groups*: who is harmed?
*agreement* and *maps*: do two networks say the same of each film, in each layer, and for the same reason?

Every function takes one label at a time, as plain arrays: `y_true` holds 1 and 0, `y_score` or `y_prob` the scores, both
of shape (n,). A film counts as positive when its probability is at or above the threshold. What cannot be computed, such
as an AUROC where only one answer occurs, is NaN; it is printed as "undefined", never as 0.5.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["bootstrap"],
    submod_attrs={
        "agreement": [
            "agreement_of_labels",
            "concordance",
            "decibels",
            "limits_of_agreement",
            "linear_cka",
            "signal_to_noise_db",
        ],
        "bootstrap": [
            "intervals",
            "mean_draws",
            "metric_draws",
            "metric_draws_of_all",
            "patient_draws",
            "per_label",
            "percentile_interval",
            "roc_band",
        ],
        "calibration": ["brier", "expected_calibration_error", "reliability", "wilson_interval"],
        "comparison": ["changed_decisions", "paired_difference"],
        "decisions": ["change_test", "changed_patients", "mcnemar", "rate_difference", "rate_test"],
        "delong": ["auroc_covariance", "auroc_difference", "mean_auroc_difference"],
        "discrimination": [
            "METRICS",
            "auroc",
            "confusion",
            "largest_wins",
            "operating_point",
            "right_class",
            "roc_curve",
            "scores",
        ],
        "groups": ["age_group", "group_tests", "judge_groups"],
        "maps": ["points_inside", "rank_correlation", "top_overlap"],
        "presorted": ["auroc_draws", "auroc_draws_of_all"],
        "recalibration": ["recalibrate"],
        "shift": ["FEWEST_PATIENTS", "Shift", "mean_difference", "shift_of"],
        "temperature": [
            "at_temperature",
            "confidence",
            "confidence_changes",
            "confidence_difference",
            "fit_temperature",
        ],
        "verdicts": [
            "ALPHA",
            "PairedTest",
            "holm",
            "judge",
            "paired_test",
            "smallest_shown",
            "untested",
            "verdict",
        ],
    },
)
