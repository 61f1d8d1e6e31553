"""What `radlib kaggle` writes can be pushed as it is, and its wheel installs."""

import json
import zipfile
from importlib import metadata

import pytest

from radlib import kaggle
from radlib.errors import UsageError


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
    assert (tmp_path / "notebook" / record["code_file"]).read_bytes() == (
        notebooks / "01_passes.ipynb"
    ).read_bytes()
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


def test_an_installed_radlib_is_put_back_into_a_wheel(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "radlib-9.dist-info"
    (site / "radlib" / "__pycache__").mkdir(parents=True)
    info.mkdir()
    files = {
        "radlib/__init__.py": "x = 1\n",
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
    wheel = kaggle.repack_installed(tmp_path)
    assert wheel.name == "radlib-9-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == {
            "radlib/__init__.py", "radlib-9.dist-info/METADATA", "radlib-9.dist-info/WHEEL", "radlib-9.dist-info/RECORD",
        }  # fmt: skip
        record = archive.read("radlib-9.dist-info/RECORD").decode()
    assert "radlib/__init__.py,sha256=" in record and "__pycache__" not in record
