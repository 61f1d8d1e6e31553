"""The sentences of the sections on shift, stress, sources, use, insides and heat maps, and of what `radlib predict` says.

Each is said in the situation in which it is true, and not in one in which it is false; see `test_sentences`.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib.deployment.answer_tables import _remarks
from radlib.deployment.folder_shift import folder_shift
from radlib.deployment.own_films import Reading
from radlib.deployment.site_sentences import left_out, sentences
from radlib.evaluation.deciding import NO_NUMBER, NO_THRESHOLD, OUTSIDE
from radlib.evaluation.film_shift import shift_banner
from radlib.imaging.film_features import FEATURES
from radlib.report.heat_map_tables import COLUMNS as HEAT_MAP_COLUMNS, _averaged, heat_map_section, look_lines
from radlib.report.inside_cells import agreement_section, inside_section
from radlib.report.inside_tables import Insides
from radlib.report.place_sources import place_source_section
from radlib.report.rates_by_group import _words
from radlib.report.shift_section import shift_section
from radlib.report.sources import source_section
from radlib.report.stress_tables import stress_section, worst_change
from radlib.report.threshold_words import _flattering, decided_at, why_none_lines
from radlib.report.usefulness import _decided, card_lines, undrawn, usefulness, usefulness_section
from radlib.report.usefulness_pictures import _caption
from said_sentences import CHECKED, readings, said_in, seen, unclaimed

WINNER = "student_small/int8#0"
RESULTS = pd.DataFrame([{"variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8",
                         "winner": True, "conclusion": "as good", "size_bytes": 9}])  # fmt: skip
FEATURE = {"feature": "grey_50", "aspect": "grey level", "meaning": "grey that half of the pixels are darker than",
           "auroc": 0.91, "p": 0.005, "first": 0.41, "second": 0.62}  # fmt: skip
SHIFTED = {"films": [150, 400], "patients": [75, 200], "reason": "", "auroc": 0.82, "p": 0.005, "usual": 0.57,
           "features": [FEATURE]}  # fmt: skip
CERTAIN_BUT_SLIGHT = {**SHIFTED, "auroc": 0.58}
LARGE_BUT_CHANCE = {**SHIFTED, "p": 0.2}
UNDECIDED = {"films": [9, 12], "patients": [9, 12], "reason": "fewer than 20 patients on one side"}
BOXED = {
    "film": "a",
    "patient_id": "p",
    "rank_correlation": 0.9,
    "top_overlap": 0.8,
    "hit": 1.0,
    "original_hit": 1.0,
}


def shift(found):
    return said_in(shift_section(seen(shift=found)))


def stressed(films, *, chosen=True):
    run = dataclasses.replace(
        readings().run, settings=dataclasses.replace(readings().run.settings, stress_films=films)
    )
    row = {"variant": WINNER, "label": "int8", "kind": "noise", "films": 60, "patients": 30, "strength": 1.0}
    ends = {f"{name}{end}": 0.9 for name in ("auroc", "sensitivity", "specificity", "difference") for end in ("", "_low", "_high")}  # fmt: skip
    table = pd.DataFrame([{**row, **ends}, {**row, **ends, "strength": 0.0}])
    found = seen(run=run, selection={"winner": WINNER} if chosen else {})
    return said_in(stress_section(found, table if films else table.iloc[:0], {}))


def sources(count, winner=""):
    row = {name: 0.9 for rate in ("auroc", "sensitivity", "specificity") for name in (rate, f"{rate}_low", f"{rate}_high")}  # fmt: skip
    rows = [{"source": name, "variant": WINNER, "films": 9, **row} for name in "AB"[:count]]
    return said_in(source_section(pd.DataFrame(rows), winner))


def places(high, winner=WINNER):
    """Return what is said where mean Dice of a source's films differs from that of the others by at most so much."""
    row = {"source": "A", "variant": WINNER, "films": 9, "patients": 9, "dice": 0.8, "dice_low": 0.7, "dice_high": 0.9,
           "beside_others": high - 0.1, "beside_others_low": high - 0.2, "beside_others_high": high}  # fmt: skip
    return said_in(place_source_section(pd.DataFrame([row, {**row, "source": "B"}]), "dice", "Dice", winner))


