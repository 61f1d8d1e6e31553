"""Sentences on networks that say where: outlines and boxes, their methods, their films, their groups, and how much change they bear.

Each is said in the situation in which it is true, and not in one in which it is false; see `test_sentences`. Nothing is outlined here:
rows of tables and facts of a run stand for what networks did.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib.evaluation.overlays import PLACES, overlay_path, overlays_path
from radlib.foundation.storage import write_json
from radlib.report import place_reports
from radlib.report.boxes import box_reports
from radlib.report.boxes.box_cells import box_limits, found_tables
from radlib.report.boxes.box_reports import BOXES
from radlib.report.boxes.box_words import box_methods, box_scores, found_sentence
from radlib.report.outlines.outline_cells import label_tables, outline_limits
from radlib.report.outlines.outline_reports import OUTLINES
from radlib.report.outlines.outline_stress import (
    OUTLINES as BORNE,
    draw_outline_stress,
    outline_stress_section,
)
from radlib.report.outlines.outline_words import (
    failing_sentence,
    outline_methods,
    outline_scores,
)
from radlib.report.place_cells import reading_table
from radlib.report.place_groups import group_sentences, group_table
from radlib.report.place_pages import _films
from radlib.report.place_reports import _beside
from radlib.report.told import Tables
from said_sentences import CHECKED, album, asked, readings, said_in, seen, settled, unclaimed

WINNER, ORIGINAL = "student_small/int8#0", "student_small/original#0"
ENDS = ("", "_low", "_high")
FAILING = {"failing_dice": 0.6, "failing_dice_low": 0.5, "failing_dice_high": 0.7, "lesions_found": 0.8, "false_patches": 0.25,
           "hausdorff_95": 3.0}  # fmt: skip
FOUND = {
    "boxes_found": 0.8,
    "boxes_found_low": 0.7,
    "boxes_found_high": 0.9,
    "false_boxes": 0.5,
    "rsna_score": 0.4,
}
RESULT = {"variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8", "format": "tflite", "winner": True,
          "films": 60.0, "patients": 25.0, "size_bytes": 9000, "deflated_bytes": 8000.0, "compression": 3.0, "conclusion": "", "verdict": "",
          "not_learnt": "", "verdict_reason": "", **{f"difference{end}": -0.01 for end in ENDS},
          **{f"{name}{end}": 0.5 for name in ("dice", "box_score") for end in ENDS}}  # fmt: skip
GROUP = {"variant": WINNER, "by": "sex", "group": "F", "films": 30, "patients": 12, "dice_before": 0.9, "dice_after": 0.8,
         "difference": -0.1, "difference_low": -0.2, "difference_high": -0.06, "verdict": ""}  # fmt: skip
MEASURE = {"variant": WINNER, "label": "lesion", "measure": "dice", "films": 60, "patients": 25,
           **{f"{name}{end}": 0.5 for name in ("mean", "failing") for end in ENDS}}  # fmt: skip
POINT = {
    "variant": WINNER,
    "label": "opacity",
    "measure": "sensitivity",
    "false_marks": 1.0,
    "value": 0.5,
    "low": 0.4,
    "high": 0.6,
}
STRESSED = BORNE.columns
STRESS = dict.fromkeys(STRESSED, 0.5) | {
    "variant": WINNER,
    "label": "int8",
    "chain": "int8",
    "kind": "noise",
    "films": 60,
    "patients": 25,
}
LIMIT = {"size_kb": 500.0, "winner": WINNER, "fitting": 2}
BOX_LABELS = ("opacity", "x", "y", "width", "height")


def boxed(**selection):
    found = asked("boxes", BOX_LABELS)
    return dataclasses.replace(found, selection={"winner": WINNER, "variants": {}, **selection})


def outlined(**selection):
    found = asked("outlines", ("lesion",))
    return dataclasses.replace(found, selection={"winner": WINNER, "variants": {}, **selection})


def box_how(found=None):
    return " ".join(box_methods(found or boxed(), pd.DataFrame()))


def outline_how(found=None):
    return " ".join(outline_methods(found or outlined(), pd.DataFrame()))


def several(found):
    """Return the same as if each chain had been trained from two seeds."""
    return dataclasses.replace(
        found, variants=(*found.variants, *(dataclasses.replace(v, seed=1) for v in found.variants))
    )


def other(found, **settings):
    """Return the same under other settings."""
    return dataclasses.replace(found, run=settled(**settings).run)


def carded(table, say, **row):
    """Return what a card says of how well a variant does, with the caption of its table."""
    blocks = say(table, pd.Series({**RESULT, **row}, name=WINNER))
    return " ".join([getattr(blocks[0], "caption", ""), *getattr(blocks[0], "lines", ())])


def outline_card(rows=1, **row):
    return carded(
        pd.DataFrame([MEASURE] * rows), lambda table, own: outline_scores(seen(), own, table), **row
    )


def box_card(rows=1, marks=1.0, **row):
    froc = pd.DataFrame([{**POINT, "false_marks": marks}])
    said = carded(
        pd.DataFrame([MEASURE] * rows), lambda table, own: box_scores(seen(), own, table, froc), **row
    )
    table = box_scores(seen(), pd.Series({**RESULT, **row}), pd.DataFrame([MEASURE]), froc)[0]
    return f"{said} {table.rows[-1][0].text}"


def beside(**row):
    return " ".join(_beside(seen(), pd.Series({**RESULT, **row}))[0].lines)


def grouped(*rows):
    table = pd.DataFrame([{**GROUP, **row} for row in rows], columns=list(GROUP))
    return " ".join(group_sentences(seen(), table, WINNER))


def groups(*rows):
    table = pd.DataFrame([{**GROUP, **row} for row in rows], columns=list(GROUP))
    return " ".join(block.caption for block in group_table(table, WINNER))


def stressed(rows=1, films=60):
    table = pd.DataFrame([{**STRESS, "strength": step} for step in (0.0, 1.0)] * rows, columns=list(STRESSED))
    section = outline_stress_section(settled(stress_films=films), table, {})
    told, add = album()
    draw_outline_stress(table, add)
    return " ".join([said_in(section), *(getattr(b, "caption", "") for b in section.blocks), *told.values()])


def limited(say, limits=(LIMIT,)):
    return " ".join(
        table.caption for table in say(seen(selection={"limits": limits}), pd.DataFrame([RESULT]))
    )


class Answers:
    """What stands for stored answers of a network that outlines."""

    dice = np.array([0.5, 0.9])
    found = marked = np.zeros((1, 1))


class Marks:
    """What stands for marks in the order of their scores, of a film with a box by hand."""

    there = np.ones(1, bool)


def drawn(words, results=(RESULT,), winner=WINNER, curves=None):
    """Return captions and alternative texts of a report of outlines or boxes, whose pictures are not drawn."""
    told, add = album()
    found = dataclasses.replace(
        seen(selection={"winner": winner}), test={ORIGINAL: Answers(), WINNER: Answers()}
    )
    tables = Tables({}, pd.DataFrame(list(results)), {"insides": None, "stress": pd.DataFrame()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place_reports, "album", lambda folder: (told, add))
        patch.setattr(place_reports, "draw_insides", lambda *_: None)
        patch.setattr(box_reports, "winner_and_original", lambda _: [Drawn(name) for name in curves or {}])
        patch.setattr(box_reports, "label_names", lambda _: ("opacity",))
        patch.setattr(box_reports.metrics, "in_order", lambda *_: Marks())
        patch.setattr(box_reports.metrics, "froc_curve", lambda _: next(iter(curves.values())))
        place_reports._draw(found, tables, words)
    return " ".join(f"{name}: {said}" for name, said in told.items())


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What stands for a variant whose curve is drawn."""

    label: str
    name: str = WINNER


