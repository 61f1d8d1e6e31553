"""Do the intervals of rates hold them, by film, by clustered patients, and what follows from them at another prevalence?

Sensitivity, specificity and all that `metrics.usefulness` makes of both: films missed and called for nothing per 1,000, predictive
values at a stated prevalence, net benefit. Beside them the rates of a group (`metrics.group_rates`), of sizes that published studies have.
A share of few films jumps from one value to the next, so beside what was drawn stands the exact interval's own coverage, computed.

The scores are those of `evidence_coverage`, at the threshold at which sensitivity and specificity are both the true rate.
"""

from typing import Any

import numpy as np

from benchmarks.evidence_coverage import KERMANY, Situation, drawn
from benchmarks.evidence_held import ROUNDING, exact_coverage, exact_ends, held_row
from radlib import metrics

PREVALENCE, WEIGHT = (
    0.05,
    1 / 9,
)  # where the network is to be used; a film called from a probability of 0.1 on
SITUATIONS = tuple(
    Situation(f"{name}, rates {rate:.2f}", "sensitivity", rate, positive, negative, films)
    for name, positive, negative, films in (
        ("5 films with, 40 without", 5, 40, (1.0, 1.0)),
        ("20 films with, 40 without", 20, 40, (1.0, 1.0)),
        ("57 films with, 112 without", 57, 112, (1.0, 1.0)),
        ("like Kermany, by patient", 118, 286, KERMANY),
        ("700 films with, 1,300 without", 700, 1300, (1.0, 1.0)),
    )
    for rate in (0.90, 0.98)
)
GROUPS = {  # patients with the finding, without, mean films of each, and both rates
    "65 and older: 14 patients with, 20 without": (14, 20, 1.6, 0.92),
    "women: 34 patients with, 50 without": (34, 50, 1.5, 0.85),
    "40–64: 44 patients with, 62 without": (44, 62, 1.6, 0.88),
}
DOWNWARDS = ("missed_per_1000", "needless_per_1000")  # whose hopeful side is below
TITLES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "missed_per_1000": "missed per 1,000",
    "needless_per_1000": "called for nothing per 1,000",
    "ppv_at_prevalence": "PPV at a prevalence",
    "npv_at_prevalence": "NPV at a prevalence",
    "net_benefit": "net benefit",
}


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often the intervals of rates hold them, see `evidence_held.held_row`.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.
    """
    found = []
    for number, situation in enumerate(SITUATIONS):
        found += _useful(situation, repetitions, np.random.default_rng([seed, number]))
    for number, name in enumerate(GROUPS):
        found += _of_group(name, repetitions, np.random.default_rng([seed, 100 + number]))
    return found


def _useful(situation: Situation, repetitions: int, generator: np.random.Generator) -> list[dict[str, Any]]:
    ends: dict[str, list[tuple[float, float]]] = {}
    narrower: dict[str, list[bool]] = {"sensitivity": [], "specificity": []}
    rate, alone = situation.true, situation.films == (1.0, 1.0)
    counts = {"sensitivity": situation.positive, "specificity": situation.negative}
    for _ in range(repetitions):
        truth, score, patient, threshold = drawn(situation, generator)
        rates = metrics.rates_of(truth[:, 0], score[:, 0] >= threshold, patient)
        both = {"sensitivity": rates.sensitivity, "specificity": rates.specificity}
        for name, (_, low, high) in (both | metrics.usefulness(rates, PREVALENCE, WEIGHT)).items():
            ends.setdefault(name, []).append((low, high))
        for name, (value, low, _) in both.items():
            errors = round((1 - value) * counts[name])
            narrower[name].append(low > 1 - float(exact_ends(errors, counts[name])[1]) + ROUNDING)
    true = {name: value for name, (value, *_) in _truths(rate).items()}
    return [
        held_row(
            TITLES[name], situation.name, np.array(of), true[name],
            hopeful="below" if name in DOWNWARDS else "above", **_exact(name, counts, rate, narrower, alone),
        )
        for name, of in ends.items()
    ]  # fmt: skip


def _truths(rate: float) -> dict[str, tuple[float, float, float]]:
    one = (rate, rate, rate)
    return {"sensitivity": one, "specificity": one} | metrics.usefulness(
        metrics.Rates(one, one), PREVALENCE, WEIGHT
    )


def _exact(
    name: str, counts: dict[str, int], rate: float, narrower: dict[str, list[bool]], alone: bool
) -> dict[str, float]:
    """Return what the exact interval does: of a rate for as many patients, of what depends on both that of the wider one."""
    of = {"missed_per_1000": "sensitivity", "needless_per_1000": "specificity"}.get(name, name)
    if of in narrower:
        told = {"exact": exact_coverage(counts[of], 1 - rate)}
        return told | ({"narrower": float(np.mean(narrower[of]))} if of == name and alone else {})
    return {"exact": max(exact_coverage(count, 1 - rate) for count in counts.values())}


def _of_group(name: str, repetitions: int, generator: np.random.Generator) -> list[dict[str, Any]]:
    positive, negative, films, rate = GROUPS[name]
    situation = Situation(name, "sensitivity", rate, positive, negative, (films, films))
    ends: dict[str, list[tuple[float, float]]] = {"sensitivity": [], "specificity": []}
    for _ in range(repetitions):
        truth, score, patient, threshold = drawn(situation, generator)
        groups = np.full(len(patient), "group")
        row = metrics.group_rates(truth[:, 0], score[:, 0], patient, groups, threshold)[0]
        for of, pair in ends.items():
            pair.append((row[f"{of}_low"], row[f"{of}_high"]))
    counts = {"sensitivity": positive, "specificity": negative}
    return [
        held_row(f"{of} of a group", name, np.array(pair), rate, exact=exact_coverage(counts[of], 1 - rate))
        for of, pair in ends.items()
    ]
