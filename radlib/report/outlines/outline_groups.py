"""Whose outlines suffer? Dice within each group of films that the data set knows, of every variant beside its original.

A mean over two hospitals may hide one of them. Each group is asked alone whether it lost more than the margin; what it would take
to show that no group did, small groups do not have, so that nothing is claimed of them: an alarm sounds, or it does not.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation import Outlined
from radlib.report import wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.losses import nobody_knows
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, of_run, read
from radlib.runs.runs import Run

COLUMNS = ("variant", "by", "group", "films", "patients", "dice_before", "dice_after", "difference", "difference_low",
           "difference_high", "p_inferior", "verdict")  # fmt: skip
ALARM = "inferior"


def outline_groups(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return what every variant lost of mean Dice within every group of films.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, kind of group (`by`: age_group, sex, view, source) and `group`: `dice_before` of the original,
        `dice_after`, their `difference` with its interval, `p_inferior` (adjusted over the groups of a variant by Holm's rule), and
        `verdict`: `inferior`, or empty where no such loss is shown. No rows where the data set knows no groups.
    """
    readings = readings or read(run)
    groups = readings.groups.set_index("image_id")
    rows: list[dict[str, Any]] = []
    for variant in (v for v in readings.variants if v.chain):
        original = readings.original(variant)
        if original is None or readings.why_not_learnt(variant):
            continue
        first, second = readings.test.get(original.name), readings.test.get(variant.name)
        if why_not_paired(first, second):
            continue
        own = []
        for kind in groups:
            of_film = groups[kind].reindex(first.image_id).fillna("").to_numpy(dtype=np.str_)
            for group in sorted(set(of_film) - {""}):
                part = of_film == group
                known = {"variant": variant.name, "by": kind, "group": group}
                own.append(known | _lost(first.take(part), second.take(part), run.settings.margin))
        adjusted = metrics.holm([row["p_inferior"] for row in own]) if own else []
        for row, p in zip(own, adjusted, strict=True):
            rows.append(row | {"p_inferior": p, "verdict": ALARM if p < metrics.ALPHA else ""})
    return of_run(pd.DataFrame(rows, columns=list(COLUMNS)), readings)


def _lost(before: Outlined, after: Outlined, margin: float) -> dict[str, Any]:
    test = metrics.mean_test(before.dice, after.dice, before.patients, margin)
    return {
        "films": len(before.dice), "patients": len(np.unique(before.patients)), "dice_before": before.merit,
        "dice_after": after.merit, "difference": after.merit - before.merit, "difference_low": test.low,
        "difference_high": test.high, "p_inferior": test.p_inferior,
    }  # fmt: skip


def group_sentences(readings: Readings, table: pd.DataFrame, variant: str) -> tuple[str, ...]:
    """Return for whom a variant outlines worse than its original, a sentence each, or that no group is known to suffer."""
    own = table[table["variant"] == variant]
    if own.empty:
        return (nobody_knows(len(readings.groups) > 0),)
    margin = readings.run.settings.margin
    lost = own[own["verdict"] == ALARM]
    said = [
        f"It outlines worse in {row.by.replace('_', ' ')} {row.group}: Dice {w.signed(row.difference)} "
        f"[{w.signed_span(row.difference_low, row.difference_high)}], {w.plural(row.patients, 'patient')}."
        for row in lost.itertuples()
    ]
    if said:
        return tuple(said)
    lowest = own.loc[own["dice_after"].idxmin()]
    return (
        f"In none of {len(own)} groups a loss of more than {margin:g} of mean Dice is shown; lowest is "
        f"{str(lowest['by']).replace('_', ' ')} {lowest['group']} with {w.rate(lowest['dice_after'])} "
        f"({w.plural(lowest['patients'], 'patient')}).",
    )


def group_table(table: pd.DataFrame, variant: str) -> tuple[Table, ...]:
    """Return the groups of one variant as a table; none where no group is known."""
    own = table[table["variant"] == variant]
    if own.empty:
        return ()
    rows = tuple(
        (
            Cell(f"{row.by.replace('_', ' ')} {row.group}", f"{w.plural(row.films, 'film')} of {w.plural(row.patients, 'patient')}"),
            Cell(w.rate(row.dice_before)),
            Cell(w.rate(row.dice_after)),
            Cell(w.signed(row.difference), w.signed_span(row.difference_low, row.difference_high), "bad" if row.verdict else ""),
        )
        for row in own.itertuples()
    )  # fmt: skip
    return (
        Table(
            ("Group", "Original", "This file", "Change"), rows, "Mean Dice on test films within each group"
        ),
    )
