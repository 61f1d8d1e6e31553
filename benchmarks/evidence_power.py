"""Does the forecast hold? Drawn studies of the published sizes, in which nothing is lost, beside what was said before.

Before each test a validation set is drawn, and from it and from the number of test patients the chance of a verdict is
forecast as `evaluation.forecast` does it; then the test is drawn, and its verdict counted. Promised and kept should agree within 5 points, on
average over validation sets: one set alone may promise too much or too little (`promised_spread`). Sizes, margins, findings and seeds are those of
the studies in docs/results; of outlines the whole claim is asked, mean and 5th percentile of Dice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks.evidence_films import KINDS, dice
from radlib import metrics

NORMAL = NormalDist()
WITHIN = 0.05


@dataclass(frozen=True)
class Published:
    """A study as it was published.

    Attributes:
        validation: Patients with each answer: of one finding (with, without), of classes that exclude each other one each.
        test: Likewise.
        area: AUROC of the original.
        noise: How far a variant's scores stray, in standard deviations.
        margin: Of AUROC.
        films: Mean films of a patient.
        seeds: Trainings that are pooled.
    """

    validation: tuple[int, ...]
    test: tuple[int, ...]
    area: float
    noise: float
    margin: float
    films: float = 1.0
    seeds: int = 1


STUDIES = {
    "kermany_methods, margin 0.02": Published((190, 109), (202, 202), 0.96, 0.05, 0.02, 1.5),
    "kermany_methods, noisier": Published((190, 109), (202, 202), 0.96, 0.35, 0.02, 1.5),
    "kermany_classes, margin 0.05": Published((60, 95, 143), (77, 126, 201), 0.95, 0.2, 0.05, 1.5),
    "kermany_classes, noisier": Published((60, 95, 143), (77, 126, 201), 0.95, 1.0, 0.05, 1.5),
    "pneumoniamnist, margin 0.02, 3 seeds": Published((389, 135), (387, 234), 0.98, 0.2, 0.02, 1.0, 3),
    "pneumoniamnist, one seed, noisier": Published((389, 135), (387, 234), 0.98, 0.5, 0.02),
    "breast_ultrasound, margin 0.1": Published((25, 40), (50, 79), 0.76, 0.1, 0.1, 1.3),
    "breast_ultrasound, noisier": Published((25, 40), (50, 79), 0.76, 0.6, 0.1, 1.3),
    "demo, margin 0.05": Published((37, 50), (84, 100), 0.95, 0.05, 0.05, 1.6),
    "demo, noisier": Published((37, 50), (84, 100), 0.95, 0.4, 0.05, 1.6),
    "a large test, margin 0.01": Published((400, 400), (700, 1300), 0.90, 0.25, 0.01),
    "a large test, noisier": Published((400, 400), (700, 1300), 0.90, 0.4, 0.01),
}
OUTLINES = {
    "lung_fields, margin 0.02": 0.0002,
    "lung_fields, noisier": 0.01,
}  # how far a variant's Dice strays
LUNGS, LUNG_MARGIN = (73, 161), 0.02  # films of validation and test, each of another patient
LUNG_STUDIES = 20  # drawn behind one forecast of outlines


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return, per study, the mean promised share of "non-inferior", and the share that was kept.

    Args:
        repetitions: Drawn studies; of outlines fewer, as each forecast draws studies itself.
        seed: Of the draws.

    Returns:
        `study`, `promised`, `promised_spread` (standard deviation over validation sets), `kept`, `monte_carlo_error` (of their
        difference), and `said`.
    """
    found = []
    for number, (name, study) in enumerate(STUDIES.items()):
        generator = np.random.default_rng([seed, number])
        found.append(_row(name, max(repetitions // 2, 2), 1, *_asked(study, generator)))
    for number, (name, noise) in enumerate(OUTLINES.items()):
        generator = np.random.default_rng([seed, 100 + number])
        found.append(_row(name, max(repetitions // 20, 2), 10, *_outlined(noise, generator)))
    return found


def _row(
    name: str, sets: int, tests_each: int, promise: Callable[[], float], keep: Callable[[], bool]
) -> dict[str, Any]:
    promised = np.array([promise() for _ in range(sets)])
    kept = np.array([keep() for _ in range(tests_each * sets)])
    difference = float(kept.mean() - promised.mean())
    error = float(np.hypot(promised.std() / sets**0.5, kept.std() / len(kept) ** 0.5))
    return {
        "study": name, "promised": float(promised.mean()), "promised_spread": float(promised.std()),
        "kept": float(kept.mean()), "monte_carlo_error": error, "said": _said(difference, error),
    }  # fmt: skip


def _said(difference: float, error: float) -> str:
    if abs(difference) <= WITHIN:
        return "within 5 points"
    if abs(difference) <= WITHIN + 2 * error:
        return "within 5 points and two Monte Carlo errors"
    return f"MISSED: {'more' if difference > 0 else 'less'} is kept than promised"


def _asked(
    study: Published, generator: np.random.Generator
) -> tuple[Callable[[], float], Callable[[], bool]]:
    def promise() -> float:
        test = _test(study, study.validation, generator)
        here, there = _answers(study.validation), _answers(study.test)
        spread = [float((1 / counts).sum(axis=1).mean()) for counts in (here, there)]
        error = test.standard_error * (spread[1] / spread[0]) ** 0.5
        return metrics.chance_if_lossless(error, float(there.min()) * len(there), study.margin)

    def keep() -> bool:
        return _test(study, study.test, generator).p_noninferior < metrics.ALPHA

    return promise, keep


def _answers(patients: tuple[int, ...]) -> np.ndarray:
    """Return how many patients have each finding and how many have not, (labels, 2), as `evaluation.forecast` counts them."""
    own = np.array(patients[:1] if len(patients) == 2 else patients)
    return np.stack([own, sum(patients) - own], axis=1).astype(np.float64)


def _test(study: Published, patients: tuple[int, ...], generator: np.random.Generator) -> metrics.PairedTest:
    """Return the test of a drawn variant that is as good as its original, seeds pooled."""
    count = sum(patients)
    patient = np.repeat(np.arange(count), 1 + generator.poisson(study.films - 1, count))
    answer = np.repeat(np.arange(len(patients)), patients)[patient]
    truth = (answer[:, None] == np.arange(1 if len(patients) == 2 else len(patients))).astype(np.float64)
    own = generator.normal(size=(count, truth.shape[1]))[patient]
    shared = 0.5**0.5 * (own + generator.normal(size=truth.shape)) if study.films > 1 else own
    tests = []
    for _ in range(study.seeds):
        before, after = (
            (shared + study.noise * generator.normal(size=truth.shape)) / (1 + study.noise**2) ** 0.5
            + 2**0.5 * NORMAL.inv_cdf(study.area) * truth
            for _ in range(2)
        )
        tests.append(metrics.paired_test(truth, before, after, patient, study.margin))
    return metrics.pooled_test(tests)


def _outlined(noise: float, generator: np.random.Generator) -> tuple[Callable[[], float], Callable[[], bool]]:
    def films(count: int) -> tuple[np.ndarray, ...]:
        shared = dice(KINDS[0], generator.random(count))
        before, after = (np.clip(shared + noise * generator.normal(size=count), 0, 1) for _ in range(2))
        return before, after, np.arange(count)

    def promise() -> float:
        chosen = int(generator.integers(1 << 30))
        return metrics.chance_of_both(
            *films(LUNGS[0]), LUNGS[1], LUNG_MARGIN, studies=LUNG_STUDIES, seed=chosen
        )

    def keep() -> bool:
        asked = films(LUNGS[1])
        tests = metrics.mean_test(*asked, LUNG_MARGIN), metrics.failing_test(*asked, LUNG_MARGIN, draws=1000)
        return metrics.both_tests(*tests).p_noninferior < metrics.ALPHA

    return promise, keep
