"""What the verdicts promise, and what they hold: every simulation behind them, in one command, with its Monte Carlo error.

python -m benchmarks evidence            # in full: minutes
python -m benchmarks evidence --films 50 # that many drawn studies a row, for a first look
"""

import math
from collections.abc import Callable
from typing import Any

from benchmarks import (
    evidence_agreement,
    evidence_choices,
    evidence_coverage,
    evidence_differences,
    evidence_films,
    evidence_groups,
    evidence_losses,
    evidence_marks,
    evidence_methods,
    evidence_order,
    evidence_power,
    evidence_rates,
)

SEED = 0
Rows = list[dict[str, Any]]
PARTS: dict[str, tuple[str, Callable[[int, int], Rows]]] = {
    "losses": (
        "A loss of exactly the margin called non-inferior (at most 0.06; in cohorts too small none is), by the plain normal "
        "test in `naive`",
        evidence_losses.rows,
    ),
    "order": (
        "Any file of a network green though its chain loses the margin (at most 0.06), one network a family",
        evidence_order.rows,
    ),
    "coverage": ("What 95 % intervals of one network hold (0.93 to 0.97)", evidence_coverage.rows),
    "differences": ("What 95 % intervals of a loss hold (0.93 to 0.97)", evidence_differences.rows),
    "rates": (
        "What 95 % intervals of rates hold, and of what follows from them at a prevalence of 0.05 (0.93 to 0.97)",
        evidence_rates.rows,
    ),
    "films": ("What 95 % intervals of numbers per film hold (0.93 to 0.97)", evidence_films.rows),
    "marks": ("What 95 % intervals of marks and boxes hold (0.93 to 0.97)", evidence_marks.rows),
    "agreement": (
        "What 95 % intervals of agreement hold, and of how sure a network is (0.93 to 0.97)",
        evidence_agreement.rows,
    ),
    "groups": (
        "A loss of 0.10 in one group flagged (at least 0.90), and none (at most 0.10 of reports)",
        evidence_groups.rows,
    ),
    "methods": (
        "Which of two methods: named although equal (at most 0.06), and found",
        evidence_methods.rows,
    ),
    "choices": ("The winner truly loses more than 0.01 on the test (at most 0.05)", evidence_choices.rows),
    "power": (
        "Non-inferior although nothing is lost: promised before the test, and kept (within 0.05)",
        evidence_power.rows,
    ),
}
UNDER: dict[str, Callable[[Rows], str]] = {  # a sentence below a table, computed
    "methods": evidence_methods.largest_found,
    "groups": evidence_groups.reached,
}
TITLE = "# What the verdicts promise, and what they hold"
LEGEND = (
    "`monte_carlo_error` is one standard error of a share. In the tables of intervals `hopeful` is the share that lies wholly on the side that "
    "flatters (0.025 is even), `exact` what the exact interval of a share of as many patients holds, computed and not drawn, `narrower` how often "
    "the printed one is narrower than it on the hopeful side (0 is asked), `plain` what the normal interval, or resampling, holds in the same "
    "draws. Empty where there is no such number."
)


def measure(repetitions: int) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every part."""
    return {name: rows(repetitions, SEED) for name, (_, rows) in PARTS.items()}


def table(result: dict[str, Rows], made: str = "in one run") -> str:
    """Return the parts as a page of Markdown tables, what was missed first, and how they were `made`."""
    lines = [TITLE, "", f"Made by `python -m benchmarks evidence` {made}. {LEGEND}", "", *_missed(result)]
    for name, rows in result.items():
        columns = [column for column in rows[0] if column != "said" or any(row["said"] for row in rows)]
        lines += [f"**{PARTS[name][0]}**", "", " | ".join(columns), " | ".join("---" for _ in columns)]
        lines += [" | ".join(_cell(row[column]) for column in columns) for row in rows]
        lines += ["", *([UNDER[name](rows), ""] if name in UNDER else [])]
    return "\n".join(lines)


def _missed(result: dict[str, Rows]) -> list[str]:
    """Return how many rows reach their target, a line per part whose rows say so, with those that do not."""
    lines = []
    for name, rows in result.items():
        told = [row for row in rows if row.get("said")]
        if not told:
            continue
        missed = [row for row in told if row["said"].startswith("MISSED")]
        lines.append(f"- {PARTS[name][0]}: {len(told) - len(missed)} of {len(told)} rows")
        lines += [f"    - missed: {', '.join(_cell(value) for value in list(row.values())[:2])}: {row['said'][8:]}" for row in missed]  # fmt: skip
    return ["Targets that are reached, and those that are missed:", "", *lines, ""] if lines else []


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.3f}"
    return str(value)
