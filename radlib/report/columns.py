"""What every column of a run's tables means, and in which unit: one dictionary for all that is written as CSV.

A name means the same in every table, so each stands here once; `csv_files` says which columns a table has. Endings add to
a name: `_low` and `_high` are the ends of its 95 % interval, `difference_` is that to the original, `_mean`, `_lowest` and
`_highest` are over seeds. Units stand in the names, or at the end of the meaning.
"""

UNITS = {"bytes": "bytes", "ms": "ms", "db": "dB", "bits": "bits", "seconds": "s"}  # by the end of a name
SCALES = ("count", "0 to 1", "0.5 to 1", "−1 to 1", "×", "nats")  # by the end of a meaning
MEANINGS = {
    "variant": "name of the variant: architecture, seed and chain",
    "label": "the variant in a reader's words; in tables by finding, the finding",
    "network": "`architecture[@tag]`",
    "seed": "seed of the training",
    "chain": "techniques in the order in which they were applied; `original` for none",
    "format": "kind of the model file",
    "size_bytes": "of the model file",
    "compression": "float32 bytes of the original's weights over bytes of the file, ×",
    "deflated_bytes": "of the file after DEFLATE, as in a ZIP archive",
    "parameters": "numbers in the network, count",
    "nonzero_parameters": "those of them that are not 0, count",
    "macs": "multiplications with additions for one film, count",
    "latency_p50_ms": "half of the answers to one film came faster",
    "latency_p95_ms": "95 % of the answers to one film came faster",
    "peak_memory_bytes": "memory that opening the file and answering one film takes beyond the runtime's own",
    "open_ms": "from the file to a network that answers",
    "device": "machine and processor that were measured on",
    "runtime": "what computes, with its version",
    "delegate": "what the runtime hands the work to",
    "threads": "of the runtime, count",
    "fp32_weight_bytes": "the original's weights as float32",
    "validation_auroc": "AUROC on the validation films",
    "threshold": "a probability at or above it is called positive; chosen on validation films",
    "films": "films that the row rests on, count",
    "patients": "patients that the row rests on, or what stands in for them where nobody knows the patients, count",
    "positives": "films with the finding, count",
    "prevalence": "share of films with the finding, in `usefulness.csv` where the network is to be used, 0 to 1",
    "auroc": "area under the ROC curve, 0 to 1",
    "accuracy": "share of films decided rightly, 0 to 1",
    "balanced_accuracy": "mean of sensitivity and specificity, 0 to 1",
    "sensitivity": "share of films with the finding that are called positive, 0 to 1",
    "specificity": "share of films without the finding that are called negative, 0 to 1",
    "positive_predictive_value": "share of positive calls that are right, 0 to 1",
    "negative_predictive_value": "share of negative calls that are right, 0 to 1",
    "f1": "harmonic mean of positive predictive value and sensitivity, 0 to 1",
    "brier": "mean squared distance of probability and truth, 0 to 1",
    "expected_calibration_error": "mean distance of probability and frequency over ten bins of equally many films, 0 to 1",
    "difference": "AUROC minus that of the original; between two variants, of the second minus the first",
    **{
        f"{start}{rate}": words.format(rate)
        for rate in ("sensitivity", "specificity")
        for start, words in (("difference_", "{} minus that of the original"), ("p_", "p-value of no change of {}"),
                             ("test_", "test behind the p-value of no change of {}"))
    },
    "difference_confidence": "`confidence` minus that of the original",
    "difference_hits": "`hits` minus that of the original",
    "standard_error": "of the AUROC difference, clustered by patient",
    "pooled_difference": "mean of `difference` over the seeds of a chain; its interval has seeds as random effects",
    "p_noninferior": "p-value against a loss of the margin or more, of the chain, in the order of the questions",
    "p_inferior": "p-value against a smaller loss than the margin, not adjusted; within groups as their gates say",
    "verdict": "on AUROC: `non-inferior`, `inferior`, `too few patients`, `cannot tell` or `undefined`",
    "chance_if_lossless": "how often as many patients would show a variant without loss non-inferior, 0 to 1",
    "patients_asked": "patients of the rarer answer that a claim rests on, times the number of findings, count",
    "patients_needed": "of them, to show a variant without loss non-inferior in 80 % of studies, count",
    "seeds_pooled": "trainings that the verdict is about, count",
    "seed_deviation": "standard deviation of `difference` over them",
    "conclusion": "what the verdicts come to: `as good`, `loses`, `too few patients`, `cannot tell` or `undefined`",
    **{
        f"{start}_{rate}": words.format(rate)
        for rate in ("sensitivity", "specificity")
        for start, words in (("verdict", "on {} at the original's threshold, words as of `verdict`"),
                             ("reason", "why there is no verdict on {}"))
    },
    "verdict_method": "test behind the verdict",
    "verdict_reason": "why there is no verdict, or what it rests on that is unusual",
    "winner": "whether the selection, made on validation films, chose it",
    "not_learnt": "why the original that it goes back to has not learnt; empty when it has",
    "before": "label of the first of two",
    "after": "label of the second of two",
    "before_auroc": "AUROC of the first of two, 0 to 1",
    "after_auroc": "AUROC of the second of two, 0 to 1",
    "before_accuracy": "accuracy of the first of two, 0 to 1",
    "after_accuracy": "accuracy of the second of two, 0 to 1",
    "before_bytes": "of the first of two; float32 weights where it is an original",
    "after_bytes": "of the second of two, its file",
    "times_smaller": "`before_bytes` over `after_bytes`, ×",
    "seeds": "seeds of training that have both, or that the row is a mean of, count",
    "better": "`before` or `after`; empty where the interval holds 0",
    "metric": "what is measured, a name of this page",
    "value": "of that metric, in the unit of its name",
    "low": "lower end of the 95 % interval over patients",
    "high": "upper end of the 95 % interval over patients",
    "unit": "of the value",
    "kind": "how the value came about, or what the thing of the row is",
    "rule": "`frozen`: the original's threshold; `chosen anew`: the variant's own",
    "films_to_positive": "films that the original calls negative and the variant positive, count",
    "films_to_negative": "films that the original calls positive and the variant negative, count",
    "patients_to_positive": "patients of whom that is true, count",
    "patients_to_negative": "patients of whom that is true, count",
    "reason": "why something is missing; empty where nothing is",
    "temperature": "by which logits must be divided to mean what they say; above 1 the network is too sure",
    "confidence": "mean probability of the more likely answer, 0.5 to 1",
    "by": "kind of group: age_group, sex, view or source",
    "group": "films that the row is about",
    "harmed": "which of AUROC, sensitivity and specificity are inferior within the group",
    "concordance": "Lin's concordance coefficient of the two probabilities, −1 to 1",
    "bias": "mean of variant minus original probability",
    "limit_low": "lower of the limits between which 95 % of the differences lie",
    "limit_high": "upper of those limits",
    "largest_change": "of a probability on any film, 0 to 1",
    "method": "`grad-cam` or `occlusion`",
    "flat": "films of which one network's map is the same everywhere, count",
    "boxed": "films on which a radiologist drew a box, count",
    "rank_correlation": "of the two heat maps, place by place, −1 to 1",
    "top_overlap": "share of the warmest fifth that both maps have in common, 0 to 1",
    "hits": "share of boxed films whose warmest place lies in a box, 0 to 1",
    "original_hits": "the same of the original",
    "missed_per_1000": "films with the finding that are called negative, of 1,000 films at `prevalence`, count",
    "needless_per_1000": "films without the finding that are called positive, of 1,000 films at `prevalence`, count",
    "ppv_at_prevalence": "share of positive calls that are right at `prevalence`, 0 to 1",
    "npv_at_prevalence": "share of negative calls that are right at `prevalence`, 0 to 1",
    "net_benefit": "findings per film less needless calls, each weighing 1 / `missed_cost` of the study",
    "layer": "name of the layer in the original",
    "compared": "layer whose output was compared; empty where the variant has no counterpart",
    "signal_to_noise_db": "energy of what the original has over energy of the difference",
    "cka": "centred kernel alignment of the two layers' answers, 0 to 1",
    "dtype": "type of the stored numbers",
    "weights": "of the layer's kernel, count",
    "lowest": "stored weight",
    "highest": "stored weight",
    "distinct": "different values among the weights, count",
    "zeros": "share of weights that are 0, 0 to 1",
    "at_limit": "share of int8 codes at ±127, 0 to 1; empty for floats",
    "entropy_bits": "of the distribution of stored values, per weight",
    "technique": "the one that does not apply",
    "strength": "share of the full range by which films are changed, 0 to 1",
    "image_id": "says nothing about a person; `private/films.csv` knows the file",
    "other_image_id": "of the copy",
    "similarity": "of the two films, 0 to 1",
    "has_finding": "1 yes, 0 no, empty unknown",
    "original_probability": "of the finding, by the original, 0 to 1",
    "variant_probability": "of the finding, by the variant, 0 to 1",
    "to": "what the variant calls the film now",
    "age_group": "age of the patient, in groups",
    "sex": "as the data set gives it",
    "view": "as the data set gives it, e.g. PA or AP",
    "source": "where the film comes from, as the data set gives it",
    "date": "of the scoring, UTC",
    "study": "name of the study",
    "model": "first digits of the model file's SHA-256",
    "selection": "digest of the choices that were made before",
    "test_films": "digest of the set of films, the same in every study that scores the same; empty in older lines",
    "report": "executed notebook",
    "seconds": "wall clock, start included",
    "epoch": "passes over the training films so far, count",
    "loss": "mean over the epoch's training films, nats",
    "val_loss": "on the validation films, nats",
    "val_auroc": "on the validation films, 0 to 1",
    "learning_rate": "at the end of the epoch",
    "chance_loss": "loss of who knows nothing but how often each answer occurs, nats",
    "file": "path below the folder that was given; only with `--with-files`",
    "<label>_probability": "of the finding or class, 0 to 1, in full",
    "<label>_decision": "finding, or its absence; empty without a threshold; not where classes exclude each other",
    "<label>_threshold": "that decided; not where classes exclude each other",
    "class_decision": "most probable class, where classes exclude each other",
    "warning": "how the film is unlike those that the variant was trained on; empty when it is not",
    "question": "`range` or `resampling`",
    "split": "in which the film lies",
    "other_split": "in which the copy lies",
    "across": "whether they lie in two splits",
    "same_patient": "whether they are of one patient",
    "answer": "options that say it",
    "given": "whether it was the one given at the import",
    "changed_decisions": "films that the given answer decides otherwise, count",
}  # fmt: skip
ENDINGS = {
    "_low": "lower end of the 95 % interval over patients of {}",
    "_high": "upper end of the 95 % interval over patients of {}",
    "_mean": "mean over the seeds of {}",
    "_lowest": "lowest over the seeds of {}",
    "_highest": "highest over the seeds of {}",
    "_disjoint": "{} over the films whose patient number occurs in no training film",
    "_at_temperature": "{} after division of the logits by the temperature",
    "_before": "{} of the original",
    "_after": "{} of the variant",
    "_sensitivity": "{}, of sensitivity in place of AUROC",
    "_specificity": "{}, of specificity in place of AUROC",
}


def meaning(column: str) -> tuple[str, str]:
    """Return what a column means, and its unit or scale, empty where it has none.

    Raises:
        KeyError: For a name that nobody wrote down.

    Example:
        >>> meaning("size_bytes"), meaning("auroc_low")
        (('of the model file', 'bytes'), ('lower end of the 95 % interval over patients of `auroc`', '0 to 1'))
    """
    if column in MEANINGS:
        words, _, last = MEANINGS[column].rpartition(", ")
        return (
            (words, last) if last in SCALES else (MEANINGS[column], UNITS.get(column.rsplit("_", 1)[-1], ""))
        )
    for end, words in ENDINGS.items():
        if column.endswith(end):
            inner = column.removesuffix(end)
            return words.format(f"`{inner}`"), meaning(inner)[1]
    raise KeyError(column)
