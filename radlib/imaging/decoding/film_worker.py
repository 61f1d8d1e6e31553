"""What a process that decodes films does, and what it may use: so much memory and no more, and nobody's terminal."""

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from radlib.foundation.processes import limit_process
from radlib.imaging import images
from radlib.imaging.resemblance import film_mark

WORKER_MEMORY_BYTES = 2 * 1024**3
KEPT_BYTES = 256 * 1024**2  # of free memory, which a worker keeps between films
LARGEST_KEPT_BYTES = 32 * 1024**2  # of one such block; glibc allows no more
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
OUT_OF_PROCESSOR_TIME = -getattr(signal, "SIGPROF", 0) or None  # exit code of a worker that `limited` ended


Result = tuple[str, int, int, bytes, bytes]  # reason (empty: decoded), stored height and width, pixels, mark


def decode_batch(paths: list[str], preprocessing: images.Preprocessing) -> list[Result]:
    """Decode films in a worker."""
    results: list[Result] = []
    for path in paths:
        try:
            grey = images.read_image(path, window=preprocessing.window)
            square = images.prepare(grey, preprocessing)
            results.append(("", *grey.shape, square.tobytes(), film_mark(grey)))
        except images.UnreadableImage as error:
            results.append((error.reason, 0, 0, b"", b""))
        except MemoryError:
            results.append(("too_large", 0, 0, b"", b""))
    return results


def confine(processor_seconds: float | None = None) -> None:
    """Cap a worker's memory, so that a film that inflates to gigabytes harms only itself, and silence it.

    Native decoders write what they stumble over past Python, to where it would end in notebooks and logs.

    Args:
        processor_seconds: What it may take of the processor in all its life; None in a pool, see `limited`.
    """
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    limit_process(memory_bytes=WORKER_MEMORY_BYTES, processor_seconds=processor_seconds)
    _keep_memory()


def _keep_memory() -> None:
    """Let the C library keep what one film needed for the next.

    Else it hands megabytes back to the system after every batch and has them filled with zeros again, a quarter of
    a film's time. Only glibc does so, and only glibc has the switch.
    """
    if os.name != "posix" or (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is None:
        return
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)


def limited(work: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a worker that ends when it takes too much of the processor, however busy the machine is.

    A native decoder that spins hears no Python signal handler, so the process itself ends.

    Args:
        work: What to call.
        *arguments: What to call it with, and last the seconds that it may take.
    """
    *given, seconds = arguments
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work(*given)
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
