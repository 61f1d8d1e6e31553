"""Who is harmed? The same tests within groups of films: by age, sex, view and image source.

A mean hides who pays for it. Within a group the AUROC says whether films are still told apart, sensitivity and
specificity at the original's threshold whether a group's probabilities moved past it: a shift of one sex leaves its
own AUROC untouched. Beside what was lost, `group_rates` says how well each group is read at all.

Asked of fourteen findings in ten groups, hundreds of p-values adjusted together hear nothing: a loss of a tenth in all
women, in every finding, stays below each single bar. So a group is asked as a whole first. Its *gate* is the mean loss
over findings; the gates of one variant are adjusted by Holm's rule, and behind a gate that opened, its findings.

References:
    Dmitrienko, Tamhane (2007). Gatekeeping procedures with clinical trial applications. Pharmaceutical Statistics 6.
    Yekutieli (2008). Hierarchical false discovery rate-controlling methodology. JASA 103.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.decisions import RATES, rate_test, too_few
from radlib.metrics.discrimination import auroc
from radlib.metrics.multiplicity import holm
from radlib.metrics.paired_tests import PairedTest, paired_test, untested
from radlib.metrics.power import ALPHA, patients_for
from radlib.metrics.rate_intervals import rate_interval
from radlib.metrics.verdicts import verdict

AGE_GROUPS = ((0, 2, "0–1"), (2, 18, "2–17"), (18, 40, "18–39"), (40, 65, "40–64"), (65, 120, "65 and older"))
TESTED = ("auroc", *RATES)
MEAN = "mean over findings"


def age_group(years: float) -> str:
    """Return the age group of a patient; empty where the age is unknown or beyond 119 years.

    Example:
        >>> age_group(0.5), age_group(17), age_group(65), age_group(float("nan")), age_group(412)
        ('0–1', '2–17', '65 and older', '', '')
    """
    return next((name for first, end, name in AGE_GROUPS if first <= years < end), "")


def group_names(of_films: Iterable[str]) -> list[str]:
    """Return the groups that films are in, numbers in names in their order; films of no known group are left out.

    Args:
        of_films: Each film's group, empty where it is unknown.

    Example:
        >>> group_names(["65 and older", "18–39", "", "2–17", "2–17"])
        ['2–17', '18–39', '65 and older']
    """
    return sorted(
        set(map(str, of_films)) - {""}, key=lambda name: re.sub(r"\d+", lambda found: found[0].zfill(9), name)
    )


def group_tests(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike, groups: ArrayLike,
    thresholds: ArrayLike, *, labels: Sequence[str] = ("",), margin: float = 0.01, rate_margin: float = 0.05
) -> list[dict[str, Any]]:  # fmt: skip
    """Test a compressed network against its original within every group of films.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,) or (n, labels).
        prob_a: Probabilities by the original, of the same shape.
        prob_b: Probabilities by the compressed network, of the same films.
        patient_ids: Whose film it is, (n,).
        groups: Name of each film's group, (n,) text; empty where unknown.
        thresholds: The original's, one or one per label; both are read at them. NaN where none was chosen.
        labels: Names of the findings.
        margin: Largest loss of AUROC that still counts as none.
        rate_margin: Largest loss of sensitivity or specificity that still counts as none.

    Returns:
        One row per group, in alphabetical order, and label: `group`, `label`, `films`, `patients`, `positives`,
        `auroc_before`, `auroc_after`, and per name of `TESTED` a `PairedTest`; of several labels their mean first, with
        the label `MEAN`.
    """
    patient_ids, groups = np.asarray(patient_ids), np.asarray(groups, dtype=np.str_)
    shape = (len(patient_ids), len(labels))
    truth, a, b = (np.asarray(x, dtype=np.float64).reshape(shape) for x in (y_true, prob_a, prob_b))
    at = np.broadcast_to(np.asarray(thresholds, np.float64), (truth.shape[1],))
    columns = [slice(place, place + 1) for place in range(truth.shape[1])]
    asked = [*([(MEAN, slice(None))] if len(labels) > 1 else []), *zip(labels, columns, strict=True)]
    rows = []
    for group in group_names(groups):
        films = groups == group
        for label, column in asked:
            part = (truth[films, column], a[films, column], b[films, column])
            rows.append(
                {"group": group, "label": label, **_counts(*part, patient_ids[films])}
                | _tests(*part, patient_ids[films], at[column], margin, rate_margin)
            )
    return rows


def _counts(truth: np.ndarray, a: np.ndarray, b: np.ndarray, patients: np.ndarray) -> dict[str, Any]:
    known = ~np.isnan(truth)
    areas = [[auroc(t[k], p[k]) for t, p, k in zip(truth.T, prob.T, known.T, strict=True)] for prob in (a, b)]
    defined = ~np.isnan(areas[0])
    means = [float(np.array(area)[defined].mean()) if defined.any() else np.nan for area in areas]
    return {
        "films": int(known.any(axis=1).sum()),
        "patients": len(np.unique(patients[known.any(axis=1)])),
        "positives": int(np.nansum(truth)),
        "auroc_before": means[0],
        "auroc_after": means[1],
    }


def _tests(
    truth: np.ndarray, a: np.ndarray, b: np.ndarray, patients: np.ndarray, thresholds: np.ndarray, margin: float,
    rate_margin: float
) -> dict[str, PairedTest]:  # fmt: skip
    tests = {"auroc": paired_test(truth, a, b, patients, margin)}
    chosen = ~np.isnan(thresholds)
    if not chosen.any():
        return tests | dict.fromkeys(RATES, untested("The original has no threshold for this finding."))
    before, after = (prob[:, chosen] >= thresholds[chosen] for prob in (a, b))
    return tests | {
        name: rate_test(truth[:, chosen], before, after, patients, answer, rate_margin)
        for name, answer in RATES.items()
    }


def group_rates(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, groups: ArrayLike, thresholds: ArrayLike, *,
    labels: Sequence[str] = ("",)
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one network's sensitivity and specificity within every group of films, each film at its threshold.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n,) or (n, labels).
        y_prob: Probabilities, of the same shape.
        patient_ids: Whose film it is, (n,).
        groups: Name of each film's group, (n,) text; empty where unknown.
        thresholds: One, one per label, or one per film and label; NaN where none was chosen.
        labels: Names of the findings.

    Returns:
        One row per group, in alphabetical order, and label: `group`, `label`, `films`, `patients`, `positives`,
        `patients_with_finding`, `patients_without_finding`, and per rate the share with `_low` and `_high` (see
        `rate_intervals`; they are not adjusted for the number of groups); `reason_…` where it is not said.

    Example:
        >>> row, = group_rates([1] * 12, [0.9] * 9 + [0.1] * 3, range(12), ["F"] * 12, 0.5)
        >>> row["sensitivity"], round(row["sensitivity_low"], 2), row["reason_specificity"]
        (0.75, 0.41, 'Too few: 0 patients without the finding, 10 are needed.')
    """
    patient_ids, groups = np.asarray(patient_ids), np.asarray(groups, dtype=np.str_)
    truth, prob = (np.asarray(x, np.float64).reshape(len(groups), len(labels)) for x in (y_true, y_prob))
    at = np.broadcast_to(np.asarray(thresholds, np.float64), truth.shape)
    rows = []
    for group in group_names(groups):
        for column, label in enumerate(labels):
            films = (groups == group) & ~np.isnan(truth[:, column])
            part = (truth[films, column], prob[films, column], at[films, column], patient_ids[films])
            rows.append({"group": group, "label": label, **_rates(*part)})
    return rows


