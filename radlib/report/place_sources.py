"""Does a choice among networks that say where hold for a source of films that it was not made on?

As `sources` asks it of probabilities: the winner is chosen without the validation films of one source, by the run's own rule, and
its mean Dice or box score on those films is told, beside what the same file has on all the others. The networks stay as they are.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.readings import Readings
from radlib.report.sources import TITLE, Chosen, choice_words, each_source

ENDS = ("", "_low", "_high")
EXPLAINED = (
    "The winner is chosen anew without the validation films of one source, and scored on those. The networks may have seen films of "
    "that source in training: this shows how far a choice carries, not what they do on a source that is new to them."
)


def place_sources(readings: Readings, measure: str) -> pd.DataFrame:
    """Return what a choice made without each source does on the validation films of that source.

    Args:
        readings: The files of the run.
        measure: What its answers are judged by, `dice` or `box_score`, for the columns.

    Returns:
        One row per source: `source`, `variant` (the winner without it), `films`, `patients`, the mean of `measure` over the films of
        the source, and `beside_others`, that mean minus the one over all other validation films, both with `_low` and `_high`. Empty
        where the data set knows no source, or one alone.
    """

    def scored(readings: Readings, chosen: Chosen) -> dict[str, Any]:
        inside, others = chosen.inside, chosen.others
        found = metrics.film_summary(inside.values, inside.patients)
        beside = metrics.mean_difference(others.values, inside.values, others.patient_id, inside.patient_id)
        row: dict[str, Any] = {"films": len(inside.values), "patients": len(np.unique(inside.patient_id))}
        row |= {f"{measure}{end}": found[f"mean{end}"] for end in ENDS}
        return row | dict(zip((f"beside_others{end}" for end in ENDS), beside, strict=True))

    names = [f"{name}{end}" for name in (measure, "beside_others") for end in ENDS]
    columns = ["source", "variant", "films", "patients", *names]
    return pd.DataFrame(each_source(readings, scored), columns=columns)


def place_source_section(table: pd.DataFrame, measure: str, title: str, winner: str) -> Section:
    """Return the table for a reader, and in sentences whether choice and score hold; without blocks where no source is known.

    Args:
        table: See `place_sources`.
        measure: As there.
        title: What it is called in a sentence.
        winner: Name of the variant that was chosen on the films of all sources; empty before one was.
    """
    if table.empty:
        return Section(TITLE, ())
    rows = tuple(
        (
            Cell(str(row["source"]), f"{w.plural(row['films'], 'film')} of {w.plural(row['patients'], 'patient')}"),
            Cell(row["variant"]),
            Cell(w.rate(row[measure]), w.span(row[f"{measure}_low"], row[f"{measure}_high"])),
            Cell(
                w.signed(row["beside_others"]), w.signed_span(row["beside_others_low"], row["beside_others_high"]),
                "bad" if row["beside_others_high"] < 0 else "",
            ),
        )
        for _, row in table.iterrows()
    )  # fmt: skip
    columns = ("Source left out", "Winner without it", f"Mean {title}", "Minus that of the other films")
    caption = "Validation films of that source, with 95 % intervals over patients"
    said = (EXPLAINED, *choice_words(table, winner), _score_words(table, title))
    return Section(TITLE, (Text(said), Table(columns, rows, caption)))


def _score_words(table: pd.DataFrame, title: str) -> str:
    """Return whether the score holds in a source that had no say: alarms, which are not adjusted."""
    lower = table[table["beside_others_high"] < 0]
    if lower.empty:
        return f"In no source is mean {title} shown to be lower than in the other films."
    each = ", ".join(
        f"{row.source} ({w.signed(row.beside_others)} [{w.signed_span(row.beside_others_low, row.beside_others_high)}])"
        for row in lower.itertuples()
    )
    return f"Mean {title} is lower than in the other films where the source is {each}."
