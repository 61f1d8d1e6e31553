"""Whether a variant gives each film the probability that its original gives it, not only the same score on average."""

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.draws import patient_counts
from radlib.report.evidence import labelled_pairs
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, read
from radlib.runs import Run

COLUMNS = ("variant", "label", "films", "concordance", "concordance_low", "concordance_high", "bias", "bias_low",
           "bias_high", "limit_low", "limit_high", "largest_change", "reason")  # fmt: skip


def agreement(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how the probabilities of every variant agree with its original's, film by film.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant and label, `COLUMNS`: Lin's concordance coefficient with its interval over patients, the
        mean difference `bias` likewise, Bland and Altman's limits that hold 95 % of the differences, the
        `largest_change` of a probability, and a `reason` where nothing can be said.
    """
    readings = readings or read(run)
    rows = []
    for before, after, label, column in labelled_pairs(readings):
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        row = {"variant": after.name, "label": label, "reason": why_not_paired(first, second)}
        if not row["reason"]:
            counts = patient_counts(tuple(first.patient_ids), run.settings.bootstrap_draws)
            row |= _agreed(first.y_prob[:, column], second.y_prob[:, column], counts)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _agreed(before: np.ndarray, after: np.ndarray, counts: np.ndarray) -> dict[str, float | int | str]:
    value, low, high = metrics.concordance(before, after, counts)
    row = {"films": len(before), "concordance": value, "concordance_low": low, "concordance_high": high}
    row |= metrics.limits_of_agreement(before, after, counts)
    row["largest_change"] = float(np.abs(after - before).max(initial=0))
    reason = (
        "" if not np.isnan(value) else "Both networks give every film one probability: nothing can agree."
    )
    return {**row, "reason": reason}
