"""Places that users and studies name: resolved once, and nothing but empty folders of one's own is ever removed."""

import os
import subprocess
import sys
import time

import pytest

from radlib.cli.series import series
from radlib.foundation.errors import RadlibError, UsageError
from radlib.foundation.places import (
    check_apart,
    check_plain_name,
    discard,
    inside,
    made_or_removed,
    resolved,
)
from radlib.runs.run_locks import only_start
from radlib.runs.runs import open_run, planned_run

STUDY = "name: small\nnotebooks: [01_passes]\n"


@pytest.fixture
def study(tmp_path, fixture_notebooks):
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    return str(path)


@pytest.fixture
def films(tmp_path):
    """A folder of films, as somebody's only copy."""
    folder = tmp_path / "patients"
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "film.dcm").write_text("the only copy")
    return folder


def refused(study: str, output: str, **asked) -> str:
    with pytest.raises(RadlibError) as raised:
        series.run_series(study, output=output, **asked)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    "output",
    ["patients", "new2/../patients", "patients/", "./new/../patients/.", "link", "link/2024", "patients/2024/film.dcm",
     "patients/2024/film.dcm/run", "here/../new/../patients"],
)  # fmt: skip
@pytest.mark.parametrize("given", [{}, {"epochs": "x"}, {"chains": "[nope]"}])
def test_no_output_touches_a_folder_of_films(tmp_path, study, films, monkeypatch, output, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(films)
    refused(study, output, given=given)
    assert (films / "2024" / "film.dcm").read_text() == "the only copy"
    assert sorted(p.name for p in films.iterdir()) == ["2024"] and not (tmp_path / "new2").exists()


@pytest.mark.parametrize(
    "name",
    [
        "new/../../patients",
        "../patients",
        "/tmp/x",
        "..",
        ".hidden",
        "a/b",
        "a\\b",
        "",
        "x\n",
        "c:",
        "a" * 200,
    ],
)
def test_a_study_named_like_a_path_is_refused(tmp_path, study, films, name):
    (tmp_path / "own.yaml").write_text(f"name: {name!r}\n" if "\n" not in name else 'name: "x\\n"\n')
    with pytest.raises(UsageError, match="is no plain name"):
        planned_run(study=str(tmp_path / "own.yaml"))


def test_films_and_runs_are_kept_apart(tmp_path, study):
    (tmp_path / "films" / "a").mkdir(parents=True)
    asked = {"given": {"dataset": "folders"}, "data": str(tmp_path / "films")}
    assert "lies in the folder of the films" in refused(study, str(tmp_path / "films" / "out"), **asked)
    assert not (tmp_path / "films" / "out").exists()
    with pytest.raises(UsageError, match="holds the films"):
        check_apart(tmp_path, tmp_path / "films" / "..")
    with pytest.raises(UsageError, match="lie in the output folder"):
        check_apart(tmp_path, tmp_path / "films")


def test_a_folder_that_is_no_run_takes_none(tmp_path, study):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "results.csv").write_text("of years")
    assert "holds other files and is no run" in refused(study, str(tmp_path / "mine"))
    with pytest.raises(UsageError, match="holds other files"):
        open_run(str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "results.csv").read_text() == "of years"


def test_what_a_failed_start_made_goes_only_where_it_is_empty(tmp_path):
    with pytest.raises(ValueError), made_or_removed(tmp_path / "a" / "b"):
        raise ValueError
    assert not (tmp_path / "a").exists()
    with pytest.raises(ValueError), made_or_removed(tmp_path / "a" / "b"):
        (tmp_path / "a" / "others").touch()
        raise ValueError
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["others"]
    (tmp_path / "there").mkdir()
    with pytest.raises(ValueError), made_or_removed(tmp_path / "there"):
        raise ValueError
    assert (tmp_path / "there").is_dir()


def test_nothing_is_discarded_behind_a_link_or_outside(tmp_path, films):
    run = tmp_path / "run"
    (run / "variants").mkdir(parents=True)
    (run / "variants" / "x").symlink_to(films)
    discard(run / "variants" / "x", run)
    discard(films, run)
    assert (films / "2024" / "film.dcm").is_file()
    (run / "variants" / "y").mkdir()
    discard(run / "variants" / "y", run)
    assert not (run / "variants" / "y").exists()


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "link/x", "."])
def test_what_leads_out_of_a_folder_is_refused(tmp_path, name):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="leads out of its folder"):
        inside(root, name, "The table")
    assert inside(root, "a/b.csv", "The table") == resolved(root) / "a" / "b.csv"


def test_names_of_people_pass_and_no_path_does(tmp_path, monkeypatch):
    for name in ("kermany_large", "Über-Studie 2026", "films (2)", "v1.2", "2026"):
        check_plain_name(name, "The name")
    with pytest.raises(UsageError, match="no path"):
        resolved("a\0b")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolved("~/x") == tmp_path.resolve() / "x"


def test_a_second_start_is_refused_before_it_changes_anything(tmp_path, study):
    run = open_run(str(tmp_path / "out"), study=study, epochs=3)
    source = (
        "import sys, pathlib, time\nfrom radlib.runs.run_locks import only_start\n"
        "with only_start(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    before = run.path("run.json").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", source, str(run.folder)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        assert f"(process {other.pid})" in refused(study, str(run.folder), given={"epochs": "4"})
        with pytest.raises(UsageError, match="Another start is at work"):
            open_run(str(run.folder), study=study, epochs=4)
        assert open_run(str(run.folder), study=study).settings.epochs == 3  # a notebook that only reads
        other.kill()
    assert run.path("run.json").read_bytes() == before
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the lock of a dead process is none
        try:
            assert open_run(str(run.folder), study=study, epochs=4).settings.epochs == 4
            break
        except UsageError:
            time.sleep(0.1)
    else:
        pytest.fail("the lock of a process that was killed is still held")


def test_a_process_holds_a_run_once_and_so_do_its_kernels(tmp_path, monkeypatch):
    with only_start(tmp_path), only_start(tmp_path):
        source = "import sys, pathlib\nfrom radlib.runs.run_locks import only_start\nwith only_start(pathlib.Path(sys.argv[1])): print('in')"
        kernel = {**os.environ, "RADLIB_RUN_OWNER": str(os.getpid())}
        done = subprocess.run(
            [sys.executable, "-c", source, str(tmp_path)],
            env=kernel,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "in\n", done.stderr
        done = subprocess.run(
            [sys.executable, "-c", source, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "Another start is at work" in done.stderr
