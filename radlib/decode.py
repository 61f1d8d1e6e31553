"""Decode every film once, in workers that may be killed, into one memory-mapped array.

A damaged film can do worse than raise an exception: some make a native decoder spin for ever or abort the
process. So films are decoded in worker processes with a time and a memory limit; what hangs or crashes is
killed, named with a reason, and the rest goes on. Films travel in small batches for speed; when a batch is
lost, its films are tried again one by one, so that only the guilty one is given up. Decoded squares go into a
.npy file that later runs only map: memory stays flat however many films there are.
"""

import collections
import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pebble
from tqdm import tqdm

from radlib import images, storage
from radlib.worker_pool import worker_pool

REVISION = 1  # raised when the same file would decode to other pixels
BATCH_FILMS, BATCH_BYTES = 32, 4_000_000
WORKER_MEMORY_BYTES = 2 * 1024**3

Result = tuple[str, int, int, bytes]  # reason (empty: decoded), stored height, stored width, pixels


def decode_films(
    index: pd.DataFrame,
    preprocessing: images.Preprocessing,
    cache_folder: Path,
    *,
    workers: int = 2,
    timeout_s: float = 5.0,
) -> tuple[np.memmap, pd.DataFrame, pd.DataFrame]:
    """Decode the films of an index, or map what an earlier call decoded.

    Args:
        index: With `image_id` and `path`.
        preprocessing: What every film becomes.
        cache_folder: Where decoded films are kept, keyed by image ids and preprocessing.
        workers: Processes.
        timeout_s: Seconds one film may take.

    Returns:
        Pixels, a read-only map of uint8 (n, image_size, image_size); the rows of the index that decoded, in
        the same order, with `stored_height` and `stored_width` in pixels; and what did not decode: `image_id`
        and `reason`, a key of `images.REASONS`. Rows decoded and rows quarantined add up to those given.
    """
    key = _cache_key(index, preprocessing)
    pixels_path, record_path = cache_folder / f"films-{key}.npy", cache_folder / f"films-{key}.json"
    if not _is_whole(pixels_path, record_path, preprocessing):
        with storage.disk_errors(pixels_path):
            cache_folder.mkdir(parents=True, exist_ok=True)
            _decode_into(pixels_path, record_path, index, preprocessing, workers, timeout_s)
    record = json.loads(record_path.read_text(encoding="utf-8"))
    shape = (len(record["kept"]), preprocessing.image_size, preprocessing.image_size)
    pixels = np.load(pixels_path, mmap_mode="r") if shape[0] else np.empty(shape, np.uint8)
    kept = index.iloc[record["kept"]].reset_index(drop=True)
    kept = kept.assign(stored_height=record["heights"], stored_width=record["widths"])
    lost = index["image_id"].iloc[record["lost"]].tolist()
    return pixels, kept, pd.DataFrame({"image_id": lost, "reason": record["reasons"]}, dtype=object)


