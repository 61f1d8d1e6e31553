"""Without extras: what a device needs works, and everything else ends in one sentence with the line to type.

The commands run in a process that finds no library but those that a bare `pip install` brings, and theirs.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

import radlib
from radlib.deployment.export import export_variant
from radlib.deployment.threshold_files import write_thresholds
from radlib.evaluation.training_films import describe_films
from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film
from stored import stored_run

REPOSITORY = Path(__file__).resolve().parents[2]
PROCESS = """
import contextlib, io, json, sys
from importlib.machinery import PathFinder

class Device:
    \"\"\"Finds what lies on the path, but for the libraries that are not installed on a device.\"\"\"

    find_distributions = PathFinder.find_distributions

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in blocked else PathFinder.find_spec(name, path, target)

blocked, commands = json.loads(sys.stdin.read())
sys.meta_path[sys.meta_path.index(PathFinder)] = Device
from radlib.cli.app import main

done = []
for command in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(command)
        except SystemExit as end:
            done.append([end.code, out.getvalue(), err.getvalue()])
try:
    from radlib import results
except Exception as error:
    done.append([5, "", f"{error}\\n"])
print(json.dumps(done))
"""
FILMS, MANY = 3, 30


def brought() -> set[str]:
    """Return the distributions that a bare install brings."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found, waiting = set(), list(project["dependencies"])
    while waiting:
        requirement = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and name not in found:
            found.add(name)
            waiting += importlib.metadata.requires(name) or []
    return found


def blocked() -> list[str]:
    """Return the modules of all other distributions of this environment."""
    there, ours = brought(), {"radlib", "pip", "setuptools"}
    packages = importlib.metadata.packages_distributions()
    names = {m: {re.sub(r"[-_.]+", "-", d).lower() for d in owners} for m, owners in packages.items()}
    return sorted(module for module, owners in names.items() if not owners & (there | ours))


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """How each line ends where no extra is installed, beside a run, an export of it and films: code, output, errors."""
    folder = tmp_path_factory.mktemp("device")
    run, films = stored_run(folder, chains=("", "int8"))
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    describe_films(run, films, run.variants())
    (folder / "films").mkdir()
    for number in range(FILMS):
        Image.fromarray(np.array(films.test.pixels[number])).save(folder / "films" / f"{number}.png")
    (folder / "many").mkdir()
    for number in range(MANY):
        Image.fromarray(films.training.pixels[number] // 2).save(folder / "many" / f"{number}.png")
    write_film(
        folder / "film.dcm",
        films.test.images([3])[0, ..., 0],
        StorageKind(12),
        Header("p", "PA", 40, "F", "n"),
    )
    int8 = run.variant("student_small/int8#0")
    export_variant(run.folder, int8.key, folder / "export", unfinished=True)
    write_thresholds(folder / "own.thresholds.json", int8, [0.25], {"basis": "a test"})

    run.path("results.csv").write_text(f"variant,auroc\n{int8.name},1.0\n")
    (folder / "labels.csv").write_text("file,opacity\n0.png,1\n1.png,0\n")
    lines = [*WORKS, *REFUSED]
    given = json.dumps([blocked(), [line.split() for line in lines[:-1]]])
    command = [sys.executable, "-c", PROCESS]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=folder)
    return dict(zip(lines, json.loads(done.stdout), strict=True))


INT8, ORIGINAL = (f"out/variants/student_small--{chain}--seed0" for chain in ("int8", "original"))
WORKS = {
    "--version": "radlib, version",
    "--help": "predict",
    "list": "magnitude_pruning",
    "list datasets": "kermany",
    "list architectures": "densenet121",
    "list techniques": "final_sparsity",
    "list studies": "demo",
    "doctor": "pip install 'radlib[train]'",
    f"predict {INT8} films/0.png": "opacity_probability",
    f"predict {INT8} film.dcm": "opacity_probability",
    f"predict {INT8} films --csv answers.csv": f"{FILMS} films: answers.csv",
    f"predict {INT8} films --thresholds own.thresholds.json": ",0.25,",
    "predict export films": "opacity_probability",
    "predict export many": "opacity_probability",
    "read export film.dcm": "opacity_probability",
    "read export films many --json": "Research only, not a medical device.",
    "read export --watch films --once": "opacity_probability",
    "read export films/0.png --heat-map maps": "opacity_probability",
    "verify out": "checks passed",
}
REFUSED = {
    "run": "train",
    f"import {INT8}/model.tflite --labels normal,pneumonia": "train",
    "compare out": "train",
    "publish out published": "train",
    f"export {INT8} another_export --unfinished": "train",
    f"predict {ORIGINAL} films/0.png": "train",
    f"predict {INT8} films --recalibrate labels.csv": "train",
    "fetch medmnist": "fetch",
    "fetch kermany": "fetch",
    "from radlib import results": "train",
}


@pytest.mark.parametrize("line", WORKS)
def test_what_a_device_needs_works(ended, line):
    code, out, err = ended[line]
    assert code == 0 and WORKS[line] in out, err


def test_a_folder_is_compared_as_a_whole_without_any_extra(ended):
    _, _, err = ended["predict export many"]
    assert f"As a whole these {MANY} films are unlike those that the variant was tested on" in err


@pytest.mark.parametrize("line", REFUSED)
def test_a_missing_extra_is_one_sentence_with_the_line_to_type(ended, line):
    code, _, err = ended[line]
    assert code == 5 and f"pip install 'radlib[{REFUSED[line]}]' brings it" in err.strip().splitlines()[-1]
    assert "No module named" not in err


def test_a_run_is_verified_as_far_as_it_can_be(ended):
    _, out, err = ended["verify out"]
    assert "what is named above was not checked" in out
    assert "No film was asked about again" in err and err.count("pip install 'radlib[train]'") == 1
