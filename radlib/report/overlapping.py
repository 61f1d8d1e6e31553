"""The scores beside those over test films that no network can have met: where official parts may share a child, or a film."""

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.cells import row_titles
from radlib.report.readings import Readings
from radlib.runs.counted import PATIENTS


def overlap_section(readings: Readings, results: pd.DataFrame) -> Section:
    """Return the scores without test films that may not be new to a network; without blocks where there are none.

    Args:
        readings: The files of the run.
        results: See `tables.results`.
    """
    known = readings.counted == PATIENTS
    title = "Without overlapping patient numbers" if known else "Without near-duplicates of other films"
    table = _table(results)
    if table is None:
        return Section(title, ())
    first, last = (
        (
            "Some patient numbers occur in both official folders, and nobody says whether they are the same child.",
            "whose number occurs in no training film",
        )
        if known
        else (
            "Some films of the official test part have a near-duplicate outside of it.",
            "that have none",
        )
    )
    films, all_films = results["films_disjoint"].max(), results["films"].max()
    beside = (
        f"Beside the scores over all {w.plural(all_films, 'test film')} stand those over the {films:,.0f}"
    )
    return Section(title, (Text((f"{first} {beside} {last}.",)), table))


def _table(results: pd.DataFrame) -> Table | None:
    """Return the scores without overlapping patient numbers; None where numbers do not overlap."""
    if "auroc_disjoint" not in results or results["films_disjoint"].isna().all():
        return None
    rows = tuple(
        (
            Cell(title),
            Cell(w.rate(row["auroc"])),
            Cell(
                w.rate(row["auroc_disjoint"]), w.span(row["auroc_disjoint_low"], row["auroc_disjoint_high"])
            ),
            *(Cell(w.rate(row[f"{m}_disjoint"])) for m in ("accuracy", "sensitivity", "specificity")),
        )
        for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True)
    )
    columns = ("Variant", "AUROC, all", "AUROC, without", "Accuracy", "Sensitivity", "Specificity")
    return Table(columns, rows)
