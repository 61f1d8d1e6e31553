"""One row per variant: what it weighs, what it costs, how well it reads, and how sure that is.

Intervals of one network's AUROC and rates have formulas that do not collapse where nobody was wrong (see
`metrics.label_intervals`); those of differences come from the same draws of patients for all variants of a run, so that
the difference between a variant and its original is that of the same draws. Of several labels the mean over labels stands in the row; `per_label` has
each. A compressed file is compared with the bytes of its original's weights as float32, never with a file that
holds more.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report import judgements
from radlib.report.cost_rows import cost_row, on_validation
from radlib.report.draws import deciding_thresholds, draw, measured
from radlib.report.readings import Readings, label_names, of_run, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

INTERVALS = ("auroc", "accuracy", "sensitivity", "specificity", "balanced_accuracy", "brier")
POOLED = ("pooled_difference", "pooled_difference_low", "pooled_difference_high", "seed_deviation")
DISJOINT = ("auroc", "accuracy", "sensitivity", "specificity")
NOT_JUDGED = {
    name: "" if name.startswith(judgements.WORDS) or name == "verdict_method" else np.nan
    for name in judgements.ALL_COLUMNS
}
UNKNOWN = (np.nan, np.nan)  # ends of an interval
QUANTIZED = ("dynamic", "float16", "int8")


def results(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return one row per variant of a run.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `network`, `seed`, `chain`, `format`, `size_bytes`,
        `compression` (float32 bytes of the original's weights over the file's bytes), what was measured,
        `films`, each metric with `_low` and `_high`, `threshold`, `validation_auroc`, the columns of
        `judgements.judge_variants` (differences to the original with their intervals, verdicts and what they come to),
        `winner`, `not_learnt` (why the original that the variant goes back to has not learnt, empty when it has; see
        `evaluation.learnt`); metrics with the suffix `_disjoint` are those over the films whose patient number occurs in
        no training film, where numbers overlap. NaN is what is not known or undefined.
    """
    readings = readings or read(run)
    drawn = {v.name: draw(readings, v) for v in readings.variants}
    columns = ["variant", "label", "network", "seed", "chain", "format", "size_bytes"]
    if not readings.variants:
        return pd.DataFrame(columns=columns)
    judged = judgements.judge_variants(readings)
    rows = [_row(readings, variant, drawn, judged) for variant in readings.variants]
    return of_run(pd.DataFrame(rows), readings)


def _row(readings: Readings, variant: Variant, drawn: dict, judged: dict) -> dict[str, Any]:
    row = cost_row(readings, variant)
    row["validation_auroc"] = on_validation(readings, variant, "auroc")
    thresholds = readings.thresholds(variant)
    row["threshold"] = thresholds[0] if len(thresholds) == 1 else np.nan
    row |= _quality(drawn[variant.name])
    row |= judged.get(variant.name, NOT_JUDGED)
    row |= _disjoint(readings, variant)
    row["winner"] = variant.name == readings.selection.get("winner")
    row["not_learnt"] = readings.why_not_learnt(variant)
    return row


def _quality(drawn: dict) -> dict[str, Any]:
    row: dict[str, Any] = {name: drawn.get(name, np.nan) for name in ("films", "patients", "positives")}
    for name in metrics.METRICS:
        row[name] = drawn["values"][name] if drawn else np.nan
        if name in INTERVALS:
            ends = drawn["intervals"].get(name, UNKNOWN) if drawn else UNKNOWN
            row[f"{name}_low"], row[f"{name}_high"] = ends
    return row


def _disjoint(readings: Readings, variant: Variant) -> dict[str, float]:
    """Return the metrics over films without overlapping patient numbers; {} when no number overlaps."""
    if not readings.films.get("overlapping_test_films"):
        return {}
    predictions = readings.test.get(variant.name)
    drawn = draw(readings, variant, readings.disjoint(predictions)) if predictions is not None else {}
    row: dict[str, float] = {"films_disjoint": drawn.get("films", np.nan)}
    for name in DISJOINT:
        row[f"{name}_disjoint"] = drawn["values"][name] if drawn else np.nan
    row["auroc_disjoint_low"], row["auroc_disjoint_high"] = drawn["intervals"]["auroc"] if drawn else UNKNOWN
    return row