def _rates(truth: np.ndarray, prob: np.ndarray, at: np.ndarray, patients: np.ndarray) -> dict[str, Any]:
    row: dict[str, Any] = {
        "films": len(truth), "patients": len(np.unique(patients)), "positives": int(truth.sum()),
    }  # fmt: skip
    for name, answer in RATES.items():
        own = truth == answer
        count = len(np.unique(patients[own]))
        why = "No threshold was chosen for this label." if np.isnan(at).any() else too_few(count, answer)
        right = (prob >= at)[own] == bool(answer)
        ends = (np.nan,) * 3 if why else (float(right.mean()), *rate_interval(right, patients[own]))
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True)) | {f"reason_{name}": why}
        row[f"patients_{'with' if answer else 'without'}_finding"] = count
    return row


def judge_groups(rows: Sequence[Mapping]) -> "pd.DataFrame":
    """Return the verdicts on all groups of one variant, gate by gate.

    Args:
        rows: What `group_tests` returned of all kinds of groups of *one* variant, with a column `by` where there are
            several kinds.

    Returns:
        DataFrame with the rows' columns; in place of each test `difference`, `_low`, `_high`, `p_inferior` (adjusted as
        the module says), `verdict` and `reason`, for sensitivity and specificity with that suffix
        (`difference_sensitivity` and so on); and `harmed`, the names of `TESTED` that are inferior.
    """
    table = pd.DataFrame([{k: v for k, v in row.items() if k not in TESTED} for row in rows])
    alarms = _alarms(rows)
    claims = holm([row[name].p_noninferior for name in TESTED for row in rows]).reshape(len(TESTED), -1)
    harmed: list[list[str]] = [[] for _ in rows]
    for claim, name in zip(claims, TESTED, strict=True):
        suffix = "" if name == "auroc" else f"_{name}"
        tests = [row[name] for row in rows]
        said = [_said(test, p, alarm) for test, p, alarm in zip(tests, claim, alarms[name], strict=True)]
        table[f"difference{suffix}"] = [test.difference for test in tests]
        table[f"difference{suffix}_low"] = [test.low for test in tests]
        table[f"difference{suffix}_high"] = [test.high for test in tests]
        table[f"p_inferior{suffix}"] = alarms[name]
        table[f"verdict{suffix}"] = said
        table[f"reason{suffix}"] = [test.reason for test in tests]
        for found, word in zip(harmed, said, strict=True):
            found += [name] if word == "inferior" else []
    table["harmed"] = [", ".join(names) for names in harmed]
    return table


def _said(test: PairedTest, claim: float, alarm: float) -> str:
    enough = test.patients >= patients_for(test.margin)
    return verdict(claim, alarm, enough, alarm=ALPHA)


def _alarms(rows: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """Return adjusted p-values of "no harm": of the gates together, of findings behind their own gate."""
    families: dict[tuple, list[int]] = {}
    for place, row in enumerate(rows):
        families.setdefault((row.get("by", ""), row["group"]), []).append(place)
    gates = [(family[0], name) for family in families.values() for name in TESTED]
    opened = dict(zip(gates, holm([rows[place][name].p_inferior for place, name in gates]), strict=True))
    found = {name: np.full(len(rows), np.nan) for name in TESTED}
    for first, *findings in families.values():
        for name in TESTED:
            gate = opened[first, name]
            found[name][first] = gate
            behind = holm([rows[place][name].p_inferior for place in findings])
            found[name][findings] = np.maximum(behind, gate if gate == gate else 1.0)
    return found
