"""The one way into a folder of films: told by content, nothing lost, nothing followed or opened that must not be."""

import io
import os
import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image

from radlib.foundation.errors import DataError
from radlib.imaging.film_content import HEAD_BYTES, content_of
from radlib.imaging.film_walk import LEFT_OUT, left_out_sentence, walk
from radlib.imaging.phantoms import dicom_writing

PIXELS = np.tile(np.linspace(0.1, 0.9, 24, dtype=np.float32), (20, 1))


def picture(kind):
    buffer = io.BytesIO()
    Image.fromarray((PIXELS * 255).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    path = tmp_path_factory.mktemp("dicom") / "film"
    header = dicom_writing.Header("p", "PA", 40, "F", "n")
    dicom_writing.write_film(path, PIXELS, dicom_writing.StorageKind(12), header)
    return path.read_bytes()


def resaved(content, **how):
    dataset, written = pydicom.dcmread(io.BytesIO(content)), io.BytesIO()
    pydicom.dcmwrite(written, dataset, **how)
    return written.getvalue()


@pytest.mark.parametrize("name", [
    "1.2.826.0.1.3680043.8.498.1", "IMG.0002", "IM0001", "scan.IMA", "b.img", "film.dic", "x.DC3", "film.DCM", "film",
    "film.txt", "film.png", "ä ö.csv", "00000001", "a" * 255,
])  # fmt: skip
def test_a_film_is_one_whatever_its_name(tmp_path, dicom, name):
    for folder, content in (("dicom", dicom), ("png", picture("PNG")), ("jpeg", picture("JPEG"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
    found = walk(tmp_path)
    assert [path.parent.name for path in found.films] == ["dicom", "jpeg", "png"]
    assert not found.left_out


def test_dicom_without_its_mark_is_told_in_every_encoding(dicom):
    bare = pydicom.dcmread(io.BytesIO(dicom))
    del bare.file_meta
    bare.preamble = None
    written = [
        resaved(dicom)[132:],
        *(
            _plain(bare, implicit, little)
            for implicit, little in ((True, True), (False, True), (False, False))
        ),
    ]
    for content in written:
        assert b"DICM" not in content[:200]
        assert content_of(content[:HEAD_BYTES]) == "dicom"


def _plain(dataset, implicit, little):
    written = io.BytesIO()
    pydicom.dcmwrite(
        written,
        dataset,
        implicit_vr=implicit,
        little_endian=little,
        force_encoding=True,
        enforce_file_format=False,
    )
    return written.getvalue()


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "empty"),
    (b"file,pneumonia\na,1\n", "other"),
    (b"BMI,age\n21.5,40\n", "other"),
    (b"%PDF-1.7\n", "other"),
    (b"\0" * 5000, "other"),
    (b"\x02\0\0\0" + b"\xff" * 600, "other"),
    (b"\x08\0\x05\0CS", "other"),
    (picture("BMP"), "picture"),
    (picture("TIFF"), "picture"),
    (picture("GIF"), "picture"),
    (picture("WEBP"), "picture"),
    (b"\0\0\0\x18ftypheic\0\0\0\0", "picture"),
    (b"PK\3\4" + b"\0" * 40, "packed"),
    (b"\x1f\x8b\x08" + b"\0" * 40, "packed"),
    (b"PK\3\4" + b"\0" * 26 + b"[Content_Types].xml", "other"),
    (b"\0\5\x16\7\0\2\0\0Mac OS X" + b"\0" * 60, "leftover"),
    (b"\0" * 128 + b"DICM\2\0\0\0UL\4\0\0\0\0\0\2\0\2\0UI\x14\x001.2.840.10008.1.3.10", "directory"),
])  # fmt: skip
def test_what_is_no_film_is_left_out_with_its_reason(tmp_path, content, reason):
    (tmp_path / "x").write_bytes(content)
    found = walk(tmp_path)
    assert (found.films, dict(found.left_out)) == ((), {reason: 1})
    assert left_out_sentence(found.left_out) == f"1 file is left out: 1 {LEFT_OUT[reason]}."


@pytest.mark.parametrize("name", [
    "._film.png", ".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.INI", "__MACOSX/film.png", "@eaDir/film.png/thumb.png",
    "a/.ipynb_checkpoints/film-checkpoint.png", "#recycle/film.png", "DICOMDIR", "dicomdir", ".hidden.png",
    ".git/objects/film.png", "a/b/.c/d/film.png",
])  # fmt: skip
def test_what_systems_leave_behind_is_left_out_though_it_be_a_film(tmp_path, name):
    for path in (tmp_path / name, tmp_path / "film.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture("PNG"))
    found = walk(tmp_path)
    assert [path.name for path in found.films] == ["film.png"]
    assert found.files == 2


def test_a_damaged_film_whose_name_says_film_is_not_lost_but_found(tmp_path):
    for name, content in {
        "a.dcm": b"",
        "b.PNG": b"<html>404",
        "c.jpeg": b"\0" * 200,
        "d": b"",
        "e.txt": b"x",
    }.items():
        (tmp_path / name).write_bytes(content)
    found = walk(tmp_path)
    assert [path.name for path in found.films] == ["a.dcm", "b.PNG", "c.jpeg"]
    assert found.left_out == {"other": 1, "empty": 1}


def test_links_are_followed_to_films_inside_only(tmp_path):
    folder, outside = tmp_path / "films", tmp_path / "outside"
    for place in (folder / "a", outside):
        place.mkdir(parents=True)
        (place / "film.png").write_bytes(picture("PNG"))
    links = {
        "inside.png": "a/film.png", "outside.png": outside / "film.png", "gone.png": "nowhere", "loop.png": "loop.png",
        "round": ".", "folder.png": "a", "away": outside, "up": "..",
    }  # fmt: skip
    for name, target in links.items():
        (folder / name).symlink_to(target)
    found = walk(folder)
    assert [path.relative_to(folder).as_posix() for path in found.films] == ["a/film.png", "inside.png"]
    assert found.left_out == {"outside": 3, "linked_folder": 2, "broken_link": 2}
    assert [path.name for path in found.folders] == ["a"]
    (tmp_path / "link").symlink_to(folder)
    assert len(walk(tmp_path / "link").films) == 2


def test_pipes_and_sockets_are_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.dcm")
    Path("to_a_pipe.dcm").symlink_to("pipe.dcm")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
        found = walk(tmp_path)
    assert (found.films, found.left_out) == ((), {"special": 3})


def test_names_that_are_not_utf_8_and_folders_too_deep_for_a_path(tmp_path):
    (tmp_path / os.fsdecode(b"film\xff\xe9.png")).write_bytes(picture("PNG"))
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(40):  # 40 folders of 120 letters: longer than a path may be
        os.mkdir("d" * 120, dir_fd=here)
        below = os.open("d" * 120, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = walk(tmp_path)
    assert [os.fsencode(path.name) for path in found.films] == [b"film\xff\xe9.png"]
    assert found.left_out == {"forbidden": 1}
    shutil.rmtree(tmp_path)


def test_a_folder_without_permission_is_counted(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "closed.png").touch(mode=0)
    assert walk(tmp_path).left_out == {"forbidden": 2}


def test_nested_deeper_than_python_calls(tmp_path):
    folders = [tmp_path / "d"]
    while len(folders) < sys.getrecursionlimit() + 100:
        folders[-1].mkdir()
        folders.append(folders[-1] / "d")
    folders[-1].write_bytes(picture("PNG"))
    assert len(walk(tmp_path).films) == 1
    folders.pop().unlink()
    for folder in reversed(folders):  # shutil.rmtree would call itself
        folder.rmdir()


NAMES = st.sampled_from([
    "a", "b.png", "c.dcm", "._b.png", ".h", "__MACOSX", "@eaDir", "Thumbs.db", "DICOMDIR", "1.2.3.4.5.6", "é.jfif",
    "t.csv", "x.zip", "z\udcff.png",
])  # fmt: skip
CONTENTS = st.sampled_from(
    [b"", b"text", picture("PNG"), picture("JPEG"), picture("BMP"), b"PK\3\4", b"\0" * 300]
)
TREES = st.recursive(
    st.dictionaries(NAMES, st.one_of(CONTENTS, st.just("pipe"), st.just("link")), max_size=6),
    lambda below: st.dictionaries(NAMES, st.one_of(CONTENTS, below), max_size=5),
    max_leaves=8,
)


def plant(folder, tree):
    """Write a tree; return how many files it has."""
    folder.mkdir()
    files = 0
    for name, content in tree.items():
        path = folder / name
        if isinstance(content, dict):
            files += plant(path, content)
            continue
        files += 1
        if content == "pipe":
            os.mkfifo(path)
        elif content == "link":
            path.symlink_to("..")
        else:
            path.write_bytes(content)
    return files


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_films_and_files_left_out_are_together_as_many_as_there_are(tmp_path, tree):
    root = tmp_path / "tree"
    try:
        files = plant(root, tree)
        found = walk(root)
        assert found.files == files
        assert list(found.films) == sorted(set(found.films))
        assert set(found.left_out) <= set(LEFT_OUT)
        assert not found.left_out or left_out_sentence(found.left_out).startswith(
            str(sum(found.left_out.values()))
        )
    finally:
        shutil.rmtree(root, ignore_errors=True)


def test_tables_that_the_caller_reads_are_no_files_left_out(tmp_path):
    (tmp_path / "labels.csv").write_text("file\n")
    (tmp_path / "other.csv").write_text("file\n")
    found = walk(tmp_path, tables=[tmp_path / "labels.csv", tmp_path / "missing.csv"])
    assert (found.tables, found.left_out, found.files) == (1, {"other": 1}, 2)


def test_a_folder_that_is_none_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    for name in ("file", "missing"):
        with pytest.raises(DataError, match=f"^The folder '{name}' cannot be opened; .*permissions.$"):
            walk(tmp_path / name)
