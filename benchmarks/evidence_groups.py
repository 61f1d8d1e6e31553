"""Is a loss in one group heard, and is silence told from safety? Drawn studies with the findings and groups of published ones.

A variant loses 0.10 AUROC in one group, in every finding that is asked; or it loses nothing anywhere. Of each drawn study the
group is judged as in a report (`metrics.judge_groups`), beside all other groups. *Flagged* is a group that is shown to lose more than the margin in
any way; the *look* is one group's, the *report* is any of all groups. Of a loss of 0.10 at least 90 % should be
flagged, of none at most 10 % of reports should sound.

Where a group is too small to be told, the report has to say so: `silent_and_safe` counts the groups that lose 0.10, are not flagged, and are
called non-inferior in AUROC all the same. `told` counts those of which the report's own sentences (`report.losses`) say that nobody can tell,
or that they were not tested.
"""

from statistics import NormalDist
from typing import Any

import numpy as np

from radlib import metrics
from radlib.report.losses import unharmed_sentence, untested_sentence
from radlib.runs.settings import Settings

AUROC, LOSS = 0.95, 0.10
NORMAL = NormalDist()
TOGETHER = 0.5  # part of the variance of a film's scores that its findings share
NOISE = 0.1  # of a variant that loses nothing, in standard deviations
STUDIES = {  # findings, margin, and the groups: patients, share that has a finding; films of each patient
    "demo: 1 finding, 7 groups": (1, 0.05, {"F": (54, 0.4), "M": (76, 0.4), "18–39": (40, 0.4), "40–64": (69, 0.4),
                                            "65 and older": (21, 0.4), "AP": (78, 0.5), "PA": (95, 0.2)}, 1.6),
    "14 findings, women and men": (14, 0.01, {"F": (1200, 0.1), "M": (1400, 0.1)}, 1.0),
    "3 classes, 2 groups": (3, 0.05, {"F": (180, 0.33), "M": (224, 0.33)}, 1.5),
}  # fmt: skip
SIZES = (25, 50, 100, 200)  # patients of the group that loses, beside one of 400
ALONE = ((1, 0.05), (1, 0.01), (14, 0.01))  # findings and margins, at every size
NULL_SIZE = 100  # of the group, where nothing is lost
OTHER = "the others"
WORDS = (
    "may hide behind too few patients",
    "Not tested",
    "large enough to be asked",
)  # of the report's sentences


