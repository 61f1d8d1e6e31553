"""A demand of the study that decides before the test films are opened: "non-inferior, and at most 500 KB".

On validation films every variant is judged as it will be on test films. The smallest file that qualifies is the
winner and is written into `selection.json`; the test verdict can confirm it or not, but no longer choose.

Where a study has several networks, a small one that reads poorly must not win for being as good as itself: every
variant, and every other original, is then judged against the best original. One file is taken from all of them, so here
all claims are one family (Holm); on test films each network is one of its own (`metrics.claim_order`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radlib import metrics
from radlib.evaluation.records import Record
from radlib.runs.settings import Settings
from radlib.runs.variants import Variant, variant_name

ORIGINAL = "original"


@dataclass(frozen=True)
class Gate:
    """What a study demands of a winner.

    Attributes:
        noninferior: Whether it must be non-inferior to its original, and to the best one of several networks.
        size_kb: Its largest file, KB of 1,000 bytes; 0 for any.
        margin: Largest loss of the measure that counts as non-inferior.
        measure: What is lost, as it is written in a sentence.
    """

    noninferior: bool
    size_kb: float
    margin: float
    measure: str = "AUROC"

    def __str__(self) -> str:
        demands = [f"non-inferior at {self.margin:g} {self.measure}"] if self.noninferior else []
        demands += [f"at most {self.size_kb:g} KB"] if self.size_kb else []
        return " and ".join(demands)


def gate_of(settings: Settings, measure: str = "AUROC") -> Gate | None:
    """Return the study's gate, of a measure in words; None where it demands nothing."""
    if not (settings.gate_noninferior or settings.gate_size_kb):
        return None
    return Gate(settings.gate_noninferior, settings.gate_size_kb, settings.margin, measure)


def qualify(
    gate: Gate,
    variants: Sequence[Variant],
    answers: Mapping[str, Record],
    unlearnt: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return which variants meet a gate on validation films, and the winner.

    Args:
        gate: The demand.
        variants: All of the run.
        answers: Their answers to the validation films, by variant name.
        unlearnt: Why originals have not learnt, by name (see `learnt`); no variant of such a one qualifies.

    Returns:
        For `selection.json`: `demand` in words, `winner` (the smallest file that qualifies, None when none does),
        `nearest` (the one that fails least, None when there is a winner), and per variant `verdict`, `difference`,
        `p_noninferior`, `size_bytes` and `fails` (which demands, in words); `reference` is the original that it is
        judged against, where that is another network's or seed's.
    """
    verdicts = _verdicts(gate, variants, answers)
    entries = {}
    for variant in variants:
        fails, judged = [], verdicts[variant.name]
        if gate.noninferior and judged["verdict"] not in ("non-inferior", ORIGINAL):
            beside = f" beside {judged['reference']}" if "reference" in judged else ""
            fails.append(f"{judged['verdict']} on validation films{beside}")
        if gate.size_kb and variant.size_bytes > 1000 * gate.size_kb:
            fails.append(f"{variant.size_bytes / 1000:,.0f} KB")
        own = variant_name(variant.network, "", variant.seed)
        if {own, judged.get("reference", own)} & set(unlearnt or ()):
            fails.append("the original has not learnt")
        entries[variant.name] = {**judged, "size_bytes": variant.size_bytes, "fails": fails}
    qualified = [name for name, entry in entries.items() if not entry["fails"]]
    return {
        "demand": str(gate),
        "noninferior": gate.noninferior,
        "winner": min(qualified, key=lambda n: (entries[n]["size_bytes"], n)) if qualified else None,
        "nearest": None if qualified else _nearest(gate, entries),
        "variants": entries,
    }


def _verdicts(gate: Gate, variants: Sequence[Variant], answers: Mapping[str, Record]) -> dict[str, dict]:
    """Return verdict, difference and p of every variant; an original judged against itself is simply one."""
    found, asked = {}, []
    references = _references(variants, answers)
    for variant in variants:
        own = variant_name(variant.network, "", variant.seed)
        reference = references.get(own, own)
        if reference == variant.name:
            found[variant.name] = {"verdict": ORIGINAL, "difference": 0.0, "p_noninferior": 0.0}
        else:
            asked.append((variant.name, reference, {} if reference == own else {"reference": reference}))
    tests = [_test(gate, answers.get(reference), answers[name]) for name, reference, _ in asked]
    columns = ["verdict", "difference", "p_noninferior", "reason"]
    for (name, _, said), row in zip(asked, metrics.judge(tests)[columns].to_dict("records"), strict=True):
        found[name] = {key: None if value != value else value for key, value in row.items()} | said
    return found


def _references(variants: Sequence[Variant], answers: Mapping[str, Record]) -> dict[str, str]:
    """Return, by name of an original, the better of it and the best original; nothing for a single network."""
    if len({v.network for v in variants}) < 2:
        return {}
    names = [variant_name(v.network, "", v.seed) for v in variants]
    found = {name: answers[name].merit for name in names if name in answers}
    score = {name: value for name, value in found.items() if value is not None}
    best = max(score, key=score.get) if score else ""
    return {name: name if score.get(name) == score.get(best) else best for name in names}


def _test(gate: Gate, before: Any, after: Any) -> metrics.PairedTest:
    if before is None or before.image_id.tolist() != after.image_id.tolist():
        reason = "What it is judged against has no answers to the same validation films."
        return metrics.PairedTest(*[float("nan")] * 4, "", reason)
    return before.tested(after, gate.margin)


def _nearest(gate: Gate, entries: Mapping[str, Mapping]) -> str | None:
    """Return the variant that fails the fewest demands, and of those the one that fails least."""

    def distance(name: str) -> tuple:
        entry = entries[name]
        p = 1.0 if entry["p_noninferior"] is None else entry["p_noninferior"]
        excess = max(entry["size_bytes"] / (1000 * gate.size_kb) - 1, 0.0) if gate.size_kb else 0.0
        return len(entry["fails"]), excess + (p if gate.noninferior else 0.0), entry["size_bytes"], name

    return min(entries, key=distance) if entries else None
