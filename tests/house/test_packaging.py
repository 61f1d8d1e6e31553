"""The wheel carries the series, and the lock, environment.yml and pyproject.toml say the same."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from canaries import executed_notebook, hits
from radlib.cli.kaggle import build_wheel

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LOCK = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> list[tuple[Requirement, list[str]]]:
    """Every pin of the lock with its hashes."""
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    found = []
    for entry in entries:
        text = entry.replace("\\\n", " ")
        pin = re.split(r"\s--hash=", text)[0].strip()
        found.append((Requirement(pin), re.findall(r"--hash=(\S+)", text)))
    return found


def test_the_lock_pins_everything_with_hashes_and_names_no_index():
    assert len(locked()) > 100
    for pin, hashes in locked():
        assert [s.operator for s in pin.specifier] == ["=="] and pin.url is None, pin
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), pin
    assert "://" not in LOCK and "index" not in LOCK


def test_the_lock_satisfies_the_project():
    versions = {}
    for pin, _ in locked():
        versions.setdefault(pin.name.lower().replace("_", "-"), []).append(next(iter(pin.specifier)).version)
    extras = PROJECT["project"]["optional-dependencies"]
    (whole,) = (each.extras for each in map(Requirement, extras["dev"]) if each.name == "radlib")
    assert whole == set(extras) - {"dev"}  # `make` installs all
    for text in itertools.chain(PROJECT["project"]["dependencies"], *extras.values()):
        requirement = Requirement(text)
        if requirement.name == "radlib":
            continue
        assert versions.get(requirement.name), f"{requirement.name} is not in the lock; run make lock"
        for version in versions[requirement.name]:
            assert requirement.specifier.contains(version), f"{requirement} and the lock's {version} disagree"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_each_python_gets_exactly_one_version_of_each_library(python, system):
    place = {"python_version": python, "python_full_version": f"{python}.4", "sys_platform": system}
    names = [p.name for p, _ in locked() if p.marker is None or p.marker.evaluate(place)]
    assert len(names) == len(set(names)) and "tensorflow" in names


def test_conda_users_get_the_set_of_the_lock():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    section = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert sorted(str(Requirement(p)) for p in section) == sorted(str(p) for p, _ in locked())
    python = next(d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python"))
    assert python == "python" + PROJECT["project"]["requires-python"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build_wheel(tmp_path_factory.mktemp("wheel")))


def test_the_wheel_carries_code_notebooks_studies_and_licence_and_no_more(wheel):
    names = set(wheel.namelist())
    for folder, pattern in (("radlib", "**/*.py"), ("notebooks", "*.ipynb"), ("notebooks", "studies/*.yaml")):
        for path in (REPOSITORY / folder).glob(pattern):
            inside = path.relative_to(REPOSITORY).as_posix()
            assert inside.replace("notebooks/", "radlib/notebooks/") in names, inside
    assert any(name.endswith("licenses/LICENSE") for name in names)
    for name in names:
        assert name.split("/")[0] in ("radlib", f"radlib-{version(wheel)}.dist-info"), name
        assert not re.search(
            r"__pycache__|\.ipynb_checkpoints|\.(dcm|png|jpe?g|keras|h5|tflite|npz)$", name
        ), name
    page, code = [], []
    for item in wheel.infolist():
        (page if item.filename.startswith("radlib/deployment/page/built/") else code).append(item)
    assert sum(item.file_size for item in code) < 6_000_000
    assert sum(item.compress_size for item in page) < 4_000_000  # where it was built; WebAssembly packs well


@pytest.fixture
def used_checkout(tmp_path) -> Path:
    """A copy of the checkout in which somebody executed notebooks on films and left more beside them."""
    checkout = tmp_path / "checkout"
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore", ".ci/wheel_notebooks.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, checkout / name)
    for path in ("radlib/__init__.py", "radlib/cli/notebook_sources.py", "notebooks/studies/demo.yaml"):
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, checkout / path)
    left = ("notebooks/film.png", "notebooks/outputs/x.csv", "radlib/film.dcm", "tests/film.png",
            "notebooks/.ipynb_checkpoints/01-checkpoint.ipynb")  # fmt: skip
    for path in left:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text("QXCANARY")
    (checkout / "notebooks" / "01_explore.ipynb").write_text(json.dumps(executed_notebook()))
    return checkout


@pytest.mark.parametrize(
    ("target", "place"), [("wheel", "radlib/deployment/page/built"), ("sdist", "page/dist")]
)
def test_the_built_page_travels_where_there_is_one_and_a_sentence_where_there_is_none(
    used_checkout, tmp_path, target, place
):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=used_checkout, capture_output=True, check=True, text=True)
    assert "Without the page for browsers, which is not built" in done.stdout + done.stderr
    (used_checkout / "page" / "dist" / "assets").mkdir(parents=True)
    for name in ("index.html", "service-worker.js", "assets/page.js"):
        (used_checkout / "page" / "dist" / name).write_text("built")
    done = subprocess.run(command, cwd=used_checkout, capture_output=True, check=True, text=True)
    assert "Without the page" not in done.stdout + done.stderr
    (built,) = (tmp_path / "out").iterdir()
    shutil.unpack_archive(built, tmp_path / "all", "zip" if target == "wheel" else "gztar")
    (start,) = (tmp_path / "all").rglob(f"{place}/index.html")
    assert (start.parent / "assets" / "page.js").is_file()


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_what_is_built_from_a_used_checkout_holds_nothing_of_a_run(used_checkout, tmp_path, target):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(tmp_path / "out")]
    subprocess.run(command, cwd=used_checkout, capture_output=True, check=True)
    (built,) = (tmp_path / "out").iterdir()
    shutil.unpack_archive(built, tmp_path / "all", "zip" if target == "wheel" else "gztar")
    assert list((tmp_path / "all").rglob("notebooks/01_explore.ipynb"))
    assert list((tmp_path / "all").rglob("notebooks/studies/demo.yaml"))
    assert hits(tmp_path / "all", [b"QXCANARY"]) == []
    assert "QXCANARY" in (used_checkout / "notebooks" / "01_explore.ipynb").read_text()  # itself left alone


def version(wheel: zipfile.ZipFile) -> str:
    return Path(wheel.filename).name.split("-")[1]


def test_the_wheel_says_which_pythons_it_runs_on_and_installs_the_command(wheel):
    info = f"radlib-{version(wheel)}.dist-info"
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "Requires-Python: <3.14,>=3.11" in metadata and "License-Expression: Apache-2.0" in metadata
    assert "radlib = radlib.cli.app:main" in wheel.read(f"{info}/entry_points.txt").decode()


def test_radlib_finds_its_studies_and_notebooks_inside_an_unpacked_wheel(wheel, tmp_path):
    wheel.extractall(tmp_path)
    source = (
        "import radlib, sys\nfrom radlib.runs import studies\nprint(radlib.__file__)\n"
        "print(*studies.study_names())\nprint(*sorted(p.name for p in studies.notebooks_folder().glob('*.ipynb')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    place, studies, notebooks = done.stdout.split("\n")[:3]
    assert Path(place).is_relative_to(tmp_path) and "demo" in studies.split()
    assert notebooks.split() == sorted(p.name for p in (REPOSITORY / "notebooks").glob("*.ipynb"))


@pytest.fixture
def machine(tmp_path):
    """A function that runs .ci/environment.sh where only the given programs exist, and returns what happened."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "cat", "cut", "sha256sum", "rm", "mkdir", "touch", "env"):
        path = next(p for d in os.environ["PATH"].split(":") if (p := Path(d) / name).is_file())
        (programs / name).symlink_to(path)

    def build(**scripts: str) -> subprocess.CompletedProcess:
        for name, text in scripts.items():
            path = programs / name.replace("_", ".")
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)
        command = [programs / "bash", REPOSITORY / ".ci" / "environment.sh", str(tmp_path / "venv")]
        environment = {"PATH": str(programs)}
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )

    return build


