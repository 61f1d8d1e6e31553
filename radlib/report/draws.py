"""A variant's numbers over the draws of patients, and what was measured of it: what all tables are made of."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.foundation.extras import pandas as pd
from radlib.report.readings import Readings
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

OF_A_MACHINE = (
    "latency_",
    "open_",
    "first_",
    "peak_",
)  # how the names begin of what another machine would take otherwise
CIRCUMSTANCES = ("device", "runtime", "delegate", "threads")
DECIDED = (
    "auroc",
    "sensitivity",
    "specificity",
)  # what a table shows that asks how a choice bears other films
SEED = 0  # of the draws of patients: the same in every report


def main_device(table: "pd.DataFrame") -> str:
    """Return the machine on which most variants were timed, the first of equals; empty where none was."""
    timed = table[table["metric"] == "latency_p50_ms"]
    return "" if timed.empty else str(timed.groupby("device", sort=False)["variant"].nunique().idxmax())


def measured(readings: Readings, variant: Variant) -> dict[str, Any]:
    """Return the figures of one variant by name, those on one thread before others; no estimate is among them.

    Times and memory are those of one machine, the `main_device`: a run that was moved has figures of several, which must not
    stand in one column.
    """
    table = readings.measurements
    rows = table[table["variant"].isin([variant.name, variant.key]) & (table["kind"] == "measured")]
    of_a_machine = rows["metric"].astype(str).str.startswith(OF_A_MACHINE)
    rows = rows[~of_a_machine | (rows["device"] == main_device(table))]
    rows = rows.assign(rank=rows["threads"].astype(str) != "1")
    rows = rows.sort_values("rank", kind="stable").drop_duplicates("metric")
    found = dict(zip(rows["metric"], rows["value"].astype(float), strict=True))
    timed = rows[rows["metric"] == "latency_p50_ms"]
    if len(timed):
        found |= {name: timed.iloc[0][name] for name in CIRCUMSTANCES}
    return found


def draw(readings: Readings, variant: Variant, chosen: np.ndarray | None = None) -> dict[str, Any]:
    """Return each metric's value, interval, and values over the draws, averaged over labels; {} without predictions.

    Of classes that exclude each other, accuracy is the share of films given their class, and balanced accuracy the
    mean over classes of the share found (sensitivity). `each` holds the draws of every label. Intervals of shares and
    of the AUROC are those of `metrics.mean_intervals`, of other metrics those of the draws.
    """
    if chosen is None and variant.name in readings.drawn:
        return readings.drawn[variant.name]
    drawn = _draw(readings, variant, chosen)
    if chosen is None:
        readings.drawn[variant.name] = drawn
    return drawn


def _draw(readings: Readings, variant: Variant, chosen: np.ndarray | None) -> dict[str, Any]:
    predictions = readings.test.get(variant.name)
    if predictions is None:
        return {}
    predictions = predictions if chosen is None else predictions.take(chosen)
    counts = patient_counts(tuple(predictions.patient_id), readings.run.settings.bootstrap_draws)
    thresholds = deciding_thresholds(readings, variant, predictions)
    draws = metrics.metric_draws_of_all(predictions.y_true, predictions.y_prob, thresholds, counts)
    values = [
        metrics.scores(truth, prob, at) for truth, prob, _, at in label_columns(predictions, thresholds)
    ]
    defined = {m: [i for i, v in enumerate(values) if not np.isnan(v[m])] for m in metrics.METRICS}
    drawn = {
        "films": len(predictions.image_id),
        "patients": int(predictions.patients.max(initial=-1)) + 1,
        "positives": int(np.nansum(predictions.y_true)) if predictions.y_true.shape[1] == 1 else np.nan,
        "image_ids": predictions.image_id,
        "y_true": predictions.y_true,
        "each": draws,
        "values": {m: np.mean([values[i][m] for i in d]) if d else np.nan for m, d in defined.items()},
        "draws": {
            m: np.mean([draws[i][m] for i in d], axis=0)
            for m, d in defined.items()
            if d and m in draws[0]
        },
    }  # fmt: skip
    if task_of(variant).exclusive:
        right = metrics.right_class(predictions.y_true, predictions.y_prob)
        drawn["values"] |= {
            "accuracy": right.mean(),
            "balanced_accuracy": drawn["values"]["sensitivity"],
        }
        drawn["draws"]["accuracy"] = metrics.mean_draws(right, counts)
        drawn["draws"]["balanced_accuracy"] = drawn["draws"]["sensitivity"]
    return drawn | {"intervals": _intervals(variant, predictions, thresholds, drawn["draws"])}


def decided_row(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return films, patients and `DECIDED` of what `draw` returns, each with `_low` and `_high`, for a row of a table."""
    row = {"films": drawn["films"], "patients": drawn["patients"]}
    for name in DECIDED:
        low, high = drawn["intervals"].get(name, (np.nan, np.nan))
        row |= {name: drawn["values"][name], f"{name}_low": low, f"{name}_high": high}
    return row


def _intervals(
    variant: Variant, predictions: Predictions, thresholds: np.ndarray, draws: dict[str, np.ndarray]
) -> dict[str, tuple[float, float]]:
    """Return each metric's 95 % interval."""
    truth, prob, patients = predictions.y_true, predictions.y_prob, predictions.patients
    found = {name: interval(values) for name, values in draws.items()}
    found |= metrics.mean_intervals(truth, prob, patients, thresholds)
    if task_of(variant).exclusive:
        accuracy = metrics.rate_interval(metrics.right_class(truth, prob), patients)
        found |= {"accuracy": accuracy, "balanced_accuracy": found["sensitivity"]}
    return found


@functools.lru_cache(maxsize=2)
def patient_counts(patient_ids: tuple[str, ...], draws: int) -> np.ndarray:
    """Return the draws of patients of a report, see `metrics.patient_draws`; made once for all that is asked."""
    counts = metrics.patient_draws(np.array(patient_ids), draws, SEED)
    counts.flags.writeable = False
    return counts


def deciding_thresholds(readings: Readings, variant: Variant, predictions: Predictions) -> np.ndarray:
    """Return what decides on each label of each film, (n, labels): a threshold, or that it is the likeliest class."""
    if task_of(variant).exclusive:
        return metrics.largest_wins(predictions.y_prob)
    return np.broadcast_to(readings.thresholds(variant), predictions.y_true.shape)


def label_columns(predictions: Predictions, thresholds: np.ndarray) -> Iterator[tuple]:
    """Yield (labels, probabilities, which films are known, thresholds of those) of each label."""
    for column in range(thresholds.shape[1]):
        known = ~np.isnan(predictions.y_true[:, column])
        truth, prob = predictions.y_true[known, column], predictions.y_prob[known, column]
        yield truth, prob, known, thresholds[known, column]


def interval(values: np.ndarray | None) -> tuple[float, float]:
    """Return the 95 % interval over the draws; NaN where there are none."""
    return (np.nan, np.nan) if values is None else metrics.percentile_interval(values)
