"""Files written whole or not at all, and digests of what they hold."""

import contextlib
import errno
import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from radlib.foundation import digests
from radlib.foundation.errors import SetupError
from radlib.foundation.plain_text import say


def spec_digest(spec: Mapping[str, Any]) -> str:
    """Return 16 hex digits over a JSON-able specification; key order does not matter."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, default=str).encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def deflated_bytes(content: bytes) -> int:
    """Return what content weighs once packed (zlib at level 9), as a download or an application package holds it."""
    return len(zlib.compress(content, 9))


@contextlib.contextmanager
def disk_errors(where: Path) -> Iterator[None]:
    """Turn what a disk refuses (no space, read-only, a file where a folder is needed) into one sentence."""
    try:
        yield
    except OSError as error:
        if (sentence := disk_sentence(error, where.name)) is None:
            raise
        raise SetupError(sentence) from error


def disk_sentence(error: OSError, name: str) -> str | None:
    """Return what a disk's refusal to write means and what to do about it; None for any other error.

    Args:
        error: What was raised.
        name: Of what was being written; a name only, as a path may tell more than it should.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"No space is left while writing {name}; finished work is intact: free some space and run "
            "the same command again."
        )
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{name} cannot be written; choose another output folder with --output."
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return f"{name} cannot be written, as a file stands where a folder is needed or the reverse; choose another."
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        return f"{name[:60]} cannot be written: its name is too long or its links lead in a circle; choose another."
    return None


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends well.

    What was written is on the disk before it takes that place, so that a power cut leaves the old file or the new.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            put_in_place(partial, path)
    finally:
        with contextlib.suppress(OSError):  # a disk that refuses to write refuses this, too, and has said so
            partial.unlink(missing_ok=True)


def put_in_place(finished: Path, place: Path) -> None:
    """Rename a finished file, or a folder with all it holds, to its place; written to the disk before and after."""
    for path in [*finished.rglob("*"), finished] if finished.is_dir() else [finished]:
        _flush(path)
    digests.note(finished, place)
    finished.replace(place)
    _flush(place.parent)


def _flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    if path.is_symlink() or (path.is_dir() and os.name != "posix"):  # only there can a folder be opened
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system without it has nothing to wait for
            raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def only_process(path: Path, work: str = "films") -> Iterator[None]:
    """Hold a lock for as long as the block runs; another process waits. A process that ends loses it.

    Args:
        path: The lock's file, which stays; its folder is there.
        work: What is worked on, in the sentence that whoever waits is told.
    """
    with path.open("ab") as stream:
        if not try_lock(stream):
            say(f"Another run is at work on the same {work}; waiting for it.", err=True)
            while not try_lock(stream):
                time.sleep(0.2)
        yield


def try_lock(stream: BinaryIO) -> bool:
    """Lock an open file for this process; False when another one, or another opening of it, has it locked."""
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def write_text(path: Path, text: str, *, errors: str = "backslashreplace") -> None:
    """Write a text file whole or not at all; `errors` as `str.encode` takes it.

    Bytes of a name that are no UTF-8 come out as escapes, which JSON reads back as what they were.
    """
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8", errors=errors)


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all; what is no Unicode, as a path may be, is written as JSON's escapes."""
    text = json.dumps(content, indent=1, default=str, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(content, indent=1, default=str)
    write_text(path, text + "\n")
