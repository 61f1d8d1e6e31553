"""The report of a run that finds boxes, as `place_reports` lays it out: the box score, and what is found for how many false marks."""

import functools
from collections.abc import Callable, Mapping

import pandas as pd

from radlib import metrics
from radlib.report import figures as draw
from radlib.report.blocks import Figure, Section, drawn
from radlib.report.boxes.box_cells import box_limits, found_tables, reading_table
from radlib.report.boxes.box_results import box_measures, box_results, froc_table
from radlib.report.boxes.box_words import box_methods, box_scores, found_sentence
from radlib.report.place_pages import FOR_A_DEVICE, PlaceWords
from radlib.report.place_reports import place_report, place_tables, winner_and_original
from radlib.report.readings import Readings, label_names
from radlib.report.told import Tables

FOUND = "Found, by false marks"


def box_tables(readings: Readings) -> Tables:
    """Return what is written as CSV, and the table with a row per variant."""
    run = readings.run
    measures, froc = box_measures(run, readings=readings), froc_table(run, readings=readings)
    results = box_results(run, readings=readings, measures=measures, froc=froc)
    return place_tables(readings, BOXES, results, {"boxes.csv": measures, "froc.csv": froc}, {})


def _draw_curves(readings: Readings, add: Callable) -> None:
    """Draw the free-response curves of the winner and its original, of each label."""
    curves = {}
    for variant in winner_and_original(readings):
        answers, names = readings.test[variant.name], label_names(variant)
        for place, label in enumerate(names):
            marks = metrics.in_order(answers.found[:, place], answers.marked[:, place])
            if marks.there.any():
                curve = metrics.froc_curve(marks)[:2]
                curves[variant.label if len(names) == 1 else f"{variant.label}, {label}"] = curve
    if curves:
        each = "; ".join(
            f"{name}: {float(metrics.sensitivity_at(*curve, 1.0)):.2f} at one false mark a film"
            for name, curve in curves.items()
        )
        alt = f"Share of the boxes by hand that are found against false marks a film; {each}."
        caption = "The free-response curve on test films; left are fewer false marks, up more is found."
        add("froc_curves", lambda: draw.froc_curves(curves), alt, caption)


def _found(
    results: pd.DataFrame, files: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> tuple[Section, ...]:
    return (Section(FOUND, (*found_tables(results, files["froc.csv"]), *drawn(figures, "froc_curves"))),)


BOXES = PlaceWords(
    measure="box_score",
    title="box score",
    upwards=("the mean box score", "marks films better"),
    also="",
    does=("mark films", "marks films"),
    groups="box_groups.csv",
    measured=("boxes.csv", "froc.csv"),
    command=f"radlib predict {{place}} FILMS --boxes BOXES.csv --csv answers.csv{FOR_A_DEVICE}",
    no_calls=(
        "Precision over sensitivity at a prevalence, and both rates by group, are not told: a box is no call on a film; found and false "
        "boxes are, and the box score by group, where groups are known."
    ),
    films=(
        "The test film with the {kind} boxes",
        "Boxes by hand in blue, by the network in orange; where both run, in orange.",
    ),
    pictures=("size_against_box_score",),
    draw=_draw_curves,
    draw_beside=lambda *_: None,
    scores=box_scores,
    failing=found_sentence,
    by_file=reading_table,
    by_size=box_limits,
    further=_found,
    methods=box_methods,
    elsewhere=lambda *_: (),
)
box_report = functools.partial(place_report, words=BOXES)
