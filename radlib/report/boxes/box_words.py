"""What is said of boxes: the sentences of the first page, the methods, and what a card says of one variant."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from radlib.metrics import FOUND_OVERLAP, RSNA_OVERLAPS
from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.methods import cost_methods, several_seeds, winner_rule
from radlib.report.place_cells import score_table
from radlib.report.readings import Readings
from radlib.report.split_words import seeds_words, split_sentences, written_down
from radlib.runs.tasks import task_of

MEASURES = {
    "box_score": "Box score",
    "rsna_score": "RSNA’s measure",
    "boxes_found": "Boxes found",
    "false_boxes": "False boxes a film",
    "average_precision": "Average precision",
}


def found_sentence(row: Mapping[str, Any]) -> str:
    """Return how many boxes are found for how many false ones; empty before any was scored."""
    if not w.known(row["boxes_found"]):
        return ""
    span = w.span(row["boxes_found_low"], row["boxes_found_high"])
    rsna = f"; by RSNA’s measure it has {w.rate(row['rsna_score'])}" if w.known(row["rsna_score"]) else ""
    return (
        f"Of the boxes by hand on a film {100 * row['boxes_found']:.0f} % are found{f' [{span}]' if span else ''}, beside "
        f"{row['false_boxes']:.2f} false ones a film{rsna}."
    )


def box_methods(readings: Readings, results: pd.DataFrame) -> tuple[str, ...]:
    """Return the methods, one sentence or two per line."""
    settings = readings.run.settings
    least = next((task_of(v).fixed_threshold for v in readings.variants), None)
    first, last = RSNA_OVERLAPS[0], RSNA_OVERLAPS[-1]
    return (
        split_sentences(readings),
        "Boxes: of the map of centres, cells that none of their eight neighbours exceeds (Zhou et al., 2019), read outside the network’s "
        f"file; one is drawn where the peak is at least {least:g}. No threshold is chosen.",
        f"Choices: {winner_rule(readings, _smallest_safe(settings.margin))}. {written_down(readings, 'It was')}",
        f"Box score: hits over hits, false and missed boxes, mean over shares of overlap from {first:.2f} to {last:.2f} by 0.05; in the order "
        "of its scores each box takes the box by hand that it overlaps most and by more than that share. A film on which there is none of "
        "either has 1; RSNA’s measure (2018) leaves such films out, so that which films count depends on the network. Found and false "
        f"boxes, the free-response curve (Bunch et al., 1978) and average precision: at an overlap of more than {FOUND_OVERLAP:.2f}.",
        "Intervals: 95 %, clustered by patient. Of means over films symmetric on the scale of logits, of counts on that of logarithms, "
        "Student’s, with the patient who moves the mean most counted once more; of the free-response curve and average precision the bootstrap "
        f"over patients (Efron, 1979), {settings.bootstrap_draws:,} draws, and of a sensitivity no narrower than Wilson’s.",
        f"Verdicts: one-sided tests at 5 % of the mean box score against a margin of {settings.margin:.3f}, clustered by patient with one more "
        f"patient counted than were seen, lost entirely (Gaffke, 2005); alarms are not adjusted. {seeds_words(several_seeds(readings))} In order, "
        "each network by itself: its winner, and where that was shown its other chains (Holm, 1979).",
        "Learnt: an original has learnt when its boxes on validation films are better than none on any film.",
        *cost_methods(settings, results),
    )


def _smallest_safe(margin: float) -> str:
    return (
        "the winner is the smallest chain, its seeds pooled, whose loss of the mean box score beside the better of its own original and "
        f"the best one has an upper 90 % bound of at most {margin:g}, on validation films as they are and perturbed; films and boxes move "
        "by the same draw"
    )


def box_scores(
    readings: Readings, row: pd.Series, measures: pd.DataFrame, froc: pd.DataFrame
) -> tuple[Text | Table, ...]:
    """Return how well a variant marks films, for its card.

    Args:
        readings: The files of the run.
        row: Its row of results.
        measures: Its rows of `box_results.box_measures`.
        froc: Its rows of `box_results.froc_table`.
    """
    rows = [
        (
            Cell(f"{found.label}, {MEASURES.get(found.measure, found.measure)}"),
            Cell(w.rate(found.mean), w.span(found.mean_low, found.mean_high)),
        )
        for found in measures.itertuples()
    ]
    rows += [
        (
            Cell(f"{point.label}, {point_title(point)}"),
            Cell(w.rate(point.value), w.span(point.low, point.high)),
        )
        for point in froc.itertuples()
    ]
    return score_table(readings, row, ("Measure", "Value"), rows)


def point_title(point: Any) -> str:
    """Return what a row of the free-response table is called."""
    if point.measure == "average_precision":
        return MEASURES["average_precision"]
    return f"found at {point.false_marks:g} false {'mark' if point.false_marks == 1 else 'marks'} a film"
