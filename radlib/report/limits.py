"""The report's table of the best reader under each limit of size, chosen on validation films."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.cells import row_titles


def limit_blocks(
    limits: Sequence[Mapping[str, Any]], results: pd.DataFrame, films: str = "validation films"
) -> tuple[Text | Table, ...]:
    """Return the table, and how it was chosen; nothing where the study has no limits.

    Args:
        limits: Of `selection.json`, see `evaluation.limits.best_within`.
        results: See `tables.results`.
        films: On which the choice was made, see `threshold_words.chosen_on`.
    """
    if not limits:
        return ()
    titles = dict(zip(results["variant"], row_titles(results), strict=True))
    scores = results.set_index("variant")
    rows = tuple(_row(limit, titles, scores) for limit in limits)
    columns = ("At most", "Files that fit", "Best on validation", "File", "Smaller", "AUROC", "Accuracy", "Sensitivity",
               "Specificity")  # fmt: skip
    return (
        Text((
            f"Of all files that fit, the one with the highest AUROC on {films}; the scores stand for the test films, which had "
            "no part in this choice.",
        )),
        Table(columns, rows, "The best reader for a device with so much room"),
    )  # fmt: skip


def _row(limit: Mapping[str, Any], titles: Mapping[str, str], scores: pd.DataFrame) -> tuple[Cell, ...]:
    size, count = Cell(f"{limit['size_kb']:,g} KB"), Cell(f"{limit['fitting']:,}")
    if limit["winner"] not in scores.index:
        return (size, count, Cell("none"), *[Cell(w.MISSING)] * 6)
    row = scores.loc[limit["winner"]]
    metrics = ("auroc", "accuracy", "sensitivity", "specificity")
    return (
        size,
        count,
        Cell(titles[limit["winner"]]),
        Cell(w.human_bytes(row["size_bytes"])),
        Cell(w.times(row["compression"])),
        *(
            Cell(w.rate(row[m], w.known(row["films"])), w.span(row[f"{m}_low"], row[f"{m}_high"]))
            for m in metrics
        ),
    )
