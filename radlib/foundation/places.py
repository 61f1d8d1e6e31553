"""Places that a user or a study names: resolved once, held against their root, removed only where made and empty.

A path as it is written says little: `new/../films`, a link or `~` lead elsewhere, and where they lead may depend
on what was made meanwhile. So each is resolved before anything is asked of it, and whatever is made on the way
is noted, that a refusal can take back exactly that: empty folders, never anything that lies in one.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from radlib.foundation.errors import UsageError
from radlib.foundation.storage import disk_errors

LONGEST_NAME = 100
PLAIN_NAME = re.compile(r"[^\W_][\w .,()+=@-]*")


def resolved(place: str | Path) -> Path:
    """Return where a place that somebody named really is: absolute, without `~`, `..` or links.

    Raises:
        UsageError: When no file system could have such a place.
    """
    try:
        found = Path(os.path.expanduser(place)).resolve()  # noqa: PTH111 (Path's own fails where there is no such user)
        found.exists()  # asked here, since a name that is too long is an error of whoever asks first
        return found
    except (OSError, RuntimeError, ValueError):
        raise UsageError(f"{str(place)[:60]!r} is no path to a file or a folder; give another.") from None


def shortest(folder: Path) -> Path:
    """Return a resolved folder as seen from the working folder where it lies inside it, else as it is."""
    here = Path.cwd().resolve()
    return folder.relative_to(here) if here in folder.parents else folder


def inside(root: Path, name: str, what: str) -> Path:
    """Return the place called `name` below a folder.

    Args:
        root: The folder.
        name: As a study or a table gives it.
        what: It is, for the message.

    Raises:
        UsageError: When it leads out of the folder, by `..`, a link or as an absolute path.
    """
    place = resolved(root / name)
    if resolved(root) not in place.parents:
        raise UsageError(
            f"{what} {name[:60]!r} leads out of its folder; put it there, and name it from there."
        )
    return place


def check_plain_name(name: str, what: str) -> None:
    """Make sure that a name can be that of one file or folder, on any system, and leads nowhere.

    Raises:
        UsageError: With what is wrong.
    """
    if len(name) > LONGEST_NAME or not PLAIN_NAME.fullmatch(name) or name != name.strip(" ."):
        raise UsageError(
            f"{what} {name[:60]!r} is no plain name; use letters, digits, blanks and _ - . of at most "
            f"{LONGEST_NAME} characters, beginning with a letter or a digit."
        )


def check_apart(output: Path, data: Path) -> None:
    """Make sure that a run is not written among its films, nor films read out of a run.

    Raises:
        UsageError: When one is the other, or lies in it.
    """
    output, data = resolved(output), resolved(data)
    if output == data:
        raise UsageError(f"{output.name!r} holds the films; give another folder for the run with --output.")
    if data in output.parents:
        raise UsageError(
            f"The output {output.name!r} lies in the folder of the films; give one outside of it with --output."
        )
    if output in data.parents:
        raise UsageError(
            f"The films lie in the output folder {output.name!r}; give another folder for the run with --output."
        )


@contextlib.contextmanager
def made_or_removed(folder: Path) -> Iterator[None]:
    """Make a folder with those above it; when the block fails, remove those of them that are empty again.

    Only what this call made goes, one empty folder after the other: what another process or a user put there stays.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    made: list[Path] = []
    try:
        with disk_errors(folder):
            for place in reversed(missing):
                with contextlib.suppress(FileExistsError):  # another process was faster: it is not ours
                    place.mkdir()
                    made.append(place)
            folder.mkdir(exist_ok=True)  # a file in its place is told from a folder here
        yield
    except BaseException:
        for place in reversed(made):
            with contextlib.suppress(OSError):  # not empty: it is somebody's
                place.rmdir()
        raise


def discard(folder: Path, root: Path) -> None:
    """Remove a folder that radlib built itself within `root`, a half-made or an outdated one, with all it holds.

    Where a link leads elsewhere, nothing is removed: whoever laid it may have other things there.
    """
    if folder.is_symlink() or not folder.is_dir() or resolved(root) not in resolved(folder).parents:
        return
    shutil.rmtree(folder, ignore_errors=True)
