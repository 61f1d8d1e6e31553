"""The verdict on every variant, and on every variant and finding: what is asked together is adjusted together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.pairing import REORDERED, why_not_paired
from radlib.report.readings import Readings, label_names, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

COLUMNS = (
    "standard_error", "p_noninferior", "p_inferior", "verdict", "smallest_shown", "verdict_method", "verdict_reason",
)  # fmt: skip

UNLEARNT = "The original has not learnt, so to be as good as it means nothing."


def judge_pairs(readings: Readings, pairs: Sequence[tuple[Variant, Variant]]) -> pd.DataFrame:
    """Return the verdicts on pairs of variants, adjusted over all pairs by Holm's rule.

    Args:
        readings: The files of the run.
        pairs: (before, after) each.

    Returns:
        One row per pair with `COLUMNS`; of several labels the mean AUROC is judged. `verdict_reason` is one sentence
        where a verdict is undefined or rests on something unusual.
    """
    tests = [_test(readings, before, after) for before, after in pairs]
    judged = metrics.judge(tests).rename(columns={"method": "verdict_method", "reason": "verdict_reason"})
    return judged[list(COLUMNS)]


def judge_variants(readings: Readings) -> dict[str, dict]:
    """Return the verdict on every variant against its own original, by variant name; `COLUMNS` each."""
    pairs = _pairs(readings)
    rows = judge_pairs(readings, pairs).to_dict("records")
    return {after.name: row for (_, after), row in zip(pairs, rows, strict=True)}


def verdicts(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return the verdict on every variant for every finding, adjusted over all variants and findings together.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `films`, `positives`, `prevalence`, `difference` (AUROC minus that
        of the original), `COLUMNS`; a run of one label has the rows of `results`. Rows stand
        in the order of variants and labels.
    """
    readings = readings or read(run)
    rows, tests = [], []
    for before, after in _pairs(readings):
        answers = readings.test.get(after.name)
        for column, label in enumerate(label_names(after)):
            tests.append(_test(readings, before, after, column))
            known = answers.y_true[:, column] if answers is not None else np.array([])
            known = known[~np.isnan(known)]
            positives = int(known.sum())
            rows.append(
                {
                    "variant": after.name,
                    "label": label,
                    "films": len(known),
                    "positives": positives,
                    "prevalence": positives / len(known) if len(known) else np.nan,
                }
            )
    judged = metrics.judge(tests).rename(columns={"method": "verdict_method", "reason": "verdict_reason"})
    names = ["variant", "label", "films", "positives", "prevalence"]
    return pd.concat([pd.DataFrame(rows, columns=names), judged[["difference", *COLUMNS]]], axis=1)


def _pairs(readings: Readings) -> list[tuple[Variant, Variant]]:
    """Return (original, variant) for every variant that has been made from an original of the run."""
    pairs = [(readings.original(variant), variant) for variant in readings.variants if variant.chain]
    return [(original, variant) for original, variant in pairs if original is not None]


def _test(
    readings: Readings, before: Variant, after: Variant, column: int | None = None
) -> metrics.PairedTest:
    """Return the test of a pair, of one label or of the mean over labels."""
    first, second = readings.test.get(before.name), readings.test.get(after.name)
    reason = UNLEARNT if readings.why_not_learnt(before) else why_not_paired(first, second)
    if reason:
        return metrics.untested(reason)
    chosen = slice(None) if column is None else column
    found = metrics.paired_test(
        first.y_true[:, chosen],
        first.y_prob[:, chosen],
        second.y_prob[:, chosen],
        first.patients,
        readings.run.settings.margin,
    )
    if after.name in readings.reordered and not found.reason:
        return metrics.PairedTest(**{**vars(found), "reason": REORDERED})
    return found
