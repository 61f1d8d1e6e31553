"""Films that come to lie in a folder: which files are at rest and whole.

A scanner or a PACS writes a film over seconds, under another name at first or under its own. A file is looked at when its size
and its time of change have rested for a while, told by a clock that nobody can set; it is a film when its content says so; and
it is whole when its kind's end is there. One that is not whole is given patience, since a network may pause, and counts as
damaged after that.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from radlib.imaging.film_content import FILMS, HEAD_BYTES, NAMED_AS_FILM, content_of
from radlib.imaging.film_walk import OPENING, name_reason

UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".writing", "~")
TAIL_BYTES = 64
ENDS = {"png": b"IEND\xae\x42\x60\x82", "jpeg": b"\xff\xd9"}  # PNG 11.2.5; JPEG B.1.1.3


@dataclass(frozen=True)
class Pace:
    """How long is waited for what.

    Attributes:
        settle_s: Seconds that a file must rest.
        patience_s: Seconds that a file must rest that is not whole.
        poll_s: Seconds between two looks at the folder.
    """

    settle_s: float = 3.0
    patience_s: float = 60.0
    poll_s: float = 1.0


@dataclass(frozen=True)
class Look:
    """A file as it was seen.

    Attributes:
        name: Below the folder, with forward slashes.
        path: The file.
        size_bytes: Its size.
        changed_ns: When it was changed, as the file system says.
        inode: Which file of the file system it is.
    """

    name: str
    path: Path
    size_bytes: int
    changed_ns: int
    inode: int

    def again(self) -> "Look | None":
        """Return the same file as it is now; None when it is gone."""
        try:
            now = self.path.stat()
        except OSError:
            return None
        return Look(self.name, self.path, now.st_size, now.st_mtime_ns, now.st_ino)


class Arrivals:
    """The files of a folder that is looked at again and again.

    Args:
        root: The folder.
        pace: How long is waited.
        clock: Seconds that only grow.
    """

    def __init__(self, root: Path, pace: Pace, clock: Callable[[], float] = time.monotonic):
        self._root, self._pace, self._clock = root, pace, clock
        self._since: dict[str, tuple[Look, float]] = {}
        self._settled: dict[str, Look] = {}
        self._passed: dict[str, Look] = {}

    def at_rest(self) -> Iterator[tuple[Look, bool]]:
        """Yield the files that rest and are not settled, with whether patience with them is at its end.

        By the time that they came, and by name.
        """
        now, present = self._clock(), {}
        for look in looks(self._root):
            before, since = self._since.get(look.name, (look, now))
            present[look.name] = (look, since if before == look else now)
        self._since = present
        for known in (self._settled, self._passed):
            for name in known.keys() - present.keys():
                del known[name]
        for look, since in sorted(present.values(), key=lambda each: (each[1], each[0].name)):
            if self._settled.get(look.name) != look and now - since >= self._pace.settle_s:
                yield look, now - since >= self._pace.patience_s

    def settle(self, look: Look) -> None:
        """Leave a file alone as long as it stays as it was seen."""
        self._settled[look.name] = look

    def pass_over(self, look: Look, late: bool) -> None:
        """Note that a file cannot be opened; when patience is at its end nobody waits for it, though it is tried on."""
        if late:
            self._passed[look.name] = look

    def waiting(self) -> bool:
        """Tell whether there is a file that is neither settled nor passed over."""
        return any(
            look not in (self._settled.get(name), self._passed.get(name))
            for name, (look, _) in self._since.items()
        )


def looks(root: Path) -> Iterator[Look]:
    """Yield the plain files below a folder that may be films by their names; links are not followed."""
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, below = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:  # gone meanwhile, or not to be opened by this account
            continue
        for entry in entries:
            if name_reason(entry.name) is not None or entry.name.lower().endswith(UNFINISHED):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{below}{entry.name}/"))
                    continue
                seen = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(seen.st_mode):
                yield Look(
                    f"{below}{entry.name}", Path(entry.path), seen.st_size, seen.st_mtime_ns, seen.st_ino
                )


def kind_of(look: Look) -> str:
    """Return what a file is: one of `film_content.FILMS`, `damaged` where its name alone says film, or nothing for none.

    Raises:
        OSError: When it cannot be read.
    """
    descriptor = os.open(look.path, OPENING)
    try:
        content = content_of(os.read(descriptor, HEAD_BYTES))
    finally:
        os.close(descriptor)
    if content in FILMS:
        return content
    return "damaged" if NAMED_AS_FILM.fullmatch(look.path.name) else ""


def has_end(look: Look, kind: str) -> bool:
    """Tell whether a PNG or JPEG has its end; of DICOM its decoder tells.

    Raises:
        OSError: When it cannot be read.
    """
    if kind not in ENDS:
        return kind in FILMS
    with look.path.open("rb") as stream:
        stream.seek(max(look.size_bytes - TAIL_BYTES, 0))
        return ENDS[kind] in stream.read()
