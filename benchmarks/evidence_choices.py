"""Which rule of choosing is safe? Drawn networks under a ceiling, and what each rule's winner loses where it is used.

Validation films are easy: the original reads them at 0.998, their perturbed copies at 0.985, and the films of the test,
from another room, at 0.96. Fifteen chains get smaller and smaller, and each loses the more of the distance between the
answers the smaller it is: the same loss on the probit scale everywhere, which under the ceiling is next to nothing of AUROC.
A rule sees validation patients only; what counts is what its winner truly loses on the test.
"""

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np

from radlib import metrics

MARGIN, LIMIT = 0.01, 0.106
PATIENTS = 400
ORIGINAL = {"clean": 0.998, "perturbed": 0.985, "test": 0.96}
SIZES_KB = np.round(np.geomspace(100, 8, 15), 1)
LOSSES = np.linspace(0, 0.45, 15)  # on the probit scale
NOISE = 0.25  # of a chain's scores against the original's, in standard deviations
NORMAL = NormalDist()

Draw = Mapping[str, tuple[np.ndarray, np.ndarray, list[np.ndarray]]]  # split: truth, original, chains


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return, per rule, how often its winner truly loses more than the margin on the test, and how small it is.

    Args:
        repetitions: Draws of validation patients.
        seed: Of the draws.
    """
    generator = np.random.default_rng(seed)
    true = np.array([ORIGINAL["test"] - _area("test", loss) for loss in LOSSES])
    chosen: dict[str, list[int]] = {name: [] for name in RULES}
    for _ in range(repetitions):
        draw = {split: _films(split, generator) for split in ("clean", "perturbed")}
        for name, rule in RULES.items():
            fitting = [place for place in range(len(LOSSES)) if rule(draw, place)]
            chosen[name].append(max(fitting, default=0))  # the smallest; the largest stands in for none
    return [
        {
            "rule": name,
            "loses_more": float(np.mean(true[places] > MARGIN)),
            "median_kb": float(np.median(SIZES_KB[places])),
            "monte_carlo_error": float((0.05 * 0.95 / repetitions) ** 0.5),
        }
        for name, places in chosen.items()
    ]


def _area(split: str, loss: float) -> float:
    return NORMAL.cdf(NORMAL.inv_cdf(ORIGINAL[split]) - loss)


def _films(split: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    truth = (np.arange(PATIENTS) % 2).astype(np.float64)
    own = generator.normal(size=PATIENTS)
    chains = []
    for loss in LOSSES:
        mixed = (own + NOISE * generator.normal(size=PATIENTS)) / (1 + NOISE**2) ** 0.5
        chains.append(mixed + 2**0.5 * NORMAL.inv_cdf(_area(split, loss)) * truth)
    return truth, own + 2**0.5 * NORMAL.inv_cdf(ORIGINAL[split]) * truth, chains


def _point(split: str) -> Callable[[Draw, int], bool]:
    def rule(draw: Draw, place: int) -> bool:
        truth, original, chains = draw[split]
        return metrics.auroc(truth, original) - metrics.auroc(truth, chains[place]) <= MARGIN

    return rule


def _bound(*splits: str) -> Callable[[Draw, int], bool]:
    def rule(draw: Draw, place: int) -> bool:
        for truth, original, chains in (draw[split] for split in splits):
            columns = (truth[:, None], original[:, None], chains[place][:, None])
            if metrics.upper_loss([metrics.probit_difference(*columns, np.arange(PATIENTS))]) > LIMIT:
                return False
        return True

    return rule


RULES: dict[str, Callable[[Draw, int], bool]] = {
    "loss seen on clean films": _point("clean"),
    "loss seen on perturbed films": _point("perturbed"),
    "upper bound, probit, clean": _bound("clean"),
    "upper bound, probit, clean and perturbed": _bound("clean", "perturbed"),
}
