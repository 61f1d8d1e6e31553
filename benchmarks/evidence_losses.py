"""How often is a loss of exactly the margin called non-inferior? Drawn studies in which the truth is known.

Scores of films with the finding are normal about μ, of those without about 0; films of one patient share half of their
variance. The variant loses exactly the margin of 0.01 AUROC among all patients, in one of three ways:

* *spread out*: a little noise on every film;
* *in few patients*: some patients with the finding are read like patients without it, all others as before;
* *missed in a few*: some patients with the finding get the lowest score of all.

A claim at 5 % may be wrong in 5 % of studies. Where patients are too few the verdict says so, which is no claim.
"""

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np

from radlib import metrics

MARGIN = 0.01
AUROC = 0.96
LOSSES = ("spread out", "in few patients", "missed in a few", "none")
COHORTS = {  # patients with the finding and films of each, patients without and films of each
    "624 films of 404 patients": (170, 2.3, 234, 1.0),
    "169 patients": (57, 1.0, 112, 1.0),
    "30 with the finding": (30, 1.0, 300, 1.0),
    "20 with the finding": (20, 1.0, 200, 1.0),
    "10 with the finding": (10, 1.0, 100, 1.0),
    "2,000 patients": (700, 1.0, 1300, 1.0),
    "3,000 films of 1,400 patients": (700, 3.3, 700, 1.0),
}
NORMAL = NormalDist()


def rows(repetitions: int, seed: int, first_step: int = 30) -> list[dict[str, Any]]:
    """Return, per cohort and kind of loss, how often the verdict claims non-inferiority.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.
        first_step: How many chains Holm's first step divides by.

    Returns:
        `patients`, `loss`, `non_inferior` and `first_step` (shares), `naive` (share of the plain normal test),
        `too_few`, `monte_carlo_error` (of 5 % at so many repetitions).
    """
    found = []
    for number, (name, cohort) in enumerate(COHORTS.items()):
        for kind in LOSSES:
            generator = np.random.default_rng([seed, number, LOSSES.index(kind)])
            tests = [
                metrics.paired_test(*study, MARGIN) for study in studies(cohort, kind, repetitions, generator)
            ]
            p_values = np.array([test.p_noninferior for test in tests])
            naive = np.array([_naive(test) for test in tests])
            words = [metrics.verdict_of(test) for test in tests]
            found.append({
                "patients": name,
                "loss": kind,
                "non_inferior": float(np.mean([word == "non-inferior" for word in words])),
                "first_step": float((p_values < metrics.ALPHA / first_step).mean()),
                "naive": float((naive < metrics.ALPHA).mean()),
                "too_few": float(np.mean([word == "too few patients" for word in words])),
                "monte_carlo_error": float(np.sqrt(metrics.ALPHA * (1 - metrics.ALPHA) / repetitions)),
            })  # fmt: skip
    return found


def _naive(test: metrics.PairedTest) -> float:
    """Return the p-value of the plain normal test, for which no spread is certainty."""
    distance = test.difference + MARGIN
    if test.standard_error == 0:
        return float(distance <= 0)
    return 1 - NORMAL.cdf(distance / test.standard_error)


def studies(
    cohort: tuple[int, float, int, float], kind: str, repetitions: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield (truth, scores of the original, of the variant, patients) of drawn studies."""
    sick, films_each, healthy, healthy_films = cohort
    mean = NORMAL.inv_cdf(AUROC) * 2**0.5
    for _ in range(repetitions):
        films = np.concatenate(
            [_films(sick, films_each, generator), _films(healthy, healthy_films, generator)]
        )
        patient = np.repeat(np.arange(sick + healthy), films)
        truth = (patient < sick).astype(np.float64)
        own = generator.normal(size=sick + healthy)
        score = mean * truth + np.sqrt(0.5) * (own[patient] + generator.normal(size=len(patient)))
        yield truth, score, _lost(kind, score, truth, patient, mean, generator), patient


def _films(patients: int, mean: float, generator: np.random.Generator) -> np.ndarray:
    return 1 + generator.poisson(mean - 1, size=patients)


def _lost(
    kind: str, score: np.ndarray, truth: np.ndarray, patient: np.ndarray, mean: float, generator: np.random.Generator
) -> np.ndarray:  # fmt: skip
    """Return the variant's scores, which lose the margin among all patients."""
    if kind == "none":
        return score + 0.05 * generator.normal(size=len(score))
    if kind == "spread out":
        noise = (mean / NORMAL.inv_cdf(AUROC - MARGIN)) ** 2 / 2 - 1  # Φ(μ / √(2 + 2 τ²)) = AUROC − margin
        return score + np.sqrt(noise) * generator.normal(size=len(score))
    lost_each = AUROC - (0.5 if kind == "in few patients" else 0.0)
    harmed = (generator.random(patient.max() + 1) < MARGIN / lost_each)[patient] & (truth == 1)
    return np.where(harmed, score - mean if kind == "in few patients" else -20.0, score)