def useful(**settings):
    found = readings()
    found = seen(
        run=dataclasses.replace(found.run, settings=dataclasses.replace(found.run.settings, **settings))
    )
    names = RESULTS.iloc[[0, 0]].assign(
        variant=["student_small/original#0", WINNER], label=["original", "int8"], chain=["original", "int8"]
    )
    return said_in(usefulness_section(found, names, usefulness(found.run, readings=found)))


def undecided(*, one_answer=False, threshold=0.45):
    """Return why nothing is said of a variant's use, for films with one answer only, or without a threshold."""
    found = readings()
    variant = next(v for v in found.variants if v.name == WINNER)
    answers = found.test[WINNER]
    truth = np.ones_like(answers.y_true) if one_answer else answers.y_true
    selection = {"variants": {v.name: {"threshold": threshold} for v in found.variants}}
    answers = dataclasses.replace(answers, y_true=truth)
    return _decided(seen(test={WINNER: answers}, selection=selection), variant, 0)["reason"]


def carded(reason=""):
    ends = {f"{name}{end}": 2.0 for name in ("missed_per_1000", "needless_per_1000", "ppv_at_prevalence", "npv_at_prevalence") for end in ("", "_low", "_high")}  # fmt: skip
    row = {"label": "pneumonia", "prevalence": 0.1, "reason": reason, **ends}
    return " ".join(card_lines(pd.DataFrame([row])))


def unpictured(reason):
    return " ".join(undrawn(pd.DataFrame([{"label": "pneumonia", "reason": reason}])))


def rated(exclusive):
    return _words(exclusive)


def inside(*, reason=""):
    layers = pd.DataFrame([{"variant": WINNER, "layer": "a", "kind": "Conv2D", "compared": "a", "reason": "", "films": 8,
                            "signal_to_noise_db": 30.0, "cka": 0.9}])  # fmt: skip
    weights = pd.DataFrame([{"variant": WINNER, "layer": "a", "dtype": "int8", "weights": 9, "zeros": 0.0,
                             "signal_to_noise_db": 30.0}])  # fmt: skip
    if reason:
        layers, weights = layers.iloc[:0], weights.iloc[:0]
    reasons = {WINNER: reason} if reason else {}
    return said_in(inside_section(RESULTS, Insides(layers, weights, reasons=reasons), {}))


def agreeing(rows):
    ends = {f"{name}{end}": 0.9 for name in ("concordance", "bias") for end in ("", "_low", "_high")}
    row = {"variant": WINNER, "label": "pneumonia", "reason": "", "limit_low": -0.1, "limit_high": 0.1,
           "largest_change": 0.2, **ends}  # fmt: skip
    return said_in(agreement_section(RESULTS, pd.DataFrame([row] * rows), {WINNER}, {}))


def maps(*, boxed):
    row = dict.fromkeys(HEAT_MAP_COLUMNS, 0.5) | {"variant": WINNER, "method": "Grad-CAM", "reason": "", "films": 9,
                                                  "flat": 0, "boxed": boxed}  # fmt: skip
    return said_in(heat_map_section(RESULTS, pd.DataFrame([row]), {}))


def map_reason(patients, **given):
    films = [{**BOXED, "patient_id": str(number), **given} for number in range(patients)]
    return _averaged(pd.DataFrame(films)).get("reason", "")


def folder(shifted):
    """Return what is said of sixty films that are, or are not, brighter than the test films."""
    draw = np.random.default_rng(0).normal
    tested = {"features": draw(size=(80, len(FEATURES))), "patients": np.arange(80)}
    return folder_shift(tested, [draw(size=(60, len(FEATURES))) + 3 * shifted])["sentence"]


def remarks(thresholds=(0.5,), **counts):
    variant = next(v for v in readings().variants if v.name == WINNER)
    reading = Reading(variant, {"thresholds": list(thresholds)}, 9, True, iter(()))
    asked = dict.fromkeys(("unlike", "unread", NO_NUMBER, OUTSIDE, NO_THRESHOLD), 0) | {"films": 9} | counts
    return " ".join(_remarks(asked, reading))


LEFT_OUT = dict.fromkeys(
    ("rows_without_film", "films_without_row", "films_without_number", "training_films", "validation_films", "rows_without_patient"), 0
)  # fmt: skip


def unasked(**counts):
    return " ".join(left_out({**LEFT_OUT, **counts}, [3, 5], 9, kept=7))


