"""Decode every film once, in workers that may be killed.

A damaged film can do worse than raise an exception: some make a native decoder spin for ever or abort the
process. So films are decoded in worker processes with a time and a memory limit; what hangs or crashes is
killed, named with a reason, and the rest goes on. Films travel in small batches for speed; when a batch is
lost, its films are tried again one by one, so that only the guilty one is given up. What counts against a film is the
time that it takes of the processor; one that only waited for a busy machine is tried once more, with more patience. Decoded squares go into
the store that later runs only map: memory stays flat however many films there are.
"""

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.foundation.processes import worker_pool
from radlib.imaging import images
from radlib.imaging.array_rows import split_reference
from radlib.imaging.decoding import film_store
from radlib.imaging.decoding.film_journal import Entry, read_journal
from radlib.imaging.decoding.film_store import content_key
from radlib.imaging.decoding.film_worker import OUT_OF_PROCESSOR_TIME, Result, confine, decode_batch, limited

if TYPE_CHECKING:  # one film alone needs no pool
    import pebble

BATCH_FILMS, BATCH_BYTES = 32, 2_500_000
FILM_TIMEOUT_S = 5.0
BATCH_SHARE = 0.2  # of a film's time, for a whole batch: it takes a tenth of a second or two
PATIENCE = (
    2.0  # times what a film may take of the processor, for a film alone: others may need the processor, too
)
LATE = "late"


@dataclass(frozen=True)
class Decoded:
    """Films that decoded, and those that did not; together as many as were given.

    Attributes:
        pixels: Read-only map of all films in the store, uint8 (N, image_size, image_size), others' included.
        positions: Rows of `pixels` that were asked for and decoded, int64 (n,), in the order of the index.
        kept: The rows of the index that decoded, with `stored_height` and `stored_width` in pixels.
        quarantine: What did not decode: `image_id` and `reason`, a key of `images.REASONS`.
        stored_marks: Read-only map of all marks in the store, uint8 (N, MARK_BYTES).
    """

    pixels: np.ndarray
    positions: np.ndarray
    kept: "pd.DataFrame"
    quarantine: "pd.DataFrame"
    stored_marks: np.ndarray

    @property
    def marks(self) -> np.ndarray:
        """The marks of the kept films, by which copies are found, uint8 (n, MARK_BYTES)."""
        return self.stored_marks[self.positions]


def decode_films(
    index: "pd.DataFrame",
    preprocessing: images.Preprocessing,
    cache_folder: Path,
    *,
    workers: int = 2,
    timeout_s: float = FILM_TIMEOUT_S,
) -> Decoded:
    """Decode the films of an index, or map what an earlier call decoded.

    Args:
        index: With `image_id` (made from the file's content) and `path`.
        preprocessing: What every film becomes.
        cache_folder: Where decoded films are kept, see `film_store`.
        workers: Processes.
        timeout_s: Seconds one film may take of the processor, see `decode_files`.

    Returns:
        The films.
    """
    folder, size = film_store.store_folder(cache_folder, preprocessing), preprocessing.image_size
    keys = [content_key(image) for image in index["image_id"]]
    entries = film_store.intact(folder, size, read_journal(folder, size), set(keys))
    missing = {key: path for key, path in zip(keys, index["path"], strict=True) if key not in entries}
    if missing:
        entries = entries | _decode_into(folder, missing, preprocessing, workers, timeout_s)
    found = [entries[key] for key in keys]
    rows = 1 + max((entry.row for entry in found), default=-1)
    kept = index[[not entry.reason for entry in found]].reset_index(drop=True)
    whole = [entry for entry in found if not entry.reason]
    kept = kept.assign(stored_height=[e.height for e in whole], stored_width=[e.width for e in whole])
    lost = [(image, e.reason) for image, e in zip(index["image_id"], found, strict=True) if e.reason]
    return Decoded(
        pixels=film_store.map_pixels(folder, size, rows),
        positions=np.array([entry.row for entry in whole], np.int64),
        kept=kept,
        quarantine=pd.DataFrame(lost, columns=["image_id", "reason"], dtype=object),
        stored_marks=film_store.map_marks(folder, rows),
    )


