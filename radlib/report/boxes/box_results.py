"""One row per variant: what it weighs, what it costs, how well it marks films; and every measure of every label in tables of their own."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.boxes.box_judgements import judge_boxes
from radlib.report.cost_rows import cost_row, on_validation
from radlib.report.place_groups import place_groups
from radlib.report.readings import Readings, label_names, of_run, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

ENDS = ("", "_low", "_high")
MEASURES = (*metrics.BOX_SHARES, "false_boxes")
JUDGED = (
    *(f"{name}{end}" for name in ("difference", "pooled_difference") for end in ENDS),
    "standard_error", "p_noninferior", "p_inferior", "verdict", "chance_if_lossless", "patients_asked", "patients_needed",
    "seeds_pooled", "seed_deviation", "verdict_method", "verdict_reason", "conclusion",
)  # fmt: skip
WORDS = ("verdict", "verdict_method", "verdict_reason", "conclusion")
LONG = ("variant", "label", "measure", "films", "patients", "mean", "mean_low", "mean_high")
CURVE = ("variant", "label", "measure", "false_marks", "value", "low", "high")

box_groups = functools.partial(place_groups, measure="box_score")


def box_results(
    run: Run, *, readings: Readings | None = None, measures: pd.DataFrame | None = None, froc: pd.DataFrame | None = None
) -> pd.DataFrame:  # fmt: skip
    """Return one row per variant of a run that finds boxes.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.
        measures: What `box_measures` returns, when it was asked before.
        froc: What `froc_table` returns, when it was asked before.

    Returns:
        DataFrame with the columns of `cost_rows.cost_row`, `validation_box_score`, `threshold`, `films`, `patients`; `box_score`,
        `rsna_score`, `boxes_found`, `false_boxes` and `average_precision`, each with `_low` and `_high` over patients, means over
        labels; the columns of `box_judgements.judge_boxes`; `winner`, and `not_learnt`.
    """
    readings = readings or read(run)
    if not readings.variants:
        return pd.DataFrame(columns=["variant", "label", "network", "seed", "chain", "format", "size_bytes"])
    measures = box_measures(run, readings=readings) if measures is None else measures
    froc = froc_table(run, readings=readings) if froc is None else froc
    judged, rows = judge_boxes(readings), []
    unjudged = {name: "" if name in WORDS else np.nan for name in JUDGED}
    for variant in readings.variants:
        row = cost_row(readings, variant)
        row["validation_box_score"] = on_validation(readings, variant, "box_score")
        row["threshold"] = readings.thresholds(variant)[0]
        row |= _quality(readings, variant, measures, froc)
        own = {name: value for name, value in judged.get(variant.name, {}).items() if name in JUDGED}
        row |= unjudged | own
        row["winner"] = variant.name == readings.selection.get("winner")
        rows.append(row | {"not_learnt": readings.why_not_learnt(variant)})
    return of_run(pd.DataFrame(rows), readings)


def _quality(
    readings: Readings, variant: Variant, measures: pd.DataFrame, froc: pd.DataFrame
) -> dict[str, Any]:
    """Return how well a variant marks the test films, means over its labels."""
    answers = readings.test.get(variant.name)
    row: dict[str, Any] = dict.fromkeys(("films", "patients"), np.nan)
    if answers is not None:
        row = {"films": len(answers.image_id), "patients": int(answers.patients.max(initial=-1)) + 1}
    own = measures[measures["variant"] == variant.name].groupby("measure")
    means = own[["mean", "mean_low", "mean_high"]].mean()
    for name in MEASURES:
        found = means.loc[name] if name in means.index else (np.nan,) * 3
        row |= dict(zip((f"{name}{end}" for end in ENDS), found, strict=True))
    areas = froc[(froc["variant"] == variant.name) & (froc["measure"] == "average_precision")]
    area = areas[["value", "low", "high"]].mean()
    return row | dict(zip((f"average_precision{end}" for end in ENDS), area, strict=True))


def box_measures(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return every measure of every label of every variant, its mean over test films.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `measure` (see `metrics.BOX_MEASURES`), `films`, `patients` and `mean` with `_low`
        and `_high`.
    """
    readings = readings or read(run)
    tables = [pd.DataFrame(columns=list(LONG))]
    for variant in readings.variants:
        answers = readings.test.get(variant.name)
        for place, label in enumerate(label_names(variant) if answers is not None else ()):
            films = answers.table(place)
            found = metrics.box_summary(films, answers.patients)
            known = {"variant": variant.name, "label": label, "films": len(films)}
            found = found.rename_axis("measure").reset_index().assign(
                **known, patients=int(answers.patients.max(initial=-1)) + 1
            )  # fmt: skip
            tables.append(found[list(LONG)])
    return of_run(pd.concat(tables[1:] or tables, ignore_index=True), readings)


def froc_table(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return points of the free-response curve of every label of every variant on test films, and the average precision.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with the columns of `metrics.froc_summary` behind `variant` and `label`.
    """
    readings = readings or read(run)
    tables = [pd.DataFrame(columns=list(CURVE))]
    for variant in readings.variants:
        answers = readings.test.get(variant.name)
        for place, label in enumerate(label_names(variant) if answers is not None else ()):
            found, marked = answers.found[:, place], answers.marked[:, place]
            points = metrics.froc_summary(found, marked, answers.patients, draws=run.settings.bootstrap_draws)
            tables.append(points.assign(variant=variant.name, label=label)[list(CURVE)])
    return of_run(pd.concat(tables[1:] or tables, ignore_index=True), readings)
