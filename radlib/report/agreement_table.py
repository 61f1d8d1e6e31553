"""Whether a variant gives each film the probability that its original gives it, not only the same score on average."""

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.report.evidence import compared_pairs
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, label_names, read
from radlib.runs.runs import Run

COLUMNS = ("variant", "label", "films", "concordance", "concordance_low", "concordance_high", "bias", "bias_low",
           "bias_high", "limit_low", "limit_high", "largest_change", "reason")  # fmt: skip


def agreement(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how the probabilities of every variant agree with its original's, film by film.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant and label, `COLUMNS`: Lin's concordance coefficient with its interval over patients, the
        mean difference `bias` likewise, limits between which 95 % of the differences lie, the
        `largest_change` of a probability, and a `reason` where nothing can be said.
    """
    readings = readings or read(run)
    rows = []
    for before, after in compared_pairs(readings):
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        reason = why_not_paired(first, second)
        found = [] if reason else _agreed(first, second)
        for column, label in enumerate(label_names(after)):
            row = {"variant": after.name, "label": label, "reason": reason}
            rows.append(row if reason else row | found[column])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _agreed(first: Predictions, second: Predictions) -> list[dict[str, float | int | str]]:
    """Return the agreement on every label."""
    found = metrics.agreement_of_labels(first.y_prob, second.y_prob, first.patient_id)
    changes = np.abs(second.y_prob - first.y_prob).max(axis=0, initial=0)
    flat = "Both networks give every film one probability: nothing can agree."
    return [
        {**row, "films": len(first.y_prob), "largest_change": float(change),
         "reason": flat if np.isnan(row["concordance"]) else ""}
        for row, change in zip(found, changes, strict=True)
    ]  # fmt: skip
