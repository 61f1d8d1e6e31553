"""How sure a network is of a site's films beside its test films: from stored answers, in three sentences."""

from types import SimpleNamespace

import numpy as np
import pytest

from radlib import metrics
from radlib.evaluation.mean_confidence import compared_confidence, confidence_at_test, film_confidence
from radlib.runs.tasks.binary_question import Binary
from radlib.runs.tasks.classes_question import Classes
from radlib.runs.tasks.findings_question import Findings
from radlib.runs.tasks.outlines_question import Outlines

BINARY = Binary(("pneumonia",), ("pneumonia",))
CLASSES = Classes(("a", "b", "c"), ("a", "b", "c"))
TESTED = {"mean": 0.9, "low": 0.87, "high": 0.92, "films": 100}


def test_confidence_is_of_the_class_or_the_mean_over_findings():
    assert film_confidence(BINARY, np.array([[0.9], [0.2]])).tolist() == [0.9, 0.8]
    assert film_confidence(Findings(("a", "b"), ("a", "b")), np.array([[0.9, 0.4]])) == pytest.approx([0.75])
    assert film_confidence(CLASSES, np.array([[0.2, 0.5, 0.3]])).tolist() == [0.5]


@pytest.fixture
def stored(tmp_path):
    (tmp_path / "predictions").mkdir()
    np.savez(tmp_path / "predictions" / "k.test.npz", y_prob=np.array([[0.9], [0.3], [0.8]], np.float32),
             patient_id=np.array(["a", "a", "b"]), model_sha256=np.array("right"))  # fmt: skip
    return tmp_path


def test_stored_answers_of_this_very_file_count(stored):
    variant = SimpleNamespace(key="k", sha256="right")
    found = confidence_at_test(stored, variant, BINARY)
    assert found["mean"] == pytest.approx(0.8) and found["films"] == 3
    # patient a has 0.9 and 0.7, patient b 0.8: the sums of the two do not differ
    assert found["low"] == pytest.approx(0.8, abs=1e-6) == found["high"]
    assert confidence_at_test(stored, SimpleNamespace(key="k", sha256="other"), BINARY) == {}
    assert confidence_at_test(stored, SimpleNamespace(key="none", sha256="right"), BINARY) == {}
    assert confidence_at_test(stored, variant, Outlines(("lung",), ("lung",))) == {}
    (stored / "predictions" / "k.test.npz").write_bytes(b"cut")
    assert confidence_at_test(stored, variant, BINARY) == {}


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (0.7, "The network is less sure here"),
        (0.98, "The network is surer here"),
        (0.9, "The network is as sure here"),
    ],
)
def test_a_fall_a_rise_and_neither_are_told_apart(here, said):
    films = here + np.tile([-0.01, 0.01], 20)
    found = compared_confidence(TESTED, films)
    assert found["sentence"].startswith(said) and found["films"] == [100, 40]
    assert found["change"] == pytest.approx(here - 0.9)
    low, high = metrics.value_interval(films, range(40))
    assert found["change_low"] == pytest.approx(here - 0.9 - np.hypot(here - low, 0.02))
    assert found["change_high"] == pytest.approx(here - 0.9 + np.hypot(high - here, 0.03))


def test_too_few_films_and_an_unknown_past_say_nothing():
    assert compared_confidence(TESTED, [0.9] * 19) == {} and compared_confidence({}, [0.9] * 40) == {}
