"""How well a network reads, and with how much certainty: plain arrays in, numbers and intervals out.

It imports `foundation` alone. Begin with `discrimination` (does it tell the two answers apart?), then `label_intervals` (how
far might each number be from that of all patients?), `paired_tests` and `unseen_patient` (what speaks against "as good"?)
and `verdicts` (what may be said?).

One file a question. *estimates*, *rate_intervals*, *auroc_intervals*, *value_intervals* and *bootstrap*: how sure is a number?
*calibration*: does 80 % mean 80 %? *comparison*: how far is the compressed network from its
original on the same films? *delong*: the same by a formula. *decisions*: which films are decided otherwise?
*temperature*: is it surer of itself? *shift*: do two sets of films come from the same place? *groups*: who is harmed?
*net_benefit* and *precision_recall*: is it of use where few have the finding?
*multiplicity*, *claim_order*, *power* and *probit_loss*: how many questions, in which order, how many patients, and which file
is safe to take?
*agreement* and *maps*: do two networks say the same of each film, in each layer, and for the same reason?

Of outlines: *mask_overlap* (how much is the same?), *surface_distance* (how far off is the edge?), *lesions* (which were found?),
*film_values* (on average, and on the films that fail?) and *outline_tests* (is the small file as good on both?);
*outline_measures* has all of it. Of boxes: *box_hits* (which are right?), *box_measures* (how well is a film marked?) and *froc*
(how many are found for how many false marks?).

Masks are films × rows × columns. Every other function takes one label at a time, as plain arrays: `y_true` holds 1 and 0, `y_score` or `y_prob` the scores, both
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
        "auroc_intervals": ["auroc_interval", "logit_interval"],
        "bootstrap": [
            "mean_draws",
            "metric_draws",
            "metric_draws_of_all",
            "patient_draws",
            "percentile_interval",
            "roc_band",
        ],
        "box_measures": [
            "BOX_SHARES",
            "FOUND_OVERLAP",
            "RSNA_OVERLAPS",
            "box_scores",
            "box_summary",
            "box_table",
        ],
        "box_hits": ["box_overlap", "hits"],
        "calibration": ["brier", "expected_calibration_error", "reliability", "wilson_interval"],
        "comparison": ["changed_decisions"],
        "decisions": ["change_test", "changed_patients", "mcnemar", "rate_difference", "rate_test"],
        "delong": [
            "Difference",
            "auroc_covariance",
            "auroc_difference",
            "auroc_influence",
            "mean_auroc_difference",
        ],
        "discrimination": [
            "METRICS",
            "auroc",
            "confusion",
            "largest_wins",
            "right_class",
            "roc_curve",
            "scores",
        ],
        "film_values": ["FAILING", "film_summary", "lowest_share"],
        "froc": ["FALSE_MARKS", "froc_curve", "froc_summary", "in_order", "sensitivity_at"],
        "groups": ["MEAN", "age_group", "group_names", "group_rates", "group_tests", "judge_groups"],
        "lesions": ["false_patches", "lesion_table"],
        "mask_overlap": ["dice", "intersection_over_union"],
        "maps": ["points_inside", "rank_correlation", "top_overlap"],
        "probit_loss": ["probit_difference", "upper_loss"],
        "label_intervals": ["intervals", "mean_intervals", "per_label"],
        "net_benefit": ["Rates", "decision_curve", "rates_of", "usefulness"],
        "operating_points": ["ThresholdRule", "choose_threshold", "operating_point"],
        "precision_recall": ["point_at", "precision_band", "precision_curve"],
        "presorted": ["auroc_draws", "auroc_draws_of_all"],
        "rate_intervals": ["rate_interval"],
        "recalibration": ["optimism", "recalibrate"],
        "site_draws": ["site_films"],
        "shift": [
            "FEWEST_PATIENTS",
            "Shift",
            "shift_of",
        ],
        "surface_distance": ["average_surface_distance", "hausdorff_95"],
        "temperature": [
            "at_temperature",
            "confidence",
            "confidence_changes",
            "fit_temperature",
        ],
        "claim_order": ["claims", "first_level"],
        "multiplicity": ["benjamini_hochberg", "holm"],
        "outline_power": ["chance_of_both"],
        "outline_tests": [
            "both_tests",
            "failing_test",
            "failing_verdict",
            "mean_test",
            "mean_value_difference",
            "outline_verdict",
        ],
        "outline_measures": ["OUTLINE_DISTANCES", "OUTLINE_MEASURES", "outline_summary", "outline_table"],
        "paired_tests": [
            "PairedTest",
            "mean_of_differences",
            "noted",
            "paired_test",
            "pooled_test",
            "tested",
            "two_sided",
            "untested",
        ],
        "power": ["ALPHA", "chance_if_lossless", "not_excluded", "patients_for", "patients_needed"],
        "unseen_patient": ["difference_interval"],
        "value_intervals": [
            "difference_of_means",
            "mean_difference",
            "percentile_ends",
            "signed_interval",
            "value_interval",
        ],
        "verdicts": ["judge", "verdict", "verdict_of"],
    },
)
