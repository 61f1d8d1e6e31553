"""The tables of a report of outlines: one function each, from the run's tables to cells that people read."""

import functools

import pandas as pd

from radlib.report import place_cells, wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.cells import row_titles
from radlib.report.outlines.outline_words import MEASURES

outline_limits = functools.partial(
    place_cells.limit_tables,
    measure="dice",
    title="Dice",
    caption="The closest outlines for a device with so much room; Dice on test films",
)


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant outlines the test films, with intervals."""
    return place_cells.reading_table(results, MEASURES, "dice")


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