def chosen_anew(before=0.5):
    row = {"label": "pneumonia", "reason": "", "films": 40, "patients": 30, "positives": 9, "threshold": 0.4,
           "threshold_low": 0.3, "threshold_high": 0.5, "threshold_before": before, "sensitivity_before": 0.8,
           "specificity_before": 0.8}  # fmt: skip
    row |= {f"{name}{end}": 0.9 for name in ("sensitivity", "specificity") for end in ("", "_low", "_high")}
    return " ".join(sentences([row], 40))


def optimistic(rule="youden"):
    """Return what is said of a threshold that was chosen on validation films, or of one that nobody chose."""
    found = readings()
    run = dataclasses.replace(
        found.run, settings=dataclasses.replace(found.run.settings, threshold_rule=rule)
    )
    variant = next(v for v in found.variants if v.name == WINNER)
    return " ".join(_flattering(seen(run=run, validation={WINNER: found.test[WINNER]}), variant))


def decided(points=0.45, task="binary"):
    found = readings()
    variant = dataclasses.replace(next(v for v in found.variants if v.name == WINNER), task=task)
    return decided_at(
        seen(selection={"films": "validation", "variants": {WINNER: {"threshold": points}}}), variant
    )


def stress_worst(full):
    row = {
        "variant": WINNER,
        "kind": "exposure",
        "strength": 1.0,
        "auroc": full,
        "auroc_low": 0.6,
        "auroc_high": 0.8,
    }
    rows = [row, {**row, "strength": 0.0, "auroc": 0.95}, {**row, "kind": "noise", "auroc": full and 0.9}]
    return worst_change(pd.DataFrame(rows).astype({"auroc": float}), WINNER)


def looked(*, boxed=0, reason=""):
    row = dict.fromkeys(HEAT_MAP_COLUMNS, 0.5) | {"variant": WINNER, "method": "Grad-CAM", "reason": reason, "films": 9,
                                                  "boxed": boxed}  # fmt: skip
    return " ".join(look_lines(pd.Series(row)))


def without_threshold(truth):
    found = readings()
    variant = next(v for v in found.variants if v.name == WINNER)
    answers = found.test[WINNER]
    changed = answers.y_true if truth is None else np.full_like(answers.y_true, truth)
    selection = {
        "variants": {WINNER: {"threshold": 0.4 if truth is None else None, "model_sha256": variant.sha256}}
    }
    answers = dataclasses.replace(answers, y_true=changed)
    return " ".join(why_none_lines(seen(validation={WINNER: answers}, selection=selection), variant))


