"""The house stands: few rooms, imports downwards only, no circle, one door each; and TensorFlow waits until it is asked."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import radlib
from import_graph import FLOORS, arrows, circles, door, import_graph, modules, room, way

ROOT = Path(radlib.__file__).parent
METHODS = ("pruning", "quantization", "deep_compression", "low_rank", "xnor_net", "miracle", "distillation")
GRAPH = import_graph(ROOT)
IMPORTS = [(name, other) for name, others in GRAPH.items() for other in sorted(others) if "." in other]


def words(name: str) -> str:
    """Return the docstring of a room or a package inside one, by its name below radlib or in full."""
    path = ROOT.joinpath(*name.removeprefix("radlib.").split("."), "__init__.py")
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_there_are_fourteen_rooms_and_nothing_else():
    assert {path.name for path in ROOT.iterdir() if path.name != "__pycache__"} == {*FLOORS, "__init__.py"}
    assert len(FLOORS) == 14


def test_imports_between_rooms_go_downwards_only():
    height = {name: number for number, name in enumerate(FLOORS)}
    upwards = [f"{a} imports {b}" for a, b in IMPORTS if room(a) and height[room(b)] > height[room(a)]]
    assert upwards == []


def test_no_file_imports_another_in_a_circle():
    assert circles(GRAPH) == []


def method_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[1] == "techniques" and parts[2] in METHODS else ""


def strays(graph: dict[str, set[str]]) -> list[str]:
    """Ways from a method's room into another's, in steps of any length; the door of all of them leads into each."""
    found = []
    for name in filter(method_of, graph):
        others = {end for end in graph if method_of(end) not in ("", method_of(name))} | {"radlib.techniques"}
        found += [" imports ".join(steps)] if (steps := way(graph, name, others)) else []
    return found


def test_no_method_drags_in_another_methods_room():
    rooms = {path.parent.name for path in ROOT.glob("techniques/*/__init__.py")}
    assert rooms | {"distillation"} == set(METHODS)
    assert strays(GRAPH) == []


def test_a_method_that_drags_in_another_is_found_however_far():
    below = {
        "radlib.techniques.kernels": {"radlib.techniques.low_rank.ranks"},
        "radlib.techniques.low_rank.ranks": set(),
    }
    graph = {
        "radlib.techniques.distillation": {"radlib.techniques.kernels"},
        "radlib.techniques": set(),
        **below,
    }
    assert strays(graph) == [
        "radlib.techniques.distillation imports radlib.techniques.kernels imports radlib.techniques.low_rank.ranks"
    ]
    graph["radlib.techniques.kernels"] = {"radlib.techniques"}
    assert len(strays(graph)) == 1


def test_a_room_is_entered_by_its_door():
    doors = {f"radlib.{name}" for name in FLOORS}
    doors |= {f"radlib.{name}.{file}" for name in FLOORS for file in door(ROOT, name)}
    around = [f"{a} imports {b}" for a, b in IMPORTS if room(a) and room(a) != room(b) and b not in doors]
    assert around == []


@pytest.mark.parametrize("name", FLOORS)
def test_a_door_names_what_is_there_and_says_where_to_begin(name):
    module = importlib.import_module(f"radlib.{name}")
    for handed in module.__all__:
        assert getattr(module, handed) is not None, handed


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_says_in_three_sentences_what_it_is_for_what_it_imports_and_where_to_begin(name):
    purpose, rest, *_ = words(name).split("\n\n")
    assert purpose.endswith(".") and purpose.count("\n") == 0
    imports, begin = re.split(r"\.\s(?=Begin\swith)", rest)
    assert imports.startswith("It imports ") and begin.endswith(".") and not re.search(r"\.\s", begin)


@pytest.mark.parametrize("name", FLOORS)
def test_what_a_room_says_it_imports_is_what_it_imports(name):
    claim = re.search(r"It imports (.*?)[.;]\s", words(name), flags=re.S)[1]
    named = set(re.findall(r"`(\w+)`", claim))
    said = set(FLOORS[: FLOORS.index(name)]) - named if "all rooms below" in claim else named
    assert said == {b for a, b in arrows(GRAPH) if a == name}, claim


@pytest.mark.parametrize(
    "name", [n for n, path in modules(ROOT).items() if path.name == "__init__.py" and "." in n]
)
def test_where_to_begin_exists(name):
    folder = ROOT.parent / name.replace(".", "/")
    begin = re.search(r"[Bb]egin with\s(.*?)\.(\s|$)", words(name), flags=re.S)
    assert begin, "does not say where to begin"
    for found in re.findall(r"`([a-z][\w./]+)`", begin[1]):
        file, _, inside = found.rstrip("/").partition(".")
        assert (folder / file).is_dir() or (folder / f"{file}.py").is_file(), found
        assert not inside or hasattr(importlib.import_module(f"{name}.{file}"), inside), found


@pytest.mark.parametrize("name", [n for n, path in modules(ROOT).items() if path.name == "__init__.py"])
def test_an_init_holds_words_and_a_door_only(name):
    for node in ast.parse(modules(ROOT)[name].read_text(encoding="utf-8")).body:
        assert not isinstance(node, ast.FunctionDef | ast.ClassDef), name


def test_tests_mirror_the_rooms_and_the_rooms_inside_them():
    tests = ROOT.parent / "tests"
    folders = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py")} - {"."}
    assert folders - rooms == {"house", "notebooks"}
    assert rooms - folders == set()


def test_the_reader_of_imports_sees_every_form(tmp_path):
    package = tmp_path / "radlib"
    (package / "d").mkdir(parents=True)
    for name in ("a", "b", "c", "d/__init__", "d/e"):
        (package / f"{name}.py").write_text("")
    (package / "x.py").write_text(
        "import radlib.a\nfrom radlib import b\nif TYPE_CHECKING:\n    from radlib.c import C\n"
        "def f():\n    from radlib.d import e\n"
    )
    (package / "c.py").write_text("def f():\n    from radlib import x\n")
    graph = import_graph(package)
    assert graph["radlib.x"] == {"radlib.a", "radlib.b", "radlib.c", "radlib.d.e"}
    assert circles(graph) == [["radlib.c", "radlib.x"]]


def test_only_the_backend_names_tensorflow():
    heavy = {"tensorflow", "tf_keras", "keras", "tensorflow_model_optimization"}
    for path in ROOT.rglob("*.py"):
        if path.name == "backend.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & heavy, f"{path.name} imports {names}"


def test_importing_every_module_imports_no_tensorflow():
    source = (
        "import importlib, pkgutil, sys, radlib\n"
        "for m in pkgutil.walk_packages(radlib.__path__, 'radlib.'):\n"
        "    importlib.import_module(m.name)\n"
        "    assert 'tensorflow' not in sys.modules, m.name\n"
        "for name in radlib.__all__:\n"
        "    getattr(radlib, name)\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_what_begins_with_an_underscore_stays_in_its_file():
    taken = [
        f"{path.relative_to(ROOT)} takes {alias.name}"
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("radlib")
        for alias in node.names
        if alias.name.startswith("_") and alias.name != "__version__"
    ]
    assert taken == []
