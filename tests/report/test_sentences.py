"""Every sentence that claims something is said in the situation in which it is true, and not in one in which it is false.

`SAID` holds, per sentence, what is said in either; a test makes sure that no sentence of the files that say them is left out.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib.deployment.export_state import NO_CHOICE, NO_TEST, NO_VERDICT, sentences
from radlib.evaluation.conclusions import chance_words, conclusion
from radlib.evaluation.typical_films import typical_path
from radlib.report.deployed_words import NO_DEVICE, deployed_lines
from radlib.report.first_page import UNLIKE, first_page
from radlib.report.gate import gate_outcome
from radlib.report.headlines import answer, chosen_by, forecast_blocks, headline, reading_legend
from radlib.report.looks import looks_lines
from radlib.report.losses import harm_sentence, lost_rates, nobody_knows, unharmed_sentence, untested_sentence
from radlib.report.methods import methods
from radlib.report.overlapping import overlap_section
from radlib.report.tables import results
from radlib.report.wording import comparison_sentence
from radlib.runs.settings import Settings
from said_sentences import CHECKED, readings, said_in, seen, unclaimed

WINNER = "student_small/int8#0"
ROW = {
    "variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8", "compression": 3.3,
    "size_bytes": 36_000, "winner": True, "conclusion": "as good", "verdict": "non-inferior", "verdict_reason": "",
    "chance_if_lossless": 0.34, "patients_asked": 140.0, "patients_needed": 1200.0, "seeds_pooled": 1, "films": 411,
    "patients": 140, "auroc": 0.9, "auroc_low": 0.88, "auroc_high": 0.92, "accuracy": 0.8, "accuracy_low": 0.7,
    "accuracy_high": 0.9, "difference": 0.0, "difference_low": -0.02, "difference_high": 0.02, "threshold": 0.4,
}  # fmt: skip
ORIGINAL = {"chain": "original", "label": "original", "conclusion": ""}
OTHER = {**ROW, "variant": "vgg16/original#0", "network": "vgg16", "winner": False}
FORECAST = {"student_small": {"chain": "int8", "margin": 0.01, "patients": 84.0, "not_excluded": 0.035,
                              "chance_if_lossless": 0.2, "patients_needed": 303.0}}  # fmt: skip
LOOKS = {"scorings": 3, "models": 2, "networks": 1, "studies": 1, "unnamed": 4, "torn": 1}
NO_LOOKS = dict.fromkeys(LOOKS, 0)
HARM = {"variant": WINNER, "label": "pneumonia", "by": "sex", "group": "F", "harmed": "auroc", "verdict": "inferior",
        "verdict_sensitivity": "cannot tell", "verdict_specificity": "undefined", "difference": -0.1,
        "difference_low": -0.2, "difference_high": -0.05}  # fmt: skip
UNASKED = {**HARM, "harmed": "", "verdict": "undefined", "verdict_sensitivity": "undefined"}
SAFE = {**UNASKED, **dict.fromkeys(("verdict", "verdict_sensitivity", "verdict_specificity"), "non-inferior")}
DOUBTED = {**SAFE, **dict.fromkeys(("verdict", "verdict_sensitivity", "verdict_specificity"), "cannot tell")}
FROZEN = {"variant": "a", "rule": "frozen", "reason": "", "label": "x", "difference_sensitivity": -0.1,
          "difference_sensitivity_high": -0.06, "difference_specificity": 0.0, "difference_specificity_high": 0.1}  # fmt: skip
GATE = {"demand": "at most 500 KB", "noninferior": True, "winner": WINNER, "nearest": None,
        "variants": {WINNER: {"verdict": "non-inferior", "size_bytes": 9, "fails": []}}}  # fmt: skip
MET = {"gate": GATE}
CLOSE = {"upper_losses": {"student_small": {"original": 0.0, "int8": 0.05}}}
FAR = {"upper_losses": {"student_small": {"original": 0.0, "int8": 0.4}}}


def first(selection=None, *more, **given):
    """Return the headline over a winner."""
    table = pd.DataFrame([{**ROW, **given}, *more])
    return " ".join(
        headline(table, {"winner": WINNER} | (selection or {}), Settings(size_limits_kb=(), margin=0.01))
    )


def concluded(**given):
    return conclusion({**ROW, **given}, 0.01, 0.05)


EXPORTED = {**ROW, **{f"{name}{end}": 0.9 for name in ("sensitivity", "specificity") for end in ("", "_low", "_high")},
            "difference_sensitivity": -0.1, "difference_sensitivity_low": -0.2, "difference_sensitivity_high": -0.06,
            "verdict_sensitivity": "inferior", "conclusion": "loses"}  # fmt: skip


def exported(missing=(), earlier=False, **given):
    """Return what an export says of a file whose AUROC is as good, and whose sensitivity is not."""
    row = {**EXPORTED, **given}
    if earlier:
        del row["conclusion"]
    state = {"state": "unfinished" if missing else "finished", "missing": list(missing), "verdict": row}
    return " ".join(sentences(state | {"margin": 0.01, "rate_margin": 0.05, "counted": "patients"}))


def gated(**given):
    """Return what is said of a gate that was met on validation films, or of another."""
    return gate_outcome(seen(selection={"gate": {**GATE, **given.pop("gate", {})}}, **given)).sentence


def confirmed(verdict):
    """Return what is said of a gate whose winner reads test films as its original does, or by chance."""
    found = seen(selection=MET)
    original, winner = (found.test[name] for name in ("student_small/original#0", WINNER))
    many = np.tile(np.arange(len(original.image_id)), 20)
    patients = np.array([str(n) for n in range(len(many))])
    truth = dataclasses.replace(original.take(many), patient_id=patients, image_id=patients)
    luck = np.random.default_rng(0).random(truth.y_prob.shape)
    after = dataclasses.replace(truth, y_prob=luck if verdict == "inferior" else truth.y_prob)
    entries = {
        "variants": {original: {"threshold": 0.45} for original in ("student_small/original#0", WINNER)}
    }
    answers = {
        "student_small/original#0": truth,
        WINNER: dataclasses.replace(after, model_sha256=winner.model_sha256),
    }
    return gate_outcome(dataclasses.replace(found, test=answers, selection={**MET, **entries})).sentence


def unlearnt():
    found = seen(selection=MET)
    found.__dict__["not_learnt"] = {"student_small/original#0": "it gives every film the same score"}
    return gate_outcome(found).sentence


def legend(late=(), margin=None):
    selection = {"added_after_test": list(late)} | ({} if margin is None else {"margin": margin})
    return " ".join(reading_legend(pd.DataFrame([ROW]), seen(selection=selection)).lines)


def forecast(late=()):
    return " ".join(forecast_blocks({"before_test": FORECAST, "added_after_test": list(late)})[0].lines)


def looks(**given):
    return " ".join(looks_lines(seen(looks={**NO_LOOKS, **given})))


def lost(*rows):
    return " ".join(lost_rates(pd.DataFrame(rows), {"a": "A"}, Settings()))


def spared(*rows):
    return unharmed_sentence(pd.DataFrame(rows), Settings())


def overlap(known, films=20):
    found = seen(films={**readings().films, "patients_known": known})
    table = results(found.run, readings=found)
    table = table if films else table.drop(columns="films_disjoint").drop(columns="auroc_disjoint")
    return " ".join(" ".join(getattr(block, "lines", ())) for block in overlap_section(found, table).blocks)


def method(**selection):
    found = seen(selection=selection)
    return " ".join(methods(found, pd.DataFrame([ROW])))


def opened(**given):
    """Return the first sentence of a report over a winner."""
    return answer(pd.DataFrame([{**ROW, **given}]), {"winner": WINNER}, Settings())[0]


def deployed(kind="tflite", **given):
    """Return what is said of a file of a format, whose float32 weights would take 468 KB."""
    variant = dataclasses.replace(next(v for v in readings().variants if v.name == WINNER), format=kind)
    row = {**ROW, "parameters": 117_000.0, "latency_p50_ms": 0.6, "open_ms": 5.0, "peak_memory_bytes": 4e6,
           "runtime": "LiteRT", "device": "a desk", **given}  # fmt: skip
    return " ".join(deployed_lines(seen(), variant, pd.Series(row)))


def measured_there():
    row = {"variant": WINNER, "device": "board", "runtime": "LiteRT", "delegate": "none", "threads": 1,
           "metric": "latency_p50_ms", "value": 3.0, "unit": "ms", "kind": "measured"}  # fmt: skip
    variant = next(v for v in readings().variants if v.name == WINNER)
    row_of = pd.Series({**ROW, "parameters": np.nan, "latency_p50_ms": np.nan})
    return " ".join(deployed_lines(seen(devices=pd.DataFrame([row])), variant, row_of))


def first_answers(findings=1, typical=True, chain="int8"):
    """Return all that the first page says of a drawn run's winner."""
    winner = f"student_small/{chain}#0"
    found = seen(selection={"winner": winner, "variants": {winner: {"threshold": 0.45}}})
    useful = {f"{name}{end}": 2.0 for name in ("missed_per_1000", "needless_per_1000", "ppv_at_prevalence", "npv_at_prevalence")
              for end in ("", "_low", "_high")}  # fmt: skip
    rows = [
        {"variant": winner, "label": f"finding {n}", "prevalence": 0.1, "reason": "", **useful}
        for n in range(findings)
    ]
    evidence = {
        "usefulness": pd.DataFrame(rows),
        "harm": pd.DataFrame(),
        "stress": pd.DataFrame(),
        "heat_maps": pd.DataFrame(),
    }
    table = pd.DataFrame(
        [{**ROW, "variant": winner, "chain": chain, "parameters": np.nan, "latency_p50_ms": np.nan}]
    )
    path = typical_path(found.run.folder, next(v for v in found.variants if v.name == winner).key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch() if typical else path.unlink(missing_ok=True)
    return " ".join(map(said_in, first_page(found, table, evidence)))


SAID = {
    # the first page
    "It is the original that others are compared with": (lambda: first_answers(chain="original"), first_answers),
    "int8 (36 KB, 3.3 times smaller than the original’s weights) is as good as its original.": (
        opened, lambda: opened(conclusion="loses")),
    "It is the smallest that cannot lose": (
        lambda: chosen_by(pd.DataFrame([ROW]), {"winner": WINNER}, Settings()),
        lambda: chosen_by(pd.DataFrame([{**ROW, **ORIGINAL}]), {"winner": WINNER}, Settings())),
    "The file runs as it is: 36 KB are sent": (deployed, lambda: deployed("keras")),
    "A Keras file does not run on a device": (lambda: deployed("keras"), deployed),
    "What is sent is the coded file, 36 KB, and a skeleton": (lambda: deployed("miracle"), deployed),
    "On the machine of this run a film took 0.600 ms": (deployed, lambda: deployed(latency_p50_ms=np.nan)),
    "ms of opening": (deployed, lambda: deployed(open_ms=np.nan)),
    NO_DEVICE: (deployed, measured_there),
    UNLIKE: (first_answers, lambda: first_answers(typical=False)),
    "Those are the findings that are missed most, of 5": (lambda: first_answers(5), first_answers),
    # headlines
    "No variant has been chosen yet": (lambda: first({"winner": None}), first),
    "No verdict: the original has not learnt": (lambda: first(not_learnt="it guesses"), first),
    "meets the study’s demands on validation films": (lambda: first(MET), lambda: first({"gate": {**GATE, "winner": None}})),
    "is the smallest that cannot lose more than": (first, lambda: first(MET)),
    " The original, ": (lambda: first({"nearest": "x", **FAR}, **ORIGINAL), first),
    "No compressed variant was safe to choose": (
        lambda: first({"nearest": "x", **FAR}, **ORIGINAL), lambda: first({"nearest": "x", **CLOSE}, **ORIGINAL)),
    "that was safe to choose on validation films is smaller": (
        lambda: first({"nearest": "x", **CLOSE}, **ORIGINAL), lambda: first({"nearest": "x", **FAR}, **ORIGINAL)),
    "is the smallest network that cannot lose": (lambda: first({}, OTHER, **ORIGINAL), lambda: first(**ORIGINAL)),
    "is an original; no compressed variant": (lambda: first(**ORIGINAL), lambda: first({}, OTHER, **ORIGINAL)),
    " is there to choose": (lambda: first(**ORIGINAL), lambda: first({}, {**ROW, "winner": False}, **ORIGINAL)),
    "than the original’s weights": (first, lambda: first(compression=np.nan)),
    "3.3 times smaller": (first, lambda: first(compression=0.5)),
    "2.0 times larger than": (lambda: first(compression=0.5), first),
    "It has not been scored on test films yet": (lambda: first(films=np.nan), first),
    " it reaches ": (first, lambda: first(films=np.nan)),
    "which cannot exclude losses concentrated": (
        lambda: first({"before_test": FORECAST}, films=np.nan), lambda: first(films=np.nan)),
    " before the test films were opened": (forecast, lambda: forecast(late=[WINNER])),
    "where test films are harder": (forecast, lambda: legend()),
    "When the choice was made the margin of AUROC was 0.020": (lambda: legend(margin=0.02), lambda: legend(margin=0.01)),
    "Built after test films had been scored": (lambda: legend(late=[WINNER]), legend),
    # conclusions
    "is as good as its original": (concluded, lambda: concluded(conclusion="loses")),
    "reads worse than its original": (lambda: concluded(conclusion="loses"), concluded),
    "nor from a worse one": (lambda: concluded(conclusion="too few patients"), concluded),
    "which nobody can tell yet": (lambda: concluded(conclusion="cannot tell"), concluded),
    "cannot be compared with its original": (lambda: concluded(conclusion="undefined"), concluded),
    "AUROC differs by 0.000 [": (concluded, lambda: concluded(difference=np.nan)),
    " at a margin of ": (concluded, lambda: concluded(difference=np.nan)),
    "trainings together, the changes are this file": (lambda: concluded(seeds_pooled=3), concluded),
    "of the finding that has fewest": (lambda: concluded(findings_asked=3), concluded),
    "of patients are not excluded": (concluded, lambda: concluded(conclusion="undefined")),
    "A margin of ": (lambda: concluded(conclusion="too few patients"), lambda: concluded(conclusion="cannot tell")),
    "So many would show a variant without any loss": (
        lambda: concluded(conclusion="cannot tell"), lambda: concluded(conclusion="too few patients")),
    " would show a variant without any loss to be so in 34 % of such studies": (
        lambda: chance_words(ROW), lambda: chance_words({**ROW, "chance_if_lossless": 0.5})),
    "In AUROC, so many": (lambda: chance_words(ROW, "AUROC"), lambda: chance_words(ROW)),
    " would in 80 %": (lambda: chance_words(ROW), lambda: chance_words({**ROW, "patients_needed": np.inf})),
    # what leaves with a file: the same conclusion, of AUROC and of decisions
    "It reads worse than its original: AUROC differs by 0.000 [−0.020 to +0.020], non-inferior at a margin of 0.010; sensitivity differs by −0.100": (
        exported, lambda: exported(conclusion="as good")),
    "It is as good as its original": (lambda: exported(conclusion="as good"), exported),
    "Tested on 411 test films of 140 patients: AUROC 0.900": (exported, lambda: exported(["no test film has been scored by it"])),
    ", sensitivity 0.900 [": (exported, lambda: exported(sensitivity=None)),
    "Beside its original nothing is said by this export, which an earlier version wrote": (
        lambda: exported(earlier=True), exported),
    "UNFINISHED. Do not use this model": (lambda: exported([NO_VERDICT]), exported),
    NO_VERDICT: (lambda: exported([NO_VERDICT]), exported),
    NO_TEST: (lambda: exported([NO_TEST]), exported),
    NO_CHOICE: (lambda: exported([NO_CHOICE]), exported),
    # gate
    ") is not met.": (unlearnt, gated),
    "No variant meets the gate": (lambda: gated(gate={"winner": None}), gated),
    "; nearest is ": (
        lambda: gated(gate={"winner": None, "nearest": WINNER}), lambda: gated(gate={"winner": None})),
    ", meets the gate (": (gated, lambda: gated(gate={"winner": None})),
    "; the test films have not been scored yet": (lambda: gated(test={}), gated),
    "; the test films have no say in it": (lambda: gated(gate={"noninferior": False}), gated),
    ", but its original is missing": (
        lambda: gated(gate={"variants": {WINNER: {**GATE["variants"][WINNER], "reference": "gone"}}}), gated),
    ", and the test films confirm it": (lambda: confirmed("as good"), lambda: confirmed("inferior")),
    ", but the test films do not confirm it": (lambda: confirmed("inferior"), lambda: confirmed("as good")),
    # looks
    "had been looked at before was not counted": (lambda: " ".join(looks_lines(seen(looks={}))), looks),
    "had been looked at before this choice was scored": (lambda: looks(**LOOKS), looks),
    "No earlier scoring of these test films is logged": (looks, lambda: looks(**LOOKS)),
    " of as many films it was not noted yet": (lambda: looks(unnamed=2), looks),
    "Not readable in full": (lambda: looks(torn=1), looks),
    # losses, and who is harmed
    "Frozen, no variant’s interval": (
        lambda: lost({**FROZEN, "difference_sensitivity_high": -0.01}), lambda: lost({**FROZEN, "reason": "None."})),
    "Frozen, these lose more than the margin": (
        lambda: lost(FROZEN), lambda: lost({**FROZEN, "difference_sensitivity_high": -0.01})),
    "No group of test films was shown to lose": (lambda: spared({**UNASKED, "verdict": "cannot tell"}), lambda: spared(UNASKED)),
    "No group of test films was large enough": (
        lambda: spared(UNASKED), lambda: spared(UNASKED, {**UNASKED, "verdict_specificity": "cannot tell"})),
    "Shown to lose less than that, of 2 comparisons: AUROC in 1, sensitivity in 0, specificity in 0.": (
        lambda: spared({**DOUBTED, "verdict": "non-inferior"}, DOUBTED), lambda: spared(SAFE, SAFE)),
    " Of the others nobody can tell: a loss in sex F may hide behind too few patients": (
        lambda: spared(DOUBTED, {**SAFE, "group": "M"}), lambda: spared(SAFE)),
    "Of the others nobody can tell: a loss may hide behind too few patients": (
        lambda: spared(DOUBTED, {**SAFE, "variant": "another"}), lambda: spared(DOUBTED, SAFE)),
    "The groups of the test films could not be asked": (lambda: nobody_knows(True), lambda: nobody_knows(False)),
    "Not tested, as these groups hold too few films of an answer: sex F": (
        lambda: untested_sentence(pd.DataFrame([UNASKED, {**UNASKED, "group": "M", "verdict": "cannot tell"}])),
        lambda: untested_sentence(pd.DataFrame([UNASKED]))),
    "Age, sex, view and source of the test films are not known": (lambda: nobody_knows(False), lambda: nobody_knows(True)),
    " loses 0.100 AUROC": (
        lambda: harm_sentence(pd.Series(HARM), "int8"), lambda: spared({**UNASKED, "verdict": "cannot tell"})),
    # films that may be known, and methods
    "whether they are the same child": (lambda: overlap(True), lambda: overlap(False)),
    "whose number occurs in no training film": (lambda: overlap(True), lambda: overlap(False)),
    "have a near-duplicate outside of it": (lambda: overlap(False), lambda: overlap(True)),
    "Beside the scores over all ": (lambda: overlap(True), lambda: overlap(True, films=0)),
    "variants that were built later, by the same rule": (lambda: method(added_after_test=[WINNER]), method),
    "copied with other exposure and framing": (lambda: method(films="perturbed"), lambda: method(films="validation")),
    "2.5 times smaller, AUROC": (
        lambda: comparison_sentence(pd.Series({**ROW, "before": "a", "after": "b", "times_smaller": 2.5})),
        lambda: comparison_sentence(pd.Series({**ROW, "before": "a", "after": "b", "times_smaller": 0.4}))),
}  # fmt: skip

FILES = {
    "evaluation": ("conclusions",),
    "deployment": ("export_state",),
    "report": CHECKED["test_sentences"],
}  # fmt: skip
NO_CLAIMS = (  # names, explanations of words, and parts of a sentence that are claimed elsewhere
    " on the probit scale of AUROC", "Beside its original: green", "Smaller: the original’s weights",
    "Is it as good as its original?", "How many are missed, how many called for nothing?", "For whom is it worse, or not tested?",
    "Does it hold for other films?", "What does it look at?", "What does it cost on a device?", "A test film with ",
    "; no place in it moves the answer", "Tinted: where the film speaks for the finding", "Test films of middling probability",
    "Without near-duplicates of other films", "Without overlapping patient numbers", " of the rarer answer",
    "Tested on", "of the films ",  # of outlines: held by test_outline_bundles
    "on one film in twenty at most",  # of outlines: held by test_outline_report
    "finds this share of the boxes by hand:",  # held by test_box_report
)  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize(("room", "name"), [(room, name) for room, names in FILES.items() for name in names])
def test_no_sentence_is_left_out(room, name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS), room) == []
