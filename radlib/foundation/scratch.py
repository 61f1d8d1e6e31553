"""A temporary folder for decoded films: only its owner can open it, and it is gone when the work ends, however it ends.

A process that is killed cannot tidy up, so whoever starts next removes what it left. Whether a folder is still in use says a
lock that the system takes back with the process, not its age or a number; and only files of known names are removed.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from radlib.foundation.owner_only import opener
from radlib.foundation.storage import try_lock

PREFIX = "radlib-films-"
FILMS, LOCK = "films.raw", "in-use"


@contextlib.contextmanager
def film_scratch() -> Iterator[Path]:
    """Yield the path of a file to write decoded films to; its folder is removed when the block ends."""
    remove_leftovers()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        with open(folder / f"{LOCK}.new", "wb", opener=opener) as lock:
            with contextlib.suppress(OSError):  # a file system without locks
                try_lock(lock)
            (folder / f"{LOCK}.new").rename(folder / LOCK)  # held already, before anybody can see it
            yield folder / FILMS


def remove_leftovers() -> None:
    """Remove the folders of this account whose processes are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another account's, in use, or gone meanwhile
            with (folder / LOCK).open("r+b") as lock:
                if folder.is_symlink() or not try_lock(lock):
                    continue
                for name in (FILMS, LOCK):
                    (folder / name).unlink(missing_ok=True)
            folder.rmdir()