def rows(repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return how often a group is flagged, of published studies and by the size of the group.

    Args:
        repetitions: Ten times the drawn studies per row, forty times where several findings are asked.
        seed: Of the draws.

    Returns:
        `study`, `group` (that loses), `patients` and `with_finding` of it, `flagged` (of a loss of 0.10), `told`, `silent_and_safe`,
        `false_look` and `false_report` (nothing is lost), `monte_carlo_error` (of 10 %), `said`.
    """
    found = []
    for number, (name, (findings, margin, groups, films)) in enumerate(STUDIES.items()):
        count = _studies(repetitions, findings)
        none = _silence(findings, margin, groups, films, count, np.random.default_rng([seed, number]))
        for place, group in enumerate(groups):
            generator = np.random.default_rng([seed, number, place])
            found.append(_row(name, findings, margin, groups, films, group, count, none, generator))
    for number, (findings, margin) in enumerate(ALONE):
        share, count = 0.33 if findings == 1 else 0.1, _studies(repetitions, findings)
        words = f"{findings} finding{'s' if findings > 1 else ''} at {100 * share:.0f} %, margin {margin:g}"
        every = {size: {f"{size} patients": (size, share), OTHER: (400, share)} for size in SIZES}
        generator = np.random.default_rng([seed, 100 + number])
        none = _silence(findings, margin, every[NULL_SIZE], 1.0, count, generator)
        for size, groups in every.items():
            name = f"{size} patients"
            found.append(_row(words, findings, margin, groups, 1.0, name, count, none, generator))
    return found


def _studies(repetitions: int, findings: int) -> int:
    """Return how many studies are drawn: each finding of each group is three tests."""
    return max(repetitions // (10 if findings == 1 else 40), 2)


def _silence(
    findings: int, margin: float, groups: dict[str, tuple[int, float]], films: float, count: int,
    generator: np.random.Generator
) -> dict[str, float]:  # fmt: skip
    """Return how often a group is flagged though nothing is lost: each look on average, and any of a report."""
    harmed = []
    for _ in range(count):
        none = _judged(findings, margin, groups, films, "", generator)
        harmed.append([bool((none[none["group"] == group]["harmed"] != "").any()) for group in groups])
    return {"false_look": float(np.mean(harmed)), "false_report": float(np.any(harmed, axis=1).mean())}


def reached(rows: list[dict[str, Any]]) -> str:
    """Return from which size of a group on 90 % are flagged, a sentence per kind of study by size."""
    lines = []
    for name in dict.fromkeys(row["study"] for row in rows if row["study"] not in STUDIES):
        enough = [row for row in rows if row["study"] == name and row["flagged"] >= 0.9]
        size = f"{min(row['patients'] for row in enough):,} patients" if enough else "no size that was tried"
        lines.append(f"{name}: 90 % are flagged from {size} on.")
    return " ".join(lines)


def _row(
    study: str, findings: int, margin: float, groups: dict[str, tuple[int, float]], films: float, loses: str,
    count: int, none: dict[str, float], generator: np.random.Generator
) -> dict[str, Any]:  # fmt: skip
    flagged, told, safe = [], [], []
    for _ in range(count):
        lost = _judged(findings, margin, groups, films, loses, generator)
        own = lost[lost["group"] == loses]
        heard = bool((own["harmed"] != "").any())
        flagged.append(heard)
        told.append(not heard and _is_told(own))
        safe.append(not heard and own["verdict"].iloc[0] == "non-inferior")
    rates = {"flagged": flagged, "told": told, "silent_and_safe": safe}
    means = {name: float(np.mean(of)) for name, of in rates.items()} | none
    patients, share = groups[loses]
    return {
        "study": study, "group": loses, "patients": patients, "with_finding": round(patients * share), **means,
        "monte_carlo_error": float((0.1 * 0.9 / count) ** 0.5), "said": _said(means),
    }  # fmt: skip


def _is_told(own: Any) -> bool:
    """Return whether the report's sentences on the rows of a group that was not flagged say that nobody can tell."""
    said = f"{unharmed_sentence(own, Settings())} {untested_sentence(own)}"
    return any(word in said for word in WORDS)


def _said(means: dict[str, Any]) -> str:
    if means["false_report"] > 0.1:
        return "MISSED: false alarms"
    if means["flagged"] >= 0.9:
        return "heard"
    silent = 1 - means["flagged"]
    return f"MISSED: too small to be heard in 90 %; of the silent reports {100 * means['told'] / silent:.0f} % say so"


def _judged(
    findings: int, margin: float, groups: dict[str, tuple[int, float]], films: float, loses: str,
    generator: np.random.Generator
) -> Any:  # fmt: skip
    """Return the judged groups of a drawn study, in which one group loses in every finding, or none."""
    rows = []
    for group, (patients, share) in groups.items():
        patient = np.repeat(np.arange(patients), 1 + generator.poisson(films - 1, patients))
        shape = (len(patient), findings)
        ill = (generator.random((patients, findings)) < share)[patient].astype(np.float64)
        mean = 2**0.5 * NORMAL.inv_cdf(AUROC)
        own = generator.normal(size=(patients, findings))[patient]
        score = mean * ill + (TOGETHER**0.5 * own + (1 - TOGETHER) ** 0.5 * generator.normal(size=shape))
        kept = AUROC - LOSS if group == loses else AUROC
        after = score - (mean - 2**0.5 * NORMAL.inv_cdf(kept)) * ill + NOISE * generator.normal(size=shape)
        prob = [1 / (1 + np.exp(-(values - mean / 2))) for values in (score, after)]
        tests = metrics.group_tests(
            ill, *prob, patient, np.full(len(patient), group), np.full(findings, 0.5),
            labels=[f"finding {n}" for n in range(findings)], margin=margin,
        )  # fmt: skip
        rows += [{"by": "group", **row} for row in tests]
    return metrics.judge_groups(rows).assign(variant="the variant")
