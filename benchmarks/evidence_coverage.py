"""Do 95 % intervals hold 95 %? Films are drawn again and again from patients whose true numbers are stated.

Each row is a situation in which resampling fails or nearly does: five films with the finding, twenty, an AUROC near 1,
and a test set like Kermany's, with several films a patient whose errors go together. The share of intervals that hold
the true number is their coverage; its own error is that of counting repetitions. Of so few as five films a
share has six possible values only, and coverage jumps between them: no interval can do better than the nearest above.

Scores are normal with variance 1, shifted by √2·Φ⁻¹(AUROC) where the finding is; two films of one patient share the
stated part of their variance, so that their decisions go together as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks.evidence_held import exact_coverage, said
from radlib import metrics

NOMINAL = 0.95
DRAWS = 300  # of patients, behind the percentile bootstrap
SHARED = 0.5  # part of the variance that two films of one patient have in common


@dataclass(frozen=True)
class Situation:
    """Patients to draw, and the number that the interval is of.

    Attributes:
        name: What a reader sees.
        metric: `auroc`, `sensitivity` or `balanced_accuracy`.
        true: The true number.
        positive: Patients with the finding.
        negative: Patients without.
        films: Mean films of a patient with the finding, and of one without.
        labels: Findings of which the mean is shown, with errors that go together.
    """

    name: str
    metric: str
    true: float
    positive: int
    negative: int
    films: tuple[float, float] = (1.0, 1.0)
    labels: int = 1


KERMANY = (170 / 118, 454 / 286)  # 624 films of 404 patients, 170 films with the finding
SITUATIONS = (
    Situation("5 positives, sensitivity 0.90", "sensitivity", 0.90, 5, 40),
    Situation("20 positives, sensitivity 0.90", "sensitivity", 0.90, 20, 40),
    Situation("AUROC 0.998", "auroc", 0.998, 170, 454),
    Situation("57 positives of 169, AUROC 0.998", "auroc", 0.998, 57, 112),
    Situation("like Kermany, AUROC 0.998", "auroc", 0.998, 118, 286, KERMANY),
    Situation("like Kermany, AUROC 0.96", "auroc", 0.96, 118, 286, KERMANY),
    Situation("like Kermany, sensitivity 0.90", "sensitivity", 0.90, 118, 286, KERMANY),
    Situation("like Kermany, sensitivity 0.98", "sensitivity", 0.98, 118, 286, KERMANY),
    Situation("like Kermany, balanced accuracy 0.90", "balanced_accuracy", 0.90, 118, 286, KERMANY),
    Situation("20 positives of 2 films, AUROC 0.96", "auroc", 0.96, 10, 40, (2.0, 2.0)),
    Situation("mean AUROC 0.90 of 8 findings, 20 positives each", "auroc", 0.90, 20, 100, labels=8),
)


def rows(
    repetitions: int = 500, seed: int = 0, names: Sequence[str] = (), methods: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return how often the intervals hold the true number, by situation, for the bootstrap and for the formulas.

    Args:
        repetitions: How many samples of patients are drawn for each situation.
        seed: Of the drawing.
        names: Which situations; none for all.
        methods: Which of `METHODS`; none for all.

    Returns:
        One row per situation and method: `row`, `method` (`percentile bootstrap` or `metrics.label_intervals`), `nominal`,
        `coverage`, `monte_carlo_error` (of the coverage), `mean_width`, `zero_width_share`, `too_high` (share of
        intervals that lie wholly above the true number), `said` (in words, of the formulas).
    """
    found = []
    for place, situation in enumerate(SITUATIONS):
        if names and situation.name not in names:
            continue
        generator = np.random.default_rng([seed, place])
        samples = [drawn(situation, generator) for _ in range(repetitions)]
        for method in methods or METHODS:
            ends = np.array([METHODS[method](situation.metric, *sample) for sample in samples])
            row = {"row": situation.name, "method": method, **_held(ends, situation.true)}
            found.append(row | {"said": _said(situation, row) if METHODS[method] is by_formula else ""})
    return found


def _said(situation: Situation, row: dict[str, Any]) -> str:
    """Return in words whether the formula's interval holds what it should; an exact one of as many patients stands beside a sensitivity."""
    exact = (
        exact_coverage(situation.positive, 1 - situation.true)
        if situation.metric == "sensitivity"
        else np.nan
    )
    return said(row["coverage"], exact, error=2 * row["monte_carlo_error"])


def _held(ends: np.ndarray, true: float) -> dict[str, float]:
    ends = np.where(np.isnan(ends), [[0.0, 1.0]], ends)  # an undefined interval rules nothing out
    low, high = ends.T
    coverage = float(((low <= true) & (true <= high)).mean())
    return {
        "nominal": NOMINAL,
        "coverage": coverage,
        "monte_carlo_error": float(np.sqrt(NOMINAL * (1 - NOMINAL) / len(ends))),
        "mean_width": float((high - low).mean()),
        "zero_width_share": float((high == low).mean()),
        "too_high": float((low > true).mean()),
    }


def drawn(
    situation: Situation, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return labels and scores, (n, labels) each, patients, (n,), and the threshold that has the true number."""
    counts = (situation.positive, situation.negative)
    films = np.concatenate(
        [1 + generator.poisson(mean - 1, count) for mean, count in zip(situation.films, counts, strict=True)]
    )
    patient = np.repeat(np.arange(sum(counts)), films)
    shape = (sum(counts), situation.labels)
    shared, own = generator.normal(size=shape)[patient], generator.normal(size=(len(patient), shape[1]))
    part = SHARED if max(situation.films) > 1 else 0.0
    noise = np.sqrt(part) * shared + np.sqrt(1 - part) * own
    truth = np.tile((patient < situation.positive).astype(float)[:, None], shape[1])
    normal = NormalDist()
    if situation.labels > 1:  # readings of one patient go together over findings
        noise = np.sqrt(0.5) * noise + np.sqrt(0.5) * generator.normal(size=(len(patient), 1))
    quantile = normal.inv_cdf(situation.true)
    if situation.metric == "auroc":
        return truth, np.sqrt(2) * quantile * truth + noise, patient, 0.0
    return truth, 2 * quantile * truth + noise, patient, quantile


def by_formula(
    metric: str, truth: np.ndarray, score: np.ndarray, patient: np.ndarray, threshold: float
) -> tuple[float, float]:
    """Return the interval of `metrics.mean_intervals`."""
    return metrics.mean_intervals(truth, score, patient, threshold)[metric]


def by_bootstrap(
    metric: str, truth: np.ndarray, score: np.ndarray, patient: np.ndarray, threshold: float
) -> tuple[float, float]:
    """Return the percentile interval over draws of patients."""
    counts = metrics.patient_draws(patient, DRAWS)
    draws = metrics.metric_draws_of_all(truth, score, np.full(truth.shape, threshold), counts)
    return metrics.percentile_interval(np.mean([label[metric] for label in draws], axis=0))


METHODS: dict[str, Callable[..., tuple[float, float]]] = {
    "percentile bootstrap": by_bootstrap,
    "metrics.label_intervals": by_formula,
}
