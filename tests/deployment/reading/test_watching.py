"""No film lost, none answered twice, none answered by half a file: whatever happens to the reader, the disk or the film."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import watch_faults
from radlib.deployment.reading.following_table import FollowingTable
from radlib.deployment.reading.journal import opened_journal
from radlib.deployment.reading.watching import FOLDER, HELD_UP_S, Pace, only_reader, watch
from radlib.foundation.errors import SetupError, UsageError
from radlib.imaging.images import image_id
from watch_faults import COLUMNS, draw, read_all, watched

PACE = Pace(settle_s=3, patience_s=60, poll_s=1)


class Over(Exception):
    """The scenario is at its end."""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "films").mkdir()
    return tmp_path / "films"


def faults(*arguments):
    command = [sys.executable, watch_faults.__file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    return json.loads(done.stdout)


def played(folder, happenings, table=None, seconds=200):
    """Watch by a clock of our own; `happenings` by second. Return the rows told, with the second, and what was said."""
    now, told, said = [0.0], [], []

    def sleep(pause):
        for second in range(int(now[0]) + 1, int(now[0] + max(pause, 1)) + 1):
            happenings.get(second, lambda: None)()
        now[0] += max(pause, 1)
        if now[0] > seconds:
            raise Over

    with only_reader(folder, "faults", said.append, once=True) as films:
        scene = watched(folder, table, films, PACE, lambda row: told.append((now[0], row)), said.append)
        with pytest.raises(Over):
            watch(scene, once=False, clock=lambda: now[0], sleep=sleep)
    return told, said


def lines_of(table):
    return list(csv.reader(table.read_text().splitlines()))


def film(path, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 30), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path.read_bytes()


def test_a_reader_killed_anywhere_loses_no_film_and_answers_none_twice():
    outcomes = faults("kill", 19)
    assert len(outcomes) > 20
    assert [line for line, *sound in outcomes if not all(sound)] == []


def test_two_readers_of_one_folder_answer_each_film_once_and_one_takes_over_from_the_other():
    assert faults("two", 40) == {"noted": 40, "different": 40, "table": 40, "rows": 40}


def test_a_film_that_grows_is_left_alone_until_it_rests_and_is_whole(tmp_path, folder):
    content = film(tmp_path / "film.png")
    place = folder / "film.png"

    def grow(share):
        return lambda: place.write_bytes(content[: round(share * len(content))])

    told, _ = played(folder, {2: grow(0.1), 4: grow(0.4), 6: grow(0.5), 30: grow(0.9), 31: grow(1)})
    assert [(second > 33, row["image_id"], row["reason"]) for second, row in told] == [
        (True, image_id(place), "")
    ]


def test_a_film_that_stays_half_is_answered_as_damaged_when_patience_ends_and_anew_when_it_is_whole(
    tmp_path, folder
):
    content = film(tmp_path / "film.png")
    told, _ = played(folder, {
        2: lambda: (folder / "film.png").write_bytes(content[:300]),
        100: lambda: (folder / "film.png").write_bytes(content),
    })  # fmt: skip
    assert [row["reason"] for _, row in told] == ["damaged", ""]
    assert 62 <= told[0][0] <= 66 and 103 <= told[1][0] <= 106


def test_a_film_under_another_name_at_first_is_seen_when_it_is_renamed_and_once_when_it_is_renamed_again(
    tmp_path, folder
):
    content = film(tmp_path / "film.png")
    told, _ = played(folder, {
        2: lambda: (folder / "film.png.part").write_bytes(content),
        20: lambda: (folder / "film.png.part").rename(folder / "film.png"),
        60: lambda: (folder / "film.png").rename(folder / "patient.png"),
        80: lambda: (folder / "again.png").write_bytes(content),
    })  # fmt: skip
    assert len(told) == 1 and told[0][0] > 20


def test_times_of_files_and_of_the_machine_do_not_matter(tmp_path, folder):
    for number, changed in enumerate((0, 2**33, 10**9)):
        film(folder / f"{number}.png", number)
        os.utime(folder / f"{number}.png", (changed, changed))
    told, _ = played(
        folder, {50: lambda: os.utime(folder / "0.png", (5, 5))}
    )  # as a clock that was set has it
    assert sorted(row["image_id"] for _, row in told) == sorted(
        image_id(path) for path in folder.glob("*.png")
    )


def test_a_full_disk_holds_films_up_and_loses_none(tmp_path, folder, monkeypatch):
    draw(folder, 3)
    real, full = os.write, []

    def write(descriptor, content):
        if not full:
            return real(descriptor, content)
        if len(content) < 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, content[:20])  # some of it still fits

    monkeypatch.setattr(os, "write", write)
    full.append(True)
    table = tmp_path / "out.csv"
    told, said = played(folder, {40: full.clear}, table)
    assert len(told) == 3 and min(second for second, _ in told) >= 40
    assert any("No space is left" in line for line in said) and HELD_UP_S > 1
    rows = lines_of(table)
    assert rows[0] == COLUMNS and sorted(row[0] for row in rows[1:]) == sorted(
        row["image_id"] for _, row in told
    )


def test_a_table_that_cannot_be_written_catches_up(tmp_path, folder, monkeypatch):
    draw(folder, 2)
    table = tmp_path / "out.csv"
    real, refused = FollowingTable._append, [True]

    def append(self, line):
        if refused:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, line)

    monkeypatch.setattr(FollowingTable, "_append", append)
    told, _ = played(folder, {70: refused.clear}, table)
    assert len(told) == 2
    assert sorted(row[0] for row in lines_of(table)[1:]) == sorted(row["image_id"] for _, row in told)


def test_what_is_no_film_is_left_alone_and_what_cannot_be_opened_is_not_waited_for(folder):
    (folder / "notes.txt").write_text("a text")
    (folder / ".hidden.png").write_bytes(b"x")
    (folder / "empty.txt").touch()
    (folder / "ward").mkdir()
    film(folder / "ward" / "film.png")
    (folder / "link.png").symlink_to(folder / "ward" / "film.png")
    assert read_all(folder, None) == 1


def test_what_was_answered_is_not_read_again_at_the_next_start(folder, tmp_path):
    draw(folder, 4)
    assert read_all(folder, tmp_path / "out.csv") == 4
    (tmp_path / "out.csv").unlink()  # taken away by whoever reads tables
    assert read_all(folder, tmp_path / "out.csv") == 0
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5
    names = (folder / FOLDER / "faults.journal").read_text()
    assert ".png" not in names and str(tmp_path) not in names


def test_a_torn_or_zeroed_end_of_journal_and_table_is_cut_off(folder, tmp_path):
    draw(folder, 3)
    table = tmp_path / "out.csv"
    read_all(folder, table)
    for path, rest in ((folder / FOLDER / "faults.journal", b'1234 {"fi'), (table, b"abcdef,0.4")):
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-1]) + rest + bytes(512))
    assert read_all(folder, table) == 1
    assert len(set(table.read_text().splitlines())) == 4 and "\0" not in table.read_text()


def test_a_line_that_rotted_costs_its_own_film_only(folder, tmp_path):
    draw(folder, 3)
    read_all(folder, None)
    path = folder / FOLDER / "faults.journal"
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    assert read_all(folder, None) == 1
    with opened_journal(path) as journal:
        assert len(journal.films) == 3


def test_another_reader_at_work_and_another_table_are_one_sentence(folder, tmp_path):
    with (
        only_reader(folder, "faults", print, once=True),
        pytest.raises(SetupError, match="Another reader is at work"),
    ):
        read_all(folder, None)
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="holds another table"):
        read_all(folder, tmp_path / "mine.csv")
    assert (tmp_path / "mine.csv").read_text() == "a,b\n1,2\n"


def test_a_film_that_changes_while_it_is_read_is_not_answered(folder, monkeypatch, tmp_path):
    content, other = film(tmp_path / "a.png", 1), film(tmp_path / "b.png", 2)
    (folder / "film.png").write_bytes(content)
    real, changes = watch_faults.row_of, [other]

    def read(look, image):
        row = real(look, image)
        if changes:
            (folder / "film.png").write_bytes(changes.pop())
        return row

    monkeypatch.setattr(watch_faults, "row_of", read)
    told, _ = played(folder, {})
    assert [row["image_id"] for _, row in told] == [image_id(tmp_path / "b.png")]


@pytest.mark.slow
def test_ten_thousand_films(folder, tmp_path):
    film(tmp_path / "film.png")
    content = (tmp_path / "film.png").read_bytes()
    for number in range(10_000):
        (folder / f"{number}.png").write_bytes(
            content + number.to_bytes(4, "big")
        )  # bytes behind the end do not count
    assert read_all(folder, tmp_path / "out.csv") == 10_000
    assert read_all(folder, tmp_path / "out.csv") == 0
    shutil.rmtree(folder / FOLDER)
    assert len(set(Path(tmp_path / "out.csv").read_text().splitlines())) == 10_001
