"""The report of a run that outlines, as `place_reports` lays it out: Dice, the films that fail, and what outlines bear."""

import functools
from collections.abc import Callable, Mapping

import pandas as pd

from radlib.report import figures as draw
from radlib.report.blocks import Figure, Section
from radlib.report.outlines.outline_cells import label_tables, outline_limits, reading_table
from radlib.report.outlines.outline_results import outline_measures, outline_results
from radlib.report.outlines.outline_stress import (
    draw_outline_stress,
    outline_stress,
    outline_stress_section,
)
from radlib.report.outlines.outline_words import failing_sentence, outline_methods, outline_scores
from radlib.report.place_pages import FOR_A_DEVICE, PlaceWords
from radlib.report.place_reports import place_report, place_tables, winner_and_original
from radlib.report.readings import Readings
from radlib.report.told import Tables

DRAW = f"radlib predict {{place}} FILMS --masks MASKS --csv answers.csv{FOR_A_DEVICE}"


def outline_tables(readings: Readings) -> Tables:
    """Return what is written as CSV, and the table with a row per variant."""
    results = outline_results(readings.run, readings=readings)
    measures = {"outlines.csv": outline_measures(readings.run, readings=readings)}
    return place_tables(readings, OUTLINES, results, measures, {"stress": outline_stress(readings)})


def _draw_films(readings: Readings, add: Callable) -> None:
    """Draw the Dice of every test film of the winner and its original."""
    if dice := {variant.label: readings.test[variant.name].dice for variant in winner_and_original(readings)}:
        alt = f"Dice of every test film, from the worst to the best, of {' and '.join(dice)}."
        add("dice_of_films", lambda: draw.dice_of_films(dice), alt, "Left are the films that fail.")


def _each_label(
    results: pd.DataFrame, files: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> tuple[Section, ...]:
    return (Section("Each label", label_tables(results, files["outlines.csv"])),)


def _under_stress(readings: Readings, tables: Tables, figures: Mapping[str, Figure]) -> tuple[Section, ...]:
    return (outline_stress_section(readings, tables.rest["stress"], figures),)


OUTLINES = PlaceWords(
    measure="dice",
    title="Dice",
    upwards=("mean Dice", "outlines closer"),
    also="on the films that it outlines worst",
    does=("outline", "outlines"),
    groups="outline_groups.csv",
    measured=("outlines.csv",),
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
    draw=_draw_films,
    draw_beside=lambda tables, add: draw_outline_stress(tables.rest["stress"], add),
    scores=outline_scores,
    failing=failing_sentence,
    by_file=reading_table,
    by_size=outline_limits,
    further=_each_label,
    methods=outline_methods,
    elsewhere=_under_stress,
)
outline_report = functools.partial(place_report, words=OUTLINES)
