"""Verdicts on numbers per film, such as Dice: chains with their seeds pooled, each beside its original, in the order of claims.

What is asked of a chain, a kind of place says itself (`outlines`, `boxes`); which chain of a network is asked first, how claims are
adjusted, each network for itself (`metrics.claim_order`), and what of it a row of results holds, is the same for all.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from radlib import metrics
from radlib.report.judgements import UNLEARNT, first_levels
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings
from radlib.runs.variants import Variant

Pair = tuple[Variant, Variant]
CONCLUSIONS = {"non-inferior": "as good", "inferior": "loses"}  # other words stay what they are
ENDS = ("", "_low", "_high")


def judge_chains(
    readings: Readings,
    tests_of: Callable[[Readings, list[Pair]], Any],
    claim_of: Callable[[Any], metrics.PairedTest],
    row_of: Callable[[Any, Any, float, float], dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Return the verdicts on every variant beside its own original, by name.

    Args:
        readings: The files of the run.
        tests_of: What is asked of a chain over its seeds: tests, one for each question.
        claim_of: The one test that stands for all of them.
        row_of: What a row says, from the tests of the chain, those of the file alone, the adjusted p-value of the claim, and the level at
            which the chain was asked if no other but the winner was shown.
    """
    networks: dict[str, dict[str, list[Pair]]] = {}
    for after in (variant for variant in readings.variants if variant.chain):
        if (before := readings.original(after)) is not None:
            networks.setdefault(after.network, {}).setdefault(after.chain_text, []).append((before, after))
    rows = {}
    for network, chains in networks.items():
        winner = readings.selection.get("winners", {}).get(network)
        first = list(chains).index(winner) if winner in chains else None
        tests = [tests_of(readings, group) for group in chains.values()]
        claims = metrics.claims([[claim_of(asked).p_noninferior] for asked in tests], first)[:, 0]
        levels = first_levels(len(chains), first)
        for group, asked, claim, level in zip(chains.values(), tests, claims, levels, strict=True):
            for pair in group:
                own = tests_of(readings, [pair]) if len(group) > 1 else asked
                rows[pair[1].name] = row_of(asked, own, float(claim), level)
    return rows


def values_of(
    readings: Readings, pairs: Sequence[Pair]
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray] | tuple[()], str]:
    """Return the numbers of originals and variants, (seeds, n) each, and the patients, (n,); or none, and why they cannot be compared."""
    answers: list[tuple[Any, Any]] = []
    for before, after in pairs:
        first, second = readings.test.get(before.name), readings.test.get(after.name)
        if reason := UNLEARNT if readings.why_not_learnt(before) else why_not_paired(first, second):
            return (), reason
        answers.append((first, second))
    originals, chain = (np.stack([pair[place].values for pair in answers]) for place in (0, 1))
    return (originals, chain, answers[0][0].patients), ""


def mean_row(
    mean: metrics.PairedTest, claim: float, reason: str, level: float = metrics.ALPHA
) -> dict[str, Any]:
    """Return what the test of a mean says in a row of results; the claim's p-value is adjusted for all that was asked."""
    known = (mean.standard_error, mean.patients, mean.margin, level)
    return {
        "standard_error": mean.standard_error, "p_noninferior": claim, "p_inferior": mean.p_inferior,
        "verdict": metrics.verdict_of(mean, claim), "chance_if_lossless": metrics.chance_if_lossless(*known),
        "patients_asked": mean.patients, "patients_needed": metrics.patients_needed(*known), "seeds_pooled": mean.seeds,
        "seed_deviation": mean.seed_deviation, "verdict_method": mean.method, "verdict_reason": reason,
    }  # fmt: skip


def with_ends(name: str, test: metrics.PairedTest) -> dict[str, float]:
    """Return the difference of a test and the ends of its interval under a name."""
    return dict(zip((f"{name}{end}" for end in ENDS), (test.difference, test.low, test.high), strict=True))
