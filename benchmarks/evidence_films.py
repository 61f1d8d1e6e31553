"""Do the intervals of numbers per film hold them? Brier score and F1, Dice on average and on the films that fail, marks and boxes.

Dice is drawn like lung fields, 0.96 and skewed, or so that one film in seventeen fails: of few films many a sample then holds no such film,
and no interval that knows the sample alone can know of it. Marks are drawn with normal scores, of opacities shifted against false ones.
The differences are those that verdicts on outlines rest on, `metrics.mean_test` and `metrics.failing_test`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, ndtr, ndtri

from benchmarks.evidence_coverage import KERMANY, Situation, drawn
from benchmarks.evidence_held import held_row
from radlib import metrics

KINDS = ("like lung fields", "one film in 17 fails")
FILMS = (30, 73, 161, 400)  # of as many patients
CLUSTERED = (120, 3.0)  # patients, and mean films of each
TOGETHER = 0.7  # part of the variance of scores that films of one patient share
LARGE = 100_000  # films, evenly over all there are
LOST = 0.01  # Dice, that a variant loses on every film
SCORED = (
    Situation("20 films with, 40 without", "auroc", 0.96, 20, 40),
    Situation("57 films with, 112 without", "auroc", 0.96, 57, 112),
    Situation("like Kermany, by patient", "auroc", 0.96, 118, 286, KERMANY),
)
FAILING = 1 / 17  # share of films, of the second kind of Dice
STEEP, MIDDLE = 2.0, 1.2  # of the curve from scores to probabilities


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often the intervals of numbers per film hold them, see `evidence_held.held_row`.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.
    """
    found = []
    for number, situation in enumerate(SCORED):
        found += _scored(situation, max(repetitions // 2, 2), np.random.default_rng([seed, number]))
    for number, kind in enumerate(KINDS):
        everyone = np.sort(dice(kind, (np.arange(LARGE) + 0.5) / LARGE))
        for films in (*FILMS, 0):
            generator = np.random.default_rng([seed, 10 + number, films])
            found += _summaries(kind, films, everyone, repetitions, generator)
        found += _losses(kind, everyone, max(repetitions // 4, 2), np.random.default_rng([seed, 20 + number]))
    return found


def dice(kind: str, luck: np.ndarray) -> np.ndarray:
    """Return a Dice for each number between 0 and 1, the higher the better."""
    if kind == KINDS[0]:
        return stats.beta.ppf(luck, 32, 1.5)
    failing = FAILING
    return np.where(
        luck < failing,
        0.8 * stats.beta.ppf(np.minimum(luck / failing, 1), 6, 4),
        0.8 + 0.2 * stats.beta.ppf(np.clip((luck - failing) / (1 - failing), 0, 1), 6, 2),
    )


def _scored(situation: Situation, repetitions: int, generator: np.random.Generator) -> list[dict[str, Any]]:
    """Return the rows of Brier score and F1 of probabilities from drawn scores."""
    ends: dict[str, list[tuple[float, float]]] = {"brier": [], "f1": []}
    for _ in range(repetitions):
        truth, score, patient, _ = drawn(situation, generator)
        found = metrics.intervals(truth[:, 0], _probability(score[:, 0]), patient, 0.5, draws=200)
        table = found.set_index("metric")
        for name, pairs in ends.items():
            pairs.append((table.loc[name, "low"], table.loc[name, "high"]))
    true = _true_scores(situation)
    return [
        held_row({"brier": "Brier score", "f1": "F1"}[name], situation.name, np.array(pairs), true[name],
                 hopeful="below" if name == "brier" else "above")
        for name, pairs in ends.items()
    ]  # fmt: skip


def _probability(score: np.ndarray) -> np.ndarray:
    return expit(STEEP * (score - MIDDLE))


def _true_scores(situation: Situation) -> dict[str, float]:
    films = [count * mean for count, mean in zip((situation.positive, situation.negative), situation.films, strict=True)]  # fmt: skip
    share = films[0] / sum(films)
    luck = (np.arange(LARGE) + 0.5) / LARGE
    sick = _probability(np.sqrt(2) * ndtri(situation.true) + ndtri(luck))
    well = _probability(ndtri(luck))
    squares = share * ((1 - sick) ** 2).mean() + (1 - share) * (well**2).mean()
    found, wrong = share * (sick >= 0.5).mean(), (1 - share) * (well >= 0.5).mean()
    return {"brier": float(squares), "f1": float(2 * found / (found + wrong + share))}


def _summaries(
    kind: str, films: int, everyone: np.ndarray, repetitions: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the rows of mean and 5th percentile of Dice; of 0 films those of patients with several."""
    patients, each = (films, 1.0) if films else CLUSTERED
    ends: dict[str, list[tuple[float, float]]] = {"mean": [], "failing": []}
    for _ in range(repetitions):
        patient = np.repeat(np.arange(patients), 1 + generator.poisson(each - 1, patients))
        values = dice(kind, _luck(patient, each > 1, generator))
        found = metrics.film_summary(values, patient)
        for name, pairs in ends.items():
            pairs.append((found[f"{name}_low"], found[f"{name}_high"]))
    who = f"{films} films" if films else f"{patients} patients of {each:g} films"
    true = {"mean": float(everyone.mean()), "failing": _percentile(everyone)}
    exact = {"failing": _exact(films)} if films else {}
    unseen = (
        f"{100 * (1 - FAILING) ** films:.0f} % of such samples hold no film that fails"
        if films and kind == KINDS[1]
        else ""
    )
    return [
        held_row({"mean": "mean Dice", "failing": "5th percentile of Dice"}[name], f"{who}, {kind}",
                 np.array(pairs), true[name], exact=exact.get(name, np.nan), note=unseen)
        for name, pairs in ends.items()
    ]  # fmt: skip


def _luck(patient: np.ndarray, together: bool, generator: np.random.Generator) -> np.ndarray:
    if not together:
        return generator.random(len(patient))
    shared, own = generator.normal(size=patient.max() + 1)[patient], generator.normal(size=len(patient))
    return ndtr(np.sqrt(TOGETHER) * shared + np.sqrt(1 - TOGETHER) * own)


def _percentile(ordered: np.ndarray) -> float:
    return float(ordered[int(0.05 * len(ordered))])


def _exact(films: int) -> float:
    """Return how often the exact interval of the 5th percentile holds it, by the binomial distribution."""
    lowest, highest = metrics.percentile_ends(np.arange(1, films + 1), range(films), 0.05)
    return float(stats.binom.cdf(highest - 1, films, 0.05) - stats.binom.cdf(lowest - 1, films, 0.05))


def _losses(
    kind: str, everyone: np.ndarray, repetitions: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the rows of the differences that verdicts on outlines rest on, of 161 films."""
    tests: dict[str, Callable[..., metrics.PairedTest]] = {
        "difference of mean Dice": metrics.mean_test, "difference of the 5th percentile": metrics.failing_test,
    }  # fmt: skip
    ends: dict[str, list[tuple[float, float]]] = {name: [] for name in tests}
    plain: dict[str, list[bool]] = {name: [] for name in tests}
    changed = np.clip(everyone - LOST + 0.005 * np.random.default_rng(2).normal(size=len(everyone)), 0, 1)
    true = float((changed - everyone).mean()), _percentile(np.sort(changed)) - _percentile(everyone)
    for number in range(repetitions):
        before = dice(kind, generator.random(161))
        after = np.clip(before - LOST + 0.005 * generator.normal(size=161), 0, 1)
        for (name, test), value in zip(tests.items(), true, strict=True):
            options = {"draws": 1000, "seed": number} if test is metrics.failing_test else {}
            found = test(before, after, np.arange(161), 0.02, **options)
            ends[name].append((found.low, found.high))
            low, high = _drawn(name, before, after)
            plain[name].append(low <= value <= high)
    return [
        held_row(name, f"161 films, {kind}, {LOST:g} lost", np.array(pairs), value, plain=float(np.mean(plain[name])))
        for (name, pairs), value in zip(ends.items(), true, strict=True)
    ]  # fmt: skip


def _drawn(name: str, before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """Return the interval of a difference by the bootstrap, in which nobody unseen is lost."""
    counts = metrics.patient_draws(np.arange(len(before)), 200)
    if name == "difference of mean Dice":
        return metrics.percentile_interval(counts @ (after - before) / len(before))
    lowest = [metrics.lowest_share(values, counts) for values in (before, after)]
    return metrics.percentile_interval(lowest[1] - lowest[0])
