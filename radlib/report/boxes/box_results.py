"""What a row says of how well a variant marks films; and every measure of every label in tables of their own."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.boxes.box_judgements import judge_boxes
from radlib.report.place_groups import place_groups
from radlib.report.place_results import TESTED, each_label, measure_rows, place_results, with_intervals
from radlib.report.readings import Readings, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

MEASURES = (*metrics.BOX_SHARES, "false_boxes")
JUDGED = (*with_intervals("difference", "pooled_difference"), *TESTED, "conclusion")
LONG = ("variant", "label", "measure", "films", "patients", *with_intervals("mean"))
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
        DataFrame with the columns of `place_results.place_results`: `box_score`, `rsna_score`, `boxes_found`, `false_boxes` and
        `average_precision`, each with `_low` and `_high` over patients, means over labels, and the columns of
        `box_judgements.judge_boxes`.
    """
    readings = readings or read(run)
    measures = box_measures(run, readings=readings) if measures is None else measures
    froc = froc_table(run, readings=readings) if froc is None else froc

    def quality(variant: Variant, answers: Any) -> dict[str, Any]:
        own = measures[measures["variant"] == variant.name].groupby("measure")
        means = own[["mean", "mean_low", "mean_high"]].mean()
        row: dict[str, Any] = {}
        for name in MEASURES:
            found = means.loc[name] if name in means.index else (np.nan,) * 3
            row |= dict(zip(with_intervals(name), found, strict=True))
        areas = froc[(froc["variant"] == variant.name) & (froc["measure"] == "average_precision")]
        area = areas[["value", "low", "high"]].mean()
        return row | dict(zip(with_intervals("average_precision"), area, strict=True))

    return place_results(readings, "box_score", judge_boxes(readings), JUDGED, quality)


def box_measures(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return every measure of every label of every variant, its mean over test films.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `measure` (see `metrics.box_table`), `films`, `patients` and `mean` with `_low`
        and `_high`.
    """

    def rows_of(answers: Any, place: int) -> pd.DataFrame:
        return measure_rows(metrics.box_summary(answers.table(place), answers.patients), answers)

    return each_label(readings or read(run), LONG, rows_of)


def froc_table(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return points of the free-response curve of every label of every variant on test films, and the average precision.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with the columns of `metrics.froc_summary` behind `variant` and `label`.
    """

    def rows_of(answers: Any, place: int) -> pd.DataFrame:
        found, marked = answers.found[:, place], answers.marked[:, place]
        return metrics.froc_summary(found, marked, answers.patients, draws=run.settings.bootstrap_draws)

    return each_label(readings or read(run), CURVE, rows_of)
