"""A bundle sets itself up: radlib's wheel, what it needs, and shell scripts that say in a sentence what is missing."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import radlib
from radlib.deployment.bundle import requirements
from radlib.deployment.bundle.own_wheel import write_wheel
from radlib.deployment.bundle.requirements import checked_platforms, fetch_wheels, pinned
from radlib.deployment.bundle.setup_files import write_setup
from radlib.foundation.errors import SetupError, UsageError


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle with a space")
    write_setup(folder, [])
    return folder


def test_radlib_packs_itself_the_same_each_time_and_without_notebooks_and_paths(tmp_path, bundle):
    wheel = write_wheel(tmp_path)
    assert wheel.read_bytes() == (bundle / wheel.name).read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        text = b"".join(archive.read(name) for name in names)
    assert {"radlib/cli/app.py", "radlib/report/templates/report.html.j2"} < names
    assert not any("notebooks/" in name or "__pycache__" in name for name in names)
    assert (
        os.fspath(tmp_path).encode() not in text
        and os.fspath(Path(radlib.__path__[0]).parent).encode() not in text
    )


def test_the_wheel_is_one_that_pip_installs_and_that_runs(tmp_path, bundle):
    (wheel,) = bundle.glob("radlib-*.whl")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        tmp_path,
        wheel,
    ]
    subprocess.run(command, check=True, capture_output=True)
    script = "import radlib; print(radlib.__file__)"
    done = subprocess.run([sys.executable, "-P", "-c", script], env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.startswith(str(tmp_path))
    again = tmp_path / "again"
    again.mkdir()
    script = f"from pathlib import Path; from radlib.deployment.bundle.own_wheel import write_wheel; write_wheel(Path({str(again)!r}))"
    subprocess.run(
        [sys.executable, "-P", "-c", script], env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True
    )
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()  # of what was installed as of the checkout


def test_what_a_device_needs_is_pinned_and_no_more():
    names = [line.partition("==")[0] for line in pinned()]
    assert {"ai-edge-litert", "numpy", "pydicom", "pillow"} < set(names) == set(dict.fromkeys(names))
    assert not {"tensorflow", "pandas", "scipy", "radlib"} & set(names)


def test_platforms_are_named_and_what_pip_cannot_have_is_one_sentence_without_an_address(
    tmp_path, monkeypatch
):
    assert checked_platforms("linux-aarch64, linux-x86_64,") == ["linux-aarch64", "linux-x86_64"]
    with pytest.raises(UsageError, match="linux-aarch64, linux-x86_64"):
        checked_platforms("windows")
    monkeypatch.setattr(requirements, "PYTHONS", ("3.12",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(
        SetupError, match="cannot be fetched: there is no wheel of nothing-of-that-name==1"
    ) as raised:
        fetch_wheels(tmp_path, ["nothing-of-that-name==1"], ["linux-aarch64"])
    assert "://" not in str(raised.value)


def test_a_bundle_that_is_not_set_up_says_so_and_no_index_is_named_anywhere(bundle):
    done = subprocess.run([bundle / "read", "film.dcm"], capture_output=True, text=True, check=False)
    assert done.returncode == 5 and "is not set up; run: sh " in done.stderr
    for name in ("read", "install.sh", "requirements.txt"):
        assert "://" not in (bundle / name).read_text()
    assert os.access(bundle / "read", os.X_OK) and os.access(bundle / "install.sh", os.X_OK)


def test_without_a_python_that_will_do_the_set_up_says_which(tmp_path, bundle):
    shutil.copy(bundle / "install.sh", tmp_path)
    for tool in ("sh", "dirname", "uname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = subprocess.run([tmp_path / "sh", tmp_path / "install.sh"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 5 and done.stderr.startswith("Python 3.11, 3.12 or 3.13 is needed")


def test_the_starter_runs_the_bundle_that_it_lies_in(tmp_path, bundle):
    moved = tmp_path / "moved here"
    shutil.copytree(bundle, moved)
    (moved / ".venv" / "bin").mkdir(parents=True)
    fake = moved / ".venv" / "bin" / "python"
    fake.write_text('#!/bin/sh\nfor each in "$@"; do echo "$each"; done\n')
    fake.chmod(0o755)
    done = subprocess.run(
        [moved / "read", "a film.dcm", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["-m", "radlib.cli.app", "read", str(moved), "a film.dcm", "--json"]
