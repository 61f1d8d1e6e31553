"""How often is one of two equal methods called the better one, and how often is a true difference found?

Two recipes are trained with several seeds each and scored on the same patients. What the seed does to an AUROC has a
standard deviation of 0.0042, what the patients do to the difference one of 0.003, as measured on `kermany_methods`. The
interval of "which of two" has both (`metrics.two_sided`); the old one had the patients' alone.
"""

from statistics import NormalDist
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
            found[-1]["said"] = said(found[-1])
    return found


def said(row: dict[str, Any]) -> str:
    """Return in words whether a row has a target and reaches it."""
    if row["true_difference"] == "none":
        return "at most 0.06" if row["named"] <= 0.06 else "MISSED: more than 0.06"
    if (row["seeds"], row["true_difference"]) != (max(SEEDS), "2 SD of a seed"):
        return ""
    return (
        "at least 0.60"
        if row["right"] >= 0.6
        else "MISSED: less than 0.60, out of reach of any test, see below the table"
    )


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


def largest_found(rows: list[dict[str, Any]]) -> str:
    """Return how often a true difference of twice a seed's SD could be found at most with 5 seeds, as a sentence.

    No unbiased two-sided test at 5 % that has to estimate the seeds' spread from 5 of them beats Student's test, and none at all that of a
    known spread. The patients' error stays, however many seeds there are.
    """
    count, true = max(SEEDS), 2 * SEED_DEVIATION
    of_seeds = 2 * SEED_DEVIATION**2 / count
    error = (of_seeds + PATIENT_ERROR**2) ** 0.5
    freedom = (count - 1) * ((of_seeds + PATIENT_ERROR**2) / of_seeds) ** 2
    at_most = _power(true / error, NormalDist().inv_cdf(0.975))
    with_spread = _power_of_student(true / error, freedom)
    found = next(
        row["right"] for row in rows if row["seeds"] == count and row["true_difference"] == "2 SD of a seed"
    )
    return (
        f"Target: with {count} seeds a true difference of twice a seed’s SD is found in at least 0.60; found in {found:.3f}. The difference of "
        f"two means of {count} seeds has an error of {error:.4f} ({of_seeds**0.5:.4f} of seeds, {PATIENT_ERROR:.4f} of patients), so the true one "
        f"lies {true / error:.2f} errors from none: even with that error known exactly a two-sided test at 5 % finds it in {at_most:.3f}, and with "
        f"it estimated from {count} seeds ({freedom:.1f} degrees of freedom) in {with_spread:.3f}. More patients, not another test, would be needed: "
        f"without any error of theirs {_power_of_student(true / of_seeds**0.5, count - 1):.3f}."
    )


def _power(distance: float, quantile: float) -> float:
    normal = NormalDist()
    return normal.cdf(distance - quantile) + normal.cdf(-distance - quantile)


def _power_of_student(distance: float, freedom: float) -> float:
    from scipy.stats import nct, t

    quantile = t.ppf(0.975, freedom)
    return float(nct.sf(quantile, freedom, distance) + nct.cdf(-quantile, freedom, distance))
