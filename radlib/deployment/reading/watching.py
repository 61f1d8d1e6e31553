"""A folder into which a scanner or a PACS exports: each film answered once, whole, also after a power cut.

A film is read, answered and then noted in the journal; what is not in the journal is read again at the next start, and what is
there is not. The content is digested before and after it was read, so that no answer belongs to half a file. One reader works
on a folder at a time; another one waits and takes over when the first ends. A disk that is full holds films up and loses none.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.deployment.reading.arrivals import Arrivals, Look, Pace, has_end, kind_of
from radlib.deployment.reading.following_table import FollowingTable
from radlib.deployment.reading.journal import Journal, opened_journal
from radlib.foundation import owner_only
from radlib.foundation.errors import SetupError
from radlib.foundation.storage import disk_errors, disk_sentence, file_sha256, try_lock

FOLDER = ".radlib-reader"  # in the folder that is watched; names with a dot are no films
AT_ONCE = 32  # films answered between two looks at the folder
USUAL_PACE = Pace()
HELD_UP_S = 15.0  # before a disk that refused is asked again
NOT_WHOLE = ("damaged", "empty_file", "unknown_content", "no_pixels")  # reasons that waiting may mend

Row = Mapping[str, Any]
Read = Callable[[Look, str], Row]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Watched:
    """A folder and what its films become.

    Attributes:
        root: The folder.
        journal: What was answered.
        read: Reads a film that has an id, and returns its row, with the `reason` where it cannot be read.
        tell: Is told the row of each film, once.
        tables: Follow the journal.
        say: Takes a sentence for the user.
        pace: How long is waited.
    """

    root: Path
    journal: Journal
    read: Read
    tell: Callable[[Row], None]
    tables: Sequence[FollowingTable]
    say: Say
    pace: Pace = USUAL_PACE


def watch(
    watched: Watched,
    *,
    once: bool,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Answer the films of a folder as they come.

    Args:
        watched: The folder.
        once: Whether it ends when all that lies there is settled.
        clock: Seconds that only grow.
        sleep: Waits some seconds.

    Returns:
        How many films were answered; without `once` it does not return.

    Raises:
        SetupError: With `once`, when the disk refuses.
    """
    arrivals, answered = Arrivals(watched.root, watched.pace, clock), 0
    while True:
        began = clock()
        try:
            found = _one_look(watched, arrivals)
        except OSError as error:
            held = disk_sentence(error, "what was answered") or f"The disk refuses: {error.strerror}."
            if once:
                raise SetupError(held) from error
            watched.say(f"{held} Films wait until then.")
            sleep(HELD_UP_S)
            continue
        answered += found.count(True)
        if found:
            continue
        if once and not arrivals.waiting():
            return answered
        sleep(
            max(watched.pace.poll_s, 10 * (clock() - began))
        )  # a look at ten thousand films costs something


def _one_look(watched: Watched, arrivals: Arrivals) -> list[bool]:
    """Go through the files at rest, up to some that are answered; return for each that is settled whether it was."""
    found: list[bool] = []
    for table in watched.tables:
        if table.behind:
            table.catch_up(watched.journal.rows())
    for look, late in arrivals.at_rest():
        outcome = _answered(watched, arrivals, look, late)
        if outcome is not None:
            found.append(outcome)
        if found.count(True) == AT_ONCE:
            break
    return found


def _answered(watched: Watched, arrivals: Arrivals, look: Look, late: bool) -> bool | None:
    """Answer a film; return whether it was, and None where it has to wait."""
    place = place_of(look)
    if place in watched.journal.places:
        arrivals.settle(look)
        return False
    try:
        kind = kind_of(look)
        film = file_sha256(look.path) if kind else ""
        whole = has_end(look, kind)
    except OSError:  # gone or renamed meanwhile, or not to be read by this account: the next look will tell
        arrivals.pass_over(look, late)
        return None
    if not kind and not look.size_bytes and not late:
        return None
    if not kind or film in watched.journal.films:
        if kind:
            watched.journal.note(film, place)
        arrivals.settle(look)
        return False
    if not whole and not late:
        return None
    row = watched.read(look, film[:12])
    if look.again() != look or not _is_still(look, film):
        return None  # it was being written after all
    if row["reason"] in NOT_WHOLE and not late:
        return None
    watched.journal.note(film, place, row)
    arrivals.settle(look)
    watched.tell(row)
    try:
        for table in watched.tables:
            table.add(row)
    except OSError:
        for table in watched.tables:
            table.behind = True  # those that it did not get to lack the row as well
        raise
    return True


def _is_still(look: Look, film: str) -> bool:
    try:
        return file_sha256(look.path) == film
    except OSError:
        return False


def place_of(look: Look) -> str:
    """Return a digest of a file's name, size and time: the same file is not read twice, and its name stands nowhere."""
    text = f"{look.name}\0{look.size_bytes}\0{look.changed_ns}"
    return hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()


@contextlib.contextmanager
def only_reader(folder: Path, key: str, say: Say, *, once: bool, poll_s: float = 1.0) -> Iterator[Journal]:
    """Hold a folder for one reader of a variant, and yield its journal; another waits until this one ends.

    Args:
        folder: That is watched.
        key: Of the variant, part of a file's name.
        say: Takes a sentence for the user.
        once: Whether to end where another is at work.
        poll_s: Seconds between two tries.

    Raises:
        SetupError: When nothing can be written there, or with `once` another reader is at work.
    """
    place = folder / FOLDER
    with disk_errors(place):
        owner_only.make_folder(place)
    with (place / f"{key}.lock").open("ab") as lock:
        told = False
        while not try_lock(lock):
            if once:
                raise SetupError(f"Another reader is at work on {folder.name}; let it, or stop it first.")
            if not told:
                say(f"Another reader is at work on {folder.name}; this one takes over when it ends.")
            told = True
            time.sleep(poll_s)
        with opened_journal(place / f"{key}.journal") as journal:
            yield journal
