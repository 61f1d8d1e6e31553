"""The store of decoded films: nothing is decoded twice, and nothing half-written is ever read."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from radlib.foundation.errors import SetupError
from radlib.imaging import images, resemblance
from radlib.imaging.decoding import decode, film_store
from radlib.imaging.decoding.film_journal import read_journal
from radlib.imaging.images import REASONS, Preprocessing, prepare, read_image

SMALL = Preprocessing(16)


def film_files(folder, count, seed=0):
    generator = np.random.default_rng(seed)
    paths = []
    for number in range(count):
        path = folder / f"film{seed}_{number}.png"
        Image.fromarray(generator.integers(0, 256, (20, 24), dtype=np.uint8)).save(path)
        paths.append(path)
    return paths


def index_of(paths):
    return pd.DataFrame({"image_id": [images.image_id(p) for p in paths], "path": [str(p) for p in paths]})


def check(decoded, paths, record=SMALL):
    """Every film has the square that one process would make of its file."""
    squares = decoded.pixels[decoded.positions]
    np.testing.assert_array_equal(squares, [prepare(read_image(p), record) for p in paths])
    assert decoded.marks.tobytes() == b"".join(resemblance.film_mark(read_image(p)) for p in paths)


@pytest.fixture
def counted(monkeypatch):
    """Which paths were really decoded, call by call."""
    asked = []
    decode_files = decode.decode_files
    monkeypatch.setattr(
        decode,
        "decode_files",
        lambda paths, *a, **k: asked.append(list(paths)) or decode_files(paths, *a, **k),
    )
    return asked


def test_a_second_run_another_order_and_a_part_only_map(tmp_path, counted):
    paths = film_files(tmp_path, 6)
    for chosen in (paths, paths, paths[::-1], paths[2:4]):
        check(decode.decode_films(index_of(chosen), SMALL, tmp_path / "cache"), chosen)
    assert len(counted) == 1


def test_a_data_set_that_grew_decodes_what_is_new(tmp_path, counted):
    first, second = film_files(tmp_path, 4), film_files(tmp_path, 3, seed=1)
    decode.decode_films(index_of(first), SMALL, tmp_path / "cache")
    mixed = [second[0], *first[1:3], *second[1:]]
    check(decode.decode_films(index_of(mixed), SMALL, tmp_path / "cache"), mixed)
    assert counted == [[str(p) for p in first], [str(p) for p in second]]


def test_another_record_or_size_is_another_store(tmp_path):
    paths = film_files(tmp_path, 2)
    records = [SMALL, Preprocessing(16, "pad"), Preprocessing(24), Preprocessing(16, window=1)]
    for record in (*records, *records):
        check(decode.decode_films(index_of(paths), record, tmp_path / "cache"), paths, record)
    assert len(list((tmp_path / "cache").glob("films-*"))) == 4


def test_a_file_that_moved_is_known_by_its_content(tmp_path, counted):
    paths = film_files(tmp_path, 2)
    decode.decode_films(index_of(paths), SMALL, tmp_path / "cache")
    moved = [p.rename(tmp_path / f"moved{n}.png") for n, p in enumerate(paths)]
    check(decode.decode_films(index_of(moved), SMALL, tmp_path / "cache"), moved)
    assert len(counted) == 1


def test_what_cannot_be_mended_is_remembered_and_the_rest_tried_again(tmp_path, counted):
    damaged, missing = tmp_path / "damaged.png", tmp_path / "missing.png"
    damaged.write_bytes(b"no film")
    index = pd.DataFrame({"image_id": ["a" * 12, "b" * 12], "path": [str(damaged), str(missing)]})
    for _ in range(2):
        decoded = decode.decode_films(index, SMALL, tmp_path / "cache")
        assert decoded.quarantine["reason"].tolist() == ["unknown_content", "not_a_file"]
    assert counted == [[str(damaged), str(missing)], [str(missing)]]
    film_files(tmp_path, 1)[0].rename(missing)
    assert decode.decode_films(index, SMALL, tmp_path / "cache").kept["image_id"].tolist() == ["b" * 12]
    assert set(film_store.NOT_REMEMBERED) < set(REASONS)


def test_a_film_that_ran_out_of_time_is_tried_again(tmp_path, monkeypatch):
    """A busy machine is no property of the film."""
    paths = film_files(tmp_path, 2)
    late = [("timeout", 0, 0, b"", b"")]
    whole = decode.decode_files
    with monkeypatch.context() as busy:
        busy.setattr(decode, "decode_files", lambda given, *a, **k: late + list(whole(given[1:], *a, **k)))
        first = decode.decode_films(index_of(paths), SMALL, tmp_path / "store")
    assert first.quarantine["reason"].tolist() == ["timeout"]
    again = decode.decode_films(index_of(paths), SMALL, tmp_path / "store")
    assert len(again.quarantine) == 0
    check(again, paths)


LOOP = """
import sys
from pathlib import Path
import pandas as pd
from radlib.imaging import images; from radlib.imaging.decoding import decode, film_store
from radlib.imaging.decoding.film_journal import read_journal
film_store.COMMIT_FILMS = 5
paths = sorted(Path(sys.argv[1]).glob("*.png"))
index = pd.DataFrame({"image_id": [images.image_id(p) for p in paths], "path": [str(p) for p in paths]})
print("ready", flush=True)
decode.decode_films(index, images.Preprocessing(16), Path(sys.argv[2]))
"""


def test_kill_9_in_the_middle_loses_little_and_poisons_nothing(tmp_path, counted):
    """Killed at three moments, each time later; what was committed is never decoded again."""
    (tmp_path / "films").mkdir()
    paths, cache = film_files(tmp_path / "films", 400), tmp_path / "cache"
    folder = film_store.store_folder(cache, SMALL)
    before = 0
    for moment in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", LOOP, tmp_path / "films", cache],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        process.stdout.readline()
        while len(read_journal(folder, 16)) < 90 * (moment + 1) and process.poll() is None:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        known = read_journal(folder, 16)
        assert len(known) >= min(before, 90 * (moment + 1))
        before = len(known)
    check(decode.decode_films(index_of(paths), SMALL, cache), paths)
    assert [len(asked) for asked in counted] == ([400 - before] if before < 400 else [])


def test_whatever_is_cut_off_is_decoded_again(tmp_path, counted):
    paths = film_files(tmp_path, 8)
    index, cache = index_of(paths), tmp_path / "cache"
    decode.decode_films(index, SMALL, cache)
    folder = film_store.store_folder(cache, SMALL)
    pixels, journal = folder / "pixels.raw", folder / "journal.txt"
    os.truncate(journal, journal.stat().st_size - 20)  # in the middle of the last line
    check(decode.decode_films(index, SMALL, cache), paths)
    os.truncate(pixels, 3 * 256 + 100)  # in the middle of the fourth film
    check(decode.decode_films(index, SMALL, cache), paths)
    with pixels.open("ab") as stream:
        stream.write(b"torn")  # pixels that no line names
    check(decode.decode_films(index, SMALL, cache), paths)
    assert [len(asked) for asked in counted] == [8, 1, 5]


def test_a_row_belongs_to_the_last_film_that_claims_it(tmp_path):
    """After pixels were lost, rows are written anew; what an old line says of them no longer holds."""
    paths, cache = film_files(tmp_path, 6), tmp_path / "cache"
    decode.decode_films(index_of(paths), SMALL, cache)
    os.truncate(film_store.store_folder(cache, SMALL) / "pixels.raw", 2 * 256)
    later = paths[:1:-1]  # in another order than before
    check(decode.decode_films(index_of(later[:2]), SMALL, cache), later[:2])
    check(decode.decode_films(index_of(paths), SMALL, cache), paths)


def test_a_line_with_a_flipped_bit_is_not_believed(tmp_path, counted):
    paths, cache = film_files(tmp_path, 4), tmp_path / "cache"
    decode.decode_films(index_of(paths), SMALL, cache)
    journal = film_store.store_folder(cache, SMALL) / "journal.txt"
    content = bytearray(journal.read_bytes())
    for place in range(12, len(content), 40):
        content[place] ^= 1
    journal.write_bytes(content)
    check(decode.decode_films(index_of(paths), SMALL, cache), paths)
    assert len(counted) == 2


def test_two_processes_do_not_write_at_once(tmp_path):
    (tmp_path / "films").mkdir()
    paths, cache = film_files(tmp_path / "films", 60), tmp_path / "cache"
    command = [sys.executable, "-c", LOOP, tmp_path / "films", cache]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0], [p.communicate() for p in both]
    for process in both:
        process.communicate()
    decoded = decode.decode_films(index_of(paths), SMALL, cache)
    check(decoded, paths)
    assert len(decoded.pixels) == 60  # none was decoded twice


def test_a_full_disk_is_one_sentence_and_keeps_what_was_done(tmp_path, monkeypatch):
    paths, cache = film_files(tmp_path, 12), tmp_path / "cache"
    monkeypatch.setattr(film_store, "COMMIT_FILMS", 4)
    add = film_store.Writer.add

    def full_after_six(self, *given):
        if self.rows == 6:
            raise OSError(28, "No space left on device")
        return add(self, *given)

    monkeypatch.setattr(film_store.Writer, "add", full_after_six)
    with pytest.raises(SetupError, match="No space is left"):
        decode.decode_films(index_of(paths), SMALL, cache)
    monkeypatch.setattr(film_store.Writer, "add", add)
    assert len(read_journal(film_store.store_folder(cache, SMALL), 16)) == 6
    check(decode.decode_films(index_of(paths), SMALL, cache), paths)


def test_no_grey_level_that_a_network_could_see_is_lost(tmp_path):
    """A 12-bit film with a narrow window: each square's level is within half a level of the exact mean."""
    from radlib.imaging.phantoms import dicom_writing

    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[0:512, 0:512] / 512
    image = 0.4 + 0.02 * rows + 0.01 * columns + generator.normal(0, 0.01, (512, 512))  # 8 levels in all
    kind = dicom_writing.StorageKind(12, windowed=True)
    path = tmp_path / "film.dcm"
    dicom_writing.write_film(path, image.clip(0, 1), kind, dicom_writing.Header("p", "PA", 40, "F", "n"))
    decoded = decode.decode_films(index_of([path]), SMALL, tmp_path / "cache")
    exact = Image.fromarray(read_image(path)).resize((16, 16), Image.Resampling.BILINEAR)
    assert np.abs(decoded.pixels[0] / 255 - np.asarray(exact)).max() <= 0.5 / 255 + 1e-6
    assert len(np.unique(decoded.pixels[0])) >= 7  # finer than the 6 levels that rounding first would leave


