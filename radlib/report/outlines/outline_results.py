"""What a row says of how well a variant outlines; and every measure of every label in a table of its own."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report.outlines.outline_judgements import judge_outlines
from radlib.report.place_groups import place_groups
from radlib.report.place_results import (
    ENDS,
    TESTED,
    each_label,
    measure_rows,
    place_results,
    with_intervals,
)
from radlib.report.readings import Readings, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

BESIDE = tuple(name for name in metrics.OUTLINE_MEASURES if name not in ("dice", "lesions"))
JUDGED = (
    *with_intervals("difference", "pooled_difference", "difference_failing"), *TESTED,
    "p_noninferior_failing", "p_inferior_failing", "verdict_failing", "conclusion",
)  # fmt: skip
LONG = ("variant", "label", "measure", "films", "patients", *with_intervals("mean", "failing"))

outline_groups = functools.partial(place_groups, measure="dice")


def outline_results(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return one row per variant of a run that outlines.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with the columns of `place_results.place_results`: `dice`, `failing_dice` (its 5th percentile over films) and the
        mean of each other measure, with `_low` and `_high` over patients, and the columns of `outline_judgements.judge_outlines`. Of
        several labels a film counts with their mean.
    """
    readings = readings or read(run)

    def quality(variant: Variant, answers: Any) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name in ("dice", *BESIDE):
            known = answers is not None
            share = name not in metrics.OUTLINE_DISTANCES
            found = metrics.film_summary(answers.of_measure(name), answers.patients, share) if known else {}
            row |= {f"{name}{end}": found.get(f"mean{end}", np.nan) for end in ENDS}
            if name == "dice":
                row |= {f"failing_dice{end}": found.get(f"failing{end}", np.nan) for end in ENDS}
        return row

    return place_results(readings, "dice", judge_outlines(readings), JUDGED, quality)


def outline_measures(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return every measure of every label of every variant: its mean over films, and the end at which outlines fail.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with columns `variant`, `label`, `measure` (see `metrics.OUTLINE_MEASURES`), `films`, `patients`, `mean` and
        `failing` (the 5th percentile of shares, the 95th of distances and false patches), each with `_low` and `_high`.
    """

    def rows_of(answers: Any, place: int) -> pd.DataFrame:
        films = pd.DataFrame(answers.measures[:, place], columns=list(metrics.OUTLINE_MEASURES))
        summary = metrics.outline_summary(films, answers.patients)
        return measure_rows(summary, answers)

    return each_label(readings or read(run), LONG, rows_of)
