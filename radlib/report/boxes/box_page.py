"""The page of a run that finds boxes, as `place_pages` lays it out: the box score, and what is found for how many false marks."""

from collections.abc import Mapping

import pandas as pd

from radlib.report.blocks import Figure, Page, Section, drawn
from radlib.report.boxes.box_cells import box_limits, found_tables, reading_table
from radlib.report.boxes.box_words import box_methods, found_sentence
from radlib.report.place_pages import PlaceWords, place_page
from radlib.report.readings import Readings
from radlib.report.told import Tables

FOUND = "Found, by false marks"


def _found(
    results: pd.DataFrame, files: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> tuple[Section, ...]:
    return (Section(FOUND, (*found_tables(results, files["froc.csv"]), *drawn(figures, "froc_curves"))),)


FIND = "radlib predict {place} FILMS --boxes BOXES.csv --csv answers.csv  # here; for a device: radlib export {place} for_the_device"
BOXES = PlaceWords(
    measure="box_score",
    title="box score",
    does=("mark films", "marks films"),
    groups="box_groups.csv",
    command=FIND,
    no_calls=(
        "Precision over sensitivity at a prevalence, and both rates by group, are not told: a box is no call on a film; found and false "
        "boxes are, and the box score by group, where groups are known."
    ),
    films=(
        "The test film with the {kind} boxes",
        "Boxes by hand in blue, by the network in orange; where both run, in orange.",
    ),
    pictures=("size_against_box_score",),
    failing=found_sentence,
    by_file=reading_table,
    by_size=box_limits,
    further=_found,
    methods=box_methods,
    elsewhere=lambda *_: (),
)


def box_page(readings: Readings, tables: Tables, figures: Mapping[str, Figure]) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        tables: See `box_reports.box_tables`.
        figures: The pictures that were drawn, by name.
    """
    return place_page(readings, tables, figures, BOXES)
