"""The page has a word of its own, in each of its languages, for all that can be said of a variant beside its original."""

import re
from pathlib import Path

import pytest

from radlib.evaluation.conclusions import CONCLUSIONS, VERDICTS

TEXTS = Path(__file__).resolve().parents[3] / "page" / "source" / "texts"


@pytest.mark.parametrize("language", ["english", "french", "spanish"])
def test_every_conclusion_and_every_verdict_has_a_word(language):
    text = (TEXTS / f"{language}.ts").read_text(encoding="utf-8")
    words = re.search(r"verdicts: \{(.*?)\n  \}", text, re.DOTALL)[1]
    told = dict(re.findall(r'^\s+"?([a-z -]*)"?: "([^"]+)"', words, re.MULTILINE))
    assert set(told) == {*CONCLUSIONS, *VERDICTS}
    assert told["undefined"] != told["cannot tell"]
