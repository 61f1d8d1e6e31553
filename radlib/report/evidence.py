"""What a mean AUROC hides: changed decisions, spoilt probabilities, and groups of patients that are harmed.

Every table follows from the stored predictions and the thresholds that were chosen on validation films.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, label_names, of_run, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

RULES = ("frozen", "chosen anew")
DECISIONS = (
    "variant", "label", "rule", "threshold",
    *(f"{start}{name}{end}" for name in ("sensitivity", "specificity")
      for start, end in (("", ""), ("difference_", ""), ("difference_", "_low"), ("difference_", "_high"), ("p_", ""),
                         ("test_", ""))),
    "films_to_positive", "films_to_negative", "patients_to_positive", "patients_to_negative", "reason",
)  # fmt: skip
CHANGED = (
    "variant", "label", "image_id", "has_finding", "threshold", "original_probability", "variant_probability", "to",
)  # fmt: skip


def decisions(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return sensitivity and specificity of every variant at its original's threshold, and at its own.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, label and rule (`frozen` is the original's threshold, `chosen anew` the variant's own,
        from the same validation films): `threshold`, `sensitivity` and `specificity`, each with `difference_…` to the
        original at its threshold, `_low` and `_high` (see `metrics.unseen_patient`), `p_…` of "did not change" and
        `test_…` that gave it; `films_to_positive`, `films_to_negative`, `patients_to_positive`,
        `patients_to_negative`; and a `reason` where nothing can be said.
    """
    rows = []
    for before, after in compared_pairs(readings := readings or read(run)):
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        reason = why_not_paired(first, second)
        frozen, own = (_thresholds(readings, variant) for variant in (before, after))
        for column, label in enumerate(label_names(after)):
            missing = np.isnan([frozen[column], own[column]]).any()
            why = reason or ("No threshold was chosen for this label." if missing else "")
            for rule, threshold in zip(RULES, (frozen[column], own[column]), strict=True):
                row = {"variant": after.name, "label": label, "rule": rule, "threshold": threshold}
                if not why:
                    row |= _decided(
                        first, second, column, (frozen[column], threshold), run.settings.rate_margin
                    )
                rows.append({**row, "reason": why})
    return of_run(pd.DataFrame(rows, columns=list(DECISIONS)), readings)


def _decided(
    first: Predictions, second: Predictions, column: int, thresholds: Any, margin: float
) -> dict[str, Any]:
    known = ~np.isnan(first.y_true[:, column])
    truth, patients = first.y_true[known, column], first.patients[known]
    called = [
        p.y_prob[known, column] >= threshold for p, threshold in zip((first, second), thresholds, strict=True)
    ]
    row: dict[str, Any] = {}
    for name, answer in (("sensitivity", 1), ("specificity", 0)):
        films = truth == answer
        change = metrics.tested(metrics.rate_difference(truth, *called, patients, answer), margin, "")
        row[name] = (called[1][films] == bool(answer)).mean() if films.any() else np.nan
        row |= {
            f"difference_{name}{end}": value
            for end, value in (("", change.difference), ("_low", change.low), ("_high", change.high))
        }
        found = metrics.change_test(truth, *called, patients, answer) if films.any() else (np.nan, "")
        row[f"p_{name}"], row[f"test_{name}"] = found
    a, b = called
    row |= {"films_to_positive": int((~a & b).sum()), "films_to_negative": int((a & ~b).sum())}
    return row | {f"patients_{way}": n for way, n in metrics.changed_patients(a, b, patients).items()}


def changed_decisions(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return the test films that a variant decides otherwise than its original at the original's threshold.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `CHANGED`, for a radiologist to look at: films that the original got right come first.
    """
    tables = [pd.DataFrame(columns=list(CHANGED))]
    for before, after, label, column in labelled_pairs(readings := readings or read(run)):
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        threshold = _threshold(readings, before, column)
        if why_not_paired(first, second) or np.isnan(threshold):
            continue
        a, b, truth = first.y_prob[:, column], second.y_prob[:, column], first.y_true[:, column]
        films = np.flatnonzero((a >= threshold) != (b >= threshold))
        right_before = (a[films] >= threshold) == (truth[films] == 1)
        films = films[np.argsort(~right_before, kind="stable")]
        values = (
            after.name, label, first.image_id[films], truth[films], threshold, a[films], b[films],
            np.where(b[films] >= threshold, "positive", "negative"),
        )  # fmt: skip
        if len(films):
            tables.append(pd.DataFrame(dict(zip(CHANGED, values, strict=True))))
    return pd.concat(tables[1:] or tables, ignore_index=True)


def calibration(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return whether every variant's probabilities mean what they say, before and after a temperature.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant and label: `films`, `brier`, `expected_calibration_error` (ten bins of equal number),
        `temperature` (fitted on validation films), both again `_at_temperature`, `confidence`, and
        `difference_confidence` to the original with `_low` and `_high`; `reason` where something is undefined.
    """
    readings = readings or read(run)
    rows = []
    for variant in (v for v in readings.variants if v.name in readings.test):
        changes = _confidence_changes(readings, variant)
        for column, label in enumerate(label_names(variant)):
            row = {"variant": variant.name, "label": label, **_calibrated(readings, variant, column)}
            ends = {f"difference_confidence{end}": values[column] for end, values in changes.items()}
            rows.append(row | ends | {"reason": row["reason"]})
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=["variant", "label", "films", "reason"])


