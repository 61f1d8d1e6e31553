"""How much change outlines bear: mean Dice and its 5th percentile against the strength of each kind of change.

A network may outline the usual film as well as before under a change and lose only the hard ones, so both ends are drawn. The
original reads the very same films, and what the compressed one loses beside it is told with its interval.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.stress import KINDS, STEPS, load_stress
from radlib.report import figures, wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text, drawn
from radlib.report.readings import Readings
from radlib.report.stress_tables import OFF, TITLE, change_cell, loss_cell
from radlib.runs.variants import Variant

ENDS = ("", "_low", "_high")
COLUMNS = ("variant", "label", "chain", "kind", "strength", "films", "patients",
           *(f"{name}{end}" for name in ("dice", "failing_dice", "difference") for end in ENDS))  # fmt: skip
METHOD = (
    "Validation films, changed in one way at a time, in steps up to the full range that training may vary films by: exposure "
    "(brightness, contrast, gamma), framing (turn, shift, zoom, stretch, shear), sharpness (blur or an unsharp mask), "
    "noise, and storage (fewer pixels, JPEG). At each step every film is changed by exactly that share of the range, up or "
    "down by lot, and framing moves the outline by hand by the same draw. Both networks outline the same pixels."
)


def outline_stress(readings: Readings) -> pd.DataFrame:
    """Return how well variants outline validation films that are changed ever more.

    Args:
        readings: The files of the run.

    Returns:
        One row per variant, kind of change and strength (share of the full range; 0 is the same for every kind), with `COLUMNS`:
        mean `dice` and `failing_dice`, its 5th percentile, over films, of several labels a film's mean; and `difference` of the mean
        to the original's on the same films, NaN for originals. Without rows where nobody was asked.
    """
    found = {
        v.name: stored for v in readings.variants if (stored := load_stress(readings.run, v)) is not None
    }
    rows = []
    for variant in readings.variants:
        if variant.name not in found:
            continue
        original = readings.original(variant)
        beside = found.get(original.name) if original is not None and variant.chain else None
        own = [_row(readings, found[variant.name], beside, step) for step in range(len(STEPS))]
        rows += [_told(variant, kind, place) | own[place] for kind in KINDS for place in _steps(kind)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _steps(kind: str) -> list[int]:
    """Return the places in `STEPS` of a kind of change, no change first."""
    return [place for place, (changed, _) in enumerate(STEPS) if changed in ("", kind)]


def _told(variant: Variant, kind: str, place: int) -> dict[str, Any]:
    return {
        "variant": variant.name, "label": variant.label, "chain": variant.chain_text, "kind": kind, "strength": STEPS[place][1],
    }  # fmt: skip


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


def draw_outline_stress(table: pd.DataFrame, add: Callable) -> None:
    """Draw the curves, where there are any."""
    if len(table):
        alt = "Mean Dice and its 5th percentile against the strength of each change. " + _words(table)
        caption = "Shaded: 95 % interval over patients. 0 is the film as it is, 1 the full range of change."
        add("stress", lambda: figures.dice_under_stress(table), alt, caption)


def _words(table: pd.DataFrame) -> str:
    full = table[table["strength"] == 1]
    return "; ".join(
        f"{row['label']} at full {row['kind']}: {w.rate(row['dice'])}" for _, row in full.iterrows()
    )


def outline_stress_section(
    readings: Readings, table: pd.DataFrame, pictures: Mapping[str, Figure]
) -> Section:
    """Return what the winner's outlines bear, one sentence where the study does not ask, nothing before anybody was asked."""
    if not readings.run.settings.stress_films:
        return Section(TITLE, (Text((OFF,)),) if readings.selection else ())
    if table.empty:
        return Section(TITLE, ())
    rows = []
    for _, full in table[table["strength"] == 1].iterrows():
        same = (table["variant"] == full["variant"]) & (table["kind"] == full["kind"])
        none = table[same & (table["strength"] == 0)].iloc[0]
        cells = (change_cell(none, full, name) for name in ("dice", "failing_dice"))
        rows.append((Cell(full["kind"], full["label"]), *cells, loss_cell(full)))
    columns = ("Full range of", "Mean Dice", "5th percentile of Dice", "Mean Dice − original’s")
    size = f"{w.plural(table['films'].iloc[0], 'validation film')} of {w.plural(table['patients'].iloc[0], 'patient')}"
    caption = f"{size}, as they are → changed by the full range, with 95 % intervals of the latter"
    return Section(TITLE, (Text((METHOD,)), *drawn(pictures, "stress"), Table(columns, tuple(rows), caption)))