SAID = {
    # the kind of the test films, and of a site's
    "The test films are of another kind: ": (lambda: shift(SHIFTED), lambda: shift(CERTAIN_BUT_SLIGHT)),
    "What was chosen on the first need not hold for the second": (lambda: shift(SHIFTED), lambda: shift(LARGE_BUT_CHANCE)),
    "No difference that matters was found: ": (lambda: shift(CERTAIN_BUT_SLIGHT), lambda: shift(SHIFTED)),
    "Nobody can tell from ": (lambda: shift(UNDECIDED), lambda: shift(SHIFTED)),
    "Asked before a test film was scored": (lambda: shift(SHIFTED), lambda: shift(UNDECIDED)),
    "Validation scores do not carry over": (lambda: shift_banner(SHIFTED), lambda: shift_banner(LARGE_BUT_CHANCE)),
    ": the test films are of another kind than those": (lambda: shift_banner(SHIFTED), lambda: shift_banner(UNDECIDED)),
    "most by grey level": (lambda: shift(SHIFTED), lambda: shift({**SHIFTED, "features": [{**FEATURE, "p": 0.3}]})),
    "films are unlike those that the variant was tested on": (lambda: folder(True), lambda: folder(False)),
    "films are not unlike those that the variant was tested on": (lambda: folder(False), lambda: folder(True)),
    "its scores need not hold here": (lambda: folder(True), lambda: folder(False)),
    # stress and sources
    "Stress curves are switched off in this study": (lambda: stressed(0), lambda: stressed(60)),
    "Validation films, changed in one way at a time": (lambda: stressed(60), lambda: stressed(0)),
    "Thresholds stay where they were chosen": (lambda: stressed(60), lambda: stressed(0)),
    "Threshold and winner are chosen anew without the validation films of one source": (
        lambda: sources(2), lambda: sources(0)),
    # of use
    "2.0 %, which the study states": (lambda: useful(prevalence=0.02), useful),
    "the prevalence among the test films, as the study states no other": (useful, lambda: useful(prevalence=0.02)),
    "carried over to 1,000 films at a prevalence of 2.0 %": (lambda: useful(prevalence=0.02), useful),
    "needless calls, 50 of which weigh one finding (missed_cost of the study)": (lambda: useful(missed_cost=50.0), useful),
    ", of 100 films: of 10.0 with it 0.2 missed (2.0 of 100 such films), of 90.0 without it 0.2 called back for nothing (0.2 of 100": (
        carded, lambda: carded("No threshold was chosen for this label.")),
    "Only one answer occurs among the test films.": (lambda: undecided(one_answer=True), undecided),
    "No threshold was chosen for this label.": (lambda: undecided(threshold=None), undecided),
    "A film that is called has pneumonia with a probability of 2.000": (
        carded, lambda: carded("No threshold was chosen for this label.")),
    "Precision over sensitivity is not drawn for pneumonia: only one answer occurs": (
        lambda: unpictured("Only one answer occurs among the test films."), lambda: unpictured("")),
    "At the prevalence among the test films it flatters": (
        lambda: _caption(False, False), lambda: _caption(False, True)),
    "so no point of a curve is its threshold": (lambda: _caption(True, True), lambda: _caption(False, True)),
    "Points: the threshold that goes with each file.": (lambda: _caption(False, True), lambda: _caption(True, True)),
    # of each group
    "every file at the original’s threshold": (lambda: rated(False), lambda: rated(True)),
    "a film is called of its most probable class": (lambda: rated(True), lambda: rated(False)),
    # thresholds
    "A film is called at a probability of 0.450 or more, a threshold chosen on validation films": (
        decided, lambda: decided(0.357995)),
    "of 0.358 or more (in full 0.357995), a threshold": (lambda: decided(0.357995), decided),
    "A film is called at a probability of ": (decided, lambda: decided(task="classes")),
    "Each finding is decided at a threshold of its own": (lambda: decided([0.4, 0.5]), decided),
    "he classes exclude each other, so a film is given": (lambda: decided(task="classes"), decided),
    "The films that a threshold was chosen on flatter it": (optimistic, lambda: optimistic("half")),
    "No threshold, so no decisions, for ": (lambda: without_threshold(1), lambda: without_threshold(None)),
    # of the first page: stress and heat maps
    "exposure costs it most: at the full range AUROC goes from 0.950 to 0.700": (
        lambda: stress_worst(0.7), lambda: stress_worst(None)),
    ") agree with its original’s to a rank correlation of ": (
        lambda: looked(boxed=0), lambda: looked(reason="The maps are flat.")),
    "Its warmest place lies in a radiologist’s box on 50 % of the 3 films": (
        lambda: looked(boxed=3), lambda: looked(boxed=0)),
    # insides
    "Every layer is compared where its block ends": (inside, lambda: said_in(inside_section(RESULTS, Insides(*[pd.DataFrame(columns=["variant", "films"])] * 2), {}))),
    "int8: It cannot be opened.": (lambda: inside(reason="It cannot be opened."), inside),
    "Equal AUROCs leave room for networks that disagree": (lambda: agreeing(1), lambda: said_in(agreement_section(RESULTS, pd.DataFrame(), set(), {}))),
    "Both networks are asked about the same validation films": (
        lambda: maps(boxed=0), lambda: said_in(heat_map_section(RESULTS, pd.DataFrame(), {}))),
    "None of these films has a box": (lambda: maps(boxed=0), lambda: maps(boxed=3)),
    "The maps are flat: nothing in these films moves the answer.": (
        lambda: map_reason(9, rank_correlation=np.nan), lambda: map_reason(9)),
    ": too few for an interval.": (lambda: map_reason(4), lambda: map_reason(9)),
    # each source left out of the choice
    "The same file is chosen without ": (lambda: sources(2, WINNER), lambda: sources(2, "another")),
    "either of both": (lambda: sources(2, WINNER), lambda: sources(1, WINNER)),
    "The choice hangs on the sources: with all of them it is another": (
        lambda: sources(2, "another"), lambda: sources(2, WINNER)),
    "The winner is chosen anew without the validation films of one source": (
        lambda: places(0.05), lambda: said_in(place_source_section(pd.DataFrame(), "dice", "Dice", WINNER))),
    "In no source is mean Dice shown to be lower": (lambda: places(0.05), lambda: places(-0.05)),
    " is lower than in the other films where the source is A (−0.150": (lambda: places(-0.05), lambda: places(0.05)),
    # radlib predict, and a site's threshold
    "unlike those that the variant was trained on": (lambda: remarks(unlike=1), remarks),
    "1 film of 9 is unlike": (lambda: remarks(unlike=1), lambda: remarks(unlike=2)),
    " could not be read (column reason)": (lambda: remarks(unread=2), remarks),
    "is no probability (column reason); build it again": (lambda: remarks(**{OUTSIDE: 1}), remarks),
    "3 films of 9 have no decision": (lambda: remarks(**{OUTSIDE: 1, NO_NUMBER: 2}), lambda: remarks(**{OUTSIDE: 1})),
    "has no threshold: no decisions": (
        lambda: remarks([None], **{NO_THRESHOLD: 9}), lambda: remarks([None, 0.5], **{NO_THRESHOLD: 9})),
    "has no threshold for some labels: no decisions": (
        lambda: remarks([None, 0.5], **{NO_THRESHOLD: 9}), lambda: remarks([None], **{NO_THRESHOLD: 9})),
    "rows of the table name no film of the folder (rows 3, 5)": (lambda: unasked(rows_without_film=2), unasked),
    " and 12 more)": (lambda: unasked(rows_without_film=20), lambda: unasked(rows_without_film=8)),
    "of the folder has no row in the table": (lambda: unasked(films_without_row=1), unasked),
    "with a row could not be read, or got no number": (lambda: unasked(films_without_number=1), unasked),
    "left out: the variant was trained on them": (lambda: unasked(training_films=1), unasked),
    "among those that the variant was chosen with": (lambda: unasked(validation_films=1), unasked),
    "The labels name no patients (column patient_id)": (
        lambda: unasked(rows_without_patient=7), lambda: unasked(rows_without_patient=6)),
    "a row without patient_id; each counts as a patient of its own": (
        lambda: unasked(rows_without_patient=6), lambda: unasked(rows_without_patient=7)),
    "; at the old threshold these films had ": (chosen_anew, lambda: chosen_anew(np.nan)),
    "where none was, chosen on ": (lambda: chosen_anew(np.nan), chosen_anew),
    "other patients of the site may expect": (chosen_anew, lambda: " ".join(sentences([{"label": "x", "reason": "None.", "films": 3}], 3))),
}  # fmt: skip

