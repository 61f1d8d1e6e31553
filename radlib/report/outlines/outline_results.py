"""One row per variant: what it weighs, what it costs, how well it outlines; and every measure of every label in a table of its own."""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.cost_rows import cost_row, on_validation
from radlib.report.outlines.outline_judgements import judge_outlines
from radlib.report.readings import Readings, label_names, of_run, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

BESIDE = tuple(name for name in metrics.OUTLINE_MEASURES if name not in ("dice", "lesions"))
ENDS = ("", "_low", "_high")
JUDGED = (
    *(f"{name}{end}" for name in ("difference", "pooled_difference", "difference_failing") for end in ENDS),
    "standard_error", "p_noninferior", "p_inferior", "verdict", "chance_if_lossless", "patients_asked", "patients_needed",
    "seeds_pooled", "seed_deviation", "verdict_method", "verdict_reason", "p_noninferior_failing", "p_inferior_failing",
    "verdict_failing", "conclusion",
)  # fmt: skip
WORDS = ("verdict", "verdict_method", "verdict_reason", "verdict_failing", "conclusion")
LONG = ("variant", "label", "measure", "films", "patients",
        *(f"{name}{end}" for name in ("mean", "failing") for end in ENDS))  # fmt: skip


def outline_results(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return one row per variant of a run that outlines.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with the columns of `cost_rows.cost_row`, `validation_dice`, `threshold`, `films`, `patients`; `dice`,
        `failing_dice` (its 5th percentile over films) and the mean of each other measure, with `_low` and `_high` over patients; the
        columns of `outline_judgements.judge_outlines`; `winner`, and `not_learnt`. Of several labels a film counts with their mean.
    """
    readings = readings or read(run)
    if not readings.variants:
        return pd.DataFrame(columns=["variant", "label", "network", "seed", "chain", "format", "size_bytes"])
    judged = judge_outlines(readings)
    unjudged = {name: "" if name in WORDS else np.nan for name in JUDGED}
    rows = []
    for variant in readings.variants:
        row = cost_row(readings, variant)
        row["validation_dice"] = on_validation(readings, variant, "dice")
        row["threshold"] = readings.thresholds(variant)[0]
        row |= _quality(readings, variant) | unjudged | judged.get(variant.name, {})
        row["winner"] = variant.name == readings.selection.get("winner")
        rows.append(row | {"not_learnt": readings.why_not_learnt(variant)})
    return of_run(pd.DataFrame(rows), readings)


def _quality(readings: Readings, variant: Variant) -> dict[str, Any]:
    answers = readings.test.get(variant.name)
    row: dict[str, Any] = dict.fromkeys(("films", "patients"), np.nan)
    if answers is not None:
        row = {"films": len(answers.image_id), "patients": int(answers.patients.max(initial=-1)) + 1}
    for name in ("dice", *BESIDE):
        found = (
            {}
            if answers is None
            else metrics.film_summary(
                answers.of_measure(name), answers.patients, name not in metrics.OUTLINE_DISTANCES
            )
        )
        row |= {f"{name}{end}": found.get(f"mean{end}", np.nan) for end in ENDS}
        if name == "dice":
            row |= {f"failing_dice{end}": found.get(f"failing{end}", np.nan) for end in ENDS}
    return row


def outline_measures(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return every measure of every label of every variant: its mean over films, and the end at which outlines fail.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `measure` (see `metrics.OUTLINE_MEASURES`), `films`, `patients`, `mean` and
        `failing` (the 5th percentile of shares, the 95th of distances and false patches), each with `_low` and `_high`.
    """
    readings = readings or read(run)
    tables = [pd.DataFrame(columns=list(LONG))]
    for variant in readings.variants:
        answers = readings.test.get(variant.name)
        for place, label in enumerate(label_names(variant) if answers is not None else ()):
            films = pd.DataFrame(answers.measures[:, place], columns=list(metrics.OUTLINE_MEASURES))
            found = metrics.outline_summary(films, answers.patients)
            known = {"variant": variant.name, "label": label, "films": len(films)}
            found = found.rename_axis("measure").reset_index().assign(
                **known, patients=int(answers.patients.max(initial=-1)) + 1
            )  # fmt: skip
            tables.append(found[list(LONG)])
    return of_run(pd.concat(tables[1:] or tables, ignore_index=True), readings)
