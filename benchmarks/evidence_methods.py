"""How often is one of two equal methods called the better one, and how often is a true difference found?

Two recipes are trained with several seeds each and scored on the same patients. What the seed does to an AUROC has a
standard deviation of 0.0042, what the patients do to the difference one of 0.003, as measured on `kermany_methods`. The
interval of "which of two" has both (`metrics.two_sided`); the old one had the patients' alone.
"""

from typing import Any

import numpy as np

from radlib import metrics

SEED_DEVIATION = 0.0042  # of one AUROC
PATIENT_ERROR = 0.003  # of the difference of two
PATIENTS = 600
SEEDS = (1, 3, 5)


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return, per number of seeds and true difference, how often a winner is named.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.

    Returns:
        `seeds`, `true_difference` (in standard deviations of a seed's difference and as AUROC), `named` (share in which a
        method is called better, of either), `right` (the better one), `patients_only` (the same with the old interval) and
        `monte_carlo_error` of 5 % at so many repetitions.
    """
    of_difference = SEED_DEVIATION * 2**0.5
    cases = [
        ("none", 0.0),
        ("2 SD of a seed", 2 * SEED_DEVIATION),
        ("2 SD of a difference", 2 * of_difference),
    ]
    found = []
    for count in SEEDS:
        for name, true in cases:
            generator = np.random.default_rng([seed, count, int(1e6 * true)])
            named = np.array([_named(count, true, of_difference, generator) for _ in range(repetitions)])
            found.append({
                "seeds": count,
                "true_difference": name,
                "auroc": true,
                "named": float((named[:, 0] != 0).mean()),
                "right": float((named[:, 0] > 0).mean()),
                "patients_only": float((named[:, 1] != 0).mean()),
                "monte_carlo_error": float((0.05 * 0.95 / repetitions) ** 0.5),
            })  # fmt: skip
    return found


def _named(count: int, true: float, spread: float, generator: np.random.Generator) -> tuple[int, int]:
    """Return which of two is named by the interval over patients and seeds, and by that over patients: 1, −1 or 0."""
    shares = generator.normal(0, PATIENT_ERROR * PATIENTS**0.5, size=PATIENTS)
    changes = true + generator.normal(0, spread, size=count)
    tests = []
    for change in changes:
        share = shares + change
        error = float(share.std(ddof=1)) / PATIENTS**0.5
        influence = (share - share.mean()) / PATIENTS
        tests.append(
            metrics.tested(metrics.Difference(float(share.mean()), error, influence, 1 / PATIENTS), 0.01, "")
        )
    pooled = metrics.pooled_test(tests)
    low, high = metrics.two_sided(pooled)
    patients = (
        1.96
        * metrics.mean_of_differences([test.found for test in tests if test.found is not None]).standard_error
    )
    return _side(low, high), _side(pooled.difference - patients, pooled.difference + patients)


def _side(low: float, high: float) -> int:
    return 1 if low > 0 else -1 if high < 0 else 0
