"""Do the intervals of a loss hold it? AUROC, sensitivity and specificity of a compressed network less its original's.

Networks are those of `evidence_losses`: the loss is spread over all films, or carried by few patients, or a finding is simply missed
in a few. Decisions are lost patient by patient, with all films of the patient: where each has one film and none is won, the exact interval is
that of the share of patients who are lost, and the printed one must not promise more than it.

Each interval is that of `metrics.paired_test` and `metrics.rate_test`, which report, model cards and gate print.
"""

from statistics import NormalDist
from typing import Any

import numpy as np

from benchmarks.evidence_held import ROUNDING, exact_coverage, exact_ends, held_row
from benchmarks.evidence_losses import AUROC, COHORTS, LOSSES, MARGIN, studies
from radlib import metrics

NORMAL = NormalDist()
AREAS = ("624 films of 404 patients", "169 patients", "2,000 patients")
DECISIONS = {  # answer, patients with it, mean films of each, share of patients lost, share won
    "57 patients, nobody lost": (1, 57, 1.0, 0.0, 0.0),
    "57 patients, 5 % lost": (1, 57, 1.0, 0.05, 0.0),
    "170 patients, 2 % lost": (1, 170, 1.0, 0.02, 0.0),
    "170 patients, 10 % lost": (1, 170, 1.0, 0.10, 0.0),
    "390 films of 170 patients, 5 % lost": (1, 170, 2.3, 0.05, 0.0),
    "700 patients, 6 % lost and 3 % won": (1, 700, 1.0, 0.06, 0.03),
    "112 patients without, 5 % lost": (0, 112, 1.0, 0.05, 0.0),
    "234 patients without, 4 % lost and 4 % won": (0, 234, 1.0, 0.04, 0.04),
}


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often the intervals of a difference hold it, see `evidence_held.held_row`.

    Args:
        repetitions: Drawn studies per row.
        seed: Of the draws.
    """
    found = []
    for number, name in enumerate(AREAS):
        for kind in LOSSES:
            generator = np.random.default_rng([seed, number, LOSSES.index(kind)])
            drawn = studies(COHORTS[name], kind, max(repetitions // 2, 2), generator)
            tests = [metrics.paired_test(*study, MARGIN) for study in drawn]
            true = -_loss(kind)
            row = held_row("difference of AUROC", f"{name}, {_words(kind)}", _ends(tests), true, plain=_plain(tests, true))  # fmt: skip
            found.append(row)
    for number, name in enumerate(DECISIONS):
        found.append(_decided(name, repetitions, np.random.default_rng([seed, 100 + number])))
    return found


def _loss(kind: str) -> float:
    """Return the AUROC that a variant truly loses."""
    if kind != "none":
        return MARGIN
    return AUROC - NORMAL.cdf(NORMAL.inv_cdf(AUROC) / (1 + 0.05**2 / 2) ** 0.5)


def _words(kind: str) -> str:
    return "nothing lost" if kind == "none" else f"{MARGIN:g} lost, {kind}"


def _ends(tests: list[metrics.PairedTest]) -> np.ndarray:
    return np.array([(test.low, test.high) for test in tests])


def _plain(tests: list[metrics.PairedTest], true: float) -> float:
    """Return how often difference ± 1.96 SE holds the true one."""
    far = [abs(test.difference - true) <= 1.96 * test.standard_error + 1e-12 for test in tests]
    return float(np.mean(far))


def _decided(name: str, repetitions: int, generator: np.random.Generator) -> dict[str, Any]:
    answer, patients, each, lost, won = DECISIONS[name]
    rate = {1: "sensitivity", 0: "specificity"}[answer]
    tests, narrower = [], []
    for _ in range(repetitions):
        patient = np.repeat(np.arange(patients), 1 + generator.poisson(each - 1, patients))
        luck = generator.random(patients)
        change = np.where(luck < lost, -1, np.where(luck < lost + won, 1, 0))
        before, after = (change <= 0)[patient], (change >= 0)[patient]  # right before, right after
        called = [right == bool(answer) for right in (before, after)]
        tests.append(metrics.rate_test(np.full(len(patient), answer), *called, patient, answer))
        bound = -float(exact_ends(int((change < 0).sum()), patients)[1])
        narrower.append(tests[-1].low > bound + ROUNDING)
    single = each == 1.0 and won == 0
    true = won - lost
    return held_row(
        f"difference of {rate}", name, _ends(tests), true,
        exact=exact_coverage(patients, lost) if single else np.nan,
        narrower=float(np.mean(narrower)) if single else np.nan, plain=_plain(tests, true),
    )  # fmt: skip
