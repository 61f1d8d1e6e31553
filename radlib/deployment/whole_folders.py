"""A folder written whole or not at all, as `storage.atomic_path` writes a file.

It is built beside its place and moved there when it is finished. Where an earlier one lies, its files are replaced
one by one, each by a rename: that needs no space and takes no time, and the file that says what the others are comes
last, so that a machine that dies in between leaves a folder that says of itself that it is damaged.
"""

import contextlib
import errno
import os
import shutil
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
        replaced: Names of files there, below it with forward slashes, that go when they are not written anew; no
            other is touched.

    Raises:
        UsageError: When a file lies where a folder is needed.
        SetupError: When there is no space, or no right to write.
    """
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        with _told(folder):
            partial.mkdir(parents=True, exist_ok=True)
            yield partial
            names = sorted(files_of(partial), key=lambda name: (name == last, name))
            for name in names:
                _to_disk(partial / name)
            _move(partial, folder, names)
            for name in set(replaced) - set(names):
                _unlink(folder / name)
            _without_empty(folder, replaced)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # a disk that failed may fail again


def files_of(folder: Path) -> list[str]:
    """Return the names of all files below a folder, with forward slashes, sorted; none where there is no folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


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
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (partial / name).replace(folder / name)


def _unlink(path: Path) -> None:
    if path.is_file() or path.is_symlink():
        path.unlink()


def _without_empty(folder: Path, replaced: Collection[str]) -> None:
    """Remove folders below that lost their last file."""
    for inside in sorted({Path(name).parent for name in replaced}, reverse=True):
        with contextlib.suppress(OSError):  # not empty, or not there
            if inside != Path():
                (folder / inside).rmdir()
