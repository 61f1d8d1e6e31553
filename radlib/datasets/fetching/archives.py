"""Archives from elsewhere, unpacked so that the worst of them harms nothing.

An archive can name a file outside the folder it is unpacked into (`../../.bashrc`, `/etc/cron.d/x`), bring a link and
write through it, hold a million files, or inflate a thousandfold. Everything is refused that is no plain file or folder
below the target; files, bytes and the ratio of bytes are limited and counted while they are written, whatever the
archive claims of itself. The target appears whole or not at all.
"""

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from tqdm import tqdm

from radlib.foundation.errors import DataError
from radlib.foundation.plain_text import plain_line
from radlib.foundation.storage import disk_errors

BLOCK_BYTES = 1_000_000
NAME_CHARACTERS = 255  # what file systems take
ARCHIVE_ERRORS = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, RuntimeError, NotImplementedError, ValueError,
    OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        members: Files and folders.
        total_bytes: Of all files together.
        ratio: Bytes of all files over the bytes of the archive; films hardly shrink.
        free_bytes: Up to here any ratio is harmless.
    """

    members: int = 300_000
    total_bytes: int = 200_000_000_000
    ratio: float = 10.0
    free_bytes: int = 10_000_000


@dataclass(frozen=True)
class _Member:
    name: str
    kind: str  # "file", "folder" or anything else, which is refused
    size_bytes: int
    handle: zipfile.ZipInfo | tarfile.TarInfo


def unpack(archive: Path, target: Path, limits: Limits | None = None) -> int:
    """Unpack a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz file into a folder that must not exist.

    Args:
        archive: The file; its content says what it is.
        target: The folder to make.
        limits: How much it may hold.

    Returns:
        Number of files.

    Raises:
        DataError: When it is damaged, too large, or names anything but plain files below the target. Nothing of it
            is kept then, and no name in it is quoted.
    """
    building = target.with_name(f".unpacking.{target.name}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        with disk_errors(target):
            building.mkdir(parents=True)
            files = _unpack_into(archive, building, limits or Limits())
            building.rename(target)
        return files
    except ARCHIVE_ERRORS:
        raise DataError(
            f"The archive {archive.name} is damaged, or none that can be read; fetch it again."
        ) from None
    finally:
        shutil.rmtree(building, ignore_errors=True)


def check_tree(folder: Path, limits: Limits | None = None) -> int:
    """Make sure that a folder unpacked by others holds plain files only, and no more than it may.

    Returns:
        Number of files.

    Raises:
        DataError: For a link, a device, or too many files or bytes.
    """
    limits = limits or Limits()
    files = total = 0
    for path in folder.rglob("*"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            files, total = files + 1, total + status.st_size
        elif not stat.S_ISDIR(status.st_mode):
            raise _refused(folder, "holds a link or a device")
        if files > limits.members or total > limits.total_bytes:
            raise _refused(folder, "holds more than a data set does")
    return files


def _unpack_into(archive: Path, folder: Path, limits: Limits) -> int:
    allowed = min(limits.total_bytes, max(limits.free_bytes, limits.ratio * archive.stat().st_size))
    _check_inflation(archive, int(allowed))
    with zipfile.ZipFile(archive) if zipfile.is_zipfile(archive) else tarfile.open(archive) as opened:
        members = _zip_members(opened) if isinstance(opened, zipfile.ZipFile) else _tar_members(opened)
        seen: set[str] = set()
        claimed = written = 0
        for count, member in enumerate(
            tqdm(members, f"Unpacking {plain_line(archive.name)}", leave=False, disable=None), 1
        ):
            claimed += max(0, member.size_bytes)
            if count > limits.members or claimed > allowed:
                raise _refused(archive, "would fill more files or bytes than a data set of its size does")
            path = folder / _safe_name(archive, member)
            if str(path) in seen:
                raise _refused(archive, "names a file twice")
            seen.add(str(path))
            if member.kind == "folder":
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            source = (
                opened.open(member.handle)
                if isinstance(opened, zipfile.ZipFile)
                else opened.extractfile(member.handle)
            )
            with source, path.open("xb") as output:
                written += _copy(source, output, member.size_bytes)
        if written != claimed:
            raise _refused(archive, "holds other bytes than it says")
    return sum(path.is_file() for path in folder.rglob("*"))


def _check_inflation(archive: Path, allowed: int) -> None:
    """Make sure that a compressed tar does not inflate beyond reason: its headings alone could fill the memory."""
    with archive.open("rb") as stream:
        head = stream.read(6)
    openers: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
    opener = next((opener for mark, opener in openers.items() if head.startswith(mark)), None)
    if opener is None:
        return
    total = 0
    with opener(archive) as stream:
        while block := stream.read(BLOCK_BYTES):
            total += len(block)
            if total > 1.1 * allowed + BLOCK_BYTES:  # the headings of small files take a little more
                raise _refused(archive, "would fill more bytes than a data set of its size does")


def _copy(source: IO[bytes], output: IO[bytes], size_bytes: int) -> int:
    """Copy at most one byte more than a member claims to hold, and return how many were copied."""
    copied = 0
    while block := source.read(min(BLOCK_BYTES, size_bytes + 1 - copied)):
        output.write(block)
        copied += len(block)
    return copied


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        kind = "folder" if info.orig_filename.endswith("/") else "file"
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "other"
        yield _Member(info.orig_filename, kind, info.file_size, info)


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        kind = "folder" if info.isdir() else "file" if info.isreg() and not info.issparse() else "other"
        yield _Member(info.name, kind, info.size, info)


def _safe_name(archive: Path, member: _Member) -> PurePosixPath:
    """Return a member's path below the target.

    Raises:
        DataError: When it is no plain file or folder, or its name leads or could lead elsewhere on any system.
    """
    name, path = member.name, PurePosixPath(member.name)
    if member.kind == "other":
        raise _refused(archive, "holds a link or a device")
    leads_out = path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or "\\" in name
    if (
        leads_out
        or not path.parts
        or any(not part.isprintable() or len(part) > NAME_CHARACTERS for part in path.parts)
    ):
        raise _refused(archive, "names a file outside its folder, or in a way that no data set does")
    return path


def _refused(where: Path, what: str) -> DataError:
    return DataError(
        f"{where.name} {what}, and nothing of it was kept; fetch it from where it was published."
    )
