"""A claim says what is true of the run, and stores whether its sentence held."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from radlib.report import claim, conclude
from radlib.report.claims import KEY


def shown(thing):
    """What a notebook stores of it: data and metadata."""
    return DisplayFormatter().format(thing)


@pytest.mark.parametrize(
    ("holds", "said"),
    [(True, "A."), (np.bool_(True), "A."), (False, "B."), (np.float64("nan"), "B."), (np.bool_(False), "B.")],
)
def test_the_sentence_follows_the_numbers(holds, said):
    data, metadata = shown(claim("A.", holds, otherwise="B."))
    assert data["text/markdown"] == data["text/plain"] == said
    assert metadata[KEY] == [said == "A."]


def test_a_conclusion_numbers_its_sentences_and_stores_each():
    data, metadata = shown(
        conclude(claim("A.", True, "B."), claim("C.", False, "D."), claim("E.", True, "F."))
    )
    assert data["text/markdown"] == "1. A.\n2. D.\n3. E."
    assert metadata[KEY] == [True, False, True]


@pytest.mark.parametrize(
    ("known", "counted"), [(True, "3 patients"), (False, "3 groups of like films"), (None, "3 patients")]
)
def test_a_sentence_about_patients_calls_them_what_the_run_counts(tmp_path, known, counted):
    if known is not None:
        record = {"patients_known": known, "splits": [{"films": 9, "patients": 8}]}
        (tmp_path / "films.json").write_text(json.dumps(record))
    run = SimpleNamespace(folder=tmp_path)
    assert str(claim("It moves 3 patients.", True, "It moves none.", run=run)) == f"It moves {counted}."
    assert str(claim("It moves none.", False, "It moves 3 patients.", run=run)) == f"It moves {counted}."


def test_what_says_the_same_either_way_is_no_claim():
    with pytest.raises(ValueError, match="another for when it does not"):
        claim("A.", True, "A.")
    with pytest.raises(ValueError, match="another for when it does not"):
        claim("A.", True, " ")
    with pytest.raises(ValueError, match="at least 3"):
        conclude(claim("A.", True, "B."))
