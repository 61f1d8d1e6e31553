"""What is said of outlines: the sentences of the first page, the methods, and what a card says of one variant."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from radlib.evaluation.outlined import SHARES_OUTLINED
from radlib.metrics import FAILING
from radlib.report import wording as w
from radlib.report.blocks import Cell, Table, Text
from radlib.report.methods import cost_methods, several_seeds, winner_rule
from radlib.report.place_cells import score_table
from radlib.report.readings import Readings
from radlib.report.split_words import seeds_words, split_sentences, written_down

MEASURES = {
    "dice": "Dice",
    "failing_dice": "Dice, 5th percentile",
    "intersection_over_union": "IoU",
    "lesions_found": "Patches found",
    "false_patches": "False patches",
    "hausdorff_95": "Hausdorff 95, px",
    "average_surface_distance": "Surface distance, px",
}


def failing_sentence(row: Mapping[str, Any]) -> str:
    """Return how the films fare that a network outlines worst; empty before any was scored."""
    if not w.known(row["failing_dice"]):
        return ""
    patches = (
        f"{100 * row['lesions_found']:.0f} % of the patches outlined by hand are found"
        if w.known(row["lesions_found"])
        else ""
    )
    false = f"{row['false_patches']:.2f} patches a film touch nothing outlined by hand"
    apart = row["hausdorff_95"]
    edges = f"95 % of the edges lie within {apart:.1f} pixels of each other" if w.known(apart) else ""
    spread = w.span(row["failing_dice_low"], row["failing_dice_high"])
    return (
        f"One film in twenty has a Dice of at most {w.rate(row['failing_dice'])}{f' [{spread}]' if spread else ''}. On average "
        + "; ".join(part for part in (patches, false, edges) if part)
        + "."
    )


def outline_methods(readings: Readings, results: pd.DataFrame) -> tuple[str, ...]:
    """Return the methods, one sentence or two per line."""
    settings = readings.run.settings
    return (
        split_sentences(readings),
        "Choices: a pixel belongs where its probability is at least one half, and no threshold is chosen; "
        f"{winner_rule(readings, _smallest_safe(settings.margin))}. {written_down(readings, 'It was')}",
        "Dice and IoU: two empty outlines agree (1), and an empty one has nothing in common with one that is not (0), so that no "
        "film is left out of a mean (Maier-Hein et al., 2024). Patches are connected pixels; one is found where at least a tenth of it "
        "is drawn, and a drawn one is false where it touches none. Hausdorff 95 and mean surface distance: of the edges, in pixels of "
        "the film as the network sees it; where only one outline is empty, the film’s diagonal.",
        "Intervals: 95 %, clustered by patient. Of means symmetric on the scale of logits, of distances and counts on that of logarithms, "
        "Student’s, with the patient who moves the mean most counted once more; of the "
        f"{100 * FAILING:.0f}th percentile the exact one (Thompson, 1936; Woodruff, 1952), whose lower end is 0 where films are too few to say.",
        f"Verdicts: one-sided tests at 5 % against a margin of {settings.margin:.3f}, of the mean Dice, clustered by patient with one "
        f"more patient counted than were seen, lost entirely (Gaffke, 2005), and of the {100 * FAILING:.0f}th percentile over films, by "
        "weighted draws of patients with one more likewise (Rubin, 1981). As good needs both (Berger, 1982); an alarm is either’s, "
        f"and not adjusted. {seeds_words(several_seeds(readings))} In order, each network by itself: its winner, and where that was shown its other chains (Holm, 1979).",
        "Learnt: an original has learnt when its outlines of validation films are closer than the best outline that is one and the same "
        f"for all of them, tried where at least {', '.join(f'{share:.0%}'.rstrip('%') for share in SHARES_OUTLINED)} % of the films "
        "have one.",
        *cost_methods(settings, results),
    )


def _smallest_safe(margin: float) -> str:
    return (
        "the winner is the smallest chain, its seeds pooled, whose loss of mean Dice beside the better of its own original and the best "
        f"one has an upper 90 % bound of at most {margin:g} and that was not seen to lose more at the 5th percentile, on validation films "
        "as they are and perturbed; films and masks move by the same draw"
    )


def outline_scores(readings: Readings, row: pd.Series, measures: pd.DataFrame) -> tuple[Text | Table, ...]:
    """Return how well a variant outlines each label, for its card.

    Args:
        readings: The files of the run.
        row: Its row of results.
        measures: Its rows of the table of all measures, see `outline_results.outline_measures`.
    """
    rows = [
        (
            Cell(f"{found.label}, {MEASURES.get(found.measure, found.measure)}"),
            Cell(w.rate(found.mean), w.span(found.mean_low, found.mean_high)),
            Cell(w.rate(found.failing), w.span(found.failing_low, found.failing_high)),
        )
        for found in measures.itertuples()
    ]
    return score_table(readings, row, ("Measure", "Mean", "On the films that fail"), rows)
