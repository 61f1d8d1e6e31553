"""How well networks that say where read the test films, as one table: outlines and boxes differ in what is measured alone."""

from collections.abc import Mapping

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table
from radlib.report.cells import conclusion_cell, row_titles


def reading_table(results: pd.DataFrame, measures: Mapping[str, str], measure: str) -> Table:
    """Return how well each variant says where on the test films, with intervals.

    Args:
        results: A row per variant.
        measures: The titles of the columns to show, by name.
        measure: That of them which verdicts rest on, such as `dice`.
    """
    columns = ("Variant", "File", "Smaller", measures[measure], f"{measures[measure]} − original", "Beside its original",
               *(title for name, title in measures.items() if name != measure))  # fmt: skip
    rows = []
    for title, (_, row) in zip(row_titles(results), results.iterrows(), strict=True):
        scored, original = w.known(row["films"]), row["chain"] == "original"
        change = Cell(
            w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])
        )
        cells = {
            name: Cell(w.rate(row[name], scored), w.span(row[f"{name}_low"], row[f"{name}_high"]))
            for name in measures
        }
        rows.append((
            Cell(title, "chosen on validation" if row["winner"] else ""),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.times(row["compression"])),
            cells.pop(measure),
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
