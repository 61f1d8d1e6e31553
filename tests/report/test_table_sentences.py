"""Sentences above, in and below the tables of a report: verdicts, decisions, pairs, seeds, costs, devices, and why something has no number.

Each is said in the situation in which it is true, and not in one in which it is false; see `test_sentences`.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radlib.evaluation.thumbnails import thumbnail_path
from radlib.report.agreement_table import _agreed
from radlib.report.cells import (
    comparison_blocks,
    cost_table,
    label_tables,
    seed_table,
    verdict_cell,
)
from radlib.report.changed_films import changed_film_blocks
from radlib.report.devices import device_facts, device_section, draw_devices
from radlib.report.evidence import calibration, decisions
from radlib.report.evidence_cells import evidence_sections
from radlib.report.judgements import auroc_test, judge_variants, rate_test
from radlib.report.pair_tables import pair_section
from radlib.report.pairing import REORDERED, why_not_paired
from radlib.report.pooled import method_table
from radlib.report.readings import MEASUREMENT_COLUMNS
from radlib.runs.settings import Settings
from said_sentences import CHECKED, album, readings, said_in, seen, settled, unclaimed

WINNER, ORIGINAL = "student_small/int8#0", "student_small/original#0"
ENDS = ("", "_low", "_high")
RATES = ("sensitivity", "specificity")
RESULT = {"variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8", "format": "tflite", "winner": True,
          "films": 60.0, "patients": 25.0, "size_bytes": 9000, "deflated_bytes": 8000.0, "compression": 3.0, "conclusion": "cannot tell",
          "not_learnt": "", "verdict_reason": "", **dict.fromkeys(("verdict", "verdict_sensitivity", "verdict_specificity"), "cannot tell"),
          "parameters": 9.0, "nonzero_parameters": 9.0, "macs": 9.0, "peak_memory_bytes": 9.0, "open_ms": 1.0, "latency_p50_ms": 1.0,
          "latency_p95_ms": 1.2, "runtime": "LiteRT", "threads": "1",
          **{f"{name}{end}": -0.01 for name in ("difference", "pooled_difference") for end in ENDS},
          **{f"{name}{end}": 0.9 for name in ("auroc", "accuracy", *RATES) for end in ENDS}}  # fmt: skip
FIRST = {
    **RESULT,
    "variant": ORIGINAL,
    "chain": "original",
    "label": "original",
    "winner": False,
    "conclusion": "",
}
JUDGED = {"verdict": "cannot tell", "verdict_reason": "", "difference": -0.01, "difference_low": -0.02, "difference_high": 0.0,
          "chance_if_lossless": 0.34, "patients_asked": 140.0}  # fmt: skip
FINDING = {**JUDGED, "variant": WINNER, "label": "mass", "films": 60, "positives": 9, "prevalence": 0.15}
DECIDED = {"variant": WINNER, "label": "pneumonia", "rule": "frozen", "reason": "", "test_sensitivity": "McNemar",
           **{f"{start}{rate}{end}": 0.1 for rate in RATES for start, end in
              (("", ""), ("difference_", ""), ("difference_", "_low"), ("difference_", "_high"), ("p_", ""))},
           **{f"{who}_to_{way}": 1 for who in ("films", "patients") for way in ("positive", "negative")}}  # fmt: skip
HARMED = {"variant": WINNER, "label": "pneumonia", "by": "sex", "group": "F", "films": 30, "patients": 12, "positives": 9, "harmed": "auroc",
          **{f"{name}{suffix}": value for suffix in ("", "_sensitivity", "_specificity") for name, value in
             (("verdict", "inferior"), ("reason", ""))},
          **{f"difference{suffix}{end}": -0.1 for suffix in ("", "_sensitivity", "_specificity") for end in ENDS}}  # fmt: skip
PAIR = {"network": "n", "before": "a", "after": "b", "seeds": 3, "better": "",
        **dict.fromkeys(("before_bytes", "after_bytes", "before_auroc", "after_auroc", "difference", "difference_low", "difference_high",
                         "difference_lowest", "difference_highest"), 0.5)}  # fmt: skip
CALIBRATED = {"variant": WINNER, "label": "pneumonia", "reason": "", **dict.fromkeys(
    ("confidence", "difference_confidence", "difference_confidence_low", "difference_confidence_high", "expected_calibration_error",
     "expected_calibration_error_at_temperature", "brier", "brier_at_temperature", "temperature"), 0.5)}  # fmt: skip
NONE = pd.DataFrame()


def captions(blocks):
    """Return captions and running text of blocks."""
    return " ".join(
        [
            *(getattr(b, "caption", "") for b in blocks),
            *(line for b in blocks for line in getattr(b, "lines", ())),
        ]
    )


def cell(**given):
    return verdict_cell(pd.Series({**JUDGED, **given}), 0.01).note


def cost(**given):
    return cost_table(pd.DataFrame([{**RESULT, **given}])).caption


def evidence(name, results=(FIRST, RESULT), known=False, **tables):
    """Return what is said in one section of the evidence behind the verdicts."""
    empty = {
        "verdicts": pd.DataFrame(columns=list(FINDING)),
        "decisions": NONE,
        "calibration": NONE,
        "harm": NONE,
    }
    given = {key: pd.DataFrame(list(rows)) for key, rows in tables.items()}
    sections = evidence_sections(pd.DataFrame(list(results)), empty | given, Settings(), groups_known=known)
    return captions(sections[name].blocks)


def findings(*rows):
    return evidence("findings", verdicts=rows)


def decided(**given):
    return evidence("decisions", verdicts=[FINDING], decisions=[{**DECIDED, **given}])


def harm(*rows, results=(FIRST, RESULT)):
    return evidence("harm", results, verdicts=[FINDING], harm=rows)


def unharmed(*unlearnt):
    """Return what is said where no group could be asked, of an original and files of which some have not learnt."""
    results = [FIRST, *({**RESULT, "variant": f"v{n}", "not_learnt": why} for n, why in enumerate(unlearnt))]
    return evidence("harm", results, verdicts=[FINDING])


def pairs(*seeds):
    table = pd.DataFrame([{**PAIR, "seeds": count} for count in seeds])
    return captions(pair_section(table).blocks)


def methods(*rows):
    """Return the caption, and what is noted in the cells, of the table of methods."""
    table = method_table(pd.DataFrame(list(rows)))
    return " ".join([table.caption, *(cell.note for row in table.rows for cell in row)])


def of_seeds(count, loses=0, **given):
    return [{**RESULT, "variant": f"int8#{seed}", "seed": seed, "winner": seed == 0, "conclusion": "loses" if seed < loses else "cannot tell",
             **given} for seed in range(count)]  # fmt: skip


def answers(name=WINNER):
    return readings().test[name]


def unpaired(first=None, second=None):
    return why_not_paired(
        answers(ORIGINAL) if first is None else first, answers() if second is None else second
    )


def renamed(count):
    """Return answers of which so many films bear another id."""
    ids = answers().image_id.copy()
    ids[:count] = [f"other{n}" for n in range(count)]
    return dataclasses.replace(answers(), image_id=ids)


def other_labels():
    return dataclasses.replace(answers(), y_true=1 - answers().y_true)


def two_columns():
    twice = {name: np.repeat(getattr(answers(), name), 2, axis=1) for name in ("y_true", "y_prob")}
    return dataclasses.replace(answers(), **twice)


def variants():
    return {v.name: v for v in readings().variants}


def reason_of_auroc(reordered=(), unlearnt=False):
    found = seen(reordered=frozenset(reordered))
    if unlearnt:
        found.__dict__["not_learnt"] = {ORIGINAL: "it guesses"}
    return auroc_test(found, variants()[ORIGINAL], variants()[WINNER]).reason


def rate_reason(threshold):
    found = seen(selection={"variants": {ORIGINAL: {"threshold": threshold}}})
    return rate_test(found, variants()[ORIGINAL], variants()[WINNER], "sensitivity").reason


def sisters_reason(worse):
    """Return what is noted of a file whose sister reads as its original does, and which itself reads so or by chance."""
    many = np.tile(np.arange(60), 20)
    names = np.array([str(n) for n in range(len(many))])
    luck = np.random.default_rng(0).random((len(many), 1))
    own, tests = [], {}
    for seed in (0, 1, 2):
        for variant in readings().variants:
            moved = dataclasses.replace(variant, seed=seed, name=variant.name.replace("#0", f"#{seed}"))
            one = dataclasses.replace(
                answers(ORIGINAL).take(many), image_id=names, patient_id=names, model_sha256=moved.sha256
            )
            own.append(moved)
            tests[moved.name] = (
                dataclasses.replace(one, y_prob=luck) if worse and variant.chain and seed == 0 else one
            )
    rows = judge_variants(seen(variants=tuple(own), test=tests))
    return rows[WINNER]["verdict_reason"]


def agreed(prob):
    """Return why nothing can be said of the agreement of two networks, of which one gives all films `prob` and the other 0.5."""
    same = dataclasses.replace(answers(), y_prob=np.full_like(answers().y_prob, 0.5))
    return _agreed(same, dataclasses.replace(same, y_prob=np.full_like(same.y_prob, prob)))[0]["reason"]


def calibrated(validation):
    """Return why a temperature is missing: without validation films, or with one answer among them."""
    found = (
        {}
        if validation is None
        else {
            name: dataclasses.replace(answers(name), y_true=validation(answers(name).y_true))
            for name in (ORIGINAL, WINNER)
        }
    )
    return " ".join(calibration(readings().run, readings=seen(validation=found))["reason"])


def undecided(threshold):
    chosen = {"variants": {name: {"threshold": threshold} for name in (ORIGINAL, WINNER)}}
    return " ".join(decisions(readings().run, readings=seen(selection=chosen))["reason"])


def devices(
    kind="measured", threads=1, p99=True, metrics_of=("latency_p50_ms", "energy_mj", "energy_above_rest_mj")
):
    """Return all that is said of a device: sections, facts of a card, and alternative texts of pictures."""
    rows = [(WINNER, "board", "LiteRT", "none", threads, metric, 2.0, "", kind if metric.startswith("energy") else "measured")
            for metric in (*metrics_of, *(("latency_p99_ms",) if p99 else ()))]  # fmt: skip
    found = seen(devices=pd.DataFrame(rows, columns=list(MEASUREMENT_COLUMNS)))
    section = device_section(found, pd.DataFrame([RESULT]), {})
    told, add = album()
    draw_devices(found, pd.DataFrame([RESULT]), add)
    cells = [
        f"{cell.text} {cell.note}"
        for block in section.blocks
        for row in getattr(block, "rows", ())
        for cell in row
    ]
    return " ".join(
        [said_in(section), *cells, *device_facts(found, variants()[WINNER]).values(), *told.values()]
    )


def changed(films, dataset="synthetic", right=True):
    """Return what is said of films that change sides, of two labels; the second the original got right."""
    run = settled(dataset=dataset).run
    rows = [
        (WINNER, "mass", "filmA", 0.0, 0.5, 0.9, 0.1, "negative"),
        (WINNER, "nodule", "filmB", 1.0 if right else 0.0, 0.5, 0.8, 0.2, "negative"),
    ]
    table = pd.DataFrame(rows[:films], columns=["variant", "label", "image_id", "has_finding", "threshold", "original_probability",
                                                "variant_probability", "to"])  # fmt: skip
    for name in ("filmA", "filmB"):
        path = thumbnail_path(run, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    blocks = changed_film_blocks(run, table, pd.DataFrame([RESULT]))
    return " ".join(f"{' '.join(film[2] for film in block.films)} {block.caption}" for block in blocks)


def labelled(rule):
    rows = [{"variant": WINNER, "label": "pneumonia", "films": 60, "positives": 20, "metric": m, "value": 0.9, "low": 0.8, "high": 0.95}
            for m in ("positive_predictive_value", "negative_predictive_value", "f1")]  # fmt: skip
    return label_tables(pd.DataFrame([RESULT]), pd.DataFrame(rows), {WINNER: np.array([0.4])}, rule)[
        0
    ].caption


def compared(rows):
    row = {**RESULT, **JUDGED, "before": "original", "after": "int8", "times_smaller": 3.0, **dict.fromkeys(
        ("before_bytes", "after_bytes", "before_auroc", "after_auroc", "before_accuracy", "after_accuracy"), 0.9)}  # fmt: skip
    return captions(comparison_blocks(pd.DataFrame([row] * rows), {}, 0.01))


ONE_EACH = [*of_seeds(1), FIRST]
SAID = {
    # verdicts on AUROC alone
    "losses in up to 2.1 % of patients are not excluded": (lambda: cell(verdict="too few patients"), cell),
    "alone within the margin, not so among all that were asked": (lambda: cell(difference_low=-0.005), cell),
    "shown in 34 % of studies if there is no loss": (cell, lambda: cell(verdict="inferior")),
    # costs
    "KB = 1,000 bytes; one film at a time, one thread; below the latency the runtime": (cost, lambda: cost(threads="4")),
    "one film at a time, 4 threads; below": (lambda: cost(threads="4"), cost),
    "; one film at a time": (cost, lambda: cost(latency_p50_ms=np.nan)),
    ". Unsteady: one film in twenty took more than 3 times the median": (lambda: cost(latency_p95_ms=9.0), cost),
    # seeds and methods
    "Mean; below it lowest and highest": (
        lambda: seed_table(pd.DataFrame(of_seeds(2))).caption, lambda: str(seed_table(pd.DataFrame(of_seeds(1))))),
    "1 seed, chosen on validation": (lambda: methods(*ONE_EACH), lambda: methods(*of_seeds(3))),
    "3 seeds, one chosen on validation": (lambda: methods(*of_seeds(3)), lambda: methods(*ONE_EACH)),
    "1 of 3 files loses": (lambda: methods(*of_seeds(3, loses=1)), lambda: methods(*of_seeds(3, loses=2))),
    "2 of 3 files lose": (lambda: methods(*of_seeds(3, loses=2)), lambda: methods(*of_seeds(3))),
    "Test films. Means over the seeds, below them the lowest and the highest; of differences of several seeds": (
        lambda: methods(*of_seeds(3)), lambda: methods(*ONE_EACH)),
    "the highest, of a method with one seed the 95 % interval over patients": (
        lambda: methods(*of_seeds(3), FIRST), lambda: methods(*of_seeds(3))),
    "Test films; below each value its 95 % interval": (lambda: methods(*ONE_EACH), lambda: methods(*of_seeds(3))),
    ", mean over the seeds (up to 2); below it the change against the original and what the verdicts come to": (
        lambda: methods(*of_seeds(2), *of_seeds(1, network="other")), lambda: methods(*of_seeds(1), *of_seeds(1, network="other"))),
    # two methods
    "Pairs that the study names. The difference is the mean over the seeds of training, with its 95 % interval over patients and seeds "
    "together; below the number of seeds, the lowest and highest of one. One of two reads better when the interval leaves zero out": (
        lambda: pairs(3), lambda: pairs(1)),
    "Pairs that the study names, each of one training; which of two reads better: of one seed nothing is said": (lambda: pairs(1), lambda: pairs(3)),
    ", without an adjustment for the number of pairs": (lambda: pairs(3, 3), lambda: pairs(3)),
    "; of one seed nothing is said, as another training may turn it round.": (lambda: pairs(3, 1), lambda: pairs(3, 3)),
    "Test films; below each variant the size of its file": (lambda: pairs(3), lambda: captions(pair_section(NONE).blocks)),
    # findings, decisions, groups
    "Rarest first; claims adjusted over all findings of all variants": (
        lambda: findings(FINDING, {**FINDING, "label": "nodule"}),
        lambda: findings(FINDING, {**FINDING, "label": "nodule"}, {**FINDING, "variant": ORIGINAL})),
    "Rarest first of each variant": (
        lambda: findings(FINDING, {**FINDING, "label": "nodule"}, {**FINDING, "variant": ORIGINAL}),
        lambda: findings(FINDING, {**FINDING, "label": "nodule"})),
    " Rank correlation of prevalence and change: +1.000": (
        lambda: findings(*({**FINDING, "label": str(n), "prevalence": n / 9, "difference": n / 99} for n in range(3))),
        lambda: findings(FINDING, {**FINDING, "label": "nodule"})),
    "Frozen: both networks read at the original’s threshold": (decided, lambda: decided(reason="No threshold.")),
    "The films that change sides are listed in changed_decisions.csv, which stays with the run": (
        decided, lambda: decided(films_to_positive=0, films_to_negative=0)),
    "Frozen, no film changes sides.": (lambda: decided(films_to_positive=0, films_to_negative=0), decided),
    "Test films; changes against the original, with 95 % intervals; p: McNemar": (decided, lambda: decided(test_sensitivity="")),
    "Whom compression harms is not asked of a network that has not learnt": (
        lambda: unharmed("it guesses"), lambda: unharmed("it guesses", "")),
    "is asked as a whole first, adjusted over all groups, and each finding behind it. Rows: int8; harm.csv has all": (
        lambda: harm(HARMED), lambda: harm({**HARMED, "variant": ORIGINAL})),
    ", and of others the groups that are harmed; harm.csv": (
        lambda: harm(HARMED, {**HARMED, "variant": ORIGINAL}), lambda: harm(HARMED)),
    "And 1 more, see harm.csv.": (
        lambda: harm(*({**HARMED, "group": str(n)} for n in range(13))), lambda: harm(*({**HARMED, "group": str(n)} for n in range(12)))),
    "Confidence: mean probability of the likelier answer": (
        lambda: evidence("calibration", verdicts=[FINDING], calibration=[CALIBRATED]), lambda: evidence("calibration", verdicts=[FINDING])),
    # why two networks are not compared
    "The original has no answers to the test films.": (lambda: why_not_paired(None, answers()), unpaired),
    "The variant has no answers to the test films.": (lambda: why_not_paired(answers(), None), unpaired),
    "The two prediction files hold different films: 2 image ids are in one only": (
        lambda: unpaired(second=renamed(1)), unpaired),
    "different films: 1 image id is in one only, or in one twice; score both": (
        lambda: unpaired(second=answers().take(np.arange(59))), lambda: unpaired(second=renamed(1))),
    "The two prediction files hold different labels; score both for the same task": (lambda: unpaired(second=two_columns()), unpaired),
    "The two prediction files hold other labels of the same films, first of ": (lambda: unpaired(second=other_labels()), unpaired),
    REORDERED: (lambda: reason_of_auroc([WINNER]), reason_of_auroc),
    "The original has not learnt, so to be as good as it means nothing": (lambda: reason_of_auroc(unlearnt=True), reason_of_auroc),
    "The original has no threshold.": (lambda: rate_reason(None), lambda: rate_reason(0.4)),
    "This file's own interval lies beyond the margin, whatever its sisters": (
        lambda: sisters_reason(True), lambda: sisters_reason(False)),
    "Both networks give every film one probability: nothing can agree": (lambda: agreed(0.5), lambda: agreed(0.6)),
    "Without validation predictions there is no temperature": (lambda: calibrated(None), lambda: calibrated(np.copy)),
    "Only one answer occurs among the validation films": (lambda: calibrated(np.ones_like), lambda: calibrated(np.copy)),
    "No threshold was chosen for this label.": (lambda: undecided(None), lambda: undecided(0.4)),
    # devices
    "Measured by radlib bench on the device itself": (devices, lambda: devices(metrics_of=(), p99=False)),
    "An energy with the mark “estimate” comes from counted operations": (lambda: devices("estimate"), devices),
    "median, 1 thread; LiteRT, none": (devices, lambda: devices(threads=2)),
    "median, 2 threads; LiteRT, none": (lambda: devices(threads=2), devices),
    "; one in a hundred takes more than 2.00": (devices, lambda: devices(p99=False)),
    "2.00 mJ, measured, 2.00 mJ above rest": (devices, lambda: devices(metrics_of=("latency_p50_ms", "energy_mj"))),
    "Energy of one film on board, mJ (estimate), against AUROC": (lambda: devices("estimate"), devices),
    "Latency of one film on board, ms, against AUROC. int8: 2.00": (devices, lambda: devices(metrics_of=(), p99=False)),
    "2.00 ms a film (median": (devices, lambda: devices(metrics_of=(), p99=False)),
    # films that change sides
    "2 test films on the other side of the original’s threshold, 2 shown": (lambda: changed(2), lambda: changed(1)),
    "yes; 0.80 → 0.20, now negative. Test film filmA": (lambda: changed(2), lambda: changed(2, right=False)),
    "Films of patients: this page is not to be passed on": (lambda: changed(1, "folders"), lambda: changed(1)),
    # headings of tables
    "; thresholds by Youden’s index, in full in selection.json": (lambda: labelled("Youden’s index"), lambda: labelled("")),
    "Quality and size, pair by pair": (lambda: compared(1), lambda: compared(0)),
}  # fmt: skip
NO_CLAIMS = (  # headings
    "latency of one film on ", "energy of one film on ",  # with a capital above
    "p of no change in sensitivity", "Each finding against its prevalence", "Decisions at the original’s threshold",
)  # fmt: skip


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize("name", CHECKED["test_table_sentences"])
def test_no_sentence_is_left_out(name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS)) == []
