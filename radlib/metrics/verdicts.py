"""What may be said: as good as its original, worse, or nothing? The words.

*Non-inferior*: the films speak against a loss of the margin or more, fixed before, however few patients carry it.
*Inferior*: the 95 % interval lies wholly beyond the margin. *Too few patients*: not even a variant that changes nothing
could be shown non-inferior with so many. *Cannot tell*: these patients could have answered, and did not.

A claim and an alarm are not the same. Of many claims one holds by luck, so they are asked in an order (`claim_order`). An
alarm that is adjusted for the number of variants is adjusted into silence, so none is.

References:
    Piaggio et al. (2012). Reporting of noninferiority and equivalence randomized trials. JAMA 308.
"""

import math
from collections.abc import Sequence

from radlib.foundation.extras import pandas as pd
from radlib.metrics.multiplicity import holm
from radlib.metrics.paired_tests import PairedTest
from radlib.metrics.power import ALPHA, chance_if_lossless, patients_for, patients_needed

VERDICTS = ("non-inferior", "inferior", "too few patients", "cannot tell", "undefined")
COLUMNS = (
    "difference", "standard_error", "low", "high", "p_noninferior", "p_inferior", "verdict", "chance_if_lossless",
    "patients", "patients_needed", "findings", "seeds", "seed_deviation", "method", "reason",
)  # fmt: skip


def verdict(
    p_noninferior: float,
    p_inferior: float,
    enough: bool = True,
    alpha: float = ALPHA,
    alarm: float = ALPHA / 2,
) -> str:
    """Say what the p-values of a claim (adjusted) and of an alarm (never adjusted) allow to say: one of `VERDICTS`.

    Args:
        p_noninferior: Of the claim; 1 where it was not asked.
        p_inferior: Of the alarm.
        enough: Whether there are patients enough for the claim at all, see `power.patients_for`.
        alpha: Level of the claim.
        alarm: Level of the alarm; at its default it sounds where a 95 % interval lies wholly beyond the margin.

    Example:
        >>> verdict(0.01, 0.9), verdict(1.0, 0.01), verdict(0.3, 0.6), verdict(0.3, 0.6, enough=False)
        ('non-inferior', 'inferior', 'cannot tell', 'too few patients')
    """
    if math.isnan(p_noninferior) or math.isnan(p_inferior):
        return "undefined"
    if p_inferior < alarm:
        return "inferior"
    if p_noninferior < alpha:
        return "non-inferior"
    return "cannot tell" if enough else "too few patients"


def verdict_of(test: PairedTest, p_noninferior: float | None = None) -> str:
    """Return the verdict on a test, with its own p-value of the claim or with an adjusted one."""
    claim = test.p_noninferior if p_noninferior is None else p_noninferior
    return verdict(claim, test.p_inferior, test.patients >= patients_for(test.margin))


def judge(
    tests: Sequence[PairedTest],
    p_values: Sequence[float] | None = None,
    alpha: float = ALPHA,
    levels: Sequence[float] | None = None,
) -> "pd.DataFrame":
    """Return the verdicts on all that is asked together.

    Args:
        tests: One per variant, or per variant and finding.
        p_values: Of the claims, see `claim_order.claims`; None adjusts all of them by Holm's rule.
        alpha: Level of the claims.
        levels: At which each is asked if nothing else was shown (`claim_order.first_level`), for what could have been
            shown; None for `alpha`.

    Returns:
        DataFrame with columns `difference`, `standard_error`, `low`, `high`, `p_noninferior` (adjusted), `p_inferior`
        (not adjusted), `verdict`, `chance_if_lossless` (how often a variant without loss would have been shown so, asked
        at its level), `patients` (of the rarer answer; of several findings those of the finding that has fewest),
        `patients_needed` (of them, for 80 %), `findings` (of which the mean is tested), `seeds`, `seed_deviation`, `method`,
        `reason`; one row per test, in their order.
    """
    p_values = holm([test.p_noninferior for test in tests]).tolist() if p_values is None else p_values
    rows = []
    for test, claim, level in zip(tests, p_values, levels or [alpha] * len(tests), strict=True):
        known = (test.standard_error, test.patients, test.margin, level)
        rows.append(
            {
                "difference": test.difference,
                "standard_error": test.standard_error,
                "low": test.low,
                "high": test.high,
                "p_noninferior": claim,
                "p_inferior": test.p_inferior,
                "verdict": verdict(claim, test.p_inferior, test.patients >= patients_for(test.margin), alpha),
                "chance_if_lossless": chance_if_lossless(*known),
                "patients": test.patients / test.findings,
                "patients_needed": patients_needed(*known) / test.findings,
                "findings": test.findings,
                "seeds": test.seeds,
                "seed_deviation": test.seed_deviation,
                "method": test.method,
                "reason": test.reason,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
