"""A decision follows from the number as it is written, and what is no number is no decision."""

import csv
import io

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from radlib.deployment.answer_tables import write_rows
from radlib.deployment.threshold_files import exact, stated
from radlib.evaluation.deciding import NO_NUMBER, NO_THRESHOLD, OUTSIDE, Answer, Decider, at_or_above
from radlib.runs import tasks
from stored import BINARY, variant

PROBABILITIES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20)


def answer(*outputs: float, **given) -> Answer:
    return Answer("a.png", "0" * 12, np.array(outputs, np.float32), **given)


@given(PROBABILITIES, st.floats(1e-300, 1 - 1e-16))
@example([0.7], 0.7)
@example([0.7], float(np.float32(0.7)))
@example([4.41e-05, 0.0], 4.41e-05)
@example([1.0, float(np.float32(1) - np.float32(2**-24))], 1 - 1e-16)
@example([0.0], 1e-300)
def test_a_threshold_that_is_printed_and_typed_back_decides_alike(probabilities, threshold):
    typed = stated(variant(BINARY), [None], [("lung opacity", exact(threshold))])
    assert typed == [threshold]
    rows = [
        [Decider(BINARY, [t]).row(answer(1 - p, p)) for p in probabilities] for t in (threshold, typed[0])
    ]
    assert rows[0] == rows[1]


@given(PROBABILITIES, st.floats(0, 1))
@example([0.7], 0.7)
def test_the_table_can_be_decided_again_by_whoever_reads_it(probabilities, threshold):
    decider, stream = Decider(BINARY, [threshold]), io.StringIO()
    write_rows(stream, decider.columns(False), (decider.row(answer(1 - p, p)) for p in probabilities))
    for row, probability in zip(csv.DictReader(io.StringIO(stream.getvalue())), probabilities, strict=True):
        printed = float(row["lung opacity_probability"])
        positive = printed >= float(row["lung opacity_threshold"])
        assert row["lung opacity_decision"] == ("lung opacity" if positive else "normal")
        assert np.float32(printed) == np.float32(probability)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_decision(bad):
    row = Decider(BINARY, [0.5]).row(answer(0.5, bad))
    assert row["lung opacity_decision"] == "" and row["reason"] == NO_NUMBER
    assert np.isnan(row["lung opacity_probability"])
    other = Decider(BINARY, [0.5]).row(answer(bad, 0.9))  # the other output of the same softmax
    assert other["lung opacity_decision"] == "" and other["reason"] == NO_NUMBER
    classes = Decider(tasks.classes(("a", "b", "c")), [None] * 3).row(answer(0.2, bad, 0.1))
    assert classes["class_decision"] == "" and classes["reason"] == NO_NUMBER


@pytest.mark.parametrize("bad", [1.5, -0.2, 3e38])
def test_what_is_no_probability_is_no_decision(bad):
    row = Decider(BINARY, [0.5]).row(answer(0.5, bad))
    assert row["lung opacity_decision"] == "" and row["reason"] == OUTSIDE
    assert row["lung opacity_probability"] == np.float32(bad)
    rounded = Decider(BINARY, [0.5]).row(answer(0.0, 1.0000001))
    assert rounded["lung opacity_decision"] == "lung opacity" and rounded["reason"] == ""


def test_of_several_findings_only_those_without_a_number_or_a_threshold_stay_open():
    row = Decider(tasks.findings(("mass", "nodule", "edema")), [0.5, 0.5, None]).row(answer(0.9, np.nan, 0.3))
    assert [row[f"{label}_decision"] for label in ("mass", "nodule", "edema")] == ["mass", "", ""]
    assert row["reason"] == f"{NO_NUMBER} (nodule); {NO_THRESHOLD} (edema)"


def test_without_a_threshold_there_is_no_decision_and_it_is_said():
    row = Decider(BINARY, [None]).row(answer(0.1, 0.9))
    assert (row["lung opacity_decision"], row["reason"]) == ("", NO_THRESHOLD)
    assert row["lung opacity_probability"] == np.float32(0.9) and np.isnan(row["lung opacity_threshold"])


def test_a_film_that_could_not_be_read_keeps_its_reason():
    row = Decider(BINARY, [0.5]).row(Answer("a.png", "0" * 12, None, "damaged", warning=""))
    assert row["reason"] == "damaged" and row["lung opacity_decision"] == "" and row["warning"] == ""


def test_comparisons_are_made_in_float64():
    tenth = np.float32(0.1)
    assert not at_or_above(tenth, 0.10000001) and at_or_above(tenth, 0.1)
    assert at_or_above(np.nan, 0.0) == np.False_
