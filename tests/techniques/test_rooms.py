"""Each method is a room: its core is one short function with the equation, its source, and an example that runs."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from method_cores import cores

ROOMS = ("pruning", "quantization", "deep_compression", "low_rank", "xnor_net", "miracle", "distillation")
MOST_LINES = 60


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_names_its_core_and_the_core_teaches_the_method(room):
    for core in cores(room):
        lines, text = len(inspect.getsource(core).splitlines()), inspect.getdoc(core)
        assert lines <= MOST_LINES, f"{core.__name__} has {lines} lines"
        assert re.search(
            r"\b(19|20)\d\d\b.*?(equation|algorithm|section|package-merge|theorem)", text, re.S
        ), core
        assert "Example:" in text and ">>> " in text, core
        assert re.search(r"[=≈←~]|Σ", text), f"{core.__name__} states no equation"


def test_notebooks_show_every_core_or_hold_their_idea_against_it():
    """By `source(…)`, or by a call: what is shown is what runs."""
    named = set()
    for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            if cell["cell_type"] == "code" and "%pip" not in text:
                named |= {each.attr for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Attribute)}
    assert [core.__name__ for room in ROOMS for core in cores(room) if core.__name__ not in named] == []
