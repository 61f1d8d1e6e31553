"""The verdict on every variant: on its AUROC, then on its sensitivity, then on its specificity, in that order.

A claim is about a *chain*: its seeds are pooled. Each network is a family of its own, in the order of `metrics.claim_order`: the
winner's AUROC, its sensitivity, its specificity, then the network's other chains where the first two of these were shown. An alarm is about a *file*: when its own 95 % interval lies beyond the margin, it reads "inferior",
whatever its sisters do. What all of it comes to stands in one word, `conclusion`, and that word has the colour: green is
a file whose AUROC and sensitivity at the original's threshold are both non-inferior and whose specificity is not inferior.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.report.draws import deciding_thresholds
from radlib.report.pairing import REORDERED, why_not_paired
from radlib.report.readings import Readings, label_names, read
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

COLUMNS = (
    "standard_error", "p_noninferior", "p_inferior", "verdict", "chance_if_lossless", "patients_asked", "patients_needed",
    "findings_asked", "seeds_pooled", "seed_deviation", "verdict_method", "verdict_reason",
)  # fmt: skip
ENDS = ("", "_low", "_high")
ALL_COLUMNS = (
    *(f"difference{end}" for end in ENDS), *(f"pooled_difference{end}" for end in ENDS), *COLUMNS,
    *(f"difference_{rate}{end}" for rate in ("sensitivity", "specificity") for end in ENDS),
    "verdict_sensitivity", "reason_sensitivity", "verdict_specificity", "reason_specificity", "conclusion",
)  # fmt: skip
WORDS = ("verdict", "reason", "conclusion")
RENAMED = {
    "method": "verdict_method", "reason": "verdict_reason", "patients": "patients_asked", "findings": "findings_asked", "seeds": "seeds_pooled",
    "low": "difference_low", "high": "difference_high",
}  # fmt: skip
RATES = {"sensitivity": 1, "specificity": 0}
QUESTIONS = ("auroc", *RATES)  # in the order in which they are asked
UNLEARNT = "The original has not learnt, so to be as good as it means nothing."
OWN_FILE = "This file's own interval lies beyond the margin, whatever its sisters with other seeds do."
CONCLUSIONS = ("as good", "loses", "too few patients", "cannot tell", "undefined")

Pair = tuple[Variant, Variant]


def judge_pairs(readings: Readings, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return the verdicts on pairs of variants, each alone, the claims adjusted over all pairs by Holm's rule.

    Args:
        readings: The files of the run.
        pairs: (before, after) each.

    Returns:
        One row per pair with `difference`, its `_low` and `_high`, and `COLUMNS`; of several labels the mean AUROC is judged. `verdict_reason` is one sentence
        where a verdict is undefined or rests on something unusual.
    """
    judged = _table(metrics.judge([auroc_test(readings, *pair) for pair in pairs]))
    return judged[["difference", "difference_low", "difference_high", *COLUMNS]]


def judge_variants(readings: Readings) -> dict[str, dict[str, Any]]:
    """Return the verdicts on every variant beside its own original, by name.

    Returns:
        Per variant `ALL_COLUMNS`: `difference` with `_low` and `_high` of the file itself, the verdict on its chain; for
        sensitivity and specificity at the original's threshold likewise; and `conclusion`.
    """
    rows: dict[str, dict[str, Any]] = {}
    pairs = _pairs(readings)
    for network in dict.fromkeys(after.network for _, after in pairs):
        chosen = readings.selection.get("winners", {}).get(network, "")
        rows |= _of_network(readings, [pair for pair in pairs if pair[1].network == network], chosen)
    return {after.name: rows[after.name] | {"conclusion": conclude(rows[after.name])} for _, after in pairs}


def _of_network(readings: Readings, pairs: Sequence[Pair], winner: str) -> dict[str, dict[str, Any]]:
    """Return the verdicts on the files of one network, whose chain `winner` is asked first, by name."""
    chains: dict[str, list[Variant]] = {}
    for _, after in pairs:
        chains.setdefault(after.chain_text, []).append(after)
    first = list(chains).index(winner) if winner in chains else None
    files = {
        name: {after.name: _test(readings, *pair, name) for pair in pairs for after in pair[1:]}
        for name in QUESTIONS
    }
    pooled = {
        name: [metrics.pooled_test([tests[after.name] for after in chain]) for chain in chains.values()]
        for name, tests in files.items()
    }
    p_values = np.array([[test.p_noninferior for test in tests] for tests in pooled.values()]).T
    levels = first_levels(len(chains), first)
    rows: dict[str, dict[str, Any]] = {after.name: {} for _, after in pairs}
    for name, claimed in zip(QUESTIONS, metrics.claims(p_values, first).T, strict=True):
        judged = _table(metrics.judge(pooled[name], claimed.tolist(), levels=levels))
        for chain, row in zip(chains.values(), judged.to_dict("records"), strict=True):
            for after in chain:
                rows[after.name] |= _columns_of(name, files[name][after.name], row)
    return rows


def first_levels(chains: int, first: int | None) -> list[float]:
    """Return the level at which each chain of a network is asked if no other one but the winner, `first`, was shown."""
    others = metrics.first_level(chains - (first is not None), metrics.ALPHA)
    return [metrics.ALPHA if place == first else others for place in range(chains)]