def comparisons(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return the six comparisons of the LibreHealth project (2020), as far as the run has their variants.

    The original against its quantized variants and the pruned network against its own, in quality and size,
    per network and seed.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `network`, `seed`, `before`, `after` (labels), `chain` (of after),
        `before_bytes` (float32 weights), `after_bytes`, `times_smaller`, `before_auroc`, `after_auroc`,
        `difference` with `_low` and `_high`, `before_accuracy`, `after_accuracy`, and the columns of the verdict
        as in `results`, adjusted over these comparisons.
    """
    readings = readings or read(run)
    by_chain = {(v.network, v.seed, v.chain_text): v for v in readings.variants}
    pairs = []
    for network, seed in dict.fromkeys((v.network, v.seed) for v in readings.variants):
        for parent in ("original", "magnitude_pruning"):
            before = by_chain.get((network, seed, parent))
            for technique in QUANTIZED:
                chain = technique if parent == "original" else f"{parent}+{technique}"
                after = by_chain.get((network, seed, chain))
                if before and after:
                    pairs.append((before, after))
    judged = judgements.judge_pairs(readings, pairs).to_dict("records")
    drawn = {v.name: draw(readings, v) for v in {v.name: v for pair in pairs for v in pair}.values()}
    rows = [_comparison(readings, *pair, drawn) | row for pair, row in zip(pairs, judged, strict=True)]
    names = ["network", "seed", "before", "after", "chain", "difference", "difference_low", "difference_high"]
    return of_run(pd.DataFrame(rows) if rows else pd.DataFrame(columns=names), readings)


def _comparison(readings: Readings, before: Variant, after: Variant, drawn: dict) -> dict[str, Any]:
    one, other = drawn[before.name], drawn[after.name]
    full_size = measured(readings, before).get("fp32_weight_bytes", np.nan)
    return {
        "network": after.network,
        "seed": after.seed,
        "before": before.label,
        "after": after.label,
        "chain": after.chain_text,
        "before_bytes": full_size,
        "after_bytes": after.size_bytes,
        "times_smaller": full_size / after.size_bytes,
        "before_auroc": one["values"]["auroc"] if one else np.nan,
        "after_auroc": other["values"]["auroc"] if other else np.nan,
        "before_accuracy": one["values"]["accuracy"] if one else np.nan,
        "after_accuracy": other["values"]["accuracy"] if other else np.nan,
    }


def per_label(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return every metric of every label of every variant with its interval.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `films`, `positives`, `metric`, `value`, `low`, `high`.
    """
    readings = readings or read(run)
    tables = []
    for variant in readings.variants:
        if predictions := readings.test.get(variant.name):
            table = metrics.per_label(
                predictions.y_true, predictions.y_prob, predictions.patient_id, label_names(variant),
                deciding_thresholds(readings, variant, predictions), drawn=draw(readings, variant)["each"],
            )  # fmt: skip
            tables.append(table.assign(variant=variant.name))
    names = ["variant", "label", "films", "positives", "metric", "value", "low", "high"]
    return pd.concat(tables, ignore_index=True)[names] if tables else pd.DataFrame(columns=names)


def over_seeds(results: pd.DataFrame) -> pd.DataFrame:
    """Return mean, lowest and highest over the seeds of each network and chain that has several.

    Args:
        results: As `results` returns it.

    Returns:
        DataFrame with columns `network`, `chain`, `label`, `seeds`, for AUROC, accuracy, sensitivity and specificity
        `<metric>_mean`, `_lowest`, `_highest`, and the mean `pooled_difference` to the original with its interval, in
        which seeds are random effects; no rows where every network has one seed.
    """
    rows = []
    for (network, chain), group in results.groupby(["network", "chain"], sort=False):
        group = group.dropna(subset=["auroc"])
        if len(group) > 1:
            row = {"network": network, "chain": chain, "label": group["label"].iloc[0], "seeds": len(group)}
            for name in DISJOINT:
                values = group[name]
                row |= {
                    f"{name}_mean": values.mean(),
                    f"{name}_lowest": values.min(),
                    f"{name}_highest": values.max(),
                }
            rows.append(row | {name: group[name].iloc[0] for name in POOLED if name in group})
    return pd.DataFrame(rows, columns=None if rows else ["network", "chain", "label", "seeds"])
