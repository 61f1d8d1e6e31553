"""Decoding in killable workers: nothing is lost, nothing is decoded twice."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image

from radlib.datasets.dataset import unique_image_ids
from radlib.imaging import images
from radlib.imaging.array_rows import row_reference
from radlib.imaging.decoding import decode, film_worker
from radlib.imaging.images import Preprocessing, prepare, read_image
from radlib.imaging.phantoms import dicom_writing
from radlib.imaging.resemblance import film_mark

SMALL = Preprocessing(16)


def film_files(folder, count, seed=0):
    generator = np.random.default_rng(seed)
    paths = []
    for number in range(count):
        path = folder / f"film{number}.png"
        Image.fromarray(generator.integers(0, 256, (40, 30 + number), dtype=np.uint8)).save(path)
        paths.append(path)
    return paths


def index_of(paths):
    ids = [images.image_id(p) if p.is_file() else f"{n:012x}" for n, p in enumerate(paths)]
    return pd.DataFrame({"image_id": ids, "path": [str(p) for p in paths]})


def squares(decoded):
    return decoded.pixels[decoded.positions]


def test_films_come_back_in_order_as_one_process_would_decode_them(tmp_path):
    paths = film_files(tmp_path, 70)  # more than two batches
    decoded = decode.decode_films(index_of(paths), SMALL, tmp_path / "cache")
    assert isinstance(decoded.pixels, np.memmap)
    assert not len(decoded.quarantine)
    np.testing.assert_array_equal(squares(decoded), [prepare(read_image(p), SMALL) for p in paths])
    assert decoded.kept["stored_width"].tolist() == [30 + n for n in range(70)]
    assert set(decoded.kept["stored_height"]) == {40}
    assert decoded.marks.tobytes() == b"".join(film_mark(read_image(p)) for p in paths)


def test_bad_films_are_named_and_the_rest_goes_on(tmp_path):
    paths = film_files(tmp_path, 5)
    paths[1].write_bytes(b"")
    paths[3].write_bytes(paths[3].read_bytes()[:100])
    paths.append(tmp_path / "missing.png")
    index = index_of(paths)
    decoded = decode.decode_films(index, SMALL, tmp_path / "cache")
    assert len(decoded.positions) == len(decoded.kept) == 3
    assert len(decoded.kept) + len(decoded.quarantine) == len(index)
    assert decoded.quarantine["image_id"].tolist() == index["image_id"].iloc[[1, 3, 5]].tolist()
    assert decoded.quarantine["reason"].tolist() == ["empty_file", "damaged", "not_a_file"]
    np.testing.assert_array_equal(squares(decoded)[2], prepare(read_image(paths[4]), SMALL))


def test_nothing_decoded_is_an_empty_array(tmp_path):
    decoded = decode.decode_films(index_of([tmp_path / "no.png"]), SMALL, tmp_path / "cache")
    assert (len(decoded.kept), len(decoded.quarantine)) == (0, 1)
    assert squares(decoded).shape == (0, 16, 16)


def test_copies_of_a_file_share_a_square(tmp_path):
    (path,) = film_files(tmp_path, 1)
    index = pd.concat([index_of([path])] * 3, ignore_index=True)
    index["image_id"] = unique_image_ids(index["image_id"])
    decoded = decode.decode_films(index, SMALL, tmp_path / "cache")
    assert decoded.kept["image_id"].tolist() == index["image_id"].tolist()
    assert decoded.positions.tolist() == [0, 0, 0]


def test_rows_of_an_array_are_decoded_beside_files(tmp_path):
    films = np.random.default_rng(3).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", films)
    (file,) = film_files(tmp_path, 1)
    paths = [row_reference(tmp_path / "rows.npy", 2), str(file), row_reference(tmp_path / "rows.npy", 7)]
    index = pd.DataFrame({"image_id": ["a" * 12, "b" * 12, "c" * 12], "path": paths})
    decoded = decode.decode_films(index, SMALL, tmp_path / "cache")
    np.testing.assert_array_equal(squares(decoded)[0], prepare(films[2] / np.float32(255), SMALL))
    assert decoded.quarantine.to_numpy().tolist() == [["c" * 12, "damaged"]]


def test_planted_bad_films_are_the_quarantine_and_nothing_else_is(tmp_path):
    """One in ten of two hundred is bad, in every way that was ever met."""
    rows = np.linspace(0.1, 0.9, 32, dtype=np.float32)[:, None] * np.ones((1, 32), np.float32)
    planted, paths = {}, []
    for number in range(200):
        path = tmp_path / f"{number}.dcm"
        header = dicom_writing.Header(f"P{number}", "PA", 50, "F", f"film{number}")
        dicom_writing.write_film(path, rows, dicom_writing.StorageKind(12, windowed=True), header)
        paths.append(path)
    spoil = {
        "damaged": lambda path: path.write_bytes(path.read_bytes()[:-700]),
        "empty_file": lambda path: path.write_bytes(b""),
        "invalid_values": lambda path: retag(path, RescaleSlope="NaN", RescaleIntercept="0"),
        "too_large": lambda path: retag(path, Rows=60000, Columns=60000),
        "several_frames": lambda path: retag(path, NumberOfFrames="7"),
        "unknown_content": lambda path: path.write_bytes(b"<html>404</html>"),
        "not_a_file": lambda path: (path.unlink(), path.mkdir()),
        "no_pixels": lambda path: retag(path, PixelData=None),
    }
    for number in range(0, 200, 10):
        reason = list(spoil)[number // 10 % len(spoil)]
        spoil[reason](paths[number])
        planted[f"{number:012x}"] = reason
    index = pd.DataFrame({"image_id": [f"{n:012x}" for n in range(200)], "path": [str(p) for p in paths]})
    decoded = decode.decode_films(index, SMALL, tmp_path / "cache")
    assert dict(decoded.quarantine.to_numpy().tolist()) == planted
    assert len(decoded.kept) == len(decoded.positions) == 180


def retag(path, **tags):
    dataset = pydicom.dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, about what is planted here
        for name, value in tags.items():
            if value is None:
                del dataset[name]
            else:
                dataset.add_new(name, pydicom.datadict.dictionary_VR(name), value)
        dataset.save_as(path)


def hang_on_wide_films(paths, preprocessing):
    """Stand in for a native decoder that spins, or aborts, on two films of a batch."""
    import os
    import time

    results = []
    for path in paths:
        grey = read_image(path)
        if grey.shape[1] == 32:
            time.sleep(600)
        if grey.shape[1] == 34:
            os.abort()
        results.append(("", *grey.shape, prepare(grey, preprocessing).tobytes(), b""))
    return results


def test_only_the_film_that_hangs_or_crashes_is_given_up(tmp_path, monkeypatch):
    paths = film_files(tmp_path, 8)
    monkeypatch.setattr(decode, "decode_batch", hang_on_wide_films)
    results = list(decode.decode_files([str(p) for p in paths], SMALL, timeout_s=2.0))
    assert [r[0] for r in results] == ["", "", "timeout", "", "worker_died", "", "", ""]
    np.testing.assert_array_equal(
        np.frombuffer(results[7][3], np.uint8).reshape(16, 16), prepare(read_image(paths[7]), SMALL)
    )


def late_twice(paths, preprocessing):
    """Stand in for a machine that is busy with other things: the second film gets no time in its first two tries."""
    import time
    from pathlib import Path

    for path in paths:
        tries = Path(f"{path}.tries")
        if path.endswith("film1.png"):
            tries.write_text(tries.read_text() + "." if tries.is_file() else ".")
            time.sleep(600 if len(tries.read_text()) <= 2 else 0)
    return [("", 1, 1, Path(path).name.encode(), b"") for path in paths]


def test_a_good_film_that_only_waited_is_tried_once_more(tmp_path, monkeypatch):
    paths = film_files(tmp_path, 3)
    monkeypatch.setattr(decode, "decode_batch", late_twice)
    results = list(decode.decode_files([str(p) for p in paths], SMALL, timeout_s=1.0))
    assert [r[3].decode() for r in results] == [p.name for p in paths]
    assert (tmp_path / "film1.png.tries").read_text() == "..."


def spin(paths, preprocessing):
    """Stand in for a native decoder that spins, and hears no signal handler."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    if any(path.endswith("film1.png") for path in paths):
        while True:
            pass
    return [("", 1, 1, b"", b"") for _ in paths]


