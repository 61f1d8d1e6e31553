"""The tables of a report of boxes: one function each, from the run's tables to cells that people read."""

import functools

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.boxes.box_words import MEASURES
from radlib.report.cells import conclusion_cell, row_titles
from radlib.report.outlines.outline_cells import limit_tables

box_limits = functools.partial(
    limit_tables,
    measure="box_score",
    title="Box score",
    caption="The best boxes for a device with so much room; box score on test films",
)


def reading_table(results: pd.DataFrame) -> Table:
    """Return how well each variant marks the test films, with intervals."""
    columns = ("Variant", "File", "Smaller", "Box score", "Box score − original", "Beside its original",
               *(title for name, title in MEASURES.items() if name != "box_score"))  # fmt: skip
    rows = []
    for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True):
        scored, original = w.known(row["films"]), row["chain"] == "original"
        change = Cell(
            w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])
        )
        cells = {
            name: Cell(w.rate(row[name], scored), w.span(row[f"{name}_low"], row[f"{name}_high"]))
            for name in MEASURES
        }
        rows.append((
            Cell(title, "chosen on validation" if row["winner"] else ""),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.times(row["compression"])),
            cells.pop("box_score"),
            Cell(w.MISSING) if original or not scored else change,
            Cell(w.MISSING) if original or not scored else conclusion_cell(row),
            *cells.values(),
        ))  # fmt: skip
    winners = [place for place, winner in enumerate(results.get("winner", ())) if winner]
    return Table(
        columns,
        tuple(rows),
        "Test films; below each value its 95 % interval",
        winners[0] if winners else None,
    )


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
