"""What `radlib kaggle` writes can be pushed as it is, and its wheel installs."""

import io
import json
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from canaries import executed_notebook, hits
from radlib.cli import kaggle
from radlib.foundation.errors import SetupError, UsageError


@pytest.fixture
def no_build(monkeypatch):
    """Wheels are built in test_packaging; here an empty file stands for one."""
    monkeypatch.setattr(kaggle, "build_wheel", lambda folder: (folder / "radlib-9-py3-none-any.whl").touch())


@pytest.fixture
def notebooks(fixture_notebooks, monkeypatch):
    monkeypatch.setattr(kaggle, "notebooks_folder", lambda: fixture_notebooks)
    return fixture_notebooks


def test_the_two_folders_name_each_other(tmp_path, no_build, notebooks):
    lines = kaggle.write_kaggle("01", tmp_path, user="jane", data=["owner/films"], competitions=["rsna"])
    record = json.loads((tmp_path / "notebook" / "kernel-metadata.json").read_text())
    wheel = json.loads((tmp_path / "wheel" / "dataset-metadata.json").read_text())
    pushed = json.loads((tmp_path / "notebook" / record["code_file"]).read_text())
    own = json.loads((notebooks / "01_passes.ipynb").read_text())
    assert [cell["source"] for cell in pushed["cells"]] == [cell["source"] for cell in own["cells"]]
    assert record["id"] == "jane/radlib-01-passes" and record["title"] == "radlib 01 passes"
    assert record["dataset_sources"] == [wheel["id"], "owner/films"] and wheel["id"] == "jane/radlib-wheel"
    assert record["competition_sources"] == ["rsna"] and record["kernel_type"] == "notebook"
    assert (tmp_path / "wheel" / "radlib-9-py3-none-any.whl").is_file()
    assert lines == [
        f"kaggle datasets create -p {tmp_path}/wheel",
        f"kaggle kernels push -p {tmp_path}/notebook",
    ]


def test_kaggle_wants_the_slug_to_be_the_title_in_lower_case_with_dashes(tmp_path, no_build, notebooks):
    kaggle.write_kaggle("01_passes", tmp_path)
    record = json.loads((tmp_path / "notebook" / "kernel-metadata.json").read_text())
    assert record["id"].split("/")[1] == record["title"].replace(" ", "-")


def test_without_a_user_the_placeholder_is_pointed_out(tmp_path, no_build, notebooks):
    lines = kaggle.write_kaggle("01", tmp_path)
    assert kaggle.PLACEHOLDER in lines[0] and len(lines) == 3


@pytest.mark.parametrize(("name", "data"), [("77", []), ("01", ["films"]), ("01", ["../x/y"])])
def test_what_does_not_exist_is_refused(tmp_path, no_build, notebooks, name, data):
    with pytest.raises(UsageError):
        kaggle.write_kaggle(name, tmp_path / "out", data=data)
    assert not (tmp_path / "out").exists()


def test_a_notebook_of_ones_own_goes_without_what_a_run_left_in_it(tmp_path, no_build):
    mine = tmp_path / "mine.ipynb"
    mine.write_text(json.dumps(executed_notebook()))
    kaggle.write_kaggle(str(mine), tmp_path / "out")
    assert (tmp_path / "out" / "notebook" / "mine.ipynb").is_file()
    assert hits(tmp_path / "out", [b"QXCANARY"]) == [] and hits(tmp_path, [b"QXCANARY"]) != []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'{"cells": [{"cell_type": "film"}]}'])
def test_a_damaged_notebook_is_refused_before_anything_is_written(tmp_path, no_build, content):
    (tmp_path / "mine.ipynb").write_bytes(content)
    with pytest.raises(UsageError, match="mine.ipynb cannot be read as a notebook: .*; open it in Jupyter"):
        kaggle.write_kaggle(str(tmp_path / "mine.ipynb"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def building(monkeypatch, tmp_path):
    """A function that lets the build of a wheel end as given, and returns what the user is told."""

    def build(stderr: str, code: int = 1, content: bytes | None = None) -> str:
        def ended(command, **_):
            if content is not None:
                (Path(command[-1]) / "radlib-9-py3-none-any.whl").write_bytes(content)
            return subprocess.CompletedProcess(command, code, "", stderr)

        monkeypatch.setattr(kaggle.subprocess, "run", ended)
        folder = tmp_path / "wheel"
        folder.mkdir(exist_ok=True)
        (folder / "radlib-8-py3-none-any.whl").write_bytes(b"the older one")
        with pytest.raises(SetupError) as caught:
            kaggle.build_wheel(folder)
        assert [path.name for path in folder.iterdir()] == ["radlib-8-py3-none-any.whl"]
        return str(caught.value)

    return build


def test_a_build_that_failed_is_blamed_on_what_failed(building):
    assert "hatchling, which is not here; pip install" in building("python: No module named hatchling\n")
    full = building("Traceback\nOSError: [Errno 28] No space left on device: 'x'\n")
    assert full.startswith("No space is left") and "hatchling" not in full
    other = building("Traceback\nSyntaxError: invalid syntax\n")
    assert "SyntaxError: invalid syntax" in other and "pip" not in other
    assert "ended with code -9" in building("", -9)


def test_a_wheel_that_was_cut_off_is_named_as_that_and_takes_no_place(building):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("radlib/x.py", "x = 1\n" * 99)
    content = whole.getvalue()
    flipped = bytes([*content[:60], content[60] ^ 1, *content[61:]])
    for damaged in (b"", content[: len(content) // 2], content[:-5], flipped):
        assert "was cut off" in building("", 0, damaged)


def test_an_installed_radlib_is_put_back_into_a_wheel(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "radlib-9.dist-info"
    (site / "radlib" / "__pycache__").mkdir(parents=True)
    (site / "radlib" / "notebooks").mkdir()
    info.mkdir()
    files = {
        "radlib/__init__.py": "x = 1\n",
        "radlib/notebooks/01_mine.ipynb": json.dumps(executed_notebook()),
        "radlib/__pycache__/__init__.pyc": "",
        "radlib-9.dist-info/METADATA": "Metadata-Version: 2.1\nName: radlib\nVersion: 9\n",
        "radlib-9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "radlib-9.dist-info/INSTALLER": "pip",
        "radlib-9.dist-info/direct_url.json": "{}",
    }
    for name, content in files.items():
        (site / name).write_text(content)
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    monkeypatch.setattr(metadata, "distribution", lambda name: metadata.PathDistribution(info))
    (tmp_path / "out").mkdir()
    wheel = kaggle.repack_installed(tmp_path / "out")
    assert wheel.name == "radlib-9-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == {
            "radlib/__init__.py", "radlib/notebooks/01_mine.ipynb", "radlib-9.dist-info/METADATA", "radlib-9.dist-info/WHEEL", "radlib-9.dist-info/RECORD",
        }  # fmt: skip
        record = archive.read("radlib-9.dist-info/RECORD").decode()
    assert hits(wheel.parent, [b"QXCANARY"]) == []
    assert "radlib/__init__.py,sha256=" in record and "__pycache__" not in record
