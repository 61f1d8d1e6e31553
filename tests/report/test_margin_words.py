"""What a study's margins allow, in films: each number follows from the settings, and nothing is said where it would be false."""

import dataclasses

import numpy as np
import pytest

from radlib.report.margin_words import margin_blocks, margin_sentences
from said_sentences import CHECKED, readings, seen, unclaimed


def told(truth=None, **settings):
    """Return the sentences of a study with such settings; `truth`, what is known of its validation films."""
    found = readings()
    settings = dataclasses.replace(found.run.settings, **settings)
    kept = found.validation or found.test
    if truth is not None:
        kept = {name: dataclasses.replace(each, y_true=truth) for name, each in kept.items()}
    return margin_sentences(seen(run=dataclasses.replace(found.run, settings=settings), validation=kept))


def test_numbers_follow_from_margins_prevalence_and_weight():
    pairs, missed, needless, both = told(margin=0.02, rate_margin=0.05, prevalence=0.1, missed_cost=10.0)
    assert "margin of 0.020: of 1,000 pairs" in pairs and " 20 more" in pairs
    assert "at a prevalence of 10.0 %, which the study states, 5.0 more are missed" in missed
    assert "45.0 more of them are called back for nothing" in needless
    assert "0.0095 findings a film, of 0.1000" in both  # 0.1 · 0.05 + 0.9 · 0.05 / 10


def test_without_a_stated_prevalence_it_is_that_of_the_validation_films():
    truth = np.array([[1.0], [0.0], [0.0], [0.0], [np.nan]])
    _, missed, *_ = told(truth, rate_margin=0.1, prevalence=0.0)
    assert "25.0 %, that of the validation films, 25.0 more are missed" in missed


@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_a_needless_call_weighs_less_where_a_missed_finding_costs_more(weight):
    both = told(rate_margin=0.05, prevalence=0.5, missed_cost=weight)[-1]
    assert (
        f"{0.025 + 0.025 / weight:.4f} findings a film" in both
        and f"weighs {weight:g} needless calls" in both
    )


def test_nothing_is_said_before_validation_films_were_read():
    assert margin_blocks(seen(validation={})) == ()


def test_several_findings_are_told_by_films_with_and_without_one():
    found = readings()
    several = tuple(
        dataclasses.replace(v, task="findings", labels=("effusion", "nodule")) for v in found.variants
    )
    settings = dataclasses.replace(found.run.settings, rate_margin=0.05)
    lines = margin_sentences(
        seen(
            run=dataclasses.replace(found.run, settings=settings),
            variants=several,
            validation=found.validation or found.test,
        )
    )
    assert "of 1,000 films with a finding 50 more are missed" in lines[1] and "prevalence" not in " ".join(
        lines
    )


def test_of_outlines_nothing_is_said():
    found = readings()
    outlines = tuple(dataclasses.replace(v, task="outlines", labels=("lung",)) for v in found.variants)
    assert margin_sentences(seen(variants=outlines, validation=found.validation or found.test)) == ()


SAID = (  # by the tests above, with the numbers that make each true
    "A loss of AUROC at its margin of ", " more are put in the wrong order", "A loss of sensitivity at its margin of ",
    "of 1,000 films at a prevalence of ", "which the study states", "that of the validation films", " more are missed",
    "A specificity that is lower by ", " more of them are called back for nothing", "of 1,000 films without the finding ",
    "of 1,000 films with a finding ", "Both at once: a net benefit that is lower by ", " findings a film, of ",
    "that the best reader could have, where a missed finding weighs ", " needless calls",
)  # fmt: skip
NO_CLAIMS = (
    "What the study’s margins allow",
    "Green does not exclude that",
)  # a heading, and what green means by definition


@pytest.mark.parametrize("name", CHECKED["test_margin_words"])
def test_no_sentence_is_left_out(name):
    assert unclaimed(name, (*SAID, *NO_CLAIMS)) == []
