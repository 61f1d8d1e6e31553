"""Do the intervals of agreement hold it? How alike two networks' probabilities are, how far they moved, how much less sure a site makes one.

The original's scores are normal and partly shared by films of one patient; the other network adds a little to each (rounding), more to
all (pruning), or turns one patient in twenty over. Of few patients many a sample then holds no such patient, and no interval that
knows the sample alone can know of one. A site's films are easier or harder to tell apart, each another patient's. The intervals and their papers are in `metrics.agreement`
(Lin, 1989) and `metrics.value_intervals` (Newcombe, 1998).
"""

from typing import Any

import numpy as np
from scipy.special import expit
from scipy.stats import binom

from benchmarks.evidence_held import held_row
from radlib import metrics

TURNED = 1 / 20  # share of patients, of the third kind
KINDS = ("rounded", "pruned", "one patient in 20 turned")
PATIENTS = ((30, 1.0), (60, 1.0), (169, 1.0), (624, 1.0), (404, 1.55))  # and mean films of each
# films, and by how much steeper the network reads at home
SITES = ((20, 0.0), (60, 0.0), (300, 0.0), (20, 3.0), (60, 3.0))
AT_HOME = (404, 1.55)
# of scores: slope, distance of the sick, shared variance, share
STEEP, APART, TOGETHER, SICK = 6.0, 2.2, 0.7, 0.4
LARGE = 200_000


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often the intervals of agreement hold it, see `evidence_held.held_row`.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.
    """
    found = []
    for number, kind in enumerate(KINDS):
        for place, (patients, films) in enumerate(PATIENTS):
            generator = np.random.default_rng([seed, number, place])
            found += _agreed(kind, patients, films, repetitions, generator)
    for number, (films, less) in enumerate(SITES):
        found.append(_of_a_site(films, less, repetitions, np.random.default_rng([seed, 10 + number])))
    return found


def pair(
    kind: str, patients: int, films: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return probabilities of the original and of the other network, (n,) each, and whose films they are."""
    patient, score = _scores(patients, films, generator)
    shared, own = generator.normal(size=patients)[patient], generator.normal(size=len(patient))
    noise = np.sqrt(TOGETHER) * shared + np.sqrt(1 - TOGETHER) * own
    turned = (generator.random(patients) < TURNED)[patient]
    moved = {KINDS[0]: 0.1 * noise, KINDS[1]: 0.6 * noise - 0.2, KINDS[2]: 0.05 * noise - 3 * turned}[kind]
    return expit(score / 2), expit(score / 2 + moved), patient


def _scores(patients: int, films: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    patient = np.repeat(np.arange(patients), 1 + generator.poisson(films - 1, patients))
    shared, own = generator.normal(size=patients)[patient], generator.normal(size=len(patient))
    sick = (generator.random(patients) < SICK)[patient]
    score = np.sqrt(TOGETHER) * shared + np.sqrt(1 - TOGETHER) * own + APART * (sick - 0.5)
    return patient, STEEP * score


def _agreed(
    kind: str, patients: int, films: float, repetitions: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    first, second, patient = pair(kind, LARGE, films, np.random.default_rng([LARGE, KINDS.index(kind)]))
    one = metrics.agreement_of_labels(first[:, None], second[:, None], patient)[0]
    true = {"concordance": one["concordance"], "bias": one["bias"]}
    change = metrics.confidence(second) - metrics.confidence(first)
    true["confidence"] = float(change.mean())
    ends: dict[str, list[tuple[float, float]]] = {name: [] for name in true}
    for _ in range(repetitions):
        first, second, patient = pair(kind, patients, films, generator)
        found = metrics.agreement_of_labels(first[:, None], second[:, None], patient)[0]
        for name in ("concordance", "bias"):
            ends[name].append((found[f"{name}_low"], found[f"{name}_high"]))
        known = np.ones((len(first), 1), bool)
        changed = metrics.confidence_changes(first[:, None], second[:, None], known, patient)
        ends["confidence"].append((float(changed["_low"][0]), float(changed["_high"][0])))
    named = f"{kind}, {patients} patients" + (f" of {films:g} films" if films > 1 else "")
    few = float(binom.cdf(1, patients, TURNED))
    unseen = (
        f"{100 * few:.0f} % of such samples hold one patient turned or none"
        if kind == KINDS[2] and few > 0.01
        else ""
    )
    titles = {
        "concordance": "concordance",
        "bias": "mean change of a probability",
        "confidence": "change of confidence",
    }
    return [held_row(titles[name], named, np.array(of), true[name], note=unseen) for name, of in ends.items()]


def confidences(
    patients: int, films: float, less: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return how sure a network is of each film, less steep by so much, and whose films they are."""
    patient, score = _scores(patients, films, generator)
    return metrics.confidence(expit(score * (STEEP - less) / STEEP)), patient


def _of_a_site(films: int, less: float, repetitions: int, generator: np.random.Generator) -> dict[str, Any]:
    at_home, here = (
        confidences(LARGE, 1.0, by, np.random.default_rng(LARGE))[0].mean() for by in (0.0, less)
    )
    ends = []
    for _ in range(repetitions):
        before, patient = confidences(*AT_HOME, 0.0, generator)
        after, _ = confidences(films, 1.0, less, generator)
        ends.append(metrics.mean_difference(before, after, patient, np.arange(films))[1:])
    situation = f"{films} films of a site, {'less sure' if less else 'as sure'} there"
    return held_row("mean confidence beside the test’s", situation, np.array(ends), float(here - at_home))
