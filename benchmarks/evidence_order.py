"""How often is any file of a network green though it loses the margin? Drawn networks, judged in the order of `metrics.claim_order`.

Five chains of one network are asked about AUROC and sensitivity on the same 1,400 patients. A chain that loses has lost exactly
the margin of both, by patients who are lost, the same for both questions, drawn for each chain; one that is lossless has lost nothing.
The first is the winner.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib import metrics

MARGIN, PATIENTS, CHAINS = 0.05, 700, 5
CASES: Mapping[str, tuple[bool, ...]] = {  # which chains lose the margin
    "every file loses exactly the margin": (True,) * CHAINS,
    "the winner is lossless, the others lose the margin": (False, *(True,) * (CHAINS - 1)),
    "the winner loses the margin, the others are lossless": (True, *(False,) * (CHAINS - 1)),
    "nothing is lost": (False,) * CHAINS,
}


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return, per case, how often a chain that loses is green, any of them, and how often the lossless ones are.

    Args:
        repetitions: Drawn networks per case.
        seed: Of the draws.

    Returns:
        `network`, `any_wrong_green` (at most 0.06; NaN where no chain loses), `lossless_green` (share of them), and
        `monte_carlo_error` of 5 %.
    """
    found = []
    for number, (name, loses) in enumerate(CASES.items()):
        generator, losing = np.random.default_rng([seed, number]), np.array(loses)
        green = np.array([_green(losing, generator) for _ in range(repetitions)])
        found.append({
            "network": name,
            "any_wrong_green": float(green[:, losing].any(axis=1).mean()) if losing.any() else float("nan"),
            "lossless_green": float(green[:, ~losing].mean()) if not losing.all() else float("nan"),
            "monte_carlo_error": float((metrics.ALPHA * (1 - metrics.ALPHA) / repetitions) ** 0.5),
        })  # fmt: skip
    return found


def _green(losing: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return which chains are claimed in both questions, bool (chains,)."""
    p_values = []
    for loses in losing:
        lost = generator.random(PATIENTS) < (MARGIN if loses else 0.0)
        p_values.append(
            [_test(-lost.astype(np.float64)).p_noninferior] * 2
        )  # both at once: the hardest to refuse
    return (metrics.claims(p_values, 0) < metrics.ALPHA).all(axis=1)


def _test(changes: np.ndarray) -> metrics.PairedTest:
    influence = (changes - changes.mean()) / PATIENTS
    error = float(changes.std(ddof=1)) / PATIENTS**0.5
    return metrics.tested(
        metrics.Difference(float(changes.mean()), error, influence, 1 / PATIENTS), MARGIN, ""
    )
