"""The verdict on every variant's outlines: as good as its original only where mean Dice and 5th percentile both are.

As everywhere else a claim is about a *chain*, its seeds pooled, the winner of its network asked first; an alarm is about a file. The two
questions of a chain are one claim, since both must hold; claims of several chains are adjusted (`metrics.claim_order`).
"""

from typing import Any

import numpy as np

from radlib import metrics
from radlib.report.chain_judgements import CONCLUSIONS, Pair, judge_chains, mean_row, values_of, with_ends
from radlib.report.judgements import OWN_FILE
from radlib.report.readings import Readings
from radlib.runs.variants import Variant


def judge_outlines(readings: Readings) -> dict[str, dict[str, Any]]:
    """Return the verdicts on every variant beside its own original, by name.

    Returns:
        Per variant: `difference` (of the mean Dice) with `_low` and `_high` of the file itself, `pooled_difference` of its chain,
        `standard_error`, `p_noninferior` (of both questions together, adjusted), `p_inferior`, `verdict` on the mean, and what
        it rests on; `difference_failing` (of the 5th percentile) with its ends, `p_noninferior_failing` (as it is alone),
        `p_inferior_failing` and `verdict_failing`; and `conclusion`.
    """
    return judge_chains(readings, _tests, lambda both: metrics.both_tests(*both), _row)


def judge_outlines_beside(readings: Readings, before: Variant, after: Variant) -> dict[str, Any]:
    """Return the same of one variant beside another, such as the original of another network, asked alone."""
    both = _tests(readings, [(before, after)])
    return _row(both, both, metrics.both_tests(*both).p_noninferior)


def _tests(readings: Readings, pairs: list[Pair]) -> tuple[metrics.PairedTest, metrics.PairedTest]:
    """Return the tests of mean and 5th percentile of a chain over its seeds."""
    values, reason = values_of(readings, pairs)
    if reason:
        return metrics.untested(reason), metrics.untested(reason)
    how = (*values, readings.run.settings.margin)
    return metrics.mean_test(*how), metrics.failing_test(*how)


def _row(
    chain: tuple[metrics.PairedTest, metrics.PairedTest],
    file: tuple[metrics.PairedTest, metrics.PairedTest],
    claim: float,
    level: float = metrics.ALPHA,
) -> dict[str, Any]:
    mean, failing = chain
    word, reason = metrics.outline_verdict(mean, failing, p_noninferior=claim), mean.reason or failing.reason
    if file is not chain and metrics.outline_verdict(*file, p_noninferior=1.0) == "inferior":
        word, reason = "inferior", OWN_FILE
    judged = mean_row(mean, claim, reason, level) | {
        "p_noninferior_failing": failing.p_noninferior, "p_inferior_failing": failing.p_inferior,
        "verdict_failing": metrics.failing_verdict(failing) if not np.isnan(failing.p_inferior) else "undefined",
    }  # fmt: skip
    for name, test in (("difference", file[0]), ("pooled_difference", mean), ("difference_failing", file[1])):
        judged |= with_ends(name, test)
    return judged | {"conclusion": CONCLUSIONS.get(word, word)}
