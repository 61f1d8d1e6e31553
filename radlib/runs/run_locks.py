"""One start at a time on a run: the second is refused before it changes anything.

The lock is the system's own on `<run>/.lock`, so that a process that ends, however it ends, loses it. The file
holds the number of the process that has it: a notebook's kernel is a child of the start that runs it, and is let
through by the number in its environment.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from radlib.foundation.errors import UsageError
from radlib.foundation.storage import disk_errors, try_lock

LOCK = ".lock"
OWNER = "RADLIB_RUN_OWNER"  # in a kernel's environment: the process whose lock holds for it, too


@contextlib.contextmanager
def only_start(folder: Path, lock: str = LOCK) -> Iterator[None]:
    """Hold a run's folder, which is there, for as long as the block runs.

    Within a process that holds it already, and in the kernels that such a process starts, it is held once.

    Args:
        folder: Of the run.
        lock: Name of the file in it: who spreads a run over other processes holds another than they do.

    Raises:
        UsageError: When another process is at work on the run.
    """
    path = folder / lock
    with disk_errors(path):
        stream = path.open("a+b")
    with stream:
        if try_lock(stream):
            with disk_errors(path):
                stream.truncate(0)
                stream.write(str(os.getpid()).encode())
                stream.flush()
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    stream.truncate(0)
            return
        owner = owner_of(folder, lock)
        if owner not in (str(os.getpid()), os.environ.get(OWNER)):
            raise UsageError(
                f"Another start is at work on {folder.name!r}{f' (process {owner})' if owner else ''}; wait until it has "
                "ended, or choose another --output."
            )
        yield


def owner_of(folder: Path, lock: str = LOCK) -> str:
    """Return the number of the process that holds a run; empty when nobody does."""
    try:
        return (folder / lock).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
