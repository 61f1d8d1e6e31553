"""Every notebook says what it teaches, shows its idea, concludes in sentences that hold, and asks with folded answers."""

import ast
import csv
import json
import re
import sys
from pathlib import Path

import pytest

from radlib.report.claims import KEY

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "notebooks"))
sys.path.insert(0, str(REPOSITORY / ".ci"))
from folded_answers import FOLDED, answers, exercises  # noqa: E402

from refresh_notebooks import minutes_sentence  # noqa: E402

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
METHODS = [path for path in NOTEBOOKS if path.stem[:2] in {"03", "04", *map(str, range(10, 18))}]
IDEA_LINES = 12

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
method = pytest.mark.parametrize("path", METHODS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def code(path: Path, tag: str = "") -> list[str]:
    """The sources of its code cells, or of those with a tag."""
    found = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    return [source(cell) for cell in found if not tag or tag in cell["metadata"].get("tags", [])]


def held(path: Path) -> list[list[bool]]:
    """For each output with claims, which of them held in the demo."""
    outputs = [output for cell in cells(path) for output in cell.get("outputs", [])]
    return [output["metadata"][KEY] for output in outputs if KEY in output.get("metadata", {})]


@every
def test_the_first_cell_says_what_one_will_be_able_to_do_and_where_it_runs(path):
    first = source(cells(path)[0])
    for part in ("You will be able to", "minute", "Data:", "colab.research.google.com", "kaggle.com/code"):
        assert part in first, part
    assert "opening(" in code(path)[2], "the first output says whose films these are"


def test_the_minutes_of_the_series_are_those_of_the_published_demo():
    """Opened alone, a notebook does what those before it would have done; only the films of the first are read anew."""
    with (REPOSITORY / "docs" / "results" / "demo" / "times.csv").open(encoding="utf-8") as file:
        seconds = {row["report"]: float(row["seconds"]) for row in csv.DictReader(file)}
    explore, *others = sorted(seconds)
    alone = {explore: seconds[explore]}
    alone |= {name: sum(seconds[n] for n in others[: place + 1]) for place, name in enumerate(others)}
    for name, took in alone.items():
        said = minutes_sentence(took)
        assert said in source(cells(REPOSITORY / "notebooks" / name)[0]), f"{name}: {said}"


def test_the_minutes_of_every_other_notebook_are_those_of_its_last_execution():
    with (REPOSITORY / "docs" / "notebook_times.csv").open(encoding="utf-8") as file:
        seconds = {row["notebook"]: float(row["seconds"]) for row in csv.DictReader(file)}
    assert sorted(seconds) == [path.name for path in NOTEBOOKS if path.stem >= "07"]
    for name, took in seconds.items():
        assert minutes_sentence(took) in source(cells(REPOSITORY / "notebooks" / name)[0]), name


@every
def test_it_concludes_in_three_sentences_that_hold_in_the_demo(path):
    concluded = [text for text in code(path) if re.search(r"^conclude\(", text, re.M)]
    assert len(concluded) == 1
    assert any(len(claims) >= 3 for claims in held(path))
    assert all(all(claims) for claims in held(path)), (
        "turn the claim round: here its other sentence is the true one"
    )


@every
def test_a_claim_about_patients_names_the_run_that_knows_whether_they_are_known(path):
    """Prose that `told` leaves alone, and names of columns, are no claims."""
    magics = re.compile(r"(?m)^( *)[%!].*$")
    calls = [node for text in code(path) for node in ast.walk(ast.parse(magics.sub(r"\1pass", text)))]
    for call in calls:
        if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "claim":
            continue
        said = [
            part.value for given in call.args for part in ast.walk(given) if isinstance(part, ast.Constant)
        ]
        if any(isinstance(part, str) and re.search(r" patients?\b|\bpatients? ", part) for part in said):
            assert any(given.arg == "run" for given in call.keywords), ast.unparse(call)[:200]


@every
def test_three_to_five_exercises_have_folded_answers_with_code(path):
    assert 3 <= len(exercises(path)) <= 5
    for text, answer in zip(exercises(path), answers(path), strict=True):
        assert len(FOLDED.findall(text)) == 1, text
        assert "assert " in answer, f"the answer checks what it says: {text}"
        ast.parse(answer)


@method
def test_the_idea_is_one_short_function_held_against_the_library(path):
    ideas = code(path, "idea")
    assert len(ideas) == 1
    functions = [node for node in ast.parse(ideas[0]).body if isinstance(node, ast.FunctionDef)]
    assert len(functions) == 1
    lines = [line for line in ast.get_source_segment(ideas[0], functions[0]).splitlines() if line.strip()]
    assert len(lines) <= IDEA_LINES
    after = code(path)[code(path).index(ideas[0]) :]
    assert any(functions[0].name in text and "assert " in text for text in after), "held against the library"
    assert any("$$" in source(cell) for cell in cells(path) if cell["cell_type"] == "markdown")


@every
def test_every_picture_has_an_alternative_text_that_says_what_is_seen(path):
    pictured = [c for c in cells(path) if any("image/png" in o.get("data", {}) for o in c.get("outputs", []))]
    for cell in pictured:
        assert len(cell["metadata"].get("alt", "").split()) >= 8, source(cell)
