"""Each notebook runs alone: in an empty folder outside the checkout, with radlib only as a wheel.

For those of the methods this is the only execution, so what they print is held against what is committed. The code of
the folded answers to its exercises goes on where the notebook ended.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from folded_answers import with_answers
from replaying import disagreements

from radlib.cli.kaggle import build_wheel
from radlib.cli.series.first_cell import BOOTSTRAP
from radlib.runs.studies import load_study, notebooks_folder

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
STORY = load_study("demo").notebooks  # compared in test_papermill, where they have the demo's films
FEWER = {
    "07_fit": {"networks": "1", "hours": "0.001", "most_epochs": "1", "largest_side": "32"},
    "14_miracle": {"sizes_kb": "[5]"},
    "30_segment": {"study": "outlines.yaml"},
    "31_detect": {"study": "boxes.yaml"},
}
QUICK = """\
name: quick
title: The demo in a minute
test_is_public: false
parameters:
  dataset: synthetic
  dataset_options: {patients: 40}
  augmentation: {spared_exposure: 0.3}
  epochs: 1
  batch_size: 8
  chains: [int8]
  pruning_epochs: 1
  representative_films: 20
  bootstrap_draws: 20
  latency_calls: 50
"""
OUTLINES = """\
name: outlines
title: Outlines in a minute
test_is_public: false
parameters:
  dataset: drawn_outlines
  dataset_options: {patients: 40, image_side: 64}
  image_size: 32
  architecture: outline_student
  epochs: 1
  batch_size: 8
  chains: [int8]
  stress_films: 0
  representative_films: 20
  bootstrap_draws: 20
  latency_calls: 50
"""
BOXES = """\
name: boxes
title: Boxes in a minute
test_is_public: false
parameters:
  dataset: synthetic
  dataset_options: {patients: 40, image_side: 64, reading: boxes}
  image_size: 32
  architecture: centre_student
  epochs: 1
  batch_size: 8
  chains: [int8]
  stress_films: 0
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


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    """Where films are kept that were drawn and decoded: the first notebook makes them, the next ones find them."""
    return tmp_path_factory.mktemp("drawn")


@pytest.fixture
def bare(venv) -> Path:
    """The environment without radlib: what an earlier test installed of it is gone."""
    for item in site_packages(venv).glob("radlib*"):
        shutil.rmtree(item)
    return venv


def site_packages(venv: Path) -> Path:
    """The folder of an environment's libraries."""
    return next((venv / "lib").glob("python*/site-packages"))


def execute(
    venv: Path, notebook: Path, parameters: dict[str, str], **variables: str
) -> subprocess.CompletedProcess:
    """Execute a notebook as papermill's own command does, with no index to install from."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RADLIB", "PYTHON", "VIRTUAL"))}
    environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
    } | variables
    given = [text for name, value in parameters.items() for text in ("-y", f"{name}: {value}")]
    command = [venv / "bin" / "python", "-m", "papermill", "--no-progress-bar", notebook.name, "done.ipynb"]
    return subprocess.run(
        [*command, *given], cwd=notebook.parent, env=environment, capture_output=True, text=True, check=False
    )


def lone(path: Path):
    """A notebook as parameter; those of the series but its last, which makes all that they make, are slow."""
    later = path.stem in STORY and path.stem != STORY[-1]
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if later else [])


@pytest.mark.parametrize("path", list(map(lone, NOTEBOOKS)))
def test_a_notebook_runs_alone_and_prints_what_is_committed(request, venv, wheel, drawn, tmp_path, path):
    shutil.copy(wheel, tmp_path)  # the first to run installs it
    nbformat.write(with_answers(path), tmp_path / path.name)
    if path.stem not in STORY:  # those draw their films themselves
        (tmp_path / "outputs").mkdir()
        (tmp_path / "outputs" / ".cache").symlink_to(drawn)
    for name, text in (("quick", QUICK), ("outlines", OUTLINES), ("boxes", BOXES)):  # studies of one's own
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    fewer = {"study": "quick.yaml", **FEWER.get(path.stem, {})}
    done = execute(venv, tmp_path / path.name, fewer)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "outputs" / Path(fewer["study"]).stem / "run.json").is_file()
    if path.stem not in STORY:
        found = disagreements(request.session, path, tmp_path / "done.ipynb")
        assert not found, "\n".join(found)


def small_notebook(folder: Path, *cells: str) -> Path:
    """Write a notebook of these code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    folder.mkdir()
    nbformat.write(notebook, folder / "x.ipynb")
    return folder / "x.ipynb"


@pytest.mark.parametrize("place", ["beside", "named"])
def test_the_bootstrap_installs_the_wheel_and_nothing_else(bare, wheel, tmp_path, place):
    path = small_notebook(tmp_path / "a folder", BOOTSTRAP, "import radlib\n\nprint(radlib.__file__)")
    shutil.copy(wheel, path.parent if place == "beside" else tmp_path)
    named = {"RADLIB_WHEEL": str(tmp_path / wheel.name)} if place == "named" else {}
    done = execute(bare, path, {}, **named)
    assert done.returncode == 0, done.stderr[-3000:]
    printed = nbformat.read(path.parent / "done.ipynb", as_version=4).cells[1].outputs[0].text
    assert Path(printed.strip()).resolve().is_relative_to(bare.resolve())


def test_without_a_wheel_the_notebook_says_in_one_sentence_what_it_needs(bare, tmp_path):
    done = execute(bare, small_notebook(tmp_path / "empty", BOOTSTRAP), {})
    assert done.returncode == 1
    assert (
        "radlib is not installed: put its wheel beside this notebook or name it in RADLIB_WHEEL."
        in done.stderr
    )
