"""Each notebook runs alone: in an empty folder outside the checkout, with radlib only as a wheel beside it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest

from radlib.cli.kaggle import build_wheel
from radlib.cli.series.first_cell import BOOTSTRAP
from radlib.runs.studies import notebooks_folder

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
QUICK = """\
name: quick
title: The demo in a minute
test_is_public: false
parameters:
  dataset: synthetic
  dataset_options: {patients: 40}
  epochs: 1
  chains: [int8]
  pruning_epochs: 1
  representative_films: 20
  bootstrap_draws: 20
  latency_calls: 50
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def venv(tmp_path_factory) -> Path:
    """An environment that has every library of this one except radlib."""
    venv = tmp_path_factory.mktemp("machine") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    libraries = site_packages(venv)
    for item in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "radlib" not in item.name and not (libraries / item.name).exists():
            (libraries / item.name).symlink_to(item)
    return venv


@pytest.fixture
def elsewhere(tmp_path, venv) -> Path:
    """A folder outside the checkout; what an earlier test installed of radlib is gone from its environment."""
    for item in site_packages(venv).glob("radlib*"):
        shutil.rmtree(item)
    (tmp_path / "venv").symlink_to(venv)
    return tmp_path


def site_packages(venv: Path) -> Path:
    """The folder of an environment's libraries."""
    return next((venv / "lib").glob("python*/site-packages"))


def execute(
    folder: Path, notebook: Path, parameters: dict[str, str], **variables: str
) -> subprocess.CompletedProcess:
    """Execute a notebook as papermill's own command does, with no index to install from."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RADLIB", "PYTHON", "VIRTUAL"))}
    environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    } | variables
    given = [text for name, value in parameters.items() for text in ("-y", f"{name}: {value}")]
    command = [
        folder / "venv" / "bin" / "python",
        "-m",
        "papermill",
        "--no-progress-bar",
        notebook.name,
        "done.ipynb",
    ]
    return subprocess.run(
        [*command, *given], cwd=notebook.parent, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_alone_from_the_wheel_beside_it(elsewhere, wheel, path):
    empty = elsewhere / "empty"
    empty.mkdir()
    shutil.copy(path, empty)
    shutil.copy(wheel, empty)
    (empty / "quick.yaml").write_text(QUICK, encoding="utf-8")  # a study of one's own
    done = execute(elsewhere, empty / path.name, {"study": "quick.yaml"})
    assert done.returncode == 0, done.stderr[-3000:]
    executed = nbformat.read(empty / "done.ipynb", as_version=4)
    assert not [o for c in executed.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert (empty / "outputs" / "quick" / "run.json").is_file()


def small_notebook(folder: Path, *cells: str) -> Path:
    """Write a notebook of these code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    folder.mkdir()
    nbformat.write(notebook, folder / "x.ipynb")
    return folder / "x.ipynb"


@pytest.mark.parametrize("place", ["beside", "named"])
def test_the_bootstrap_installs_the_wheel_and_nothing_else(elsewhere, wheel, place):
    path = small_notebook(elsewhere / "a folder", BOOTSTRAP, "import radlib\n\nprint(radlib.__file__)")
    shutil.copy(wheel, path.parent if place == "beside" else elsewhere)
    named = {"RADLIB_WHEEL": str(elsewhere / wheel.name)} if place == "named" else {}
    done = execute(elsewhere, path, {}, **named)
    assert done.returncode == 0, done.stderr[-3000:]
    printed = nbformat.read(path.parent / "done.ipynb", as_version=4).cells[1].outputs[0].text
    assert Path(printed.strip()).resolve().is_relative_to((elsewhere / "venv").resolve())


def test_without_a_wheel_the_notebook_says_in_one_sentence_what_it_needs(elsewhere):
    done = execute(elsewhere, small_notebook(elsewhere / "empty", BOOTSTRAP), {})
    assert done.returncode == 1
    assert (
        "radlib is not installed: put its wheel beside this notebook or name it in RADLIB_WHEEL."
        in done.stderr
    )