def stored(tmp_path, count):
    """Films, their index, and the folder of a store that has them."""
    paths = film_files(tmp_path, count)
    index, cache = index_of(paths), tmp_path / "cache"
    decode.decode_films(index, SMALL, cache)
    return paths, index, cache, film_store.store_folder(cache, SMALL)


def overwrite(path, place, content):
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(content)


@pytest.mark.parametrize(("name", "place", "content", "films"), [
    ("pixels.raw", 3 * 256 + 100, b"\x80", 1),
    ("pixels.raw", 0, bytes(range(256)) * 4, 4),
    ("pixels.raw", 256 - 1, b"\x01\x02", 2),
    ("marks.raw", 5 * resemblance.MARK_BYTES, b"\xff\xfe\xfd", 1),
])  # fmt: skip
def test_pixels_and_marks_that_changed_on_the_disk_are_decoded_again_and_said(
    tmp_path, counted, capfd, name, place, content, films
):
    paths, index, cache, folder = stored(tmp_path, 8)
    before = (folder / name).read_bytes()
    overwrite(folder / name, place, content)
    assert before != (folder / name).read_bytes()
    check(decode.decode_films(index, SMALL, cache), paths)
    assert [len(asked) for asked in counted] == [8, films]
    assert (
        f"{films} decoded films in the store are damaged; they are decoded again." in capfd.readouterr().err
    )
    check(decode.decode_films(index, SMALL, cache), paths)
    assert len(counted) == 2 and "damaged" not in capfd.readouterr().err


