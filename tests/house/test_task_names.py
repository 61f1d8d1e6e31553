"""No file asks which kind of question a network answers: what a kind means, its task says."""

import ast
from pathlib import Path

import radlib
from radlib.runs.tasks.naming import KINDS

ROOT = Path(radlib.__file__).parent
ROOM = ROOT / "runs" / "tasks"


def asked(source: str) -> list[str]:
    """Return the comparisons with a kind's name: of `….task`, of `task.name`, or of a name that is called so."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        names = {value.value for side in sides for value in ast.walk(side) if isinstance(value, ast.Constant)}
        if names & set(KINDS) and any(ast.unparse(side).split(".name")[0].endswith("task") for side in sides):
            found.append(ast.unparse(node))
    return found


def test_a_comparison_with_a_kinds_name_is_found():
    assert asked('if variant.task == "classes": pass') == ["variant.task == 'classes'"]
    assert asked('x = films.task.name != "binary"') and asked('x = task in ("binary", "findings")')
    assert not asked('x = reading == "classes"') and not asked('x = {"task": task.name}')


def test_a_kind_is_asked_for_by_name_in_its_own_room_alone():
    """What a data set's option may be called is no task; what a bundle's script compares has no library beside it."""
    files = {
        path: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py") if ROOM not in path.parents
    }
    scattered = {str(path.relative_to(ROOT)): found for path, text in files.items() if (found := asked(text))}
    assert scattered == {}


def test_every_kind_has_a_file_of_its_own_that_says_all_of_it():
    for name in KINDS:
        text = (ROOM / f"{name}_question.py").read_text(encoding="utf-8")
        assert all(f"    {fact}: ClassVar[str] = " in text for fact in ("name", "activation", "loss")), name
