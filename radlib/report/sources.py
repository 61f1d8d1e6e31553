"""Does a choice hold for a source it was not made on? Each source of validation films is left out of the choosing in turn.

Threshold and winner are chosen by the run's own rule on the validation films of all other sources, and scored on those of
the one left out. The networks stay as they are: they may have seen films of that source in training, so this shows how far the
*choice* carries to another source, and **not** how a network reads a source that it has never seen. For that, films of a
source must stay out of training: with a data set that reads a table (`dicom_folder`), give that source's films the split
`test` in the table, and the test of the run is that source.
"""

import dataclasses

import numpy as np
import pandas as pd

from radlib.evaluation.answers import Predictions, mean_auroc
from radlib.evaluation.film_groups import VALIDATION
from radlib.evaluation.predictions import load_predictions
from radlib.evaluation.selection import winner_of
from radlib.evaluation.threshold_rules import operating_points, rule_of
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.draws import DECIDED, decided_row, draw
from radlib.report.readings import Readings, film_table, read
from radlib.runs.runs import Run

COLUMNS = ("source", "variant", "films", "patients", "threshold")
EXPLAINED = (
    "Threshold and winner are chosen anew without the validation films of one source, and scored on those. The networks may have "
    "seen films of that source in training: this shows how far a choice carries, not how they read a source that is new to them."
)


def left_out_sources(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how a choice made without each source reads the validation films of that source.

    Args:
        run: The run; only its files are read.
        readings: What was read of them, if it was.

    Returns:
        One row per source: `source`, `variant` (the winner without it), `films`, `patients`, `threshold` (NaN for several
        findings), and `auroc`, `sensitivity` and `specificity` with `_low` and `_high`. Empty where the data set knows no
        source, or one alone.
    """
    readings = read(run) if readings is None else readings
    groups = film_table(run.path(VALIDATION))
    ends = [f"{name}{end}" for name in DECIDED for end in ("", "_low", "_high")]
    rows = []
    if "source" in groups:
        sources = dict(zip(groups["image_id"], groups["source"], strict=True))
        for source in sorted({name for name in sources.values() if name}):
            row = _without(readings, {image for image, name in sources.items() if name == source})
            rows += [{"source": source, **row}] if row else []
    return pd.DataFrame(rows, columns=[*COLUMNS, *ends])


def _without(readings: Readings, images: set[str]) -> dict:
    """Return the row of one source; {} where nothing can be chosen without it."""
    candidates = [v for v in readings.run.candidates() if v.name in readings.validation]
    inside: dict[str, Predictions] = {}
    others: dict[str, dict[str, Predictions]] = {"validation": {}, "perturbed": {}}
    for variant in candidates:
        clean, stressed = (
            readings.validation[variant.name],
            load_predictions(readings.run, variant, "perturbed"),
        )
        own = np.isin(clean.image_id, list(images))
        if (
            own.all()
            or not own.any()
            or stressed is None
            or not np.array_equal(clean.image_id, stressed.image_id)
        ):
            return {}
        inside[variant.name] = clean.take(own)
        others["validation"][variant.name], others["perturbed"][variant.name] = (
            clean.take(~own),
            stressed.take(~own),
        )
    settings = readings.run.settings
    asked = others[settings.operating_point_films]
    entries = {
        v.name: _entry(asked[v.name], operating_points(asked[v.name], v, rule_of(settings)))
        for v in candidates
    }
    name = winner_of(settings, candidates, others, {})["winner"] if candidates else None
    if name is None:
        return {}
    variant = next(v for v in candidates if v.name == name)
    chosen = dataclasses.replace(
        readings, test={name: inside[name]}, selection={"variants": {name: entries[name]}}, drawn={}
    )
    drawn, threshold = draw(chosen, variant), entries[name]["threshold"]
    stated = threshold if isinstance(threshold, float) else np.nan
    return {"variant": name, "threshold": stated, **decided_row(drawn)}


def _entry(answers: Predictions, points: list[float | None]) -> dict:
    auroc = mean_auroc(answers)
    threshold = points[0] if len(points) == 1 else points
    return {"threshold": threshold, "validation_auroc": auroc, "operating_auroc": auroc}


def source_section(table: pd.DataFrame) -> Section:
    """Return the table for a reader; without blocks where no source is known."""
    if table.empty:
        return Section("Each source left out of the choice", ())
    rows = tuple(
        (
            Cell(str(row["source"]), w.plural(row["films"], "film")),
            Cell(row["variant"]),
            *(Cell(w.rate(row[m]), w.span(row[f"{m}_low"], row[f"{m}_high"])) for m in DECIDED),
        )
        for _, row in table.iterrows()
    )
    columns = ("Source left out", "Winner without it", "AUROC", "Sensitivity", "Specificity")
    caption = "Validation films of that source, with 95 % intervals over patients"
    return Section("Each source left out of the choice", (Text((EXPLAINED,)), Table(columns, rows, caption)))
