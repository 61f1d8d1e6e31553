"""Sentences on what a run was made from: films and their split, methods, limits, cards, and what else follows from its settings.

Each is said in the situation in which it is true, and not in one in which it is false; see `test_sentences`.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib.report.chapters import Material, _main_blocks
from radlib.report.limits import limit_blocks
from radlib.report.methods import caveats, methods
from radlib.report.model_cards import _against, _preparation, _scores, _steps
from radlib.report.notebook_views import opening
from radlib.report.provenance import film_blocks, seeds_text, versions
from radlib.report.refused import refusal_section
from radlib.report.site_table import site_section
from radlib.report.split_words import split_sentences, written_down
from radlib.runs.counted import told
from said_sentences import CHECKED, asked, filmed, readings, said_in, seen, settled, sisters, unclaimed

WINNER, ORIGINAL = "student_small/int8#0", "student_small/original#0"
TIMED = pd.DataFrame([{"variant": WINNER, "latency_p50_ms": 1.0, "threads": "1", "runtime": "LiteRT", "delegate": "none", "device": "desk"}])  # fmt: skip
UNTIMED = TIMED.assign(latency_p50_ms=np.nan)
LIMIT = {"size_kb": 500.0, "winner": WINNER, "fitting": 2}
RESULT = {"variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8", "winner": True, "films": 60.0,
          "patients": 25.0, "size_bytes": 9, "compression": 3.0, "not_learnt": "", "threshold": 0.4, "conclusion": "", "verdict_reason": "", **dict.fromkeys(("verdict", "verdict_sensitivity", "verdict_specificity"), ""),
          **{f"{m}{end}": 0.9 for m in ("auroc", "accuracy", "sensitivity", "specificity") for end in ("", "_low", "_high")}}  # fmt: skip
SITE = {"variant": WINNER, "label": "pneumonia", "threshold_rule": "youden", "patients_labelled": 0, "chosen": 1.0,
        **{f"{rate}{end}": 0.8 for rate in ("sensitivity", "specificity") for end in ("", "_5th", "_95th")}}  # fmt: skip
FROZEN = {"variant": WINNER, "label": "pneumonia", "rule": "frozen", "reason": "", "difference_sensitivity": -0.1,
          "difference_specificity": 0.0, "films_to_positive": 1, "films_to_negative": 3}  # fmt: skip
AGREED = {"variant": WINNER, "label": "pneumonia", "reason": "", "concordance": 0.9, "concordance_low": 0.8, "concordance_high": 0.95,
          "limit_low": -0.1, "limit_high": 0.1}  # fmt: skip


def how(found=None, results=TIMED):
    return " ".join(methods(found or seen(), results))


def chosen(**selection):
    return seen(selection={"winner": WINNER, "variants": {}, **selection})


def split(*official, **films):
    return split_sentences(filmed(official_parts=list(official), **films))


def films(found):
    """Return what is said of the films and of those left out, headings and captions too."""
    blocks = film_blocks(found)
    return told(" ".join([*(getattr(b, "caption", "") for b in blocks), *(line for b in blocks for line in getattr(b, "lines", ()))]),
                found.counted)  # fmt: skip


def quarantined(rows, written=True):
    """Return what is said of films that cannot be read, from a file with so many rows, or without such a file."""
    path = readings().run.path("quarantine.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.is_file() else None
    path.write_text("image_id,reason\n") if written else path.unlink(missing_ok=True)
    try:
        return films(seen(quarantine=readings().quarantine.iloc[:rows]))
    finally:
        path.write_text(before) if before is not None else path.unlink(missing_ok=True)


def alone():
    """Return facts of films of which nobody knows a patient and none looks like another."""
    splits = [{**one, "patients": one["films"]} for one in readings().films["splits"]]
    return filmed(patients_known=False, splits=splits)


def made(**changes):
    return _steps(seen(), dataclasses.replace(readings().variants[0], **changes)).lines[0]


def untrained():
    """Return what a card says of an original whose weights came from a file and were not trained on."""
    run = dataclasses.replace(readings().run, overrides={"epochs": 0, "weights": "some.weights.h5"})
    return _steps(seen(run=run), readings().variants[0]).lines[0]


def processors(count):
    """Return what is said of a machine with so many processors; 0 for one whose number nobody noted."""
    host = {"system": "Linux", "machine": "x86_64", **({"processors": count} if count else {})}
    return versions(seen(record={"host": host}), pd.DataFrame()).rows[0][1].text


def against(agreed=AGREED, frozen=FROZEN, **row):
    own = {"agreement": pd.DataFrame([agreed]), "decisions": pd.DataFrame([frozen]), "harm": pd.DataFrame()}
    return " ".join(_against(seen(), pd.Series({**RESULT, **row}, name=WINNER), own)[0].lines)


def scored(labels):
    rows = [{"label": "pneumonia", "films": 60, "positives": 20, "metric": m, "value": 0.9, "low": 0.8, "high": 0.95} for m in
            ("auroc", "sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value", "f1", "brier",
             "expected_calibration_error")]  # fmt: skip
    table = pd.DataFrame(rows if labels else rows[:0], columns=list(rows[0]))
    usefulness = pd.DataFrame(columns=["reason"])
    blocks = _scores(seen(), pd.Series(RESULT, name=WINNER), table, {"usefulness": usefulness})
    return " ".join([getattr(blocks[0], "caption", ""), *getattr(blocks[0], "lines", ())])


def prepared(there):
    variant = readings().variants[0]
    path = readings().run.path("variants", variant.key, "preprocessing.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    if there:
        path.write_text('{"image_size": 64}')
    try:
        block = _preparation(seen(), variant)
        return " ".join([getattr(block, "caption", ""), *getattr(block, "lines", ())])
    finally:
        path.unlink(missing_ok=True)


def site(*variants):
    table = pd.DataFrame([{**SITE, "variant": name} for name in variants])
    section = site_section(chosen(winner=WINNER), table)
    return " ".join([said_in(section), *(getattr(block, "caption", "") for block in section.blocks)])


def few(large, limits=()):
    results = pd.DataFrame(
        [RESULT, {**RESULT, "variant": ORIGINAL, "chain": "original", "winner": False}]
    ).assign(difference=np.nan, difference_low=np.nan, difference_high=np.nan, format="tflite")
    material = Material(
        chosen(limits=list(limits)),
        results,
        results,
        results,
        {},
        {},
        None,
        results.iloc[: 1 if large else 2],
    )
    return " ".join(line for block in _main_blocks(material, "") for line in getattr(block, "lines", ()))


def drawn(dataset="synthetic"):
    return getattr(opening(settled(dataset=dataset).run, "margin"), "data", "")


def limited(found=None):
    table = pd.DataFrame([RESULT])
    blocks = limit_blocks(
        [LIMIT] if found is None else found, table, "validation films, copied with other exposure and framing"
    )
    return " ".join(line for block in blocks for line in getattr(block, "lines", ()))


def refused(rows):
    table = pd.DataFrame(
        [{"network": "n", "chain": "int4", "seed": 0, "reason": "It has no such layer."}] * rows
    )
    return " ".join(getattr(block, "caption", "") for block in refusal_section(table).blocks)


CLASSES = ("classes", ("bacterial", "normal", "viral"))
SAID = {
    # the split, and when the choice was made
    "Split: drawn by patient, stratified by label. A check makes sure that no patient and no file is in two splits": (
        split, lambda: split("training", "test")),
    "Split: the official test part as it is; films for validation were drawn by patient, stratified by label.": (lambda: split("test"), split),
    "Split: the official validation part as it is; films for the test were drawn by patient, stratified by label.": (lambda: split("validation"), split),
    "Split: the official parts for validation and test, as they are": (lambda: split("test", "validation"), lambda: split("test")),
    "Split: what official parts there are, as they are; all else by patient, stratified by label.": (lambda: split_sentences(filmed()), split),
    "Equal patient numbers in two official folders count as different": (
        lambda: split("test"), split),
    "also those with a near-duplicate in another part": (
        lambda: split("test", patients_known=False, overlapping_test_films=["a"]),
        lambda: split("test", patients_known=False, overlapping_test_films=[])),
    "No patient is in two splits": (lambda: films(filmed(overlapping_test_films=[])), lambda: films(filmed(patients_known=False))),
    "are different people: 1 test film has a number that occurs in the training folder too": (
        lambda: films(filmed(overlapping_test_films=["a"])), lambda: films(filmed(overlapping_test_films=["a", "b"]))),
    "are different people: 2 test films have a number": (
        lambda: films(filmed(overlapping_test_films=["a", "b"])), lambda: films(filmed(overlapping_test_films=[]))),
    "No group of near-duplicates, which stand in for unknown patients, was divided by the draw": (
        lambda: films(filmed(patients_known=False)), lambda: films(alone())),
    "; 1 film of the official test part has one outside": (
        lambda: films(filmed(patients_known=False, overlapping_test_films=["a"])),
        lambda: films(filmed(patients_known=False, overlapping_test_films=["a", "b"]))),
    "; 2 films of the official test part have one outside": (
        lambda: films(filmed(patients_known=False, overlapping_test_films=["a", "b"])),
        lambda: films(filmed(patients_known=False, overlapping_test_films=[]))),
    "As no patients are known and no film looks like another, every film stands for itself": (
        lambda: films(alone()), lambda: films(filmed(patients_known=False))),
    "Both were written down before this run scored a test film, and every scoring of the test films is logged": (
        lambda: how(chosen()), lambda: how(chosen(added_after_test=[WINNER]))),
    "a test film, but for variants that were built later, by the same rule": (
        lambda: written_down(chosen(added_after_test=[WINNER]), "It was"), lambda: written_down(chosen(), "It was")),
    "Nothing has been chosen yet": (lambda: how(seen(selection={})), lambda: how(chosen())),
    "Seeds are random effects": (lambda: how(sisters(0, 1)), how),
    "Each chain was trained from one seed, so nothing is said of another training": (how, lambda: how(sisters(0, 1))),
    # methods
    "the winner is the smallest file that meets the study’s gate, at most 9 KB": (
        lambda: how(chosen(gate={"winner": WINNER, "demand": "at most 9 KB"})),
        lambda: how(chosen(gate={"winner": None, "demand": "at most 9 KB"}))),
    "the winner is the smallest chain, its seeds pooled, whose loss beside the better": (
        how, lambda: how(chosen(gate={"winner": WINNER, "demand": "at most 9 KB"}))),
    "Choices: thresholds by ": (how, lambda: how(asked(*CLASSES))),
    "Accuracy is the share of films given their class": (lambda: how(asked(*CLASSES)), how),
    "of F1 the percentile bootstrap (Efron, 1979) over patients, 200 draws": (
        how, lambda: how(settled(bootstrap_draws=500))),
    "against a margin of 0.010, and of sensitivity and specificity at the original’s threshold against 0.050": (
        how, lambda: how(settled(margin=0.02))),
    "Latency: single films after warm-up, variants in turns (1 thread; ": (
        how, lambda: how(results=TIMED.assign(threads="2"))),
    "None of these is an estimate": (how, lambda: how(results=UNTIMED)),
    "Input: 64 × 64 pixels": (how, lambda: how(settled(image_size=128))),
    ", and choose the threshold anew on films of the place of use": (
        lambda: " ".join(caveats(seen())), lambda: " ".join(caveats(asked(*CLASSES)))),
    "Where seeds are pooled the interval of the pooled difference covers the seed, too": (
        lambda: " ".join(caveats(sisters(0, 1))), lambda: " ".join(caveats(seen()))),
    # films, machine and seeds
    "Every film could be read.": (lambda: quarantined(0), lambda: quarantined(0, written=False)),
    "Films that could not be used (quarantine.csv)": (lambda: quarantined(2), lambda: quarantined(0)),
    "Seed of training: 0.": (lambda: seeds_text(seen()).lines[0], lambda: seeds_text(sisters(0, 1)).lines[0]),
    "Seeds of training: 0, 1. Seed of the split: 0": (lambda: seeds_text(sisters(0, 1)).lines[0], lambda: seeds_text(seen()).lines[0]),
    "1 processor": (lambda: processors(1), lambda: processors(0)),
    "2 processors": (lambda: processors(2), lambda: processors(1)),
    # cards
    "Trained by the study; nothing was compressed": (made, untrained),
    "Its weights are those of a file, as they were": (untrained, made),
    "Trained elsewhere and brought into this run": (lambda: made(architecture="imported"), made),
    "Made from student_small/original#0, in this order": (
        lambda: _steps(seen(), readings().variants[1]).caption, made),
    "The record of how films are prepared is missing": (lambda: prepared(False), lambda: prepared(True)),
    "radlib predict does this; another program must do exactly the same": (lambda: prepared(True), lambda: prepared(False)),
    "It has not been scored on test films.": (lambda: scored(False), lambda: scored(True)),
    "60 test films of 25 patients, 95 % intervals over patients": (lambda: scored(True), lambda: scored(False)),
    "No verdict: the original has not learnt, as it guesses": (lambda: against(not_learnt="it guesses"), against),
    "Not compared with its original. ": (against, lambda: against(conclusion="cannot tell")),
    ": concordance of probabilities 0.900 [0.800–0.950]; 95 % of films change by −0.100 to +0.100": (against, lambda: against({**AGREED, "reason": "Other films."})),
    "1 film becomes positive, 3 films negative": (against, lambda: against(frozen={**FROZEN, "films_to_positive": 2})),
    "at the original’s threshold: sensitivity differs by −0.100": (
        against, lambda: against(frozen={**FROZEN, "reason": "No threshold."})),
    # tables that choose among files
    "Of all files that fit, the one with the highest AUROC on validation films, copied with other exposure": (
        limited, lambda: limited(())),
    "there is no such variant, and the others are as they would be": (lambda: refused(1), lambda: refused(0)),
    "; site_thresholds.csv has the original too": (lambda: site(ORIGINAL, WINNER), lambda: site(WINNER)),
    "The test is another place": (lambda: site(WINNER), lambda: said_in(site_section(chosen(), pd.DataFrame()))),
    ", patients of the test who took no part in choosing": (lambda: site(WINNER), lambda: said_in(site_section(chosen(), pd.DataFrame()))),
    "Of so many files those have a row of their own": (lambda: few(True), lambda: few(False)),
    ", the best under each limit of size. All": (lambda: few(True, [LIMIT]), lambda: few(True)),
    # drawn films
    "Drawn films: the figures of this run say nothing about patients": (drawn, lambda: drawn("folders")),
}  # fmt: skip

NO_CLAIMS = (  # names, headings, explanations of words, and warnings that hold of every run
    "Size: the length of the model file", "AUROC: the probability that a film with the finding", "Research only, not a medical device",
    "Films from other hospitals, machines and ages differ", "Intervals of a file cover the choice of test patients",
    "Latency and memory hold for the machine", "Intervals: 95 %, clustered by patient. Of rates", "Meant for research on how compression", "What it was made from", "How films must be prepared",
    "smaller than the original’s float32 weights", "latency, median of one film", "sha256 of the model file", ", grey in [0, 1], black is 0",
    "The best reader for a device with so much room", "What labelled films of the place would buy", "Each finding against its prevalence",
    "Are the test films of the kind that was chosen on", "How much change it bears", "Each source left out of the choice",
    "Of use where it is to stand", "How well does each read?", "Is each as good as its original?", "Do the scores hold for other films?",
    "What is it worth where it is to stand?", "What became of the networks inside?", "What was it made from, and how?",
    "The best under each size", "Over the seeds of training", "What these films could show", "How to make this again",
    '<p style="color: #b00020', "border-left: 4px solid", "a test film, but for variants", "Asked for, and not suited to the network",
    " · drawn films, no patients",  # held by test_report
    "film of the official test part has", "films of the official test part have",
)  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize("name", CHECKED["test_making_sentences"])
def test_no_sentence_is_left_out(name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS)) == []