def test_a_damaged_film_whose_file_is_gone_is_not_used(tmp_path):
    paths, index, cache, folder = stored(tmp_path, 3)
    overwrite(folder / "pixels.raw", 256, b"noise")
    paths[1].unlink()
    decoded = decode.decode_films(index, SMALL, cache)
    assert decoded.quarantine["reason"].tolist() == ["not_a_file"]
    check(decoded, [paths[0], paths[2]])


def test_only_films_that_are_used_are_compared(tmp_path, counted):
    paths, index, cache, folder = stored(tmp_path, 6)
    overwrite(folder / "pixels.raw", 5 * 256, b"noise")
    check(decode.decode_films(index.iloc[:5], SMALL, cache), paths[:5])
    assert len(counted) == 1


def test_marks_that_were_cut_off_are_made_again(tmp_path, counted):
    paths, index, cache, folder = stored(tmp_path, 4)
    os.truncate(folder / "marks.raw", 2 * resemblance.MARK_BYTES + 1)
    check(decode.decode_films(index, SMALL, cache), paths)
    assert [len(asked) for asked in counted] == [4, 2]


@pytest.mark.parametrize("block_bytes", [1, 600, 10_000])
def test_blocks_of_any_size_compare_every_film(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr(film_store, "BLOCK_BYTES", block_bytes)
    _, _, _, folder = stored(tmp_path, 7)
    entries = read_journal(folder, 16)
    assert film_store.damaged_keys(folder, 16, entries) == set()
    overwrite(folder / "pixels.raw", 6 * 256 + 255, b"\0\0")
    overwrite(folder / "pixels.raw", 2 * 256, b"\1\1\1\1")
    damaged = {key for key, entry in entries.items() if entry.row in (2, 6)}
    assert film_store.damaged_keys(folder, 16, entries) == damaged


def test_decoded_films_open_to_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        paths, index, cache, folder = stored(tmp_path, 2)
    finally:
        os.umask(before)
    made = [folder, *folder.iterdir()]
    assert {path.stat().st_mode & 0o077 for path in made} == {0}
    for path in made:
        path.chmod(0o777)  # as an earlier release left it
    check(decode.decode_films(index, SMALL, cache), paths)
    assert {path.stat().st_mode & 0o077 for path in made} == {0}
