"""Folders that only their owner can open, whatever the account's umask says: decoded films, and what tells of patients.

A folder made for everybody by an earlier release is closed when it is used again. On a system without such rights, and in a
folder that belongs to another account, nothing changes.
"""

import contextlib
import os
import stat
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def make_folder(folder: Path) -> None:
    """Make a folder if there is none, with those above it, and close it and the files in it to all but their owner.

    Raises:
        OSError: When it cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER)
    if close(folder, FOLDER):  # else it was closed before, and so nobody else could reach the files
        for path in folder.iterdir():
            if path.is_file() and not path.is_symlink():
                close(path)


def close(path: Path, mode: int = FILE) -> bool:
    """Take a path's rights away from all others; return whether they had any."""
    open_to_others = bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    if open_to_others and os.name == "posix":
        with contextlib.suppress(PermissionError):  # it is another account's
            path.chmod(mode)
    return open_to_others


def opener(path: str, flags: int) -> int:
    """Open a file for `open`, so that if it is new only its owner can read it."""
    return os.open(path, flags, FILE)
