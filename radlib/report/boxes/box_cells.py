"""The tables of a report of boxes: one function each, from the run's tables to cells that people read."""

import functools

import pandas as pd

from radlib.report import place_cells, wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.boxes.box_words import MEASURES
from radlib.report.cells import row_titles

box_limits = functools.partial(
    place_cells.limit_tables,
    measure="box_score",
    title="Box score",
    caption="The best boxes for a device with so much room; box score on test films",
)


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant marks the test films, with intervals."""
    return place_cells.reading_table(results, MEASURES, "box_score")


def found_tables(results: pd.DataFrame, froc: pd.DataFrame) -> tuple[Table, ...]:
    """Return, of each label, how many boxes each variant finds at some numbers of false marks a film."""
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    points = froc[froc["measure"] == "sensitivity"]
    tables = []
    for label, own in points.groupby("label", sort=False):
        allowed = sorted(own["false_marks"].unique())
        rows = []
        for variant, found in own.groupby("variant", sort=False):
            cells = [Cell(w.rate(point.value), w.span(point.low, point.high)) for point in found.itertuples()]
            rows.append((Cell(titles[variant]), *cells))
        columns = ("Variant", *(f"{marks:g}" for marks in allowed))
        caption = f"{label}: share of the boxes by hand that are found, by false marks a film; 95 % intervals over patients"
        tables.append(Table(columns, tuple(rows), caption))
    return tuple(tables)
