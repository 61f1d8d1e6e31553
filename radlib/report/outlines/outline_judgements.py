"""The verdict on every variant's outlines: as good as its original only where mean Dice and 5th percentile both are.

As everywhere else a claim is about a *chain*, its seeds pooled, the winner of each network asked first; an alarm is about a file. The two
questions of a chain are one claim, since both must hold; claims of several chains are adjusted (`metrics.claims`).
"""

from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.outlined import Outlined
from radlib.report.judgements import OWN_FILE, UNLEARNT
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings
from radlib.runs.variants import Variant

Pair = tuple[Variant, Variant]
CONCLUSIONS = {"non-inferior": "as good", "inferior": "loses"}  # other words stay what they are
ENDS = ("", "_low", "_high")


def judge_outlines(readings: Readings) -> dict[str, dict[str, Any]]:
    """Return the verdicts on every variant beside its own original, by name.

    Returns:
        Per variant: `difference` (of the mean Dice) with `_low` and `_high` of the file itself, `pooled_difference` of its chain,
        `standard_error`, `p_noninferior` (of both questions together, adjusted), `p_inferior`, `verdict` on the mean, and what
        it rests on; `difference_failing` (of the 5th percentile) with its ends, `p_noninferior_failing` (as it is alone),
        `p_inferior_failing` and `verdict_failing`; and `conclusion`.
    """
    pairs = [(readings.original(v), v) for v in readings.variants if v.chain]
    chains: dict[tuple[str, str], list[Pair]] = {}
    for before, after in pairs:
        if before is not None:
            chains.setdefault((after.network, after.chain_text), []).append((before, after))
    winners = readings.selection.get("winners", {})
    first = [place for place, (network, chain) in enumerate(chains) if winners.get(network) == chain]
    tests = [_tests(readings, group) for group in chains.values()]
    claims = metrics.claims([metrics.both_tests(*both) for both in tests], first)
    rows = {}
    for group, both, claim in zip(chains.values(), tests, claims, strict=True):
        for pair in group:
            own = _tests(readings, [pair]) if len(group) > 1 else both
            rows[pair[1].name] = _row(both, own, claim)
    return rows


def judge_outlines_beside(readings: Readings, before: Variant, after: Variant) -> dict[str, Any]:
    """Return the same of one variant beside another, such as the original of another network, asked alone."""
    both = _tests(readings, [(before, after)])
    return _row(both, both, metrics.both_tests(*both).p_noninferior)


def _tests(readings: Readings, pairs: list[Pair]) -> tuple[metrics.PairedTest, metrics.PairedTest]:
    """Return the tests of mean and 5th percentile of a chain over its seeds."""
    answers: list[tuple[Outlined, Outlined]] = []
    for before, after in pairs:
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        reason = UNLEARNT if readings.why_not_learnt(before) else why_not_paired(first, second)
        if reason:
            return metrics.untested(reason), metrics.untested(reason)
        answers.append((first, second))
    originals, chain = (np.stack([pair[place].dice for pair in answers]) for place in (0, 1))
    how = (originals, chain, answers[0][0].patients, readings.run.settings.margin)
    return metrics.mean_test(*how), metrics.failing_test(*how)


def _row(
    chain: tuple[metrics.PairedTest, metrics.PairedTest],
    file: tuple[metrics.PairedTest, metrics.PairedTest],
    claim: float,
) -> dict[str, Any]:
    mean, failing = chain
    word, reason = metrics.outline_verdict(mean, failing, p_noninferior=claim), mean.reason or failing.reason
    if file is not chain and metrics.outline_verdict(*file, p_noninferior=1.0) == "inferior":
        word, reason = "inferior", OWN_FILE
    known = (mean.standard_error, mean.patients, mean.margin)
    judged = {
        "standard_error": mean.standard_error, "p_noninferior": claim, "p_inferior": mean.p_inferior,
        "verdict": metrics.verdict_of(mean, claim), "chance_if_lossless": metrics.chance_if_lossless(*known),
        "patients_asked": mean.patients, "patients_needed": metrics.patients_needed(*known), "seeds_pooled": mean.seeds,
        "seed_deviation": mean.seed_deviation, "verdict_method": mean.method, "verdict_reason": reason,
        "p_noninferior_failing": failing.p_noninferior, "p_inferior_failing": failing.p_inferior,
        "verdict_failing": metrics.failing_verdict(failing) if not np.isnan(failing.p_inferior) else "undefined",
    }  # fmt: skip
    for name, test in (("difference", file[0]), ("pooled_difference", mean), ("difference_failing", file[1])):
        judged |= dict(
            zip((f"{name}{end}" for end in ENDS), (test.difference, test.low, test.high), strict=True)
        )
    return judged | {"conclusion": CONCLUSIONS.get(word, word)}
