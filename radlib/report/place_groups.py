"""Who suffers? The measure of places within each group of films that the data set knows, of every variant beside its original.

A mean over two hospitals may hide one of them. Each group is asked alone whether it lost more than the margin; what it would take
to show that no group did, small groups do not have, so that nothing is claimed of them: an alarm sounds, or it does not.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation import Boxed, Outlined
from radlib.report import wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.losses import nobody_knows
from radlib.report.pairing import why_not_paired
from radlib.report.readings import Readings, of_run, read
from radlib.runs.runs import Run

COLUMNS = ("variant", "by", "group", "films", "patients", "{0}_before", "{0}_after", "difference", "difference_low",
           "difference_high", "p_inferior", "verdict")  # fmt: skip
ALARM = "inferior"


def place_groups(run: Run, measure: str, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return what every variant lost of the mean of a measure within every group of films.

    Args:
        run: The run; only its files are read.
        measure: What its answers are judged by, `dice` or `box_score`, for the columns.
        readings: Those files, when they were read before.

    Returns:
        One row per variant, kind of group (`by`: age_group, sex, view, source) and `group`: `MEASURE_before` of the
        original, `MEASURE_after`, their `difference` with its interval, `p_inferior` (adjusted over the groups of a variant by Holm's rule), and
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
            for group in metrics.group_names(of_film):
                part = of_film == group
                known = {"variant": variant.name, "by": kind, "group": group}
                own.append(known | _lost(first.take(part), second.take(part), run.settings.margin, measure))
        adjusted = metrics.holm([row["p_inferior"] for row in own]) if own else []
        for row, p in zip(own, adjusted, strict=True):
            rows.append(row | {"p_inferior": p, "verdict": ALARM if p < metrics.ALPHA else ""})
    return of_run(pd.DataFrame(rows, columns=[name.format(measure) for name in COLUMNS]), readings)


def _lost(before: Outlined | Boxed, after: Outlined | Boxed, margin: float, measure: str) -> dict[str, Any]:
    test = metrics.mean_test(before.values, after.values, before.patients, margin)
    return {
        "films": len(before.values), "patients": len(np.unique(before.patients)), f"{measure}_before": before.merit,
        f"{measure}_after": after.merit, "difference": after.merit - before.merit, "difference_low": test.low,
        "difference_high": test.high, "p_inferior": test.p_inferior,
    }  # fmt: skip


def group_sentences(
    readings: Readings,
    table: pd.DataFrame,
    variant: str,
    measure: str = "dice",
    title: str = "Dice",
    does: str = "outlines",
) -> tuple[str, ...]:
    """Return for whom a variant answers worse than its original, a sentence each, or that no group is known to suffer.

    Args:
        readings: The files of the run.
        table: See `place_groups`.
        variant: Its name.
        measure: As in the columns of the table.
        title: What it is called in a sentence.
        does: What a variant does, in a sentence about it.
    """
    own = table[table["variant"] == variant]
    if own.empty:
        return (nobody_knows(len(readings.groups) > 0),)
    margin = readings.run.settings.margin
    lost = own[own["verdict"] == ALARM]
    said = [
        f"It {does} worse in {row.by.replace('_', ' ')} {row.group}: {title} {w.signed(row.difference)} "
        f"[{w.signed_span(row.difference_low, row.difference_high)}], {w.plural(row.patients, 'patient')}."
        for row in lost.itertuples()
    ]
    if said:
        return tuple(said)
    lowest = own.loc[own[f"{measure}_after"].idxmin()]
    if len(own) == 1:
        return (
            f"In {str(lowest['by']).replace('_', ' ')} {lowest['group']}, the only group, no loss of more than {margin:g} of mean {title} "
            f"is shown: it has {w.rate(lowest[f'{measure}_after'])} ({w.plural(lowest['patients'], 'patient')}).",
        )
    return (
        f"In none of {len(own)} groups a loss of more than {margin:g} of mean {title} is shown; lowest is "
        f"{str(lowest['by']).replace('_', ' ')} {lowest['group']} with {w.rate(lowest[f'{measure}_after'])} "
        f"({w.plural(lowest['patients'], 'patient')}).",
    )


def group_table(
    table: pd.DataFrame, variant: str, measure: str = "dice", title: str = "Dice"
) -> tuple[Table, ...]:
    """Return the groups of one variant as a table; none where no group is known. Arguments as of `group_sentences`."""
    own = table[table["variant"] == variant]
    if own.empty:
        return ()
    rows = tuple(
        (
            Cell(f"{row.by.replace('_', ' ')} {row.group}", f"{w.plural(row.films, 'film')} of {w.plural(row.patients, 'patient')}"),
            Cell(w.rate(getattr(row, f"{measure}_before"))),
            Cell(w.rate(getattr(row, f"{measure}_after"))),
            Cell(w.signed(row.difference), w.signed_span(row.difference_low, row.difference_high), "bad" if row.verdict else ""),
        )
        for row in own.itertuples()
    )  # fmt: skip
    return (
        Table(
            ("Group", "Original", "This file", "Change"),
            rows,
            f"Mean {title} on test films within each group",
        ),
    )
