"""What a row about an interval says: how often it holds the true number, on which side it fails, and what an exact one does.

A 95 % interval should hold the true number in 93 to 97 % of studies. Where counts are small no interval can: shares jump from one
value to the next, and one that never holds less than 95 % holds more than 97 % in most places (Clopper and Pearson, 1934). So beside
the coverage stands that of the exact interval at the same place, computed from the binomial distribution and not drawn. A loss
has a second reason to be held too often: its interval allows for a patient who was not seen and is lost entirely (`metrics.unseen_patient`);
how often the plain normal interval holds it in the very same draws stands beside it.

Errors are not alike. An interval that lies wholly on the *hopeful* side says that a network reads better than it does.
"""

import math
from typing import Any

import numpy as np
from scipy import stats

LOWEST, HIGHEST = 0.93, 0.97
TAIL = 0.025
ROUNDING = 2e-4  # to which ends that are searched for are found
INSIDE = "0.93 to 0.97"
NEARLY = "0.93 to 0.97 within two Monte Carlo errors"
BELOW = "MISSED: below 0.93"


def held_row(
    interval: str,
    situation: str,
    ends: np.ndarray,
    true: float,
    *,
    hopeful: str = "above",
    exact: float = math.nan,
    narrower: float = math.nan,
    plain: float = math.nan,
    note: str = "",
) -> dict[str, Any]:
    """Return one row on how often intervals hold the true number.

    Args:
        interval: What it is of.
        situation: Of how many patients, and what is true of them.
        ends: (low, high) of each drawn study, (studies, 2); NaN rules nothing out.
        true: The true number.
        hopeful: On which side an interval flatters, `above` or `below` the true number.
        exact: Share in which the exact interval holds it; NaN where there is none.
        narrower: Share of intervals whose hopeful side is narrower than the exact one's; NaN where there is none.
        plain: Share in which the plain normal interval holds it in the same draws.
        note: What is known of why it is held too seldom.

    Returns:
        `interval`, `situation`, `true`, `coverage`, `hopeful` (share of intervals wholly on that side; 0.025 is even), `exact`,
        `narrower`, `plain`, `mean_width`, `monte_carlo_error` (of 95 %), and `said`.
    """
    ends = np.where(np.isnan(ends), [[-np.inf, np.inf]], ends)
    low, high = ends.T
    coverage = float(((low <= true + ROUNDING / 100) & (true <= high + ROUNDING / 100)).mean())
    widths = (high - low)[np.isfinite(high - low)]
    flattering = float((low > true if hopeful == "above" else high < true).mean())
    words = said(coverage, exact, plain, 2 * float(np.sqrt(0.95 * 0.05 / len(ends))))
    if words == BELOW:
        words += "".join([", not on the hopeful side"] * (flattering <= TAIL) + [f"; {note}"] * bool(note))
    return {
        "interval": interval,
        "situation": situation,
        "true": true,
        "coverage": coverage,
        "hopeful": flattering,
        "exact": exact,
        "narrower": narrower,
        "plain": plain,
        "mean_width": float(widths.mean()) if len(widths) else math.nan,
        "monte_carlo_error": float(np.sqrt(0.95 * 0.05 / len(ends))),
        "said": words,
    }


def said(coverage: float, exact: float = math.nan, plain: float = math.nan, error: float = 0.0) -> str:
    """Return in words whether a coverage is what was asked for and, where it is more, why.

    Args:
        coverage: As counted.
        exact: See `held_row`.
        plain: See `held_row`.
        error: What counting may be off by.

    Example:
        >>> said(0.95), said(0.9), said(0.99, exact=0.985)
        ('0.93 to 0.97', 'MISSED: below 0.93', 'wide, as the exact one is: 0.985')
    """
    if LOWEST <= coverage <= HIGHEST:
        return INSIDE
    if coverage > HIGHEST and exact > HIGHEST:
        return f"wide, as the exact one is: {exact:.3f}"
    if coverage > HIGHEST and not math.isnan(plain):
        return f"wide by the patient not seen; without {plain:.3f}"
    if LOWEST - error <= coverage <= HIGHEST + error:
        return NEARLY
    return BELOW if coverage < LOWEST else "MISSED: wider than asked"


def exact_ends(errors: int | np.ndarray, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact 95 % interval of a share of errors (Clopper and Pearson, 1934).

    Example:
        >>> [round(float(end), 3) for end in exact_ends(0, 20)]
        [0.0, 0.168]
    """
    errors = np.asarray(errors)
    low = np.where(errors > 0, stats.beta.ppf(TAIL, errors, patients - errors + 1), 0.0)
    high = np.where(errors < patients, stats.beta.ppf(1 - TAIL, errors + 1, patients - errors), 1.0)
    return low, high


def exact_coverage(patients: int, share: float) -> float:
    """Return how often the exact interval holds a share of independent patients, by the binomial distribution.

    Example:
        >>> round(exact_coverage(20, 0.1), 3), exact_coverage(57, 0.0)
        (0.989, 1.0)
    """
    errors = np.arange(patients + 1)
    low, high = exact_ends(errors, patients)
    return float(stats.binom.pmf(errors, patients, share)[(low <= share) & (share <= high)].sum())
