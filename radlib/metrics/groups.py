"""Who is harmed? The same tests within groups of films: by age, sex, view and image source.

A mean hides who pays for it. Within a group the AUROC says whether films are still told apart, sensitivity and
specificity at the original's threshold whether a group's probabilities moved past it: a shift of one sex leaves its
own AUROC untouched. Asked of many groups something is always found, so the p-values are adjusted over all of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.decisions import RATES, rate_test
from radlib.metrics.discrimination import auroc
from radlib.metrics.verdicts import PairedTest, holm, paired_test, untested, verdict

NORMAL_975 = 1.959963984540054
AGE_GROUPS = ((0, 2, "0–1"), (2, 18, "2–17"), (18, 40, "18–39"), (40, 65, "40–64"), (65, 120, "65 and older"))
TESTED = ("auroc", *RATES)


def age_group(years: float) -> str:
    """Return the age group of a patient; empty where the age is unknown or beyond 119 years.

    Example:
        >>> age_group(0.5), age_group(17), age_group(65), age_group(float("nan")), age_group(412)
        ('0–1', '2–17', '65 and older', '', '')
    """
    return next((name for first, end, name in AGE_GROUPS if first <= years < end), "")


def group_tests(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike, groups: ArrayLike,
    threshold: float, *, margin: float = 0.01, rate_margin: float = 0.05
) -> list[dict]:  # fmt: skip
    """Test a compressed network against its original within every group of films.

    Args:
        y_true: Labels of one finding, 1, 0 or NaN for unknown, (n,).
        prob_a: Probabilities by the original, (n,).
        prob_b: Probabilities by the compressed network, of the same films, (n,).
        patient_ids: Whose film it is, (n,).
        groups: Name of each film's group, (n,) text; empty where unknown.
        threshold: The original's; both are read at it. NaN where none was chosen.
        margin: Largest loss of AUROC that still counts as none.
        rate_margin: Largest loss of sensitivity or specificity that still counts as none.

    Returns:
        One row per group, in alphabetical order: `group`, `films`, `patients`, `positives`, `auroc_before`,
        `auroc_after`, and per name of `TESTED` a `PairedTest`.
    """
    y_true, prob_a, prob_b = (np.asarray(x, dtype=np.float64) for x in (y_true, prob_a, prob_b))
    patient_ids, groups, known = np.asarray(patient_ids), np.asarray(groups, dtype=np.str_), ~np.isnan(y_true)
    rows = []
    for group in sorted(set(groups.tolist()) - {""}):
        chosen = known & (groups == group)
        truth, a, b, patients = (x[chosen] for x in (y_true, prob_a, prob_b, patient_ids))
        tests = {"auroc": paired_test(truth, a, b, patients, margin)}
        for name, answer in RATES.items():
            tests[name] = _rate(truth, a, b, patients, answer, threshold, rate_margin)
        counts = {"films": len(truth), "patients": len(np.unique(patients)), "positives": int(truth.sum())}
        areas = {"auroc_before": auroc(truth, a), "auroc_after": auroc(truth, b)}
        rows.append({"group": group, **counts, **areas, **tests})
    return rows


def _rate(
    truth: np.ndarray, a: np.ndarray, b: np.ndarray, patients: np.ndarray, answer: int, threshold: float,
    margin: float
) -> PairedTest:  # fmt: skip
    if np.isnan(threshold):
        return untested("The original has no threshold for this finding.")
    called_a, called_b = (np.asarray(prob, np.float64) >= threshold for prob in (a, b))
    return rate_test(truth, called_a, called_b, patients, answer, margin)


def judge_groups(rows: Sequence[Mapping]) -> "pd.DataFrame":
    """Return the verdicts on all groups that are asked about together, adjusted by Holm's rule.

    Args:
        rows: What `group_tests` returned, of all findings, kinds of groups and variants, with columns that say which.

    Returns:
        DataFrame with the rows' columns; in place of each test `difference`, `_low`, `_high` (the clustered error
        times 1.96 to either side), `p_inferior`, `verdict` and `reason`, for sensitivity and specificity with that
        suffix (`difference_sensitivity` and so on); and `harmed`, the names of `TESTED` that are inferior.
    """
    table = pd.DataFrame([{k: v for k, v in row.items() if k not in TESTED} for row in rows])
    p_values = {
        side: holm([getattr(row[name], f"p_{side}") for name in TESTED for row in rows])
        for side in ("noninferior", "inferior")
    }
    harmed: list[list[str]] = [[] for _ in rows]
    for place, name in enumerate(TESTED):
        suffix = "" if name == "auroc" else f"_{name}"
        part = slice(place * len(rows), (place + 1) * len(rows))
        tests, pairs = [row[name] for row in rows], zip(*(p_values[s][part] for s in p_values), strict=True)
        values = np.array([t.difference for t in tests], dtype=np.float64)
        errors = np.array([t.standard_error for t in tests], dtype=np.float64)
        table[f"difference{suffix}"] = values
        table[f"difference{suffix}_low"], table[f"difference{suffix}_high"] = (
            values + sign * NORMAL_975 * errors for sign in (-1, 1)
        )
        table[f"p_inferior{suffix}"] = p_values["inferior"][part]
        table[f"verdict{suffix}"] = [verdict(*pair) for pair in pairs]
        table[f"reason{suffix}"] = [t.reason for t in tests]
        for found, value in zip(harmed, table[f"verdict{suffix}"], strict=True):
            found += [name] if value == "inferior" else []
    table["harmed"] = [", ".join(names) for names in harmed]
    return table
