"""What the winner and its original bear: `stress.csv`, its picture, and its section in the report, of answers and of outlines."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

ENDS = ("", "_low", "_high")
TITLE = "How much change it bears"
OFF = "Stress curves are switched off in this study (`stress_films: 0`)."
CHANGED = (
    "Validation films, changed in one way at a time, in steps up to the full range that training may vary films by: exposure "
    "(brightness, contrast, gamma), framing (turn, shift, zoom, stretch, shear), sharpness (blur or an unsharp mask), "
    "noise, and storage (fewer pixels, JPEG). At each step every film is changed by exactly that share of the range, up or "
    "down by lot"
)


@dataclass(frozen=True)
class Borne:
    """What is measured of answers to changed films, and how it is said.

    Attributes:
        measures: Columns with intervals, and their titles; the first is compared with the original's.
        drawn: What the picture draws, as the beginning of a sentence.
        picture: Makes it from the table.
        method: How it was measured.
    """

    measures: Mapping[str, str]
    drawn: str
    picture: Callable[[pd.DataFrame], Any]
    method: str

    @property
    def columns(self) -> list[str]:
        """The columns of a table of stress."""
        ends = [f"{name}{end}" for name in (*self.measures, "difference") for end in ENDS]
        return ["variant", "label", "chain", "kind", "strength", "films", "patients", *ends]


ANSWERS = Borne(
    measures=dict(zip(DECIDED, ("AUROC", "Sensitivity", "Specificity"), strict=True)),
    drawn="AUROC, sensitivity and specificity",
    picture=lambda table: figures.stress_curves(table),
    method=f"{CHANGED}. Thresholds stay where they were chosen; both networks read the same pixels.",
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
    return pd.DataFrame(rows, columns=ANSWERS.columns)


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
    before = [step["answers"] for step in other] or [None] * len(own)
    steps = [
        decided_row(step) | _difference(each, step["answers"]) for each, step in zip(before, own, strict=True)
    ]
    return rows_by_kind(variant, steps)


def rows_by_kind(variant: Variant, steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per kind of change and strength, no change first, from what was found at each of `STEPS`."""
    known = {"variant": variant.name, "label": variant.label, "chain": variant.chain_text}
    return [
        {**known, "kind": kind, "strength": strength, **steps[place]}
        for kind in KINDS
        for place, (changed, strength) in enumerate(STEPS)
        if changed in ("", kind)
    ]


def _difference(before: Predictions | None, after: Predictions) -> dict[str, float]:
    """Return the difference of AUROC on the same changed films with its interval; NaN without another network."""
    test = metrics.untested("")
    if before is not None and not why_not_paired(before, after):
        test = metrics.paired_test(before.y_true, before.y_prob, after.y_prob, before.patients)
    return {"difference": test.difference, "difference_low": test.low, "difference_high": test.high}


def draw_stress(table: pd.DataFrame, add: Callable, borne: Borne = ANSWERS) -> None:
    """Draw the curves, where there are any."""
    if len(table):
        full, first = table[table["strength"] == 1], next(iter(borne.measures))
        each = (f"{row['label']} at full {row['kind']}: {w.rate(row[first])}" for _, row in full.iterrows())
        alt = f"{borne.drawn} against the strength of each change. {'; '.join(each)}"
        caption = "Shaded: 95 % interval over patients. 0 is the film as it is, 1 the full range of change."
        add("stress", lambda: borne.picture(table), alt, caption)


def stress_section(
    readings: Readings, table: pd.DataFrame, pictures: Mapping[str, Figure], borne: Borne = ANSWERS
) -> Section:
    """Return what the winner bears, one sentence where the study does not ask, nothing before anybody was asked."""
    if not readings.run.settings.stress_films:
        return Section(TITLE, (Text((OFF,)),) if readings.selection else ())
    if table.empty:
        return Section(TITLE, ())
    rows = []
    for _, full in table[table["strength"] == 1].iterrows():
        same = (table["variant"] == full["variant"]) & (table["kind"] == full["kind"])
        none = table[same & (table["strength"] == 0)].iloc[0]
        cells = [_change_cell(none, full, name) for name in borne.measures]
        rows.append((Cell(full["kind"], full["label"]), *cells, _loss_cell(full)))
    titles = tuple(borne.measures.values())
    size = f"{w.plural(table['films'].iloc[0], 'validation film')} of {w.plural(table['patients'].iloc[0], 'patient')}"
    caption = f"{size}, as they are → changed by the full range, with 95 % intervals of the latter"
    told = Table(("Full range of", *titles, f"{titles[0]} − original’s"), tuple(rows), caption)
    return Section(TITLE, (Text((borne.method,)), *drawn(pictures, "stress"), told))


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


def _change_cell(none: pd.Series, full: pd.Series, name: str) -> Cell:
    """Return a number without change and at the full range, with the interval of the latter."""
    return Cell(
        f"{w.rate(none[name])} → {w.rate(full[name])}", w.span(full[f"{name}_low"], full[f"{name}_high"])
    )


def _loss_cell(row: pd.Series) -> Cell:
    """Return the difference to the original on the same changed films; bad where it surely loses."""
    if not w.known(row["difference"]):
        return Cell(w.MISSING)
    loses = w.known(row["difference_high"]) and row["difference_high"] < 0
    span = w.signed_span(row["difference_low"], row["difference_high"])
    return Cell(w.signed(row["difference"]), span, "bad" if loses else "")