def _confidence_changes(readings: Readings, variant: Variant) -> dict[str, np.ndarray]:
    """Return the change of mean confidence against the original with its interval, (labels,) each; NaN without one."""
    second, original = readings.test[variant.name], readings.original(variant)
    first = readings.test.get(original.name) if original is not None else None
    if not variant.chain or why_not_paired(first, second):
        return dict.fromkeys(("", "_low", "_high"), np.full(second.y_true.shape[1], np.nan))
    return metrics.confidence_changes(
        first.y_prob, second.y_prob, ~np.isnan(second.y_true), second.patient_id
    )


def _calibrated(readings: Readings, variant: Variant, column: int) -> dict[str, Any]:
    answers, validation = readings.test[variant.name], readings.validation.get(variant.name)
    known = ~np.isnan(answers.y_true[:, column])
    truth, prob = answers.y_true[known, column], answers.y_prob[known, column]
    temperature, reason = np.nan, "Without validation predictions there is no temperature."
    if validation is not None:
        seen = ~np.isnan(validation.y_true[:, column])
        temperature = metrics.fit_temperature(
            validation.y_true[seen, column], validation.y_prob[seen, column]
        )
        reason = "" if not np.isnan(temperature) else "Only one answer occurs among the validation films."
    row: dict[str, Any] = {"films": len(truth), "temperature": temperature}
    for suffix, values in (("", prob), ("_at_temperature", metrics.at_temperature(prob, temperature))):
        undefined = np.isnan(values).any()
        row[f"brier{suffix}"] = np.nan if undefined else metrics.brier(truth, values)
        error = np.nan if undefined else metrics.expected_calibration_error(truth, values)
        row[f"expected_calibration_error{suffix}"] = error
    row["confidence"] = metrics.confidence(prob).mean() if len(prob) else np.nan
    return row | {"reason": reason}


def harm(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return what every variant lost within every group of films, gate by gate, see `metrics.groups`.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, kind of group (`by`: age_group, sex, view, source), `group` and label, of several labels their
        mean before them, with the columns of `metrics.judge_groups`; no rows where the data set knows no groups, or the original has not learnt.
    """
    readings = readings or read(run)
    kinds = [column for column in readings.groups if column != "image_id"]
    groups = readings.groups.set_index("image_id")
    tables = []
    for before, after in compared_pairs(readings):
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        if readings.why_not_learnt(before) or why_not_paired(first, second):
            continue
        rows = []
        for kind in kinds:
            of_film = groups[kind].reindex(first.image_id).fillna("").to_numpy(dtype=np.str_)
            found = metrics.group_tests(
                first.y_true, first.y_prob, second.y_prob, first.patients, of_film, _thresholds(readings, before),
                labels=label_names(after), margin=run.settings.margin, rate_margin=run.settings.rate_margin,
            )  # fmt: skip
            rows += [{"variant": after.name, "by": kind, **row} for row in found]
        tables += [metrics.judge_groups(rows)] if rows else []
    empty = pd.DataFrame(columns=["variant", "by", "group", "label", "harmed"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def compared_pairs(readings: Readings) -> Iterator[tuple[Variant, Variant]]:
    """Yield (original, variant) for every variant that was made from an original of the run."""
    for variant in readings.variants:
        original = readings.original(variant)
        if variant.chain and original is not None:
            yield original, variant


def labelled_pairs(readings: Readings) -> Iterator[tuple[Variant, Variant, str, int]]:
    """Yield (original, variant, label, its column) for every variant and label."""
    for original, variant in compared_pairs(readings):
        for column, label in enumerate(label_names(variant)):
            yield original, variant, label, column


def _thresholds(readings: Readings, variant: Variant) -> np.ndarray:
    """Return a variant's threshold of every label, (labels,)."""
    return np.broadcast_to(readings.thresholds(variant), (len(label_names(variant)),))


def _threshold(readings: Readings, variant: Variant, column: int) -> float:
    return float(_thresholds(readings, variant)[column])
