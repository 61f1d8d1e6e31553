"""`radlib doctor` names what is missing and what to do about it."""

import sys
from importlib import metadata

import pytest

from radlib.cli import doctor


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), "missing"), ((3, 11), "ok"), ((3, 12), "ok"), ((3, 13), "ok"), ((3, 14), "missing")],
)
def test_python_too_old_or_too_new_is_missing(version, state):
    found = doctor.python_version(version)
    assert found.state == state
    assert state == "ok" or "install Python 3.11, 3.12 or 3.13" in found.detail


def test_the_libraries_of_this_environment_are_all_there():
    assert [f.state for f in doctor.libraries()] == ["ok"]


def test_an_absent_and_an_outdated_library_are_named_with_their_remedy(monkeypatch):
    monkeypatch.setattr(
        metadata,
        "requires",
        lambda name: ["gone>=1", "numpy<1", "absent; extra == 'lab'", "untrained>=2; extra == 'train'"],
    )
    found = doctor.libraries()
    assert [(f.what, f.state) for f in found] == [(n, "missing") for n in ("gone", "numpy", "untrained")]
    assert "pip install 'gone>=1'" in found[0].detail and metadata.version("numpy") in found[1].detail
    assert "pip install 'untrained>=2'" in found[2].detail


def test_without_what_trains_there_is_one_note_with_the_line_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setattr(metadata, "requires", lambda name: ["numpy>=1", "gone; extra == 'train'"])
    assert [f.state for f in doctor.libraries()] == ["ok"]
    note = doctor.training()
    assert note.state == "note" and "pip install 'radlib[train]'" in note.detail


def test_the_wrong_keras_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "call", lambda *named: (["2.21.0", "3.15.1"], {}))
    found = doctor.keras_flavour()
    assert found.state == "missing" and "2.21.0 with Keras 3.15.1; pip install 'tf-keras" in found.detail


def test_the_keras_of_this_environment_is_the_right_one():
    found = doctor.keras_flavour()
    assert found.state == "ok" and "with Keras 2" in found.detail


def test_a_tensorflow_that_cannot_be_imported_is_missing_with_what_it_says(monkeypatch, tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('libcuda.so.1 is from another year')")
    monkeypatch.syspath_prepend(tmp_path)
    found = doctor.keras_flavour()
    assert (
        found.state == "missing" and "cannot be imported: libcuda.so.1 is from another year" in found.detail
    )


def test_a_full_disk_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 5e8}))
    assert doctor.disk(tmp_path).state == "missing"


def test_data_is_found_where_the_loader_looks(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RADLIB_DATA", raising=False)
    assert {f.state for f in doctor.data_sets()} == {"note"}
    folder = tmp_path / "data" / "kermany" / "train"
    folder.mkdir(parents=True)
    states = {f.what: f.state for f in doctor.data_sets()}
    assert states["data kermany"] == "ok" and states["data folders"] == "note"


def test_baseline_jpeg_can_be_decoded_here_and_a_missing_codec_is_a_note(monkeypatch):
    assert doctor.codecs()[0].state == "ok"
    from radlib.imaging.dicom import files as dicom

    monkeypatch.setattr(dicom, "readable", lambda syntax: False)
    states = [f.state for f in doctor.codecs()]
    assert states == ["missing", "missing", "missing", "note", "note"]


def test_only_what_is_needed_counts():
    note, missing = doctor.Finding("a", "note", ""), doctor.Finding("b", "missing", "")
    assert doctor.passed([note]) and not doctor.passed([note, missing])
