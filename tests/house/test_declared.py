"""What radlib imports is declared, what a device imports comes without extras, and what is declared is of use."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import radlib
from radlib.foundation.extras import MODULES

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = REPOSITORY / "radlib"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {  # where a distribution is called otherwise than its module
    "PIL": "pillow", "gdcm": "python-gdcm", "sklearn": "scikit-learn", "yaml": "pyyaml",
}  # fmt: skip
CONVERTERS = "importing/torch_worker.py"  # runs in the environment of environments/import.txt
TRAINED = ("report/", "cli/series/jupyter_kernels.py")  # imported by who has the extra `train` alone
NOT_IMPORTED = {
    "backports-strenum": "a bound for ai-edge-litert's own dependency",
    "ipykernel": "the kernel in which a notebook's cells run",
    "jupyterlab": "a program",
    "pyjpegls": "pydicom's decoder finds it",
    "mypy": "a program",
    "pre-commit": "a program",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "a program",
    "slipcover": "a program",
    "types-pyyaml": "types for mypy",
}


def name_of(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def distribution_of(module: str) -> str:
    return DISTRIBUTIONS.get(module, name_of(module))


def declared(extra: str = "") -> set[str]:
    listed = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return {name_of(Requirement(text).name) for text in listed} - {"radlib"}


def imports(path: Path) -> dict[str, bool]:
    """Return the libraries that a file imports, and whether it does so when it is itself imported."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), {}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        for name in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"radlib"}:
            found[name] = found.get(name, False) or node in tree.body
    return found


FILES = {path.relative_to(ROOT).as_posix(): imports(path) for path in ROOT.rglob("*.py")}
EXTRAS = tuple(MODULES)


def test_every_library_that_is_imported_is_declared():
    everything = declared().union(*map(declared, EXTRAS))
    lacking = [
        f"{file} imports {module}"
        for file, modules in FILES.items()
        for module in modules
        if file != CONVERTERS and distribution_of(module) not in everything
    ]
    assert lacking == []


def test_what_a_device_imports_comes_without_extras():
    early = [
        f"{file} imports {module}"
        for file, modules in FILES.items()
        for module, at_once in modules.items()
        if at_once and not file.startswith(TRAINED) and distribution_of(module) not in declared()
    ]
    assert early == []


def test_the_converters_import_what_their_environment_brings():
    text = "\n".join(path.read_text() for path in (REPOSITORY / "environments").glob("*.txt"))
    brought = {name_of(re.split(r"[=<>]", line)[0]) for line in text.splitlines() if not line.startswith("#")}
    asked = {distribution_of(module) for module in FILES[CONVERTERS]} - declared()
    assert asked - brought == {"torchvision"}  # asked whether it is there


def test_what_is_declared_is_imported_or_has_a_reason():
    used = {distribution_of(module) for modules in FILES.values() for module in modules}
    for folder in ("tests", "benchmarks", ".ci"):
        used |= {distribution_of(m) for path in (REPOSITORY / folder).rglob("*.py") for m in imports(path)}
    everything = declared().union(*map(declared, PROJECT["optional-dependencies"]))
    assert everything - used == set(NOT_IMPORTED)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_sentence_of_a_missing_library_knows_what_its_extra_brings(extra):
    assert {distribution_of(module) for module in MODULES[extra]} == declared(extra)


def test_the_citation_names_this_version():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == radlib.__version__ and citation["license"] == PROJECT["license"]
    assert citation["cff-version"] == "1.2.0" and citation["authors"] and citation["message"]


def test_commits_and_pull_requests_run_what_make_runs():
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (hook,) = (hook for repository in hooks["repos"] for hook in repository["hooks"])
    assert (hook["entry"], hook["language"]) == ("make lint", "system")
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    commands = {step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step}
    assert {"make test", "make test-all"} <= commands
    for job in workflow["jobs"].values():
        assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
        assert all(
            re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step
        )
