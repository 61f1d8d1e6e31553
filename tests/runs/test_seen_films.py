"""What a run remembers of the films it has learnt from: enough to know them again, too little to make anything out."""

import json

import pytest

import radlib
from radlib.runs.seen_films import FILE, read_seen_films, write_seen_films

FILMS = [("0a1b2c3d4e5f", "training", b"a" * 32), ("111111111111-2", "training", b"b" * 32),
         ("222222222222", "validation", b"c" * 32), ("333333333333", "test", b"d" * 32)]  # fmt: skip


def test_films_are_known_again_by_file_and_by_pixels(tmp_path):
    write_seen_films(tmp_path, FILMS)
    seen = read_seen_films(tmp_path / FILE)
    assert seen.split_of("0a1b2c3d4e5f", b"other") == "training"
    assert seen.split_of("0a1b2c3d4e5f-3", b"other") == "training"  # an exact copy
    assert seen.split_of("111111111111", b"other") == "training"
    assert seen.split_of("999999999999", b"a" * 32) == "training"  # saved anew, the same pixels
    assert seen.split_of("222222222222", b"") == "validation"
    assert seen.split_of("333333333333", b"d" * 32) == ""


def test_no_id_and_no_order_can_be_made_out(tmp_path):
    write_seen_films(tmp_path, FILMS)
    text = (tmp_path / FILE).read_text()
    assert not any(image[:12] in text for image, *_ in FILMS)
    write_seen_films(tmp_path, FILMS[::-1])
    assert (tmp_path / FILE).read_text() == text
    write_seen_films(tmp_path, FILMS[1:])
    assert json.loads((tmp_path / FILE).read_text())["key"] != json.loads(text)["key"]


def test_the_same_films_write_nothing(tmp_path):
    write_seen_films(tmp_path, FILMS)
    before = (tmp_path / FILE).stat().st_mtime_ns
    write_seen_films(tmp_path, FILMS)
    assert (tmp_path / FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"revision": 2, "key": "", "training": "", "validation": ""}',
                                     b'{"revision": 1, "key": "", "training": "?", "validation": ""}', b"\xff"])  # fmt: skip
def test_what_cannot_be_read_is_nothing(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert read_seen_films(tmp_path / FILE) is None and read_seen_films(tmp_path / "none") is None


def test_opening_films_writes_them(tmp_path):
    run = radlib.open_run(
        str(tmp_path / "out"), study="demo", image_size=16, dataset_options={"patients": 40}
    )
    films = radlib.open_films(run)
    seen = read_seen_films(run.path(FILE))
    for split in ("training", "validation"):
        assert {seen.split_of(image, b"") for image in films.split(split).image_ids} == {split}
    assert {seen.split_of(image, b"") for image in films.test.image_ids} == {""}
