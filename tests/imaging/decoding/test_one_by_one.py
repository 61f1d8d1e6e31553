"""Films through one process after another: the same answers as a pool gives, and what ends it costs no other film."""

import os
import signal

import numpy as np
import pytest
from PIL import Image

from radlib.imaging.decoding import lone_films
from radlib.imaging.decoding.film_worker import decode_batch
from radlib.imaging.decoding.lone_films import decode_one_by_one, film_reader
from radlib.imaging.images import Preprocessing

SMALL = Preprocessing(16)


@pytest.fixture
def paths(tmp_path):
    generator = np.random.default_rng(0)
    for number in range(4):
        pixels = generator.integers(0, 256, (20 + number, 30), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:200])
    return [str(tmp_path / f"{number}.png") for number in range(4)] + [str(tmp_path / "none.png")]


def test_films_one_by_one_are_what_a_batch_gives(paths):
    assert list(decode_one_by_one(paths, SMALL)) == decode_batch(paths, SMALL)
    assert list(decode_one_by_one([], SMALL)) == []


def test_a_process_that_ends_between_films_is_started_again(paths):
    with film_reader(SMALL) as reader:
        for path, expected in zip(paths, decode_batch(paths, SMALL), strict=True):
            reader.start(path)
            assert reader.result() == expected
            os.kill(reader._process.pid, signal.SIGKILL)
            reader._process.wait()


def test_a_film_whose_process_ends_is_tried_once_more_and_then_given_up(paths):
    with film_reader(SMALL) as reader:
        for path in paths[:2]:
            reader.start(path)
            assert reader.result()[0] == ""
        reader.start(paths[1])
        reader._process.kill()  # before it answered: what it read before may be the reason
        assert reader.result() == decode_batch(paths[1:2], SMALL)[0]
    with film_reader(SMALL) as reader:
        reader.start(paths[0])
        reader._process.kill()
        assert reader.result()[0] == "worker_died"
        reader.start(paths[1])
        assert reader.result() == decode_batch(paths[1:2], SMALL)[0]


def test_a_film_that_takes_too_long_is_given_up_and_the_next_one_read(tmp_path, paths):
    large = tmp_path / "large.png"
    Image.new("L", (9000, 9000), 200).save(large)
    with film_reader(SMALL, timeout_s=0.1, patience=1000) as reader:  # of the processor
        reader.start(str(large))
        assert reader.result()[0] == "timeout"
        reader.start(paths[0])
        assert reader.result()[0] == ""


def test_no_process_is_left_behind(paths):
    with film_reader(SMALL) as reader:
        pid = reader._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert lone_films.TIMEOUT_S > 1
