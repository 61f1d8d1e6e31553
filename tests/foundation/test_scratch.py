"""Decoded films in a temporary folder: closed to others, gone at every end, and what a killed process left goes, too."""

import os
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from radlib.foundation.scratch import FILMS, LOCK, PREFIX, film_scratch, remove_leftovers
from radlib.imaging.decoding.pixels import stored_films

FILMS_IN_MEMORY = np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4)

HOLDING = """
import sys, time
import numpy as np
from radlib.imaging.decoding.pixels import stored_films
with stored_films(np.ones((3, 4, 4), np.uint8)) as stored:
    print(stored.file, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def holding():
    process = subprocess.Popen([sys.executable, "-c", HOLDING], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    return process


def test_films_in_memory_lie_in_a_folder_that_opens_to_its_owner_and_vanishes(place):
    before = os.umask(0)
    try:
        with stored_films(FILMS_IN_MEMORY) as stored:
            (folder,) = place.iterdir()
            assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
            np.testing.assert_array_equal(stored.read(), FILMS_IN_MEMORY)
    finally:
        os.umask(before)
    assert list(place.iterdir()) == []


def test_it_vanishes_when_the_program_is_ended_by_an_exception(place):
    with pytest.raises(SystemExit), stored_films(FILMS_IN_MEMORY):
        raise SystemExit(143)  # as the command line turns SIGTERM into
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(place):
    killed, alive = holding(), holding()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert len(list(place.glob(f"{PREFIX}*/{FILMS}"))) == 2
    with film_scratch():
        assert len(list(place.glob(f"{PREFIX}*/{FILMS}"))) == 1
    assert alive.poll() is None
    alive.kill()
    alive.communicate()
    remove_leftovers()
    assert list(place.iterdir()) == []


def test_nothing_else_is_removed(place):
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / LOCK).touch()
    (place / f"{PREFIX}link").symlink_to(place / "elsewhere")
    for name in ("new", "strange"):
        (place / f"{PREFIX}{name}").mkdir()
    (place / f"{PREFIX}strange" / LOCK).touch()
    (place / f"{PREFIX}strange" / "thesis.txt").write_text("a year of work")
    remove_leftovers()
    assert (place / "elsewhere" / LOCK).is_file() and (place / f"{PREFIX}new").is_dir()
    assert (place / f"{PREFIX}strange" / "thesis.txt").is_file()