def two_seeds(chains=("original", "int8")):
    return [{**RESULT, "variant": f"{chain}{seed}", "chain": chain, "label": chain, "seed": seed, "winner": False,
             "pooled_difference": -0.01, "pooled_difference_low": -0.02, "pooled_difference_high": 0.0}
            for chain in chains for seed in (0, 1)]  # fmt: skip


def overlays(words, stored=True):
    """Return what is said of the films that a network does best and worst on, which lie on this machine or do not."""
    variant = next(v for v in readings().variants if v.name == WINNER)
    path = overlays_path(readings().run, variant)
    path.parent.mkdir(parents=True, exist_ok=True)
    measure = {words.measure: 0.5}
    write_json(path, {"sha256": variant.sha256, "found": dict.fromkeys(PLACES, measure)})
    for kind in PLACES:
        picture = overlay_path(readings().run, variant, kind)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.touch() if stored else picture.unlink(missing_ok=True)
    blocks = _films(seen(), variant, words)
    return " ".join(f"{block.caption} {' '.join(film[2] for film in block.films)}" for block in blocks)


def tables(rows):
    """Return the captions of the tables of boxes found by false marks, and of outlines label by label."""
    froc = pd.DataFrame([POINT] * rows, columns=list(POINT))
    return " ".join(table.caption for table in found_tables(pd.DataFrame([RESULT]), froc))


def each_label(*labels):
    measures = pd.DataFrame([{**MEASURE, "label": label} for label in labels])
    return " ".join(table.caption for table in label_tables(pd.DataFrame([RESULT]), measures))


