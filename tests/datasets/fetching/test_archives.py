"""Archives that attack, each in a form that plain unpacking would fall for; and what a sound one becomes."""

import gzip
import io
import os
import re
import stat
import tarfile
import zipfile

import pytest

from radlib.datasets.fetching.archives import Limits, check_tree, unpack
from radlib.foundation.errors import DataError

SOUND = {"chest/train/a.png": b"film a", "chest/test/b.png": b"film b" * 1000, "chest/labels.csv": b"a,1\n"}


def make_zip(path, members, links=(), compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            info = zipfile.ZipInfo()
            info.filename = name  # as it is: the constructor would clean it
            info.compress_type = compression
            archive.writestr(info, content)
        for name, target in links:
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return path


def make_tar(path, members, others=(), mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind, target in others:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return path


MAKERS = {
    "films.zip": make_zip,
    "films.tar": lambda path, members: make_tar(path, members, mode="w"),
    "films.tar.gz": make_tar,
    "films.tar.xz": lambda path, members: make_tar(path, members, mode="w:xz"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_sound_archive_becomes_a_folder(tmp_path, name):
    archive = MAKERS[name](tmp_path / name, SOUND.items())
    assert unpack(archive, tmp_path / "out") == 3
    found = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")
    }
    assert found == SOUND


def surroundings(folder):
    """Everything below a folder with its content: nothing may change but the target."""
    return {p: p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def refused(archive, tmp_path, text, limits=None):
    """Unpack into a folder two levels down, and make sure that nothing was written anywhere."""
    (tmp_path / "data").mkdir(exist_ok=True)
    before = surroundings(tmp_path)
    with pytest.raises(DataError, match=text) as caught:
        unpack(archive, tmp_path / "data" / "out", limits)
    assert surroundings(tmp_path) == before
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))
    assert "evil" not in str(caught.value)


NAMES = [
    "../evil",
    "a/../../evil",
    "a/..",
    "/evil",
    "/tmp/evil",
    "//host/share/evil",
    "C:\\evil",
    "C:/evil",
    "..\\evil",
    "a\\evil",
    "evil\0.png",
    "evil\n.png",
    "e" * 300,
    "",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first", [True, False])  # also behind a sound member, when writing has begun
def test_a_zip_that_names_a_file_elsewhere(tmp_path, name, first):
    members = [(name, b"x"), *SOUND.items()] if first else [*SOUND.items(), (name, b"x")]
    refused(make_zip(tmp_path / "films.zip", members), tmp_path, "nothing of it was kept")


@pytest.mark.parametrize("name", [n for n in NAMES if n and "\0" not in n and n != "a/.."])
def test_a_tar_that_names_a_file_elsewhere(tmp_path, name):
    refused(
        make_tar(tmp_path / "films.tar.gz", [*SOUND.items(), (name, b"x")]),
        tmp_path,
        "nothing of it was kept",
    )


def test_links_in_a_zip(tmp_path):
    for target in ("/etc", "../..", "chest"):
        archive = make_zip(tmp_path / "films.zip", SOUND.items(), [("chest/evil", target)])
        refused(archive, tmp_path, "holds a link or a device")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar(tmp_path, kind):
    archive = make_tar(tmp_path / "films.tar.gz", SOUND.items(), [("chest/evil", kind, "../../x")])
    refused(archive, tmp_path, "holds a link or a device")


def test_a_link_and_then_a_file_through_it(tmp_path):
    archive = tmp_path / "films.tar"
    with tarfile.open(archive, "w") as tar:
        link = tarfile.TarInfo("evil")
        link.type, link.linkname = tarfile.SYMTYPE, "../.."
        tar.addfile(link)
        info = tarfile.TarInfo("evil/passwd")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"x"))
    refused(archive, tmp_path, "holds a link or a device")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_named_twice(tmp_path):
    members = [("a.png", b"1"), ("./a.png", b"2")]
    refused(make_zip(tmp_path / "films.zip", members), tmp_path, "names a file twice")
    refused(make_tar(tmp_path / "films.tar.gz", members), tmp_path, "names a file twice")


def test_ten_thousand_files(tmp_path):
    members = [(f"{n}.png", b"") for n in range(10_001)]
    limits = Limits(members=10_000)
    refused(make_zip(tmp_path / "films.zip", members), tmp_path, "more files or bytes", limits)
    refused(make_tar(tmp_path / "films.tar.gz", members), tmp_path, "more files or bytes", limits)


def test_a_thousandfold_inflation(tmp_path):
    zeros = bytes(30_000_000)
    archive = make_zip(tmp_path / "films.zip", [("a.png", zeros)])
    assert archive.stat().st_size < len(zeros) / 900
    refused(archive, tmp_path, "more files or bytes")
    refused(make_tar(tmp_path / "films.tar.gz", [("a.png", zeros)]), tmp_path, "more bytes than a data set")
    parts = [(f"{n}.png", bytes(3_000_000)) for n in range(10)]
    refused(make_zip(tmp_path / "films.zip", parts), tmp_path, "more files or bytes")


def test_a_total_beyond_the_limit(tmp_path):
    content = os.urandom(5_000)
    archive = make_zip(tmp_path / "films.zip", [("a.png", content), ("b.png", content)])
    refused(archive, tmp_path, "more files or bytes", Limits(total_bytes=9_999))
    unpack(archive, tmp_path / "out", Limits(total_bytes=10_000))


def test_a_heading_that_would_fill_the_memory(tmp_path):
    """A pax heading of 200 MB of zeros in a small gzip: tarfile reads headings at once."""
    heading = tarfile.TarInfo("evil")
    heading.type, heading.size = tarfile.XHDTYPE, 200_000_000
    archive = tmp_path / "films.tar.gz"
    with gzip.open(archive, "wb") as stream:
        stream.write(heading.tobuf())
        for _ in range(200):
            stream.write(bytes(1_000_000))
    refused(archive, tmp_path, "more bytes than a data set")


def lie_about_size(path, said):
    """Change the uncompressed size that a zip's headings give for its only member."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    real = info.file_size.to_bytes(4, "little")
    directory = content.rindex(b"PK\x01\x02")
    for place in (info.header_offset + 22, directory + 24):
        assert content[place : place + 4] == real
        content[place : place + 4] = said.to_bytes(4, "little")
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("said", [10, 2_999_999, 3_000_001])
def test_a_size_that_is_not_what_the_archive_says(tmp_path, said):
    archive = make_zip(tmp_path / "films.zip", [("a.png", bytes(3_000_000))])
    lie_about_size(archive, said)
    refused(archive, tmp_path, "damaged|other bytes than it says")


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("spoil", ["truncate", "flip", "text", "empty"])
def test_damaged_archives(tmp_path, name, spoil):
    members = [("a.png", os.urandom(50_000)), ("b.png", os.urandom(50_000))]
    archive = MAKERS[name](tmp_path / name, members)
    content = bytearray(archive.read_bytes())
    if spoil == "flip" and name == "films.tar":
        return  # a plain tar has no checksum over its content: the digest of the download stands for it
    if spoil == "flip":
        content[len(content) // 2] ^= 255
    changed = {
        "truncate": content[: len(content) // 2],
        "flip": content,
        "text": b"<html>not found",
        "empty": b"",
    }
    archive.write_bytes(bytes(changed[spoil]))
    refused(archive, tmp_path, "is damaged")


def test_an_encrypted_archive(tmp_path):
    archive = make_zip(tmp_path / "films.zip", [("a.png", b"film")])
    content = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    archive.write_bytes(bytes(content))
    refused(archive, tmp_path, "is damaged, or none that can be read")


def test_a_tree_unpacked_by_others(tmp_path):
    folder = tmp_path / "tree"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "film.png").write_bytes(b"film")
    assert check_tree(folder) == 1
    with pytest.raises(DataError, match="more than a data set"):
        check_tree(folder, Limits(total_bytes=3))
    (folder / "a" / "evil").symlink_to("/etc/passwd")
    with pytest.raises(DataError, match="holds a link"):
        check_tree(folder)