FILES = {
    "report": CHECKED["test_section_sentences"],
    "deployment": ("folder_shift", "answer_tables", "site_sentences"),
}  # fmt: skip
NO_CLAIMS = (  # titles, captions, headings, explanations of words, and mistakes of the user
    "Are the test films of the kind that was chosen on", "Larger in the test film", "In pairs of a validation and a test film",
    "Probability of the likelier answer", "as they are → changed by the full range", " at full ", "How much change it bears",
    "Shaded: 95 % interval", "AUROC, sensitivity and specificity", " against the strength of each change", "Validation films of that source", " Minus that of the other films", " is shown to be lower than in the other films",
    "Each source left out of the choice", "Sensitivity and specificity on the test films, carried over", " %, which the study states",
    "Net benefit over the probability from which films are called", "Of use is a network where its curve lies above",
    "Net benefit is findings per film", "Of use where it is to stand", "At the threshold that goes with each file",
    "Precision, the share of calls that are right", "Grey: the precision of calling every film", " at a sensitivity of ",
    "at its threshold’s", ", at a prevalence of ", "Groups differ in how ill they are", "Test films of each group alone",
    "How well each group is read", "The rates themselves, not what compression took",
    "Called back for nothing per 1,000", " behind what was folded in", "Against the original, on ",
    "Probability of the finding, variant minus original", "95 % of films change by", "Mean over ", "Heat maps of the original and of ",
    "Warm: speaks for the finding", "Warmest place in a box", ", copied with other exposure and framing", "each film counted as another",
    "told apart with AUROC", "is a folder; name the CSV file to write", "was exported unfinished", "rows of the table name no film",
    " without an answer left out", ": no decisions; state one with --threshold",
)  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize(("room", "name"), [(room, name) for room, names in FILES.items() for name in names])
def test_no_sentence_is_left_out(room, name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS), room) == []