def read_by_file():
    return reading_table(pd.DataFrame([RESULT]), {"dice": "Dice"}, "dice").caption


LOST = {"verdict": "inferior"}
CURVE = {"int8": ([0.0, 1.0, 2.0], [0.0, 0.5, 1.0])}
SAID = {
    # methods of outlines and of boxes
    "Dice beside the better of its own original and the best one has an upper 90 % bound of at most 0.01 and that was not seen": (
        outline_how, lambda: outline_how(other(outlined(), margin=0.05))),
    "mean box score beside the better of its own original and the best one has an upper 90 % bound of at most 0.01, on validation": (
        box_how, lambda: box_how(other(boxed(), margin=0.05))),
    "the winner is the smallest chain, its seeds pooled, whose loss of mean Dice": (
        outline_how, lambda: outline_how(outlined(gate={"winner": WINNER, "demand": "at most 9 KB"}))),
    "the winner is the smallest chain, its seeds pooled, whose loss of the mean box score": (
        box_how, lambda: box_how(boxed(gate={"winner": WINNER, "demand": "at most 9 KB"}))),
    "It was written down before this run scored a test film, and": (outline_how, lambda: outline_how(outlined(added_after_test=[WINNER]))),
    "It was written down before this run scored a test film, but for variants": (lambda: box_how(boxed(added_after_test=[WINNER])), box_how),
    "Each chain was trained from one seed": (outline_how, lambda: outline_how(several(outlined()))),
    "Seeds are random effects": (lambda: box_how(several(boxed())), box_how),
    "average precision the bootstrap over patients (Efron, 1979), 200 draws": (
        box_how, lambda: box_how(other(boxed(), bootstrap_draws=500))),
    "Of means over films symmetric on the scale of logits, of counts on that": (box_how, outline_how),
    "th percentile the exact one (Thompson, 1936; Woodruff, 1952), whose lower end is 0": (outline_how, box_how),
    "Verdicts: one-sided tests at 5 % against a margin of 0.010, of the mean Dice": (
        outline_how, lambda: outline_how(other(outlined(), margin=0.05))),
    "Verdicts: one-sided tests at 5 % of the mean box score against a margin of 0.010": (
        box_how, lambda: box_how(other(boxed(), margin=0.05))),
    "Choices: a pixel belongs where its probability is at least one half, and no threshold is chosen": (outline_how, box_how),
    "Boxes: of the map of centres, cells that none of their eight neighbours exceeds": (box_how, outline_how),
    "Box score: hits over hits, false and missed boxes": (box_how, outline_how),
    "Dice and IoU: two empty outlines agree (1)": (outline_how, box_how),
    "Learnt: an original has learnt when its boxes on validation films are better": (box_how, outline_how),
    "Learnt: an original has learnt when its outlines of validation films are closer": (outline_how, box_how),
    # the first page and the cards
    "One film in twenty has a Dice of at most 0.600 [0.500–0.700]. On average 80 % of the patches outlined by hand are found; 0.25 patches": (
        lambda: failing_sentence(FAILING), lambda: failing_sentence({**FAILING, "failing_dice": np.nan})),
    "0.25 patches a film touch nothing outlined by hand": (
        lambda: failing_sentence(FAILING), lambda: failing_sentence({**FAILING, "false_patches": 0.5})),
    " % of the patches outlined by hand are found": (
        lambda: failing_sentence(FAILING), lambda: failing_sentence({**FAILING, "lesions_found": np.nan})),
    "95 % of the edges lie within 3.0 pixels of each other": (
        lambda: failing_sentence(FAILING), lambda: failing_sentence({**FAILING, "hausdorff_95": np.nan})),
    "Of the boxes by hand on a film 80 % are found [0.700–0.900], beside 0.50 false ones a film": (
        lambda: found_sentence(FOUND), lambda: found_sentence({**FOUND, "boxes_found": np.nan})),
    "; by RSNA’s measure it has 0.400": (lambda: found_sentence(FOUND), lambda: found_sentence({**FOUND, "rsna_score": np.nan})),
    "It has not been scored on test films.": (lambda: outline_card(0), outline_card),
    "60 test films of 25 patients, 95 % intervals over patients": (box_card, lambda: box_card(films=1.0, patients=1.0)),
    "1 test film of 1 patient, 95 % intervals": (lambda: outline_card(films=1.0, patients=1.0), outline_card),
    "found at 1 false mark a film": (box_card, lambda: box_card(marks=2.0)),
    "found at 0.5 false marks a film": (lambda: box_card(marks=0.5), box_card),
    "No verdict: the original has not learnt, as it guesses": (lambda: beside(not_learnt="it guesses"), beside),
    "Not compared with its original.": (beside, lambda: beside(conclusion="cannot tell")),
    # groups and films
    "It outlines worse in sex F: Dice −0.100 [−0.200 to −0.060], 12 patients": (lambda: grouped(LOST), lambda: grouped({})),
    "In none of 2 groups a loss of more than 0.01 of mean Dice is shown; lowest is sex F with 0.800": (
        lambda: grouped({}, {"group": "M", "dice_after": 0.9}), lambda: grouped(LOST, {"group": "M"})),
    "In sex F, the only group, no loss of more than 0.01 of mean Dice is shown: it has 0.800": (
        lambda: grouped({}), lambda: grouped({}, {"group": "M"})),
    "Mean Dice on test films within each group": (lambda: groups({}), groups),
    "By hand in blue, by the network in orange, where both run in orange": (lambda: overlays(OUTLINES), lambda: overlays(OUTLINES, False)),
    "The test film with the worst outline, Dice 0.500: by hand in blue": (lambda: overlays(OUTLINES), lambda: overlays(BOXES)),
    "The test film with the best boxes, Box score 0.500: by hand in blue, by the network in orange.": (
        lambda: overlays(BOXES), lambda: overlays(BOXES, False)),
    "Boxes by hand in blue, by the network in orange": (lambda: overlays(BOXES), lambda: overlays(OUTLINES)),
    # tables
    "The closest outlines for a device with so much room": (lambda: limited(outline_limits), lambda: limited(outline_limits, ())),
    "The best boxes for a device with so much room": (lambda: limited(box_limits), lambda: limited(box_limits, ())),
    "opacity: share of the boxes by hand that are found, by false marks a film; 95 % intervals over patients": (lambda: tables(1), lambda: tables(0)),
    "lesion: means over test films": (lambda: each_label("lesion", "duct"), lambda: each_label("lesion")),
    # pictures
    "Dice of every test film, from the worst to the best, of original and int8.": (
        lambda: drawn(OUTLINES), lambda: drawn(OUTLINES, winner=ORIGINAL)),
    "Dice of every test film, from the worst to the best, of original.": (
        lambda: drawn(OUTLINES, winner=ORIGINAL), lambda: drawn(OUTLINES)),
    "Left are the films that fail": (lambda: drawn(OUTLINES), lambda: drawn(OUTLINES, winner=None)),
    "One point per variant. Left is smaller, up outlines closer. Bars: 95 % interval over the patients tested.": (
        lambda: drawn(OUTLINES), lambda: drawn(OUTLINES, two_seeds())),
    "One point per variant. Left is smaller, up marks films better. Means over 2 seeds": (
        lambda: drawn(BOXES, two_seeds()), lambda: drawn(BOXES)),
    "int8: 0.50 at one false mark a film": (
        lambda: drawn(BOXES, curves=CURVE), lambda: drawn(BOXES, curves={"original": CURVE["int8"]})),
    "The free-response curve on test films; left are fewer false marks": (
        lambda: drawn(BOXES, curves=CURVE), lambda: drawn(BOXES)),
    "also on the films that it outlines worst": (lambda: drawn(OUTLINES), lambda: drawn(BOXES)),
    "Size of the model file against mean Dice. int8: 9.0 KB, 0.500": (lambda: drawn(OUTLINES), lambda: drawn(BOXES)),
    "Size of the model file against the mean box score. int8: 9.0 KB, 0.500": (lambda: drawn(BOXES), lambda: drawn(OUTLINES)),
    # how much change outlines bear
    "Validation films, changed in one way at a time": (stressed, lambda: stressed(films=0)),
    "framing moves the outline by hand by the same draw. All networks": (stressed, lambda: stressed(films=0)),
    "60 validation films of 25 patients, as they are → changed by the full range, with 95 % intervals of the latter": (stressed, lambda: stressed(0)),
    "Mean Dice and its 5th percentile against the strength of each change. int8 at full noise: 0.500": (stressed, lambda: stressed(0)),
}  # fmt: skip
NO_CLAIMS = (  # headings, explanations of words, what is not told, and commands
    "radlib predict {place} FILMS", "# here; for a device: radlib export", "Precision over sensitivity at a prevalence", "Share of the boxes by hand that are found against",
    "Shaded: 95 % interval over patients. 0 is the film as it is", "How well does each ", "Is each as good as its original?",
    "Do the scores hold for other films?", "What became of the networks inside?", "What was it made from, and how?",
    "The best under each size", "What these films could show", "How to make this again", "On the films that fail", "The test film with the {kind}",
    "Test films; below each value its 95 % interval",  # a caption: the interval's cells are empty where there is none
    " · drawn films, no patients",  # held by test_report
)  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize("name", CHECKED["test_place_sentences"])
def test_no_sentence_is_left_out(name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS)) == []
