"""What the verdicts promise, and what they hold: every simulation behind them, in one command, with its Monte Carlo error.

python -m benchmarks evidence            # in full: minutes
python -m benchmarks evidence --films 50 # that many drawn studies a row, for a first look
"""

from collections.abc import Callable
from typing import Any

from benchmarks import (
    evidence_choices,
    evidence_coverage,
    evidence_losses,
    evidence_methods,
    evidence_order,
    evidence_power,
)

SEED = 0
PARTS: dict[str, tuple[str, Callable[[int, int], list[dict[str, Any]]]]] = {
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
    "methods": (
        "Which of two methods: named although equal (at most 0.06), and found",
        evidence_methods.rows,
    ),
    "choices": ("The winner truly loses more than 0.01 on the test (at most 0.05)", evidence_choices.rows),
    "power": (
        "Non-inferior although nothing is lost: promised before the test, and kept",
        evidence_power.rows,
    ),
}


def measure(repetitions: int) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every part."""
    return {name: rows(repetitions, SEED) for name, (_, rows) in PARTS.items()}


def table(result: dict[str, list[dict[str, Any]]]) -> str:
    """Return the parts as Markdown tables."""
    lines = []
    for name, rows in result.items():
        columns = list(rows[0])
        lines += [f"**{PARTS[name][0]}**", "", " | ".join(columns), " | ".join("---" for _ in columns)]
        lines += [" | ".join(_cell(row[column]) for column in columns) for row in rows]
        lines.append("")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
