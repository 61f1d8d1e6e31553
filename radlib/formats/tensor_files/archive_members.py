"""The members of a zip archive, looked through before any is unpacked: names, links, and how far they would grow.

Keras files, NumPy archives, PyTorch's checkpoints and exported programs are all zips. What an archive claims of itself
stands in its directory, which is read first; a reader that unpacks no more than that can be held to limits.
"""

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from radlib.foundation.errors import UsageError

MOST_BYTES = 2_000_000_000
HARMLESS_BYTES = 64_000_000  # up to here any ratio of packed and unpacked size does no harm
MOST_RATIO = 20.0
MOST_MEMBERS = 20_000
DAMAGE = (
    zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, MemoryError, struct.error,
    zlib.error,
)  # fmt: skip


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the members of a zip archive after making sure that it is a plain one.

    Raises:
        UsageError: For names that lead out of the archive, links, names twice, encryption, unknown compression, or
            contents that would grow beyond reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            damaged = None if len(members) > MOST_MEMBERS else _damaged(archive, members)
    except DAMAGE:
        raise UsageError(f"{path.name} is a damaged archive; save the network again.") from None
    what = damaged or _unsafe(members, path.stat().st_size)
    if what:
        raise UsageError(
            f"{path.name} {what}, as no saved network does; save it again from where it was trained."
        )
    return members


def _unsafe(members: list[zipfile.ZipInfo], size_bytes: int) -> str:
    """Return what is wrong with the members of an archive; empty when nothing is."""
    names = [member.orig_filename for member in members]
    if len(names) > MOST_MEMBERS:
        return "holds more files than a network"
    if len({name.casefold() for name in names}) < len(names):
        return "names a file twice"
    for member, name in zip(members, names, strict=True):
        path = PurePosixPath(name)
        mode = (member.external_attr >> 16) & 0o170000
        if path.is_absolute() or ".." in path.parts or "\\" in name or PureWindowsPath(name).drive:
            return "names a file outside of itself"
        if not name.isprintable() or mode not in (0, 0o100000, 0o040000):
            return "holds a link or a device"
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "is encrypted, or packed in an unusual way"
    claimed = sum(member.file_size for member in members)
    if beyond_reason(claimed, size_bytes):
        return "would grow beyond reason when unpacked"
    return ""


def _damaged(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    """Compare each member's own header with the directory: readers differ in which of the two they believe."""
    stream: Any = archive.fp
    for member in members:
        if member.orig_filename.endswith("/"):
            continue
        stream.seek(member.header_offset)
        header = stream.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            return "has a directory that does not fit its files"
        length = struct.unpack("<H", header[26:28])[0]
        if stream.read(length) != member.orig_filename.encode("utf-8"):
            return "calls a file by two names"
    return ""


def beyond_reason(claimed_bytes: float, size_bytes: int) -> bool:
    """Tell whether a file of a size claims to hold more than any saved network packs into it."""
    return claimed_bytes > MOST_BYTES or claimed_bytes > max(HARMLESS_BYTES, MOST_RATIO * size_bytes)
