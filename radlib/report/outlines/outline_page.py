"""The page of a run that outlines, as `place_pages` lays it out: Dice, the films that fail, and what is told beside them."""

from collections.abc import Mapping

import pandas as pd

from radlib.report.blocks import Figure, Page, Section
from radlib.report.outlines.outline_cells import label_tables, limit_tables, reading_table
from radlib.report.outlines.outline_stress import outline_stress_section
from radlib.report.outlines.outline_words import failing_sentence, outline_methods
from radlib.report.place_pages import PlaceWords, place_page
from radlib.report.readings import Readings
from radlib.report.told import Tables

DRAW = "radlib predict {place} FILMS --masks MASKS --csv answers.csv  # here; for a device: radlib export {place} for_the_device"


def _each_label(
    results: pd.DataFrame, files: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> tuple[Section, ...]:
    return (Section("Each label", label_tables(results, files["outlines.csv"])),)


def _under_stress(readings: Readings, tables: Tables, figures: Mapping[str, Figure]) -> tuple[Section, ...]:
    return (outline_stress_section(readings, tables.rest["stress"], figures),)


OUTLINES = PlaceWords(
    measure="dice",
    title="Dice",
    does=("outline", "outlines"),
    groups="outline_groups.csv",
    command=DRAW,
    no_calls=(
        "Precision over sensitivity at a prevalence, and both rates by group, are not told: an outline is no call that is right or "
        "wrong; Dice by group is, where groups are known."
    ),
    films=(
        "The test film with the {kind} outline",
        "By hand in blue, by the network in orange, where both run in orange.",
    ),
    pictures=("size_against_dice", "dice_of_films"),
    failing=failing_sentence,
    by_file=reading_table,
    by_size=limit_tables,
    further=_each_label,
    methods=outline_methods,
    elsewhere=_under_stress,
)


def outline_page(readings: Readings, tables: Tables, figures: Mapping[str, Figure]) -> Page:
    """Return the page.

    Args:
        readings: The files of the run.
        tables: See `outline_reports.outline_tables`.
        figures: The pictures that were drawn, by name.
    """
    return place_page(readings, tables, figures, OUTLINES)
