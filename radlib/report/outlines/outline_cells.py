"""The tables of a report of outlines: one function each, from the run's tables to cells that people read."""

import pandas as pd

from radlib.report import place_cells, wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.cells import row_titles
from radlib.report.outlines.outline_words import MEASURES
from radlib.report.readings import Readings


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant outlines the test films, with intervals."""
    return place_cells.reading_table(results, MEASURES, "dice")


def limit_tables(
    readings: Readings,
    results: pd.DataFrame,
    measure: str = "dice",
    title: str = "Dice",
    caption: str = "The closest outlines for a device with so much room; Dice on test films",
) -> tuple[Table, ...]:
    """Return the best file under each limit of size, chosen on validation films.

    Args:
        readings: The files of the run.
        results: A row per variant.
        measure: Its column that is shown.
        title: What that is called.
        caption: Of the table.
    """
    limits = readings.selection.get("limits", ())
    if not limits:
        return ()
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    by_name = results.set_index("variant")
    rows = []
    for limit in limits:
        size, count = Cell(f"{limit['size_kb']:,g} KB"), Cell(f"{limit['fitting']:,}")
        if limit["winner"] not in by_name.index:
            rows.append((size, count, Cell("none"), Cell(w.MISSING), Cell(w.MISSING)))
            continue
        row = by_name.loc[limit["winner"]]
        known = w.known(row["films"])
        found = Cell(w.rate(row[measure], known), w.span(row[f"{measure}_low"], row[f"{measure}_high"]))
        rows.append(
            (size, count, Cell(titles[limit["winner"]]), Cell(w.human_bytes(row["size_bytes"])), found)
        )
    columns = ("At most", "Files that fit", "Best on validation", "File", title)
    return (Table(columns, tuple(rows), caption),)


def label_tables(results: pd.DataFrame, measures: pd.DataFrame) -> tuple[Table, ...]:
    """Return the measures of each label, where there are several."""
    names = list(dict.fromkeys(measures["label"]))
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    tables = []
    for name in names if len(names) > 1 else ():
        own = measures[measures["label"] == name]
        rows = []
        for variant, found in own.groupby("variant", sort=False):
            by_measure = found.set_index("measure")
            shown = [by_measure.loc[m] for m in MEASURES if m in by_measure.index]
            rows.append(
                (
                    Cell(titles[variant]),
                    *(Cell(w.rate(m["mean"]), w.span(m["mean_low"], m["mean_high"])) for m in shown),
                )
            )
        columns = ("Variant", *(MEASURES[m] for m in MEASURES if m in set(own["measure"])))
        tables.append(Table(columns, tuple(rows), f"{name}: means over test films"))
    return tuple(tables)
