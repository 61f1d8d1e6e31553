"""Decoding in killable workers: nothing is lost, nothing is decoded twice."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib import decode, images
from radlib.images import Preprocessing, prepare, read_image

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


def test_films_come_back_in_order_as_one_process_would_decode_them(tmp_path):
    paths = film_files(tmp_path, 70)  # more than two batches
    pixels, kept, quarantine = decode.decode_films(index_of(paths), SMALL, tmp_path / "cache")
    assert isinstance(pixels, np.memmap)
    assert not len(quarantine)
    np.testing.assert_array_equal(pixels, [prepare(read_image(p), SMALL) for p in paths])
    assert kept["stored_width"].tolist() == [30 + n for n in range(70)]
    assert set(kept["stored_height"]) == {40}


def test_bad_films_are_named_and_the_rest_goes_on(tmp_path):
    paths = film_files(tmp_path, 5)
    paths[1].write_bytes(b"")
    paths[3].write_bytes(paths[3].read_bytes()[:100])
    paths.append(tmp_path / "missing.png")
    index = index_of(paths)
    pixels, kept, quarantine = decode.decode_films(index, SMALL, tmp_path / "cache")
    assert len(pixels) == len(kept) == 3
    assert len(kept) + len(quarantine) == len(index)
    assert quarantine["image_id"].tolist() == index["image_id"].iloc[[1, 3, 5]].tolist()
    assert quarantine["reason"].tolist() == ["empty_file", "damaged", "not_a_file"]
    np.testing.assert_array_equal(pixels[2], prepare(read_image(paths[4]), SMALL))


def test_the_second_call_only_maps(tmp_path, monkeypatch):
    index = index_of(film_files(tmp_path, 3))
    first, kept, _ = decode.decode_films(index, SMALL, tmp_path / "cache")
    monkeypatch.setattr(decode, "decode_files", lambda *a, **k: pytest.fail("decoded again"))
    again, kept_again, _ = decode.decode_films(index, SMALL, tmp_path / "cache")
    np.testing.assert_array_equal(first, again)
    pd.testing.assert_frame_equal(kept, kept_again)
    with pytest.raises(pytest.fail.Exception):  # other preprocessing is another cache
        decode.decode_films(index, Preprocessing(16, "pad"), tmp_path / "cache")


def test_a_cache_that_was_cut_short_is_not_used(tmp_path):
    index = index_of(film_files(tmp_path, 3))
    first = np.array(decode.decode_films(index, SMALL, tmp_path / "cache")[0])
    (file,) = (tmp_path / "cache").glob("*.npy")
    file.write_bytes(file.read_bytes()[:300])
    np.testing.assert_array_equal(decode.decode_films(index, SMALL, tmp_path / "cache")[0], first)


def test_nothing_decoded_is_an_empty_array(tmp_path):
    pixels, kept, quarantine = decode.decode_films(index_of([tmp_path / "no.png"]), SMALL, tmp_path / "cache")
    assert pixels.shape == (0, 16, 16)
    assert (len(kept), len(quarantine)) == (0, 1)


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
        results.append(("", *grey.shape, prepare(grey, preprocessing).tobytes()))
    return results


def test_only_the_film_that_hangs_or_crashes_is_given_up(tmp_path, monkeypatch):
    paths = film_files(tmp_path, 8)
    monkeypatch.setattr(decode, "_decode_batch", hang_on_wide_films)
    results = list(decode.decode_files([str(p) for p in paths], SMALL, timeout_s=4.0))
    assert [r[0] for r in results] == ["", "", "timeout", "", "worker_died", "", "", ""]
    np.testing.assert_array_equal(
        np.frombuffer(results[7][3], np.uint8).reshape(16, 16), prepare(read_image(paths[7]), SMALL)
    )


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
        "import sys; from radlib import decode, images\n"
        "paths = [f'{sys.argv[1]}/film{n}.png' for n in (0, 1)]\n"
        "print([r[0] for r in decode.decode_files(paths, images.Preprocessing(16))])\n"
    )
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.stdout == "started\n['', '']\n", done.stderr
