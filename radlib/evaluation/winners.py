"""Which file is taken? The smallest chain that cannot be much worse, on films as they are and on films of another room.

A small loss *seen* on clean validation films is no promise: two networks that read them alike part where exposure and
framing change, and the smallest of thirty files is the one with the most luck. So a chain qualifies only when the *upper
bound* of its loss stays within the study's limit, on the probit scale (`metrics.probit_loss`), on validation films as they
are and on their perturbed copies, beside the better of its own original and the best one. Seeds are pooled: a chain is
chosen, not a lucky training. What the rule holds is measured by `python -m benchmarks evidence`.

Of outlines the same is asked of the mean Dice, against the study's margin; and as a verdict on them needs the films that fail, too, a
chain that was seen to lose more than that at the 5th percentile does not qualify. Of boxes it is asked of the mean box score.

When no compressed chain qualifies the best original wins: the safest, and the report says so.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib import metrics
from radlib.runs.variants import Variant

SPLITS = ("validation", "perturbed")
Chain = tuple[str, str]  # network, chain of techniques
Answers = Mapping[str, Mapping[str, Any]]  # records, by split and name of a variant


def choose_winner(variants: Sequence[Variant], answers: Answers, limit: float) -> dict[str, Any]:
    """Return the winner, what each network's own would be, and how much worse each chain may be.

    Args:
        variants: Those that the study chooses among.
        answers: Their answers to the films of `SPLITS`.
        limit: Largest upper bound of the loss: on the probit scale, or of the mean Dice or box score.

    Returns:
        For `selection.json`: `winner` (a variant's name), `nearest` (the compressed variant whose bound is lowest, None
        when one won), `winners` ({network: chain}) and `upper_losses` ({network: {chain: bound}}, None where undefined).
    """
    chains = _chains(variants)
    scored = {chain: score for chain in chains if (score := _score(chains[chain], answers)) is not None}
    originals = {chain: score for chain, score in scored.items() if not chains[chain][0].chain}
    if not originals:
        return {"winner": None, "nearest": None, "winners": {}, "upper_losses": {}}
    best = max(originals, key=lambda chain: originals[chain])
    own = {chain[0]: chain for chain in originals}
    beside_own = {c: _bound(chains[c], chains[own[c[0]]], answers) for c in scored if c[0] in own}
    bounds = {c: max(bound, _bound(chains[c], chains[best], answers)) for c, bound in beside_own.items()}
    winners = {
        network: _smallest({c: b for c, b in beside_own.items() if c[0] == network}, chains, limit, original)
        for network, original in own.items()
    }
    winner = _smallest(bounds, chains, limit, best)
    winners[winner[0]] = winner  # what wins beside the best network is what its own is asked about first
    compressed = [chain for chain in bounds if chains[chain][0].chain]
    won = bool(chains[winner][0].chain) or not compressed
    nearest = None if won else min(compressed, key=lambda chain: bounds[chain])
    return {
        "winner": best_seed(chains[winner], answers).name,
        "nearest": best_seed(chains[nearest], answers).name if nearest else None,
        "winners": {network: chain[1] for network, chain in winners.items()},
        "upper_losses": {
            network: {
                chain[1]: bound if math.isfinite(bound) else None
                for chain, bound in bounds.items()
                if chain[0] == network
            }
            for network in own
        },
    }


def _chains(variants: Sequence[Variant]) -> dict[Chain, list[Variant]]:
    """Return the variants of every chain, one per seed."""
    found: dict[Chain, list[Variant]] = {}
    for variant in variants:
        found.setdefault((variant.network, variant.chain_text), []).append(variant)
    return found


def _smallest(
    bounds: Mapping[Chain, float], chains: Mapping[Chain, list[Variant]], limit: float, otherwise: Chain
) -> Chain:
    """Return the smallest of the chains within the limit and of the one that stands in when there is none."""
    within = [chain for chain, bound in bounds.items() if bound <= limit]
    return min([*within, otherwise], key=lambda chain: (size_bytes(chains[chain]), *chain))


def size_bytes(variants: Sequence[Variant]) -> float:
    """Return the mean size of a chain's files."""
    return float(np.mean([variant.size_bytes for variant in variants]))


def best_seed(variants: Sequence[Variant], answers: Answers) -> Variant:
    """Return the file of a chain that reads perturbed validation films best; of equals the first."""
    return max(variants, key=lambda variant: answers["perturbed"][variant.name].merit or 0.0)


def _score(variants: Sequence[Variant], answers: Answers) -> float | None:
    """Return the mean merit of a chain's seeds on the films as they are; None where one has none."""
    scores = [answers["validation"][v.name].merit for v in variants if v.name in answers["validation"]]
    return None if not scores or None in scores else float(np.mean([s for s in scores if s is not None]))


def _bound(variants: Sequence[Variant], references: Sequence[Variant], answers: Answers) -> float:
    """Return the larger of the upper bounds on both kinds of films; infinite where undefined."""
    if variants[0].name == references[0].name:
        return 0.0
    of_seed = {reference.seed: reference for reference in references}
    bounds = []
    for split in SPLITS:
        differences, seen = [], []
        for variant in variants:
            before, after = (
                answers[split].get(name)
                for name in (of_seed.get(variant.seed, references[0]).name, variant.name)
            )
            if before is None or after is None or before.image_id.tolist() != after.image_id.tolist():
                return math.inf
            differences.append(before.changed(after))
            seen.append(before.seen_loss(after))
        bound = max(metrics.upper_loss(differences), float(np.mean(seen)))
        bounds.append(bound if math.isfinite(bound) else math.inf)
    return max(bounds)