def _decode_into(
    folder: Path, missing: dict[str, str], preprocessing: images.Preprocessing, workers: int, timeout_s: float
) -> dict[str, Entry]:
    """Decode files by content key and append them to a store; return the entries of all of them."""
    from tqdm import tqdm

    size = preprocessing.image_size
    with film_store.writing(folder, size) as (store, known):
        entries = film_store.intact(folder, size, known, missing.keys())  # decoded meanwhile by another run
        left = [key for key in missing if key not in entries]
        results = decode_files(
            [missing[key] for key in left], preprocessing, workers=workers, timeout_s=timeout_s
        )
        bar = tqdm(results, "Decoding films", len(left), leave=False, disable=None, unit=" films")
        for key, (reason, height, width, pixels, mark) in zip(left, bar, strict=True):
            entries[key] = (
                store.refuse(key, reason) if reason else store.add(key, height, width, pixels, mark)
            )
    return entries


def decode_files(
    paths: Sequence[str],
    preprocessing: images.Preprocessing,
    *,
    workers: int = 2,
    timeout_s: float = FILM_TIMEOUT_S,
) -> Iterator[Result]:
    """Decode files in worker processes that are killed when they hang.

    Args:
        paths: The files.
        preprocessing: What every film becomes.
        workers: Processes.
        timeout_s: Seconds a film alone may take of the processor; in a batch with others it has had a fifth of that
            before. By the clock it may take twice as long, and once more four times.

    Yields:
        Per path, in order: reason (empty when it decoded), stored height and width, pixels, and mark.
    """
    settled, lost_at = 0, -1
    while settled < len(paths):
        try:
            for result in _through_one_pool(paths[settled:], preprocessing, workers, timeout_s):
                settled += 1
                yield result
        except _PoolLost:
            if lost_at == settled:  # twice at the same film, though a new pool should have helped
                settled += 1
                yield "worker_died", 0, 0, b"", b""
            lost_at = settled


class _PoolLost(Exception):
    """The pool itself broke, which a worker that dies at the wrong moment can do; a new one goes on."""


@dataclass(frozen=True)
class _Batch:
    paths: list[str]
    future: "pebble.ProcessFuture"


def _through_one_pool(
    paths: Sequence[str], preprocessing: images.Preprocessing, workers: int, timeout_s: float
) -> Iterator[Result]:
    waiting: collections.deque[_Batch] = collections.deque()
    modules = ("radlib.imaging.decoding.decode",) + (
        ("radlib.imaging.dicom.files",) if len(paths) > BATCH_FILMS else ()
    )
    with worker_pool(workers, preload=modules, initializer=confine) as pool:

        def schedule(batch: list[str], seconds: float) -> _Batch:
            try:
                work = (decode_batch, batch, preprocessing, timeout_s)
                return _Batch(batch, pool.schedule(limited, work, timeout=seconds))
            except RuntimeError:  # pebble's word for a pool that is no longer active
                raise _PoolLost from None

        def settle(batch: _Batch) -> Iterator[Result]:
            found = _outcome(batch, pool)
            if not isinstance(found, str):
                yield from found
                return
            alone = [schedule([path], PATIENCE * timeout_s) for path in batch.paths]
            for film in alone:
                found = _outcome(film, pool)
                if found == LATE:  # the machine is busy with other things, or the disk is slow
                    found = _outcome(schedule(film.paths, 2 * PATIENCE * timeout_s), pool)
                lost = "timeout" if found == LATE else found
                yield from [(lost, 0, 0, b"", b"")] if isinstance(lost, str) else lost

        for batch in _batches(paths):
            waiting.append(schedule(batch, timeout_s * (PATIENCE if len(batch) == 1 else BATCH_SHARE)))
            if len(waiting) >= 3 * workers:  # results wait in memory, and films tried again behind these
                yield from settle(waiting.popleft())
        while waiting:
            yield from settle(waiting.popleft())


def _outcome(batch: _Batch, pool: "pebble.ProcessPool") -> list[Result] | str:
    """Wait for a batch; return what came of it, `LATE`, or the reason why its worker ended."""
    from concurrent import futures

    while not futures.wait([batch.future], timeout=1).done:
        if not pool.active:
            raise _PoolLost
    try:
        return batch.future.result()
    except TimeoutError:
        return LATE
    except (
        Exception
    ) as error:  # pebble.ProcessExpired: a native abort, or killed for memory or its use of the processor
        if not pool.active:
            raise _PoolLost from None
        return "timeout" if getattr(error, "exitcode", None) == OUT_OF_PROCESSOR_TIME else "worker_died"


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    """Group files so that a batch takes well under a second: 32 small films, or one large."""
    batch: list[str] = []
    size_bytes = 0
    for path in paths:
        file, row = split_reference(path)
        file_bytes = file.stat().st_size if row is None and file.is_file() else 0
        if batch and (len(batch) == BATCH_FILMS or size_bytes + file_bytes > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(path)
        size_bytes += file_bytes
    if batch:
        yield batch