def test_a_film_that_keeps_the_processor_is_not_waited_for_longer(tmp_path, monkeypatch):
    tried = []
    sound = decode._outcome
    monkeypatch.setattr(decode, "_outcome", lambda *given: tried.append(given[0].paths) or sound(*given))
    monkeypatch.setattr(decode, "decode_batch", spin)
    monkeypatch.setattr(decode, "PATIENCE", 20.0)
    paths = [str(p) for p in film_files(tmp_path, 2)]
    assert [r[0] for r in decode.decode_files(paths, SMALL, timeout_s=1.0)] == ["", "timeout"]
    assert tried == [paths, paths[:1], paths[1:]]  # with the other, alone, and not once more


def test_a_film_is_settled_within_seven_seconds_of_its_start():
    in_a_batch, alone = decode.BATCH_SHARE * decode.FILM_TIMEOUT_S, decode.FILM_TIMEOUT_S
    assert in_a_batch + alone <= 6  # a kill and a new worker take up to a second


def test_a_pool_that_breaks_is_replaced(tmp_path, monkeypatch):
    import contextlib

    paths, made = [str(p) for p in film_files(tmp_path, 3)], []
    sound = decode.worker_pool

    @contextlib.contextmanager
    def broken_at_first(*given, **options):
        with sound(*given, **options) as pool:
            made.append(pool)
            if len(made) == 1:
                pool.stop()
            yield pool

    monkeypatch.setattr(decode, "worker_pool", broken_at_first)
    assert [r[0] for r in decode.decode_files(paths, SMALL)] == ["", "", ""]
    assert len(made) == 2


