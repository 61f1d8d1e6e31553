"""Which CSV files a run holds: what a row is in each, and its columns in order; `columns` says what they mean."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One kind of CSV file.

    Attributes:
        row: What a row is.
        names: The columns in order, words of one text; `auroc±` stands for `auroc`, `auroc_low` and `auroc_high`. Some
            are there only where they apply.
    """

    row: str
    names: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns by their full names."""
        return tuple(
            f"{name.rstrip('±')}{end}"
            for name in self.names.split()
            for end in (("", "_low", "_high") if name.endswith("±") else ("",))
        )


_VERDICT = (
    "standard_error p_noninferior p_inferior verdict chance_if_lossless patients_asked patients_needed findings_asked seeds_pooled "
    "seed_deviation verdict_method verdict_reason"
)
_RATE = "{0} difference_{0}± p_{0} test_{0}"
_TESTED = "difference_{0}± p_inferior_{0} verdict_{0} reason_{0}"
TABLES = {
    "results.csv": Table(
        "a variant: what it weighs, what it costs, how well it reads the test films",
        "variant label network seed chain format size_bytes compression deflated_bytes parameters nonzero_parameters macs "
        "latency_p50_ms latency_p95_ms peak_memory_bytes open_ms device runtime delegate threads fp32_weight_bytes "
        "validation_auroc threshold films patients positives auroc± accuracy± balanced_accuracy± sensitivity± specificity± "
        "positive_predictive_value negative_predictive_value f1 brier± expected_calibration_error difference± "
        f"pooled_difference± {_VERDICT} difference_sensitivity± difference_specificity± verdict_sensitivity "
        "reason_sensitivity verdict_specificity reason_specificity conclusion films_disjoint auroc_disjoint accuracy_disjoint "
        "sensitivity_disjoint specificity_disjoint auroc_disjoint_low auroc_disjoint_high validation_dice dice± failing_dice± "
        "intersection_over_union± lesions_found± hausdorff_95± average_surface_distance± false_patches± difference_failing± "
        "p_noninferior_failing p_inferior_failing verdict_failing validation_box_score box_score± rsna_score± boxes_found± "
        "false_boxes± average_precision± winner not_learnt",
    ),
    "boxes.csv": Table("a measure of a variant's boxes of a label", "variant label measure films patients mean±"),
    "froc.csv": Table(
        "a point of the free-response curve of a label by a variant, or its average precision",
        "variant label measure false_marks value low high",
    ),
    "box_groups.csv": Table(
        "a group of films: what a variant's boxes lost there",
        "variant by group films patients box_score_before box_score_after difference± p_inferior verdict",
    ),
    "outlines.csv": Table(
        "a measure of the outlines of a label by a variant",
        "variant label measure films patients mean± failing±",
    ),
    "outline_groups.csv": Table(
        "a group of films: what a variant's outlines lost there",
        "variant by group films patients dice_before dice_after difference± p_inferior verdict",
    ),
    "per_label.csv": Table(
        "a metric of a finding of a variant", "variant label films positives metric value low high"
    ),
    "comparisons.csv": Table(
        "a variant against the one that it was made from, by quantization",
        "network seed before after chain before_bytes after_bytes times_smaller before_auroc after_auroc difference± "
        f"before_accuracy after_accuracy {_VERDICT}",
    ),
    "over_seeds.csv": Table(
        "a chain over several seeds of training",
        "network chain label seeds "
        + " ".join(
            f"{name}{end}" for name in ("auroc", "accuracy", "sensitivity", "specificity")
            for end in ("_mean", "_lowest", "_highest")
        )
        + " pooled_difference± seed_deviation",
    ),
    "verdicts.csv": Table(
        "a finding of a variant, tested against its original",
        f"variant label films positives prevalence difference± {_VERDICT}",
    ),
    "decisions.csv": Table(
        "a finding of a variant under one rule for the threshold",
        f"variant label rule threshold {_RATE.format('sensitivity')} {_RATE.format('specificity')} films_to_positive "
        "films_to_negative patients_to_positive patients_to_negative reason",
    ),
    "calibration.csv": Table(
        "a finding of a variant: whether probabilities mean what they say",
        "variant label films temperature brier expected_calibration_error brier_at_temperature "
        "expected_calibration_error_at_temperature confidence reason difference_confidence±",
    ),
    "harm.csv": Table(
        "a finding of a variant within a group of films",
        "variant label by group films patients positives auroc_before auroc_after difference± p_inferior verdict reason "
        f"{_TESTED.format('sensitivity')} {_TESTED.format('specificity')} harmed",
    ),
    "group_rates.csv": Table(
        "a finding of a variant within a group of films: how well it is read there, at the original's threshold",
        "variant label by group threshold films patients positives patients_with_finding patients_without_finding sensitivity± "
        "reason_sensitivity specificity± reason_specificity",
    ),
    "agreement.csv": Table(
        "a finding of a variant: how its probabilities agree with the original's",
        "variant label films concordance± bias± limit_low limit_high largest_change reason",
    ),
    "heat_maps.csv": Table(
        "a variant: whether it looks where its original looks",
        "variant method films patients flat boxed rank_correlation± top_overlap± hits± original_hits± difference_hits± reason",
    ),
    "pairs.csv": Table(
        "two variants that the study compares, over all seeds together",
        "network before after seeds before_bytes after_bytes before_auroc after_auroc difference± difference_lowest "
        "difference_highest better",
    ),
    "usefulness.csv": Table(
        "a finding of a variant: what its errors mean at a prevalence",
        "variant label prevalence threshold missed_per_1000± needless_per_1000± ppv_at_prevalence± npv_at_prevalence± "
        "net_benefit± reason",
    ),
    "layers.csv": Table(
        "a layer of a variant: how its answers differ from the original's",
        "variant layer kind compared reason films signal_to_noise_db cka",
    ),
    "weights.csv": Table(
        "a layer of a variant: the numbers that are stored",
        "variant layer dtype weights lowest highest distinct zeros at_limit entropy_bits signal_to_noise_db reason",
    ),
    "stress.csv": Table(
        "a variant on validation films that are changed in one way, up to a share of the full range",
        "variant label chain kind strength films patients auroc± sensitivity± specificity± dice± failing_dice± difference±",
    ),
    "sources.csv": Table(
        "a source of validation films that was left out when the winner, and of answers its threshold, were chosen",
        "source variant films patients threshold auroc± sensitivity± specificity± dice± box_score± beside_others±",
    ),
    "site_thresholds.csv": Table(
        "a finding of a variant, a rule and a number of test patients by whom the threshold was chosen: how all others are read",
        "variant label threshold_rule patients_labelled chosen sensitivity sensitivity_5th sensitivity_95th specificity "
        "specificity_5th specificity_95th",
    ),
    "validation_groups.csv": Table("a validation film and its groups", "image_id age_group sex view source"),
    "refusals.csv": Table("a technique that does not apply", "variant network seed chain technique reason"),
    "changed_decisions.csv": Table(
        "a test film that a variant decides otherwise than its original; stays with the run, is not published",
        "variant label image_id has_finding threshold original_probability variant_probability to",
    ),
    "measurements.csv": Table(
        "a measurement of a variant on a machine", "variant device runtime delegate threads metric value unit kind"
    ),
    "device_measurements.csv": Table(
        "a measurement of a variant on a device, brought back by `radlib compare --measurements`",
        "variant device runtime delegate threads metric value unit kind",
    ),
    "quarantine.csv": Table("a film that cannot be read", "image_id reason"),
    "copies.csv": Table("two films that are one exposure", "image_id other_image_id kind similarity split other_split across same_patient"),
    "groups.csv": Table("a test film and its groups", "image_id age_group sex view source"),
    "test_log.csv": Table("a scoring of the test films", "date study variant model films selection test_films"),
    "reports/times.csv": Table("an executed notebook", "report seconds peak_memory_bytes"),
    "variants/<variant>/history.csv": Table(
        "an epoch of training", "epoch loss val_loss val_auroc val_dice val_box_score learning_rate chance_loss"
    ),
    "imports/<tag>.csv": Table(
        "a usual way to read films, tried on validation films with a network from elsewhere",
        "question answer given films auroc difference± changed_decisions loss",
    ),
    "radlib predict --boxes": Table(
        "a box on a film of one's own", "file image_id label score x y width height"
    ),
    "radlib predict": Table(
        "a film of one's own",
        "file image_id <label>_probability <label>_decision <label>_threshold <label>_share <label>_boxes <label>_score class_decision reason warning",
    ),
}  # fmt: skip