def _columns_of(name: str, file: metrics.PairedTest, row: dict[str, Any]) -> dict[str, Any]:
    """Return a test's columns of one file: what is claimed of its chain, unless the file itself gives alarm."""
    word, reason = row["verdict"], row["verdict_reason"]
    if file.seeds != row["seeds_pooled"] and metrics.verdict_of(file, 1.0) == "inferior":
        word, reason = "inferior", OWN_FILE
    suffix = "" if name == "auroc" else f"_{name}"
    ends = {
        f"difference{suffix}": file.difference,
        f"difference{suffix}_low": file.low,
        f"difference{suffix}_high": file.high,
    }
    if name == "auroc":
        pooled = {f"pooled_difference{end}": row[f"difference{end}"] for end in ENDS}
        judged = {column: row[column] for column in COLUMNS}
        return judged | ends | pooled | {"verdict": word, "verdict_reason": reason}
    return {**ends, f"verdict{suffix}": word, f"reason{suffix}": reason}


def conclude(row: dict[str, Any]) -> str:
    """Return what the three verdicts of a file come to: one of `CONCLUSIONS`.

    Example:
        >>> said = {"verdict": "non-inferior", "verdict_sensitivity": "non-inferior", "verdict_specificity": "cannot tell"}
        >>> conclude(said), conclude(said | {"verdict_specificity": "inferior"})
        ('as good', 'loses')
    """
    auroc, sensitivity, specificity = (row[f"verdict{name}"] for name in ("", "_sensitivity", "_specificity"))
    if "inferior" in (auroc, sensitivity, specificity):
        return "loses"
    if auroc == sensitivity == "non-inferior":
        return "as good"
    if "undefined" in (auroc, sensitivity):
        return "undefined"
    return "too few patients" if "too few patients" in (auroc, sensitivity) else "cannot tell"


def _table(judged: pd.DataFrame) -> pd.DataFrame:
    return judged.rename(columns=RENAMED)


def verdicts(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return the verdict on every variant for every finding; claims are adjusted over all of them together.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `films`, `positives`, `prevalence`, `difference` (AUROC minus that
        of the original) with `_low` and `_high`, `COLUMNS`. Rows stand in the order of variants and labels.
    """
    readings = readings or read(run)
    rows, tests = [], []
    for before, after in _pairs(readings):
        answers = readings.test.get(after.name)
        for column, label in enumerate(label_names(after)):
            tests.append(auroc_test(readings, before, after, column))
            known = answers.y_true[:, column] if answers is not None else np.array([])
            known = known[~np.isnan(known)]
            positives = int(known.sum())
            rows.append(
                {
                    "variant": after.name,
                    "label": label,
                    "films": len(known),
                    "positives": positives,
                    "prevalence": positives / len(known) if len(known) else np.nan,
                }
            )
    judged = _table(metrics.judge(tests))
    names = ["variant", "label", "films", "positives", "prevalence"]
    ends = ["difference", "difference_low", "difference_high"]
    return pd.concat([pd.DataFrame(rows, columns=names), judged[[*ends, *COLUMNS]]], axis=1)


def _pairs(readings: Readings) -> list[Pair]:
    """Return (original, variant) for every variant that has been made from an original of the run."""
    pairs = [(readings.original(variant), variant) for variant in readings.variants if variant.chain]
    return [(original, variant) for original, variant in pairs if original is not None]


def _answers(
    readings: Readings, before: Variant, after: Variant
) -> tuple[Predictions | None, Predictions | None, str]:
    """Return both answers to the test films, and why they cannot be compared."""
    first, second = readings.test.get(before.name), readings.test.get(after.name)
    reason = UNLEARNT if readings.why_not_learnt(before) else why_not_paired(first, second)
    return first, second, reason


def _test(readings: Readings, before: Variant, after: Variant, name: str) -> metrics.PairedTest:
    return (
        auroc_test(readings, before, after) if name == "auroc" else rate_test(readings, before, after, name)
    )


def auroc_test(
    readings: Readings, before: Variant, after: Variant, column: int | None = None
) -> metrics.PairedTest:
    """Return the test of a file's AUROC beside its original's, of one label or of the mean over labels."""
    first, second, reason = _answers(readings, before, after)
    if reason or first is None or second is None:
        return metrics.untested(reason)
    chosen = slice(None) if column is None else column
    found = metrics.paired_test(
        first.y_true[:, chosen],
        first.y_prob[:, chosen],
        second.y_prob[:, chosen],
        first.patients,
        readings.run.settings.margin,
    )
    if after.name in readings.reordered and not found.reason:
        return metrics.noted(found, REORDERED)
    return found


def rate_test(readings: Readings, before: Variant, after: Variant, name: str) -> metrics.PairedTest:
    """Return the test of a file's sensitivity or specificity at its original's threshold, mean over labels.

    Of classes that exclude each other each network gives its most probable one.
    """
    first, second, reason = _answers(readings, before, after)
    if reason or first is None or second is None:
        return metrics.untested(reason)
    frozen = deciding_thresholds(readings, before, first)
    own = deciding_thresholds(readings, after, second) if task_of(after).exclusive else frozen
    chosen = ~np.isnan(frozen).any(axis=0)
    if not chosen.any():
        return metrics.untested("The original has no threshold.")
    return metrics.rate_test(
        first.y_true[:, chosen],
        (first.y_prob >= frozen)[:, chosen],
        (second.y_prob >= own)[:, chosen],
        first.patients,
        RATES[name],
        readings.run.settings.rate_margin,
    )