def _cache_key(index: pd.DataFrame, preprocessing: images.Preprocessing) -> str:
    text = "\n".join([str(REVISION), preprocessing.digest(), *index["image_id"]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_whole(pixels_path: Path, record_path: Path, preprocessing: images.Preprocessing) -> bool:
    """Tell whether both files are there and the pixels have the length that the record says."""
    if not (pixels_path.is_file() and record_path.is_file()):
        return False
    films = len(json.loads(record_path.read_text(encoding="utf-8"))["kept"])
    header_bytes = len(_npy_header((films, 0, 0)))
    return pixels_path.stat().st_size == header_bytes + films * preprocessing.image_size**2


def _decode_into(
    pixels_path: Path,
    record_path: Path,
    index: pd.DataFrame,
    preprocessing: images.Preprocessing,
    workers: int,
    timeout_s: float,
) -> None:
    """Decode all films, in order, and write pixels and record whole or not at all."""
    record: dict[str, list] = {name: [] for name in ("kept", "heights", "widths", "lost", "reasons")}
    size = preprocessing.image_size
    results = decode_files(index["path"].tolist(), preprocessing, workers=workers, timeout_s=timeout_s)
    with storage.atomic_path(pixels_path) as partial:
        with partial.open("wb") as stream:
            stream.write(_npy_header((len(index), size, size)))
            bar = tqdm(results, "Decoding films", len(index), leave=False, disable=None, unit=" films")
            for row, (reason, height, width, pixels) in enumerate(bar):
                if reason:
                    record["lost"].append(row)
                    record["reasons"].append(reason)
                    continue
                stream.write(pixels)
                for name, value in (("kept", row), ("heights", height), ("widths", width)):
                    record[name].append(value)
            stream.seek(0)
            stream.write(_npy_header((len(record["kept"]), size, size)))
        storage.write_json(record_path, record)


def _npy_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of a uint8 .npy file, of one length for all shapes, so that it can be rewritten."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1")


def decode_files(
    paths: Sequence[str], preprocessing: images.Preprocessing, *, workers: int = 2, timeout_s: float = 5.0
) -> Iterator[Result]:
    """Decode files in worker processes that are killed when they hang.

    Args:
        paths: The files.
        preprocessing: What every film becomes.
        workers: Processes.
        timeout_s: Seconds a batch of films, and then each film of a batch that failed, may take.

    Yields:
        Per path, in order: reason (empty when it decoded), stored height, stored width, and the pixels.
    """
    waiting: collections.deque[_Batch] = collections.deque()
    modules = ("radlib.decode", "radlib.dicom")
    with worker_pool(workers, preload=modules, initializer=_limit_memory) as pool:
        for batch_paths in _batches(paths):
            future = pool.schedule(_decode_batch, (batch_paths, preprocessing), timeout=timeout_s)
            waiting.append(_Batch(batch_paths, future))
            if len(waiting) >= 4 * workers:  # results wait in memory: keep few
                yield from _settle(waiting.popleft(), pool, preprocessing, timeout_s)
        while waiting:
            yield from _settle(waiting.popleft(), pool, preprocessing, timeout_s)


@dataclass(frozen=True)
class _Batch:
    paths: list[str]
    future: pebble.ProcessFuture


def _settle(
    batch: _Batch, pool: pebble.ProcessPool, preprocessing: images.Preprocessing, timeout_s: float
) -> Iterator[Result]:
    """Yield the results of a batch; if it was lost, of its films one by one."""
    try:
        yield from batch.future.result()
        return
    except Exception:  # a film of the batch made the worker hang or die
        pass
    for path in batch.paths:
        try:
            (result,) = pool.schedule(_decode_batch, ([path], preprocessing), timeout=timeout_s).result()
        except FutureTimeoutError:
            result = ("timeout", 0, 0, b"")
        except Exception:  # pebble.ProcessExpired: a native abort, or killed for memory
            result = ("worker_died", 0, 0, b"")
        yield result


def _batches(paths: Sequence[str]) -> Iterator[list[str]]:
    """Group files so that a batch takes well under a second: 32 small films, or one large."""
    batch: list[str] = []
    size_bytes = 0
    for path in paths:
        file_bytes = Path(path).stat().st_size if path and Path(path).is_file() else 0
        if batch and (len(batch) == BATCH_FILMS or size_bytes + file_bytes > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(path)
        size_bytes += file_bytes
    if batch:
        yield batch


def _limit_memory() -> None:
    """Cap a worker's memory, so that a film that inflates to gigabytes harms only itself."""
    try:
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (WORKER_MEMORY_BYTES, WORKER_MEMORY_BYTES))
    except (ImportError, ValueError, OSError):
        pass  # macOS refuses the limit; the time limit still holds


def _decode_batch(paths: list[str], preprocessing: images.Preprocessing) -> list[Result]:
    """Decode films in a worker."""
    results: list[Result] = []
    for path in paths:
        try:
            grey = images.read_image(path)
            results.append(("", *grey.shape, images.prepare(grey, preprocessing).tobytes()))
        except images.UnreadableImage as error:
            results.append((error.reason, 0, 0, b""))
        except MemoryError:
            results.append(("too_large", 0, 0, b""))
    return results