@pytest.mark.parametrize("version", ["3.10.4", "3.14.0"])
def test_a_python_too_old_or_too_new_is_said_in_one_sentence(machine, version):
    old = f'case "$2" in *platform*) echo Python {version};; *) exit 1;; esac'
    done = machine(python3=old)
    assert done.returncode == 5 and done.stderr.count("\n") == 1
    assert f"needs Python 3.11, 3.12 or 3.13 and found Python {version}" in done.stderr


def test_no_python_at_all_is_said_too(machine):
    done = machine()
    assert done.returncode == 5 and "found no Python" in done.stderr and done.stderr.count("\n") == 1


def test_a_shim_that_does_not_run_is_passed_over(machine):
    broken = "echo 'command not found' >&2; exit 127"
    works = (
        'case "$1 $2" in "-m venv") exit 1;; *executable*) echo "$0";; *--version*) echo Python 3.12.1;; esac'
    )
    done = machine(python3=broken, python3_12=works)
    assert "with Python 3.12.1" in done.stderr and "venv module is incomplete" in done.stderr
    assert done.returncode == 5


def test_an_environment_that_is_up_to_date_is_left_alone(machine, tmp_path):
    (tmp_path / "venv").mkdir()
    digests = [
        subprocess.run(
            ["sha256sum", REPOSITORY / name], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        for name in ("requirements.txt", "pyproject.toml")
    ]
    (tmp_path / "venv" / ".ready").write_text(" ".join(digests) + "\n")
    done = machine()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
