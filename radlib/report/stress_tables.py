"""What the winner and its original bear: `stress.csv`, its picture, and its section in the report."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.evaluation.stress import KINDS, STEPS, load_stress
from radlib.report import figures, wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text, drawn
from radlib.report.draws import DECIDED, decided_row, draw
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

TITLE = "How much change it bears"
OFF = "Stress curves are switched off in this study (`stress_films: 0`)."
METHOD = (
    "Validation films, changed in one way at a time, in steps up to the full range that training may vary films by: exposure "
    "(brightness, contrast, gamma), framing (turn, shift, zoom, stretch, shear), sharpness (blur or an unsharp mask), "
    "noise, and storage (fewer pixels, JPEG). At each step every film is changed by exactly that share of the range, up or "
    "down by lot. Thresholds stay where they were chosen; both networks read the same pixels."
)


def stress(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how well variants read validation films that are changed ever more.

    Args:
        run: The run; only its files are read.
        readings: What was read of them, if it was.

    Returns:
        One row per variant, kind of change and strength: `variant`, `label`, `chain`, `kind`, `strength` (share of the full
        range; 0 is the same for every kind), `films`, `patients`, `auroc`, `sensitivity` and `specificity` at the frozen
        threshold with `_low` and `_high`, and `difference` of AUROC to the original's on the same films, likewise.
    """
    readings = read(run) if readings is None else readings
    stored = {v.name: found for v in readings.variants if (found := load_stress(run, v)) is not None}
    rows = []
    for variant in readings.variants:
        if variant.name in stored:
            own, original = _draws(readings, variant, stored), readings.original(variant)
            other = _draws(readings, original, stored) if original and original.name in stored else []
            rows += _rows(variant, own, other if variant.chain else [])
    ends = [f"{name}{end}" for name in (*DECIDED, "difference") for end in ("", "_low", "_high")]
    columns = ["variant", "label", "chain", "kind", "strength", "films", "patients", *ends]
    return pd.DataFrame(rows, columns=columns)


def _draws(readings: Readings, variant: Variant, stored: Mapping[str, dict]) -> list[dict]:
    """Return a variant's numbers over the draws of patients, one record per step."""
    found, drawn_steps = stored[variant.name], []
    for probabilities in found["y_prob"].astype(np.float64):
        answers = Predictions(
            found["image_id"], found["patient_id"], found["y_true"].astype(np.float64), probabilities,
            probabilities, variant.sha256, "",
        )  # fmt: skip
        changed = dataclasses.replace(readings, test={variant.name: answers}, drawn={})
        drawn_steps.append({**draw(changed, variant), "answers": answers})
    return drawn_steps


def _rows(variant: Variant, own: list[dict], other: list[dict]) -> list[dict]:
    rows = []
    for kind in KINDS:
        for place, (changed, strength) in enumerate(STEPS):
            if changed not in ("", kind):
                continue
            step = own[place]
            row: dict[str, Any] = {
                "variant": variant.name,
                "label": variant.label,
                "chain": variant.chain_text,
                "kind": kind,
            }
            row |= {"strength": strength, **decided_row(step)}
            rows.append(row | _difference(other[place]["answers"] if other else None, step["answers"]))
    return rows


def _difference(before: Predictions | None, after: Predictions) -> dict[str, float]:
    """Return the difference of AUROC on the same changed films with its interval; NaN without another network."""
    test = metrics.untested("")
    if before is not None and not why_not_paired(before, after):
        test = metrics.paired_test(before.y_true, before.y_prob, after.y_prob, before.patients)
    return {"difference": test.difference, "difference_low": test.low, "difference_high": test.high}


def draw_stress(table: pd.DataFrame, add: Callable) -> None:
    """Draw the curves, where there are any."""
    if len(table):
        alt = "AUROC, sensitivity and specificity against the strength of each change. " + _words(table)
        caption = "Shaded: 95 % interval over patients. 0 is the film as it is, 1 the full range of change."
        add("stress", lambda: figures.stress_curves(table), alt, caption)


def _words(table: pd.DataFrame) -> str:
    full = table[table["strength"] == 1]
    return "; ".join(
        f"{row['label']} at full {row['kind']}: {w.rate(row['auroc'])}" for _, row in full.iterrows()
    )


def stress_section(readings: Readings, table: pd.DataFrame, pictures: Mapping[str, Figure]) -> Section:
    """Return what the winner bears, one sentence where the study does not ask, nothing before anybody was asked."""
    if not readings.run.settings.stress_films:
        return Section(TITLE, (Text((OFF,)),) if readings.selection else ())
    if table.empty:
        return Section(TITLE, ())
    rows = []
    for _, full in table[table["strength"] == 1].iterrows():
        same = (table["variant"] == full["variant"]) & (table["kind"] == full["kind"])
        none = table[same & (table["strength"] == 0)].iloc[0]
        cells = [change_cell(none, full, name) for name in DECIDED]
        rows.append((Cell(full["kind"], full["label"]), *cells, loss_cell(full)))
    columns = ("Full range of", "AUROC", "Sensitivity", "Specificity", "AUROC − original’s")
    size = f"{w.plural(table['films'].iloc[0], 'validation film')} of {w.plural(table['patients'].iloc[0], 'patient')}"
    caption = f"{size}, as they are → changed by the full range, with 95 % intervals of the latter"
    return Section(TITLE, (Text((METHOD,)), *drawn(pictures, "stress"), Table(columns, tuple(rows), caption)))


def worst_change(table: pd.DataFrame, variant: str) -> str:
    """Return which kind of change costs a variant most; empty where it was not put under stress."""
    own = table[table["variant"] == variant] if len(table) else table
    full = own[own["strength"] == 1].dropna(subset=["auroc"]) if len(own) else own
    if full.empty:
        return ""
    row = full.loc[full["auroc"].idxmin()]
    before = own[(own["strength"] == 0) & (own["kind"] == row["kind"])].iloc[0]
    ends = w.span(row["auroc_low"], row["auroc_high"])
    return (
        f"Of all kinds of change to the films {row['kind']} costs it most: at the full range AUROC goes from "
        f"{w.rate(before['auroc'])} to {w.rate(row['auroc'])} [{ends}]."
    )


def change_cell(none: pd.Series, full: pd.Series, name: str) -> Cell:
    """Return a number without change and at the full range, with the interval of the latter."""
    return Cell(
        f"{w.rate(none[name])} → {w.rate(full[name])}", w.span(full[f"{name}_low"], full[f"{name}_high"])
    )


def loss_cell(row: pd.Series) -> Cell:
    """Return the difference to the original on the same changed films; bad where it surely loses."""
    if not w.known(row["difference"]):
        return Cell(w.MISSING)
    loses = w.known(row["difference_high"]) and row["difference_high"] < 0
    span = w.signed_span(row["difference_low"], row["difference_high"])
    return Cell(w.signed(row["difference"]), span, "bad" if loses else "")
