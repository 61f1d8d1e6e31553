"""Is the rule of choosing safe on networks that were really trained? The validation patients of a run, drawn again and again.

A choice rests on the patients who happened to be in the validation films. They are drawn anew, with replacement, all
films of a patient together, the perturbed copies with them; each rule chooses among the run's own variants as `radlib run`
would have; and what counts is what its winner loses on the run's test films, seeds pooled, beside its own original. The
test films stay as they are: they stand for where the network is used, and have no say in the choice.

python -m benchmarks redraws --run outputs/pneumoniamnist
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.evaluation.predictions import load_predictions
from radlib.evaluation.winners import choose_winner
from radlib.runs.runs import reopen_run
from radlib.runs.variants import Variant

Answers = dict[str, dict[str, Predictions]]
Chain = tuple[str, str]
SEEN = 0.01  # AUROC; the loss that the earlier rule took for none


def measure(draws: int, folder: Path, seed: int = 0) -> list[dict[str, Any]]:
    """Return, per network and rule, how often its winner loses more than the margin on the test films, and how small it is.

    Args:
        draws: Of the validation patients.
        folder: Of a finished run.
        seed: Of the draws.
    """
    run = reopen_run(folder)
    variants = run.candidates()
    answers = {
        split: {v.name: found for v in variants if (found := load_predictions(run, v, split)) is not None}
        for split in ("validation", "perturbed", "test")
    }
    rows = []
    for network in dict.fromkeys(v.network for v in variants):
        own = [v for v in variants if v.network == network and all(v.name in of for of in answers.values())]
        rows += _network_rows(network, own, answers, draws, run.settings, np.random.default_rng(seed))
    return rows


def _network_rows(
    network: str, variants: Sequence[Variant], answers: Answers, draws: int, settings: Any, generator: Any
) -> list[dict[str, Any]]:
    chains: dict[str, list[Variant]] = {}
    for variant in variants:
        chains.setdefault(variant.chain_text, []).append(variant)
    lost = {chain: _lost(own, chains["original"], answers["test"]) for chain, own in chains.items()}
    size_kb = {
        chain: float(np.mean([v.size_bytes for v in own])) / 1000 if chain != "original" else np.inf
        for chain, own in chains.items()
    }
    chosen: dict[str, list[str]] = {rule: [] for rule in RULES}
    for _ in tqdm(range(draws), network, leave=False, disable=None, unit=" draws"):
        drawn = _redrawn(answers, variants, generator)
        for rule, choose in RULES.items():
            chosen[rule].append(choose(chains, drawn, settings.selection_loss))
    return [
        {
            "network": network,
            "rule": rule,
            "chains": len(chains),
            "lose_more": sum(loss > settings.margin for loss in lost.values()),
            "winner_loses_more": float(np.mean([lost[c] > settings.margin for c in found])),
            "largest_loss": max(lost[c] for c in found),
            "median_kb": float(np.median([size_kb[c] for c in found])),
            "monte_carlo_error": float((0.05 * 0.95 / draws) ** 0.5),
        }
        for rule, found in chosen.items()
    ]


def _lost(own: Sequence[Variant], originals: Sequence[Variant], test: Mapping[str, Predictions]) -> float:
    """Return the mean loss of AUROC of a chain's seeds on the test films, beside the original of each."""
    before = {v.seed: _area(test[v.name]) for v in originals}
    return float(np.mean([before[v.seed] - _area(test[v.name]) for v in own]))


def _area(answers: Predictions) -> float:
    return float(np.nanmean([metrics.auroc(t, p) for t, p in zip(answers.y_true.T, answers.y_prob.T, strict=True)]))  # fmt: skip


def _redrawn(answers: Answers, variants: Sequence[Variant], generator: Any) -> Answers:
    """Return the answers to the films of patients drawn with replacement; who is drawn twice counts as two."""
    first = answers["validation"][variants[0].name]
    names, patient = np.unique(first.patients, return_inverse=True)
    films = [np.flatnonzero(patient == number) for number in range(len(names))]
    drawn = generator.integers(0, len(names), len(names))
    rows = np.concatenate([films[number] for number in drawn])
    whose = np.repeat([f"{place}" for place in range(len(drawn))], [len(films[number]) for number in drawn])
    places = np.array([f"{n}" for n in range(len(rows))])

    def again(found: Predictions) -> Predictions:
        taken = found.take(rows)
        return type(found)(**{**taken.arrays(), "image_id": places, "patient_id": whose})

    return {
        split: {v.name: again(answers[split][v.name]) for v in variants}
        for split in ("validation", "perturbed")
    }


Choose = Callable[[Mapping[str, Sequence[Variant]], Answers, float], str]


def _seen(split: str) -> Choose:
    """Return the rule that takes the smallest chain whose loss on these films, as seen, is at most `SEEN`."""

    def choose(chains: Mapping[str, Sequence[Variant]], drawn: Answers, _: float) -> str:
        fitting = [
            c for c, own in chains.items() if c != "original" and _lost(own, chains["original"], drawn[split]) <= SEEN
        ]  # fmt: skip
        return min(fitting, key=lambda c: np.mean([v.size_bytes for v in chains[c]]), default="original")

    return choose


def _radlib(chains: Mapping[str, Sequence[Variant]], drawn: Answers, limit: float) -> str:
    """Return the chain that `radlib run` would choose."""
    variants = [v for own in chains.values() for v in own]
    name = choose_winner(variants, drawn, limit)["winner"]
    return next(v.chain_text for v in variants if v.name == name)


RULES: dict[str, Choose] = {
    "loss seen on clean films": _seen("validation"),
    "loss seen on perturbed films": _seen("perturbed"),
    "radlib's: upper bound, probit, clean and perturbed": _radlib,
}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    columns = list(rows[0])
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [
        " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()) for row in rows
    ]
    return "\n".join(lines)
