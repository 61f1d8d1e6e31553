"""How well is each group of patients read at all? Sensitivity and specificity within it, of every file at the frozen threshold.

What compression took from a group stands in `harm.csv`. A file that took nothing from anyone may still miss every third finding
of the old, as its original does: that is seen here alone. Groups differ in how ill they are and how they are filmed, so nothing is
tested between them, and a rate of fewer patients than a test of harm asks for is not said.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.draws import deciding_thresholds
from radlib.report.losses import KINDS
from radlib.report.readings import Readings, label_names, of_run, read
from radlib.report.usefulness import winner_and_original
from radlib.runs.runs import Run
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

TITLE = "How well each group is read"
RATES = ("sensitivity", "specificity")
KEY = ("by", "group", "label")  # of a row of the report
COLUMNS = ("variant", "label", "by", "group", "threshold", "films", "patients", "positives", "patients_with_finding",
           "patients_without_finding", *(f"{start}{name}{end}" for name in RATES for start, end in
                                         (("", ""), ("", "_low"), ("", "_high"), ("reason_", ""))))  # fmt: skip


def group_rates(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return sensitivity and specificity of every variant within every group of films, see `metrics.group_rates`.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, kind of group (`by`: age_group, sex, view, source), `group` and label: `threshold`, the original's
        (none where classes exclude each other: the likeliest is called), the counts and rates of `metrics.group_rates`; no rows
        where the data set knows no groups.
    """
    readings = readings or read(run)
    groups, tables = readings.groups.set_index("image_id"), []
    for variant in (v for v in readings.variants if v.name in readings.test):
        answers = readings.test[variant.name]
        at = _frozen(readings, variant, answers)
        stated = np.full(at.shape[1], np.nan) if task_of(variant).exclusive or not len(at) else at[0]
        for kind in groups:
            of_film = groups[kind].reindex(answers.image_id).fillna("").to_numpy(dtype=np.str_)
            names = label_names(variant)
            rows = pd.DataFrame(
                metrics.group_rates(
                    answers.y_true, answers.y_prob, answers.patients, of_film, at, labels=names
                )
            )
            known = {"variant": variant.name, "by": kind}
            if len(rows):
                threshold = rows["label"].map(dict(zip(names, stated, strict=True)))
                tables.append(rows.assign(**known, threshold=threshold))
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return of_run(found.reindex(columns=list(COLUMNS)), readings)


def _frozen(readings: Readings, variant: Variant, answers: Predictions) -> np.ndarray:
    """Return the thresholds of the variant's original, of each film and label; of classes what makes the likeliest win."""
    original = None if task_of(variant).exclusive else readings.original(variant)
    return deciding_thresholds(readings, original or variant, answers)


def group_section(readings: Readings, table: pd.DataFrame) -> Section:
    """Return the section on how well the winner and its original read each group; without blocks where no group is known.

    Args:
        readings: The files of the run.
        table: See `group_rates`.
    """
    pair = winner_and_original(readings)
    own = [table[table["variant"] == v.name] for v in pair]
    found = [{tuple(row[name] for name in KEY): row for _, row in rows.iterrows()} for rows in own]
    keys = list(dict.fromkeys(key for rows in found for key in rows))
    if not keys:
        return Section(TITLE, ())
    several = table["label"].nunique() > 1
    cells = tuple(_row(key, [rows.get(key) for rows in found], several) for key in keys)
    names = [v.label for v in pair]
    columns = (
        "Group",
        "Patients with the finding",
        *(f"{rate.capitalize()}, {name}" for rate in RATES for name in names),
    )
    caption = (
        "Test films of each group alone; below each rate its 95 % interval, clustered by patient and not adjusted for the number of "
        "groups; group_rates.csv has every file"
    )
    leader = pair[-1]
    lines = (_words(task_of(leader).exclusive), *lowest(own[-1], leader.label, several))
    return Section(TITLE, (Text(lines), Table(columns, cells, caption)))


def _row(key: tuple[str, ...], rows: Sequence[pd.Series | None], several: bool) -> tuple[Cell, ...]:
    by, group, label = key
    first = next(row for row in rows if row is not None)
    return (
        Cell(f"{KINDS.get(by, by)}: {group}", label if several else ""),
        Cell(f"{first['patients_with_finding']:,}", f"{first['patients_without_finding']:,} without"),
        *(_rate(row, name) for name in RATES for row in rows),
    )


def _rate(row: pd.Series | None, name: str) -> Cell:
    if row is None or row[f"reason_{name}"]:
        return Cell(w.MISSING, "" if row is None else row[f"reason_{name}"])
    return Cell(w.rate(row[name]), w.span(row[f"{name}_low"], row[f"{name}_high"]))


def _words(exclusive: bool) -> str:
    return (
        "The rates themselves, not what compression took from them: "
        + (
            "a film is called of its most probable class. "
            if exclusive
            else "every file at the original’s threshold. "
        )
        + "Groups differ in how ill they are and how they are filmed; nothing is tested between them."
    )


def lowest(rows: pd.DataFrame, name: str, several: bool) -> tuple[str, ...]:
    """Return in which group a file has its lowest sensitivity and specificity; nothing of several findings, or of one group.

    Args:
        rows: Of `group_rates`, of one variant.
        name: What the file is called.
        several: Whether there are several findings, of which the lowest would be that of the rarest.
    """
    said = []
    for rate in RATES:
        known = rows.dropna(subset=[rate])
        if not several and len(known) > 1:
            row = known.loc[known[rate].idxmin()]
            value = f"{w.rate(row[rate])} [{w.span(row[f'{rate}_low'], row[f'{rate}_high'])}]"
            who = f"{KINDS.get(row['by'], row['by'])} {row['group']}"
            said.append(f"{rate} in {who}, {value}")
    return (f"Lowest of {name}: {'; '.join(said)}.",) if said else ()
