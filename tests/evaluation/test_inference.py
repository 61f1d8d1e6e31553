"""The engine for many films: the same bits as a plain loop, in order, in flat memory, and it dies loudly."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from drawn import SIDE
from radlib.evaluation import inference
from radlib.evaluation.inference import predict_files
from radlib.evaluation.workers import Workers
from radlib.formats.predictors import open_model
from radlib.foundation.errors import SetupError
from radlib.imaging.decoding.pixels import stored_films
from stored import model_bytes, random_films

FILMS = 1200


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "films.npy"
    np.save(path, random_films(FILMS))
    return np.load(path, mmap_mode="r")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.tflite"
    path.write_bytes(model_bytes()["int8"])
    return path


@pytest.fixture(scope="module")
def plain(films, model):
    with open_model(model) as predictor:
        return np.concatenate([predictor.predict(np.array(film)[None]) for film in films])


@pytest.fixture(scope="module")
def workers():
    with Workers(2) as team:
        team.start()
        yield team


def through(workers, model, stored, chunk):
    outputs = np.full((len(stored), 2), np.nan, np.float32)
    workers.predict(model, "tflite", 1, stored, outputs, chunk=chunk, name="small")
    return outputs


@pytest.mark.parametrize("chunk", [1, 7, 256, 5000])
def test_two_processes_equal_a_plain_loop(workers, films, model, plain, chunk):
    with stored_films(films) as stored:
        assert np.array_equal(through(workers, model, stored, chunk), plain)


def test_order_is_that_of_the_positions(workers, films, model, plain):
    positions = np.random.default_rng(3).permutation(FILMS)[:301]
    with stored_films(films, positions) as stored:
        assert np.array_equal(stored.read(), films[positions])
        assert np.array_equal(through(workers, model, stored, 32), plain[positions])
        assert np.array_equal(predict_files(model, "tflite", stored), plain[positions])


def test_films_in_memory_equal_films_in_a_file(workers, films, model, plain):
    with stored_films(np.array(films)) as stored:
        assert np.array_equal(through(workers, model, stored, 64), plain)
        assert Path(stored.file).is_file()
    assert not Path(stored.file).exists()


def test_views_of_a_map_are_read_where_they_lie(films, model, plain):
    for part in (slice(100, 160), slice(0, 40, 2)):  # the second one is not contiguous: it is copied
        with stored_films(films[part]) as stored:
            assert np.array_equal(stored.read(), films[part])
        assert np.array_equal(predict_files(model, "tflite", films[part]), plain[part])


def test_large_work_goes_to_workers_and_gives_the_same(monkeypatch, films, model, plain):
    monkeypatch.setattr(inference, "WORTH_STARTING_SECONDS", 0.0)
    assert np.array_equal(predict_files(model, "tflite", films), plain)
    monkeypatch.setattr(Workers, "start", lambda self: pytest.fail("one process was asked for"))
    assert np.array_equal(predict_files(model, "tflite", films, processes=1), plain)


def test_no_films_are_no_predictions(model):
    assert predict_files(model, "tflite", random_films(0)).shape == (0, 2)


def test_a_worker_that_dies_is_an_error_naming_the_variant(films, model):
    with Workers(2) as team, stored_films(films) as stored:
        team.start()
        next(iter(team._team.values())).kill()
        with pytest.raises(SetupError, match=r"network/int8#0.*memory is short"):
            team.predict(
                model, "tflite", 1, stored, np.empty((FILMS, 2), np.float32), chunk=8, name="network/int8#0"
            )
        assert not team.running  # the other one was ended, too


def test_a_failure_in_a_worker_arrives_as_its_sentence(tmp_path, films):
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"nothing" * 100)
    with Workers(2) as team, stored_films(films) as stored, pytest.raises(SetupError, match="damaged.tflite"):
        through(team, damaged, stored, 8)


def test_a_cache_cut_short_is_noticed(tmp_path, model):
    np.save(tmp_path / "films.npy", random_films(20))
    whole = np.load(tmp_path / "films.npy", mmap_mode="r")
    with stored_films(whole) as stored:
        content = (tmp_path / "films.npy").read_bytes()
        (tmp_path / "shorter.npy").write_bytes(content[:-SIDE])
        (tmp_path / "shorter.npy").rename(tmp_path / "films.npy")
        with pytest.raises(SetupError, match="delete the cache"):
            stored.read()


def test_a_script_needs_no_guard_around_its_main_code(tmp_path, model):
    np.save(tmp_path / "films.npy", random_films(600))
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys
            import numpy as np
            from radlib.evaluation import inference
            inference.WORTH_STARTING_SECONDS = 0.0
            films = np.load({str(tmp_path / "films.npy")!r}, mmap_mode="r")
            print("here", inference.predict_files({str(model)!r}, "tflite", films).shape)
            print("tensorflow" in sys.modules)
            """
        )
    )
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("here (600, 2)\nFalse\n", "")


def test_memory_does_not_grow_with_the_number_of_films(tmp_path, model):
    """The peak of a process that evaluates five times the pixels is higher by far less than those pixels."""
    peaks = []
    for count in (32_000, 160_000):
        np.lib.format.open_memmap(tmp_path / "films.npy", "w+", np.uint8, (count, SIDE, SIDE)).flush()
        code = (
            "import numpy as np; from radlib.evaluation.inference import predict_files; from radlib.evaluation.probes import _peak_bytes\n"
            f"films = np.load({str(tmp_path / 'films.npy')!r}, mmap_mode='r')\n"
            f"predict_files({str(model)!r}, 'tflite', films, processes=1); print(_peak_bytes())"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    pixels_bytes = 128_000 * SIDE * SIDE
    assert peaks[1] - peaks[0] < pixels_bytes / 4
