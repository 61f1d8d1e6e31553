"""Folders that only their owner can open, whatever the umask, and however they were left."""

import os

import pandas as pd
import pytest

from radlib.foundation import owner_only
from radlib.runs import private


@pytest.fixture
def careless():
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder):
    return [path.name for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def test_a_new_folder_and_one_that_was_left_open(tmp_path, careless):
    folder = tmp_path / "a" / "films"
    owner_only.make_folder(folder)
    (folder / "film").touch()
    folder.chmod(0o755)
    owner_only.make_folder(folder)
    assert open_to_others(folder) == []


def test_links_in_it_are_not_followed(tmp_path, careless):
    folder, other = tmp_path / "films", tmp_path / "other"
    folder.mkdir()
    other.touch(mode=0o644)
    (folder / "link").symlink_to(other)
    owner_only.make_folder(folder)
    assert other.stat().st_mode & 0o777 == 0o644


def test_what_a_run_knows_of_patients_opens_to_its_owner(tmp_path, careless):
    private.write_films(tmp_path, pd.DataFrame({"image_id": ["a"], "path": ["film.png"]}))
    private.write_places(tmp_path, {"data": "films"})
    private.digest_key(tmp_path)
    assert len(list((tmp_path / private.FOLDER).iterdir())) == 3
    assert open_to_others(tmp_path / private.FOLDER) == []
