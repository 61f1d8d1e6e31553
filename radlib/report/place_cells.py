"""How well networks that say where read the test films, and the best of each size: outlines and boxes differ in what is measured alone."""

from collections.abc import Mapping, Sequence

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.cells import conclusion_cell, row_titles
from radlib.report.looks import looks_caution
from radlib.report.readings import Readings


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


def limit_tables(
    readings: Readings, results: pd.DataFrame, *, measure: str, title: str, caption: str
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


def score_table(
    readings: Readings, row: pd.Series, columns: tuple[str, ...], rows: Sequence[tuple[Cell, ...]]
) -> tuple[Text | Table, ...]:
    """Return how well one variant does, for its card: a row per measure, or that it was not scored, and what weakens it.

    Args:
        readings: The files of the run.
        row: Its row of results.
        columns: Of the table.
        rows: Its measures.
    """
    if not rows:
        return (Text(("It has not been scored on test films.",)),)
    caption = f"{w.plural(row['films'], 'test film')} of {w.plural(row['patients'], 'patient')}, 95 % intervals over patients"
    looks = (Text((warned,)),) if (warned := looks_caution(readings)) else ()
    return (Table(columns, tuple(rows), caption), *looks)
