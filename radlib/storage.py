"""Files written whole or not at all, and digests of what they hold."""

import contextlib
import errno
import hashlib
import json
import os
import sys
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from radlib.errors import SetupError


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
    """Turn "no space left" and "read-only" into one sentence that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise SetupError(
                f"No space is left while writing {where.name}; finished work is intact: free some space and run "
                "the same command again."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise SetupError(
                f"{where.name} cannot be written; choose another output folder with --output."
            ) from error
        raise


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the place of `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with disk_errors(path):
            yield partial
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def only_process(path: Path, work: str = "films") -> Iterator[None]:
    """Hold a lock for as long as the block runs; another process waits. A process that ends loses it.

    Args:
        path: The lock's file, which stays; its folder is there.
        work: What is worked on, in the sentence that whoever waits is told.
    """
    with path.open("ab") as stream:
        if not _try_lock(stream):
            print(f"Another run is at work on the same {work}; waiting for it.", file=sys.stderr)
            while not _try_lock(stream):
                time.sleep(0.2)
        yield


def _try_lock(stream: BinaryIO) -> bool:
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def write_text(path: Path, text: str, *, errors: str = "strict") -> None:
    """Write a text file whole or not at all; `errors` as `str.encode` takes it."""
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
