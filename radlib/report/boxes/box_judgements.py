"""The verdict on every variant's boxes: as good as its original where the mean box score over films is."""

from typing import Any

import numpy as np

from radlib import metrics
from radlib.report.chain_judgements import CONCLUSIONS, Pair, judge_chains, mean_row, values_of, with_ends
from radlib.report.judgements import OWN_FILE
from radlib.report.readings import Readings
from radlib.runs.variants import Variant


def judge_boxes(readings: Readings) -> dict[str, dict[str, Any]]:
    """Return the verdicts on every variant beside its own original, by name.

    Returns:
        Per variant: `difference` (of the mean box score) with `_low` and `_high` of the file itself, `pooled_difference` of its
        chain, `standard_error`, `p_noninferior` (adjusted), `p_inferior`, `verdict`, what it rests on, `box_score` itself, and
        `conclusion`.
    """
    rows = judge_chains(readings, _test, lambda test: test, _row)
    return {name: row | {"box_score": _score(readings, name)} for name, row in rows.items()}


def judge_boxes_beside(readings: Readings, before: Variant, after: Variant) -> dict[str, Any]:
    """Return the same of one variant beside another, such as the original of another network, asked alone."""
    test = _test(readings, [(before, after)])
    return _row(test, test, test.p_noninferior) | {"box_score": _score(readings, after.name)}


def _score(readings: Readings, name: str) -> float:
    answers = readings.test.get(name)
    return np.nan if answers is None or answers.merit is None else answers.merit


def _test(readings: Readings, pairs: list[Pair]) -> metrics.PairedTest:
    """Return the test of the mean box score of a chain over its seeds."""
    values, reason = values_of(readings, pairs)
    return metrics.untested(reason) if reason else metrics.mean_test(*values, readings.run.settings.margin)


def _row(
    chain: metrics.PairedTest, file: metrics.PairedTest, claim: float, level: float = metrics.ALPHA
) -> dict[str, Any]:
    word, reason = metrics.verdict_of(chain, claim), chain.reason
    if file is not chain and metrics.verdict_of(file, 1.0) == "inferior":
        word, reason = "inferior", OWN_FILE
    judged = mean_row(chain, claim, reason, level)
    judged |= with_ends("difference", file) | with_ends("pooled_difference", chain)
    return judged | {"conclusion": CONCLUSIONS.get(word, word)}
