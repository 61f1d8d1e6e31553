"""Disks that are full, read-only or hold a file where a folder is needed: one sentence, and nothing half-written."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from radlib.cli.series import series
from radlib.foundation import storage
from radlib.foundation.errors import RadlibError, SetupError
from radlib.foundation.storage import (
    atomic_path,
    disk_errors,
    disk_sentence,
    put_in_place,
    write_json,
    write_text,
)
from radlib.runs.runs import open_run, reopen_run

REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR,
            errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP)  # fmt: skip


def refusing(number: int, name: str):
    def refuse(*arguments, **options):
        raise OSError(number, os.strerror(number), name)

    return refuse


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("where", ["mkdir", "write_text", "replace", "unlink", "fsync"])
def test_whatever_a_disk_refuses_ends_in_a_sentence_and_keeps_the_old_file(
    tmp_path, monkeypatch, number, where
):
    path = tmp_path / "kept.json"
    write_text(path, "old")
    refuse = refusing(number, str(tmp_path / "secret" / "doe_jane"))
    monkeypatch.setattr(os if where == "fsync" else Path, where, refuse)
    if where == "unlink":
        write_text(path, "old")  # nothing to remove: no error
    else:
        with pytest.raises(SetupError, match=r"kept\.json") as raised:
            write_json(path, {"new": 1})
        assert "\n" not in str(raised.value) and "secret" not in str(raised.value)
    monkeypatch.undo()
    assert path.read_text() == "old"


def test_files_are_on_the_disk_before_they_take_their_place(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(
        os,
        "fsync",
        lambda handle: (done.append(str(Path(f"/proc/self/fd/{handle}").readlink())), fsync(handle)),
    )
    monkeypatch.setattr(
        Path, "replace", lambda self, place: (done.append("renamed"), replace(self, place))[1]
    )
    write_text(tmp_path / "a.txt", "text")
    assert done[0].endswith(".partial") and done[1:] == ["renamed", str(tmp_path)]
    done.clear()
    (tmp_path / "building" / "x").mkdir(parents=True)
    (tmp_path / "building" / "x" / "model").write_text("m")
    put_in_place(tmp_path / "building", tmp_path / "final")
    assert [Path(p).name for p in done] == ["x", "model", "building", "renamed", tmp_path.name]


def test_a_folder_and_a_file_in_each_others_place_are_told(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x.csv", tmp_path / "folder"):
        with pytest.raises(SetupError, match="a file stands where a folder is needed or the reverse"):
            write_text(path, "x")
    with pytest.raises(SetupError, match="name is too long"):
        write_text(tmp_path / ("x" * 250), "x")


def test_errors_that_no_disk_raised_stay_what_they_are(tmp_path):
    assert disk_sentence(OSError(errno.ENOENT, ""), "x") is None
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path), atomic_path(tmp_path / "x"):
        raise FileNotFoundError
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "x"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path):
    source = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom radlib.foundation.storage import write_text\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_text(Path(sys.argv[1]), 'x' * 100_000)"
    )
    (tmp_path / "kept.txt").write_text("old")
    command = [sys.executable, "-c", source, str(tmp_path / "kept.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "No space is left while writing kept.txt" in done.stderr.splitlines()[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"] and (
        tmp_path / "kept.txt"
    ).read_text() == "old"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_run_on_a_disk_that_refuses_leaves_nothing(tmp_path, monkeypatch, number):
    monkeypatch.setattr(storage.os, "fsync", refusing(number, "x"))
    monkeypatch.setattr(series, "execute", lambda *arguments: pytest.fail("a notebook was executed"))
    with pytest.raises(RadlibError):
        series.run_series("demo", output=str(tmp_path / "out"))
    monkeypatch.undo()
    assert not list(tmp_path.rglob("run.json")) and not list(tmp_path.rglob("*.partial"))


def test_a_run_is_opened_again_without_writing(tmp_path):
    run = open_run(str(tmp_path / "out"), epochs=3)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert reopen_run(run.folder).settings.epochs == 3
    assert open_run(str(run.folder)).settings.epochs == 3
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"overrides": 3}', "\0", '{"study": "demo", "overrides": []}', "[" * 100_000],
)
@pytest.mark.parametrize("name", ["run.json", "private/places.json"])
def test_a_damaged_record_is_one_sentence(tmp_path, name, text):
    run = open_run(str(tmp_path / "out"))
    (run.folder / name).write_text(text)
    try:
        open_run(str(run.folder))
    except RadlibError as error:
        assert "\n" not in str(error) and "damaged" in str(error)
