"""A demand of the study that decides before the test films are opened: "non-inferior, and at most 500 KB".

On validation films every variant is judged as it will be on test films. The smallest file that qualifies is the
winner and is written into `selection.json`; the test verdict can confirm it or not, but no longer choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radlib import metrics
from radlib.evaluation.predictions import Predictions
from radlib.settings import Settings
from radlib.variants import Variant, variant_name

ORIGINAL = "original"


@dataclass(frozen=True)
class Gate:
    """What a study demands of a winner.

    Attributes:
        noninferior: Whether it must be non-inferior to its original.
        size_kb: Its largest file, KB of 1,000 bytes; 0 for any.
        margin: Largest loss of AUROC that counts as non-inferior.
    """

    noninferior: bool
    size_kb: float
    margin: float

    def __str__(self) -> str:
        demands = [f"non-inferior at {self.margin:g} AUROC"] if self.noninferior else []
        demands += [f"at most {self.size_kb:g} KB"] if self.size_kb else []
        return " and ".join(demands)


def gate_of(settings: Settings) -> Gate | None:
    """Return the study's gate; None where it demands nothing."""
    if not (settings.gate_noninferior or settings.gate_size_kb):
        return None
    return Gate(settings.gate_noninferior, settings.gate_size_kb, settings.margin)


def qualify(gate: Gate, variants: Sequence[Variant], answers: Mapping[str, Predictions]) -> dict[str, Any]:
    """Return which variants meet a gate on validation films, and the winner.

    Args:
        gate: The demand.
        variants: All of the run.
        answers: Their answers to the validation films, by variant name.

    Returns:
        For `selection.json`: `demand` in words, `winner` (the smallest file that qualifies, None when none does),
        `nearest` (the one that fails least, None when there is a winner), and per variant `verdict`, `difference`,
        `p_noninferior`, `size_bytes` and `fails` (which demands, in words).
    """
    verdicts = _verdicts(gate, variants, answers)
    entries = {}
    for variant in variants:
        fails = []
        if gate.noninferior and verdicts[variant.name]["verdict"] not in ("non-inferior", ORIGINAL):
            fails.append(f"{verdicts[variant.name]['verdict']} on validation films")
        if gate.size_kb and variant.size_bytes > 1000 * gate.size_kb:
            fails.append(f"{variant.size_bytes / 1000:,.0f} KB")
        entries[variant.name] = {**verdicts[variant.name], "size_bytes": variant.size_bytes, "fails": fails}
    qualified = [name for name, entry in entries.items() if not entry["fails"]]
    return {
        "demand": str(gate),
        "noninferior": gate.noninferior,
        "winner": min(qualified, key=lambda n: (entries[n]["size_bytes"], n)) if qualified else None,
        "nearest": None if qualified else _nearest(gate, entries),
        "variants": entries,
    }


def _verdicts(gate: Gate, variants: Sequence[Variant], answers: Mapping[str, Predictions]) -> dict[str, dict]:
    """Return verdict, difference and p of every variant; an original's verdict is that it is one."""
    found = {
        v.name: {"verdict": ORIGINAL, "difference": 0.0, "p_noninferior": 0.0}
        for v in variants
        if not v.chain
    }
    compressed = [v for v in variants if v.chain]
    tests = [
        _test(gate, answers.get(variant_name(v.network, "", v.seed)), answers[v.name]) for v in compressed
    ]
    columns = ["verdict", "difference", "p_noninferior", "reason"]
    for variant, row in zip(compressed, metrics.judge(tests)[columns].to_dict("records"), strict=True):
        found[variant.name] = {name: None if value != value else value for name, value in row.items()}
    return found


def _test(gate: Gate, before: Predictions | None, after: Predictions) -> metrics.PairedTest:
    if before is None or before.image_id.tolist() != after.image_id.tolist():
        reason = "Its original has no answers to the same validation films."
        return metrics.PairedTest(*[float("nan")] * 4, "", reason)
    return metrics.paired_test(before.y_true, before.y_prob, after.y_prob, before.patient_id, gate.margin)


def _nearest(gate: Gate, entries: Mapping[str, Mapping]) -> str | None:
    """Return the variant that fails the fewest demands, and of those the one that fails least."""

    def distance(name: str) -> tuple:
        entry = entries[name]
        p = 1.0 if entry["p_noninferior"] is None else entry["p_noninferior"]
        excess = max(entry["size_bytes"] / (1000 * gate.size_kb) - 1, 0.0) if gate.size_kb else 0.0
        return len(entry["fails"]), excess + (p if gate.noninferior else 0.0), entry["size_bytes"], name

    return min(entries, key=distance) if entries else None
