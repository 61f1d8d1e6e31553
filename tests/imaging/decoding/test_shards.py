"""A store that is filled in shards: nothing lost, nothing twice, and the bytes of one process."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from test_film_store import SMALL, check, film_files, index_of

from radlib.foundation.errors import UsageError
from radlib.imaging.decoding import decode, film_journal, film_store, shards
from radlib.imaging.decoding.shards import Shard, decode_shard, parse_shard
from radlib.imaging.images import prepare, read_image

KILLED = """
import os, sys
import pandas as pd
from pathlib import Path
from radlib.imaging.decoding import shards
from radlib.imaging.images import Preprocessing
put = shards._Places.put
shards.COMMIT_FILMS = 3
def then_die(self, key, row, *rest):
    put(self, key, row, *rest)
    if row >= 7:
        os._exit(9)
shards._Places.put = then_die
if __name__ == "__main__":
    index = pd.read_csv(sys.argv[1], dtype=str)
    shards.decode_shard(index, Preprocessing(16), Path(sys.argv[2]), shards.Shard(1, 2))
"""


def never(*arguments, **named):
    raise AssertionError("a film was decoded that was there")


@pytest.mark.parametrize(("films", "count"), [(7, 3), (2, 5), (9, 1)])
def test_every_film_is_in_one_shard(films, count):
    ranks = [rank for number in range(1, count + 1) for rank in Shard(number, count).ranks(films)]
    assert ranks == list(range(films))


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shards_in_any_order_make_what_one_process_makes_and_nothing_is_decoded_again(
    tmp_path, monkeypatch, order
):
    paths = film_files(tmp_path, 8)
    (tmp_path / "torn.png").write_bytes(paths[0].read_bytes()[:60])
    index = index_of([*paths, tmp_path / "torn.png"])
    told = [decode_shard(index, SMALL, tmp_path / "cache", Shard(number, 3)) for number in order]
    assert tuple(map(sum, zip(*told, strict=True))) == (9, 1)
    monkeypatch.setattr(decode, "decode_files", never)
    found = decode.decode_films(index, SMALL, tmp_path / "cache")
    check(found, paths)
    assert list(found.quarantine["reason"]) == ["damaged"]


def test_shards_come_after_what_is_there_and_before_what_comes_later(tmp_path):
    first, second, third = (film_files(tmp_path, 4, seed=seed) for seed in (0, 1, 2))
    cache = tmp_path / "cache"
    decode.decode_films(index_of(first), SMALL, cache)
    both = index_of([*first, *second])
    decode_shard(both, SMALL, cache, Shard(2, 2))
    check(decode.decode_films(index_of(third), SMALL, cache), third)  # appended while a shard is missing
    decode_shard(both, SMALL, cache, Shard(1, 2))
    check(decode.decode_films(index_of([*second, *third, *first]), SMALL, cache), [*second, *third, *first])
    rows = [e.row for e in film_journal.read_journal(film_store.store_folder(cache, SMALL), 16).values()]
    assert sorted(rows) == list(range(12))


def test_a_shard_taken_twice_at_once_changes_nothing(tmp_path, monkeypatch):
    index, cache = index_of(paths := film_files(tmp_path, 6)), tmp_path / "cache"
    decode_shard(index, SMALL, cache, Shard(1, 1))
    before = (film_store.store_folder(cache, SMALL) / "pixels.raw").read_bytes()
    monkeypatch.setattr(
        film_store, "intact", lambda *a, **k: {}
    )  # as one who began before the other had ended
    decode_shard(index, SMALL, cache, Shard(1, 1))
    monkeypatch.undo()
    assert (film_store.store_folder(cache, SMALL) / "pixels.raw").read_bytes() == before
    check(decode.decode_films(index, SMALL, cache), paths)


def test_a_killed_shard_goes_on(tmp_path, monkeypatch):
    index, cache = index_of(paths := film_files(tmp_path, 24)), tmp_path / "cache"
    index.to_csv(tmp_path / "index.csv", index=False)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "index.csv"), str(cache)]
    died = subprocess.run(command, env=os.environ | {"TQDM_DISABLE": "1"}, capture_output=True, text=True)
    assert died.returncode == 9, died.stderr
    known = film_journal.read_journal(film_store.store_folder(cache, SMALL), 16)
    assert len(known) == 6
    asked = []
    through = decode.decode_files
    monkeypatch.setattr(shards, "decode_files", lambda p, *a, **k: asked.extend(p) or through(p, *a, **k))
    for number in (1, 2):
        decode_shard(index, SMALL, cache, Shard(number, 2))
    assert len(asked) == 24 - 6
    check(decode.decode_films(index, SMALL, cache), paths)


def test_what_a_disk_changed_in_a_shard_is_decoded_again(tmp_path, capsys):
    index, cache = index_of(paths := film_files(tmp_path, 4)), tmp_path / "cache"
    decode_shard(index, SMALL, cache, Shard(1, 1))
    pixels = np.memmap(film_store.store_folder(cache, SMALL) / "pixels.raw", np.uint8, "r+")
    pixels[300] ^= 255
    pixels.flush()
    check(decode.decode_films(index, SMALL, cache), paths)
    assert "1 decoded films in the store are damaged" in capsys.readouterr().err
    check(decode.decode_films(index, SMALL, cache), paths)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "a/b", "1/0", "1/2/3", "-1/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(UsageError, match="3/16"):
        parse_shard(text)
    assert parse_shard("3/16") == Shard(3, 16)


@pytest.mark.slow
def test_of_a_hundred_thousand_films_in_eight_shards_none_is_lost_and_none_is_there_twice(tmp_path):
    count, shape = 100_000, (20, 24)
    base = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    paths = []
    for number in range(count):
        film = base.copy()
        film[0, :3] = number % 256, number // 256 % 256, number // 65_536
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(film).save(paths[-1], compress_level=0)
    index = index_of(paths)
    index.to_csv(tmp_path / "index.csv", index=False)
    code = KILLED.partition("put =")[0] + KILLED.partition("then_die\n")[2].replace(
        "Shard(1, 2)", "Shard(int(sys.argv[3]), 8)"
    )
    for first in range(1, 9, 2):  # two at a time
        both = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    code,
                    str(tmp_path / "index.csv"),
                    str(tmp_path / "cache"),
                    str(number),
                ]
            )
            for number in (first, first + 1)
        ]
        assert [process.wait() for process in both] == [0, 0]
    entries = film_journal.read_journal(film_store.store_folder(tmp_path / "cache", SMALL), 16)
    assert sorted(entry.row for entry in entries.values()) == list(range(count))
    found = decode.decode_films(index, SMALL, tmp_path / "cache")
    assert len(found.positions) == count
    some = np.random.default_rng(1).choice(count, 500, replace=False)
    for number in some:
        square = prepare(read_image(paths[number]), SMALL)
        np.testing.assert_array_equal(found.pixels[found.positions[number]], square)
