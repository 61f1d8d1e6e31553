"""How much change outlines bear: mean Dice and its 5th percentile against the strength of each kind of change.

A network may outline the usual film as well as before under a change and lose only the hard ones, so both ends are drawn. The
original reads the very same films, and what the compressed one loses beside it is told with its interval.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.stress import STEPS, load_stress
from radlib.report import figures
from radlib.report.readings import Readings
from radlib.report.stress_tables import CHANGED, ENDS, Borne, draw_stress, rows_by_kind, stress_section

OUTLINES = Borne(
    measures={"dice": "Mean Dice", "failing_dice": "5th percentile of Dice"},
    drawn="Mean Dice and its 5th percentile",
    picture=lambda table: figures.dice_under_stress(table),
    method=f"{CHANGED}, and framing moves the outline by hand by the same draw. All networks outline the same pixels.",
)
draw_outline_stress = functools.partial(draw_stress, borne=OUTLINES)
outline_stress_section = functools.partial(stress_section, borne=OUTLINES)


def outline_stress(readings: Readings) -> pd.DataFrame:
    """Return how well variants outline validation films that are changed ever more.

    Args:
        readings: The files of the run.

    Returns:
        One row per variant, kind of change and strength (share of the full range; 0 is the same for every kind), with `OUTLINES.columns`:
        mean `dice` and `failing_dice`, its 5th percentile, over films, of several labels a film's mean; and `difference` of the mean
        to the original's on the same films, NaN for originals. Without rows where nobody was asked.
    """
    found = {
        v.name: stored for v in readings.variants if (stored := load_stress(readings.run, v)) is not None
    }
    rows: list[dict[str, Any]] = []
    for variant in readings.variants:
        if variant.name not in found:
            continue
        original = readings.original(variant)
        beside = found.get(original.name) if original is not None and variant.chain else None
        own = [_row(readings, found[variant.name], beside, step) for step in range(len(STEPS))]
        rows += rows_by_kind(variant, own)
    return pd.DataFrame(rows, columns=OUTLINES.columns)


def _row(
    readings: Readings, own: Mapping[str, Any], beside: Mapping[str, Any] | None, step: int
) -> dict[str, Any]:
    """Return what one step shows of a variant, and of the loss beside its original."""
    settings, patients = readings.run.settings, own["patient_id"]
    dice = own["y_prob"][step].astype(np.float64).mean(axis=1)
    said = metrics.film_summary(dice, patients)
    row: dict[str, Any] = {"films": len(dice), "patients": len(np.unique(patients))}
    row |= {f"dice{end}": said[f"mean{end}"] for end in ENDS}
    row |= {f"failing_dice{end}": said[f"failing{end}"] for end in ENDS}
    if beside is None or list(beside["image_id"]) != list(own["image_id"]):
        return row | dict.fromkeys((f"difference{end}" for end in ENDS), np.nan)
    before = beside["y_prob"][step].astype(np.float64).mean(axis=1)
    test = metrics.mean_test(before, dice, patients, settings.margin)
    return row | {"difference": test.difference, "difference_low": test.low, "difference_high": test.high}
