"""Captions of pictures, and what is said of them to those who do not see them.

Each is said in the situation in which it is true, and not in one in which it is false; see `test_sentences`. Nothing is drawn.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import said_sentences
from radlib.report import pictures
from radlib.report.forests import LONGEST, draw_forests
from radlib.report.inside_pictures import draw_agreement, draw_insides
from radlib.report.inside_tables import Insides
from radlib.report.main_pictures import draw_differences, draw_main, sizes_alt
from radlib.report.pictures import one_per_variant
from said_sentences import CHECKED, SAYS_NOTHING, album, literals, readings, seen, settled, unclaimed

WINNER, ORIGINAL = "student_small/int8#0", "student_small/original#0"
ENDS = ("", "_low", "_high")
RESULT = {"variant": WINNER, "network": "student_small", "seed": 0, "label": "int8", "chain": "int8", "format": "tflite", "winner": True,
          "films": 60.0, "size_bytes": 9000, "deflated_bytes": 8000.0, "compression": 3.0, "conclusion": "as good", "latency_p50_ms": 2.0,
          **{f"{name}{end}": -0.01 for name in ("difference", "pooled_difference") for end in ENDS},
          **{f"auroc{end}": 0.9 for end in ENDS}}  # fmt: skip
FIRST = {**RESULT, "variant": ORIGINAL, "chain": "original", "label": "original", "winner": False, "conclusion": "",
         **{f"difference{end}": np.nan for end in ENDS}}  # fmt: skip
FINDING = {
    "variant": WINNER,
    "label": "mass",
    "films": 60,
    "positives": 9,
    "prevalence": 0.15,
    "difference": -0.01,
    "verdict": "cannot tell",
}
GROUP = {"variant": WINNER, "label": "mass", "by": "sex", "group": "F", "films": 30, "positives": 9, "harmed": "", "verdict": "cannot tell",
         "difference": -0.01}  # fmt: skip
LAYER = {
    "variant": WINNER,
    "layer": "a",
    "kind": "Conv2D",
    "compared": "a",
    "reason": "",
    "films": 8,
    "signal_to_noise_db": 30.0,
    "cka": 0.9,
}
WEIGHTS = {"variant": WINNER, "layer": "a", "dtype": "int8", "weights": 9.0}
MAPS = {
    "first_maps": np.zeros(1),
    "last_maps": np.zeros(1),
    "first_filters": np.zeros(1),
    "last_filters": np.zeros(1),
    "film": np.zeros(1),
}
AGREED = {"variant": WINNER, "label": "pneumonia", "reason": "", "concordance": 0.9}


def told(draw, *given):
    """Return captions and alternative texts of what a function would draw."""
    said, add = album()
    draw(*given, add)
    return " ".join(f"{name}: {text}" for name, text in said.items())


def of_seeds(*seeds, **given):
    return [
        {**row, "variant": f"{row['chain']}#{seed}", "seed": seed, **given}
        for row in (FIRST, RESULT)
        for seed in seeds
    ]


def main(*rows, margin=0.01):
    table = pd.DataFrame(list(rows) or [FIRST, RESULT])
    one_each, seeds = one_per_variant(table)
    return told(lambda add: draw_main(table, one_each.dropna(subset=["auroc"]), seeds, margin, add))


def many(count):
    return [
        {
            **RESULT,
            "variant": str(n),
            "chain": f"chain{n}",
            "label": f"chain{n}",
            "size_bytes": 9000 + n,
            "winner": not n,
        }
        for n in range(count)
    ]


def lost(also, seeds=1):
    table = pd.DataFrame([{**RESULT, "seeds": seeds}])
    return told(lambda add: draw_differences(table, 0.01, add, "Dice", also))


def seeds(*rows):
    return one_per_variant(pd.DataFrame(list(rows)))[1]


def uneven():
    """Return two networks, one trained from three seeds and one from one, each all its chains."""
    return [*of_seeds(0, 1, 2), *of_seeds(0, network="another")]


def forests(findings=2, groups=(), winner=WINNER):
    verdicts = pd.DataFrame(
        [{**FINDING, "label": f"finding {n}"} for n in range(findings)], columns=list(FINDING)
    )
    harm = pd.DataFrame([{**GROUP, **row} for row in groups], columns=list(GROUP) if groups else ["variant"])
    return told(
        lambda add: draw_forests(
            seen(selection={"winner": winner}), {"verdicts": verdicts, "harm": harm}, add
        )
    )


def crowd(worst):
    """Return more groups than a picture holds, of as many findings; one is harmed in its sensitivity, its AUROC lost most or least."""
    rows = [{"label": f"finding {n}", "difference": -0.02} for n in range(LONGEST + 5)]
    rows[-1] |= {"harmed": "sensitivity", "difference": -0.5 if worst else 0.1}
    return forests(groups=rows)


def insides(layers=3, unknown=0, chain="int8", maps=True, dataset="synthetic", histograms=True):
    name = WINNER.replace("int8", chain)
    variants = tuple(dataclasses.replace(v, name=v.name.replace("int8", chain)) for v in readings().variants)
    rows = [
        {**LAYER, "variant": name, "layer": str(n), "signal_to_noise_db": np.nan if n >= layers else 30.0}
        for n in range(layers + unknown)
    ]
    known = {one: {} for one in (ORIGINAL, name)} if histograms else {}
    shown = dict.fromkeys((ORIGINAL, name), MAPS) if maps else {}
    given = Insides(
        pd.DataFrame(rows, columns=list(LAYER)), pd.DataFrame([{**WEIGHTS, "variant": name}]), known, shown
    )
    return told(draw_insides, dataclasses.replace(settled(dataset=dataset), variants=variants), given)


def agreement(reason=""):
    return told(draw_agreement, seen(), pd.DataFrame([{**AGREED, "reason": reason}]))


def all_pictures(*rows, labels=("pneumonia",), threshold=0.4, one_answer=False, compared=True):
    """Return what is said of all pictures of answers, without drawing any."""
    said, add = album()
    test = readings().test
    if one_answer:
        test = {
            name: dataclasses.replace(found, y_true=np.ones_like(found.y_true))
            for name, found in test.items()
        }
    found = seen(
        test=test,
        selection={
            "winner": WINNER,
            "variants": {ORIGINAL: {"threshold": threshold}, WINNER: {"threshold": threshold}},
        },
    )
    table = pd.DataFrame(list(rows) or [FIRST, RESULT])
    pairs = pd.DataFrame([{**RESULT, "before": "original", "after": "int8", "times_smaller": 3.0}] if compared else [], columns=None if compared else ["difference"])  # fmt: skip
    each = pd.DataFrame(
        [
            {"variant": v, "label": label, "metric": "auroc", "value": 0.9}
            for v in (ORIGINAL, WINNER)
            for label in labels
        ]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "album", lambda folder: (said, add))
        patch.setattr(pictures, "draw_usefulness", lambda *_: None)
        pictures.draw_figures(found, table, pairs, each, readings().run.folder)
    return " ".join(f"{name}: {text}" for name, text in said.items())


SAID = {
    # the two pictures that tell a study at a glance
    "One point per variant. Left is smaller, up reads better. AUROC: how often a film with the finding gets the higher score than one without; "
    "0.5 is guessing, 1 never wrong. Bars: 95 % interval over the patients tested. Points that coincide are drawn side by side.": (
        main, lambda: main(*of_seeds(0, 1))),
    "1 never wrong. Means over 2 seeds; bars from the lowest to the highest interval of a seed.": (lambda: main(*of_seeds(0, 1)), main),
    "Size of the model file against AUROC. original: 9.0 KB, 0.900": (main, lambda: main({**RESULT, "auroc": np.nan})),
    "and above the dashed line it lost less than the margin (0.01, shaded)": (main, lambda: main(margin=0.02)),
    "as good as its original, also in the findings that it misses": (main, lambda: lost("")),
    "hollow: nobody can tell. Bars: 95 % interval over the patients tested. One that ends above the line is not enough: claims have an order, a "
    "chosen file first, and what follows is asked more strictly.": (main, lambda: main(*of_seeds(0, 1))),
    "Bars: 95 % interval over the patients tested and the seeds of training, up to 2, which are pooled": (
        lambda: main(*of_seeds(0, 1)), main),
    "What each variant lost beside its original in AUROC, against the size of its file; less than 0.01 counts as none": (main, lambda: lost("")),
    " Of so many, a name and a bar have the winner, and those that lost less than everything at most as large; all stand in the table.": (
        lambda: main(*many(30)), lambda: main(*many(2))),
    "Of so many, a name and a bar have the originals, the winner, and those that read better than everything": (
        lambda: main(*many(30)), lambda: main(*many(2))),
    # several seeds in one picture
    "Means over 3 seeds; bars from the lowest": (lambda: seeds(*of_seeds(0, 1, 2)), lambda: seeds(*uneven())),
    "Means over up to 3 seeds; bars from the lowest to the highest interval of a seed.": (
        lambda: seeds(*uneven()), lambda: seeds(*of_seeds(0, 1, 2))),
    "Seed 0, of each network the one with most variants. Bars: 95 % interval over the patients tested.": (
        lambda: seeds(*of_seeds(0, 1)[:3]), lambda: seeds(*of_seeds(0, 1))),
    "Seeds 0, 1, of each network the one with most variants": (
        lambda: seeds(*of_seeds(0, 1)[:3], *of_seeds(1, network="another")), lambda: seeds(*of_seeds(0, 1)[:3])),
    # sizes, times, labels, curves
    "Size of each file, as it is and deflated. original": (
        lambda: sizes_alt(pd.DataFrame([FIRST])), lambda: sizes_alt(pd.DataFrame([{**FIRST, "deflated_bytes": np.nan}]))),
    "Median latency of one film against AUROC. original: 2.00 ms": (
        all_pictures, lambda: all_pictures({**FIRST, "latency_p50_ms": np.nan}, {**RESULT, "latency_p50_ms": np.nan})),
    "Change of AUROC, pair by pair. original → int8: 3.0 times smaller": (all_pictures, lambda: all_pictures(compared=False)),
    "AUROC of each label with its interval.": (lambda: all_pictures(labels=("mass", "nodule")), all_pictures),
    "ROC curves on test films of student_small: original, int8.": (all_pictures, lambda: all_pictures(one_answer=True)),
    "ROC curves of student_small. Shaded: 95 % band of original; point: its threshold.": (
        all_pictures, lambda: all_pictures(threshold=None)),
    "Reliability on test films of student_small: original, int8. On the diagonal a probability means what it says. Bars: Wilson’s 95 % interval.": (
        all_pictures, lambda: all_pictures(one_answer=True)),
    # forests
    "int8 against its original, with 95 % intervals. Red: shown to lose more than the margin (dashed); green: shown to lose less; brown: cannot "
    "tell; grey: too few patients.": (
        forests, lambda: forests(findings=1)),
    "Change of AUROC by finding, rarest first. finding 0 -0.010, cannot tell; finding 1": (forests, lambda: forests(findings=1)),
    "Findings with their films, rarest first. int8": (forests, lambda: forests(findings=1, groups=[{}])),
    "Changes within groups of films. Shown to be harmed: none.": (
        lambda: forests(groups=[{}]), lambda: forests(groups=[{"harmed": "auroc"}])),
    "Changes within groups of films. Shown to be harmed: sex F in auroc": (
        lambda: forests(groups=[{"harmed": "auroc"}]), lambda: forests(groups=[{}])),
    "Shown to be harmed: sex F, finding 44 in sensitivity.": (lambda: crowd(worst=False), lambda: forests(groups=[{}])),
    "Groups with their films that have the finding. int8": (lambda: forests(groups=[{}]), forests),
    " Of all findings those that lost most in a group.": (lambda: crowd(worst=True), lambda: forests(groups=[{}])),
    # inside the networks
    "Probability of pneumonia by each variant against the original. int8: concordance 0.900": (
        agreement, lambda: agreement("The films differ.")),
    "One point per test film of student_small: orange with pneumonia, blue without. Dashed: limits that hold 95 % of the changes.": (
        agreement, lambda: agreement("The films differ.")),
    "Signal-to-noise ratio and CKA of every layer against the original: lowest of any layer: int8 30 dB": (
        insides, lambda: insides(layers=2)),
    "Layers of student_small from input to output, on validation films.": (insides, lambda: insides(unknown=1)),
    "; a thin line leads over layers that could not be compared.": (lambda: insides(unknown=1), insides),
    "numbers as they lie in the file, of int8 the codes from −127 to 127. Logarithmic counts": (insides, lambda: insides(chain="clustering")),
    "Blue: numbers as they lie in the file. Logarithmic counts; the scales differ where normalisation was folded in": (
        lambda: insides(chain="clustering"), insides),
    "Histograms of the stored weights of a.": (insides, lambda: insides(histograms=False)),
    "Feature maps of the first and the last convolution of the original and of int8": (insides, lambda: insides(maps=False)),
    "the same channels of both networks on one grey scale; the film is drawn.": (insides, lambda: insides(dataset="breast_ultrasound")),
    "scale; a 1 × 1 filter is a column.": (insides, lambda: insides(maps=False)),
}  # fmt: skip
NO_CLAIMS = (
    "Black: float kernels of the original",
    " of the first and the last convolution, the same",
    "no layer could be compared",
)
AXES = (  # of the pictures: what an axis measures, what a mark stands for, and what is written where there is nothing
    "\n95 % within ", "no variant beside the original", "trained as a binary network, inputs too", "mean box score on test films, 95 % interval",
    "share of the boxes by hand that are found", "weight, in σ of the prior", "KL of a block, bits", "distance of what arrives",
    "AUROC, validation films, 95 %", "size of the model file", "median latency of one film, ms", "AUROC on test films, 95 % interval",
    "AUROC after − before, 95 % interval", "filled: file · open: deflated", "share of the group's channels removed",
    " − its original’s, 95 % interval", "as good as its original", "loss above its lowest, nats", "AUROC less that", "weights that the layers keep",
    "bits of the layer's weights", "share of films, 95 % interval", "no view or sex given", "mean grey level of a film",
    "fall of the probability when covered", "films, in the order of the teacher's answers", "mean Dice on test films, 95 % interval",
    "films, from the worst outline to the best, %", "range, share of the largest weight", "one layer at a time", "true slope: 0, and jumps",
    "noise with 4 bits in it alone", "weights' bytes, share of int8's", "noise of all coarse layers", "OCTAV, a range per channel",
    "loss on validation films (", "share of the full range", "share of films with the finding", "calling every film, ",
    "probability from which a film is called", "net benefit, findings per film", "precision: share of calls that are right",
)  # fmt: skip
FIGURES = tuple(name for name in said_sentences.modules() if name.startswith("figures/"))


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_said_where_it_is_true_and_not_where_it_is_false(sentence):
    true, false = SAID[sentence]
    assert sentence in true()
    assert sentence not in false()


@pytest.mark.parametrize("name", CHECKED["test_picture_sentences"])
def test_no_sentence_is_left_out(name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_no_picture_says_more_than_what_its_axes_measure(name):
    assert unclaimed(name, AXES) == []


def test_every_file_of_the_report_is_held_by_a_test_of_its_sentences():
    held = [*(name for names in CHECKED.values() for name in names), *SAYS_NOTHING, *FIGURES]
    assert len(held) == len(set(held))
    assert set(said_sentences.modules()) == set(held)
    assert all(literals(name) for name in SAYS_NOTHING)
