"""Does the forecast hold? Drawn studies of the published sizes, in which nothing is lost, beside what was said before.

Before each test a validation set is drawn, and from it and from the number of test patients the chance of a verdict is
forecast (`metrics.chance_if_lossless`); then the test is drawn, and its verdict counted. Promised and kept should agree.
"""

from statistics import NormalDist
from typing import Any

import numpy as np

from radlib import metrics

STUDIES = {  # patients with the finding and without: validation, test; AUROC; how far the variant's scores stray
    "kermany, margin 0.01": ((190, 110), (170, 234), 0.96, 0.05, 0.01),
    "kermany, margin 0.02": ((190, 110), (170, 234), 0.96, 0.15, 0.02),
    "pneumoniamnist, margin 0.02": ((390, 135), (170, 234), 0.98, 0.15, 0.02),
    "breast ultrasound, margin 0.05": ((30, 60), (57, 112), 0.90, 0.1, 0.05),
    "demo, margin 0.05": ((40, 40), (84, 100), 0.95, 0.2, 0.05),
    "a large test, margin 0.01": ((400, 400), (700, 1300), 0.90, 0.25, 0.01),
    "a large test, noisier": ((400, 400), (700, 1300), 0.90, 0.4, 0.01),
}
NORMAL = NormalDist()


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return, per study, the mean promised share of "non-inferior", and the share that was kept.

    Args:
        repetitions: Drawn studies.
        seed: Of the draws.
    """
    found = []
    for number, (name, (validation, test, area, noise, margin)) in enumerate(STUDIES.items()):
        generator = np.random.default_rng([seed, number])
        promised, kept = [], []
        scale = ((1 / test[0] + 1 / test[1]) / (1 / validation[0] + 1 / validation[1])) ** 0.5
        for _ in range(repetitions):
            before = metrics.paired_test(*_study(validation, area, noise, generator), margin)
            error = before.standard_error * scale
            promised.append(metrics.chance_if_lossless(error, min(test), margin))
            kept.append(
                metrics.paired_test(*_study(test, area, noise, generator), margin).p_noninferior
                < metrics.ALPHA
            )
        found.append({
            "study": name,
            "promised": float(np.mean(promised)),
            "kept": float(np.mean(kept)),
            "monte_carlo_error": float((np.mean(kept) * (1 - np.mean(kept)) / repetitions) ** 0.5),
        })  # fmt: skip
    return found


def _study(
    patients: tuple[int, int], area: float, noise: float, generator: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Return truth, scores of the original and of a variant that is as good, and patients."""
    truth = np.repeat([1.0, 0.0], patients)
    shared = generator.normal(size=len(truth))
    scores = [
        (shared + noise * generator.normal(size=len(truth))) / (1 + noise**2) ** 0.5
        + 2**0.5 * NORMAL.inv_cdf(area) * truth
        for _ in range(2)
    ]
    return truth, scores[0], scores[1], np.arange(len(truth))
