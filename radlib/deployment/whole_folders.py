"""A folder written whole or not at all, as `storage.atomic_path` writes a file.

It is built beside its place and moved there when it is finished. Where an earlier one lies, its files are replaced
one by one, each by a rename: that needs no space and takes no time, and the file that says what the others are comes
last, so that a machine that dies in between leaves a folder that says of itself that it is damaged.
"""

import contextlib
import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.storage import disk_errors


@contextlib.contextmanager
def whole_folder(folder: Path, *, last: str, replaced: Collection[str] = ()) -> Iterator[Path]:
    """Yield an empty folder to fill with files; they take their place when the block ends well.

    Args:
        folder: Where they belong; made if need be.
        last: The file that describes the others.
        replaced: Names of files there that go when they are not written anew; no other is touched.

    Raises:
        UsageError: When a file lies where a folder is needed.
        SetupError: When there is no space, or no right to write.
    """
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        with _told(folder):
            partial.mkdir(parents=True, exist_ok=True)
            yield partial
            names = sorted((path.name for path in partial.iterdir()), key=lambda name: (name == last, name))
            for name in names:
                _to_disk(partial / name)
            _move(partial, folder, names)
            for name in set(replaced) - set(names):
                (folder / name).unlink(missing_ok=True)
    finally:
        with contextlib.suppress(OSError):  # a disk that failed may fail again
            for path in partial.iterdir() if partial.is_dir() else ():
                path.unlink()
            partial.rmdir()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    with disk_errors(folder):
        try:
            yield
        except (FileExistsError, NotADirectoryError):
            raise UsageError(f"{folder.name} cannot be a folder there: a file is in its way.") from None
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
                raise SetupError(f"{folder.name} cannot be written; choose another folder.") from error
            raise


def _to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _move(partial: Path, folder: Path, names: Collection[str]) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    for name in names:
        (partial / name).replace(folder / name)