def test_a_pool_that_breaks_at_the_same_film_again_gives_that_film_up(tmp_path, monkeypatch):
    import contextlib

    made = []

    @contextlib.contextmanager
    def always_broken(*given, **options):
        import pebble

        pool = pebble.ProcessPool(1)
        pool.stop()
        made.append(pool)
        yield pool
        pool.join()

    monkeypatch.setattr(decode, "worker_pool", always_broken)
    reasons = [r[0] for r in decode.decode_files([str(p) for p in film_files(tmp_path, 2)], SMALL)]
    assert reasons == ["worker_died", "worker_died"]


def test_batches_are_small_in_films_and_in_bytes(tmp_path, monkeypatch):
    paths = [str(p) for p in film_files(tmp_path, 70)]
    assert [len(b) for b in decode._batches(paths)] == [32, 32, 6]
    monkeypatch.setattr(decode, "BATCH_BYTES", 1)
    assert [len(b) for b in decode._batches(paths[:3])] == [1, 1, 1]


def test_an_unguarded_script_can_decode(tmp_path):
    """Workers must not run the caller's script again."""
    import subprocess
    import sys

    film_files(tmp_path, 2)
    script = tmp_path / "script.py"
    script.write_text(
        "print('started')\n"
        "import sys; from radlib.imaging import images; from radlib.imaging.decoding import decode; from radlib.imaging.phantoms import dicom_writing\n"
        "paths = [f'{sys.argv[1]}/film{n}.png' for n in (0, 1)]\n"
        "print([r[0] for r in decode.decode_files(paths, images.Preprocessing(16))])\n"
    )
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.stdout == "started\n['', '']\n", done.stderr


def test_what_native_decoders_say_does_not_reach_the_caller(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(decode, "decode_batch", speak_past_python)
    assert [r[0] for r in decode.decode_files([str(p) for p in film_files(tmp_path, 1)], SMALL)] == [
        "damaged"
    ]
    assert capfd.readouterr().err == ""


def speak_past_python(paths, preprocessing):
    import os

    os.write(2, b"Corrupt JPEG data of Mustermann^Max")
    return [("damaged", 0, 0, b"", b"")]


def test_a_worker_that_asks_for_gigabytes_is_refused_them(tmp_path, monkeypatch):
    monkeypatch.setattr(decode, "decode_batch", ask_for_gigabytes)
    assert [r[0] for r in decode.decode_files([str(p) for p in film_files(tmp_path, 1)], SMALL)] == [
        "too_large"
    ]


def ask_for_gigabytes(paths, preprocessing):
    try:
        np.ones(film_worker.WORKER_MEMORY_BYTES, np.uint8)
    except MemoryError:
        return [("too_large", 0, 0, b"", b"")]
    return [("", 0, 0, b"", b"")]


MEMORY = """
import ctypes, resource, numpy
from radlib.imaging.decoding import film_worker
if not hasattr(ctypes.CDLL(None), "mallopt"):
    raise SystemExit("skip")
def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        film = [numpy.ones(1_000_000, numpy.float32) for _ in range(5)]
        del film
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(2)
given_back = faults(10)
film_worker.confine()
faults(2)
print(given_back, faults(10))
"""


def test_workers_keep_the_memory_of_one_film_for_the_next():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=False)
    if "skip" in done.stderr:
        pytest.skip("another C library than glibc")
    given_back, kept = map(int, done.stdout.split())
    assert kept < min(given_back, 1000)
