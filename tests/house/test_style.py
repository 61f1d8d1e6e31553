"""The repository's own rules: weight of files, and what a committed notebook looks like."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from radlib.cli.series.first_cell import BOOTSTRAP
from radlib.cli.series.parameters import declared_parameters
from radlib.runs.settings import SETTING_TYPES

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
LARGEST_BYTES = 500_000
COMMON = {"output": str, "study": str, "data": str, "network": str, "seed": int, "fresh": bool}

notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells(path: Path, kind: str = "code") -> list[dict]:
    return [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def plain(cell: dict) -> str:
    """A cell's source without lines that only IPython understands."""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source(cell), flags=re.M)


def repository_files() -> list[Path]:
    """Everything that is committed or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [REPOSITORY / name for name in done.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def test_no_file_is_heavier_than_500_kb():
    heavy = {str(p.relative_to(REPOSITORY)): p.stat().st_size for p in repository_files()}
    assert {name: size for name, size in heavy.items() if size > LARGEST_BYTES} == {}


def test_no_films_weights_or_models_are_committed():
    endings = {".dcm", ".h5", ".keras", ".tflite", ".npz", ".npy", ".pth", ".jpg", ".jpeg", ".pkl", ".joblib"}
    assert [p.name for p in repository_files() if p.suffix.lower() in endings] == []


def test_the_bootstrap_has_at_most_8_lines_and_installs_by_path_only():
    lines = [line for line in BOOTSTRAP.splitlines() if line.strip()]
    assert len(lines) <= 8
    installs = [line for line in lines if "pip" in line]
    assert installs == ['    %pip install --quiet "{wheel}[train]"']


@notebooks
def test_a_notebook_opens_with_title_bootstrap_parameters_and_run(path):
    everything = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert everything[0]["cell_type"] == "markdown" and source(everything[0]).startswith(
        f"# {path.stem[:2]} · "
    )
    assert source(everything[1]).strip() == BOOTSTRAP.strip()
    tagged = [n for n, c in enumerate(everything) if "parameters" in c["metadata"].get("tags", [])]
    assert tagged == [2]
    assert "open_run(" in source(everything[3])


@notebooks
def test_parameters_follow_the_grammar_and_default_to_what_the_study_says(path):
    declared = declared_parameters(path)
    for name in ("output", "study", "data", "fresh"):
        assert declared[name].type is COMMON[name], name
    assert all(p.help for p in declared.values())
    for name in set(declared) & set(SETTING_TYPES):
        assert declared[name].type is SETTING_TYPES[name] and declared[name].default is None, name


@notebooks
def test_what_is_declared_reaches_the_run(path):
    opening = source(json.loads(path.read_text(encoding="utf-8"))["cells"][3])
    call = next(
        n
        for n in ast.walk(ast.parse(opening))
        if isinstance(n, ast.Call) and "open_run" in ast.unparse(n.func)
    )
    passed = {k.arg: ast.unparse(k.value) for k in call.keywords}
    for name in set(declared_parameters(path)) & (set(SETTING_TYPES) | {"study", "network", "fresh"}):
        assert passed.get(name) == name, f"{name} is declared but not passed to open_run"


@notebooks
def test_a_notebook_is_short_and_defines_nothing_but_its_idea(path):
    assert len(json.loads(path.read_text(encoding="utf-8"))["cells"]) <= 40
    for cell in cells(path):
        idea = "idea" in cell["metadata"].get("tags", [])
        tree = ast.parse(plain(cell))
        assert len([line for line in source(cell).splitlines() if line.strip()]) <= 15, source(cell)
        for node in ast.walk(tree):
            assert idea or not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef), (
                source(cell)
            )
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            heavy = {"tensorflow", "tf_keras", "keras", "tensorflow_model_optimization"}
            assert not {m.split(".")[0] for m in modules} & heavy, source(cell)


@notebooks
def test_a_notebook_was_run_in_order_from_a_fresh_kernel_without_noise(path):
    counts = [c["execution_count"] for c in cells(path) if source(c).strip()]
    assert counts == list(range(1, len(counts) + 1))
    for cell in cells(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr", source(cell)
    assert any("nbval-check-output" in c["metadata"].get("tags", []) for c in cells(path))


@notebooks
def test_a_notebook_holds_no_trace_of_a_machine(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert set(content["metadata"]) <= {"kernelspec", "language_info"}
    text = "".join(json.dumps(c.get("outputs", "")) for c in content["cells"])
    text = re.sub(r'"image/\w+": "[^"]*"', "", text)
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users|private|var|opt)/", text)
    for cell in content["cells"]:
        assert not {"execution", "papermill"} & set(cell["metadata"])
        assert "injected-parameters" not in cell["metadata"].get("tags", [])


@notebooks
def test_links_between_notebooks_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#]+?)\)", source(cell)):
            if "://" not in target and not target.startswith("attachment:"):
                assert (path.parent / target).exists(), target


def test_a_type_that_is_not_checked_says_which_and_why():
    for path in REPOSITORY.glob("radlib/**/*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "type: ignore" in line:
                assert re.search(r"# type: ignore\[[\w, -]+\]  # \w.*$", line), f"{path.name}: {line.strip()}"
