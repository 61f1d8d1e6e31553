"""One film decoded in a process of its own, with the same limits as many have in a pool.

A pool of workers costs a second before its first film: a server is started that imports all that workers may need,
and forks. For one film a single process is enough. It is confined as pool workers are: its memory is limited, what
native decoders write goes nowhere, and when its time is up it is killed. It starts at once and runs beside the
caller, which meanwhile can open the model.
"""

import contextlib
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from radlib.foundation.processes import start_python
from radlib.imaging.decoding.film_worker import Result, confine, decode_batch
from radlib.imaging.images import REASONS, Preprocessing
from radlib.imaging.resemblance import MARK_BYTES

TIMEOUT_S = 15.0  # start and imports included, which take some seconds where others use the processor
COMMAND = "from radlib.imaging.decoding.lone_films import serve; serve()"
LARGEST_SIDE = 100_000  # pixels of a stored film, in an answer that can be believed


@contextlib.contextmanager
def lone_film(
    path: str, preprocessing: Preprocessing, *, timeout_s: float = TIMEOUT_S
) -> Iterator[Callable[[], Result]]:
    """Start to decode one film, and yield what waits for it.

    Args:
        path: The file, or a row of an array, see `array_rows`.
        preprocessing: What it becomes.
        timeout_s: Seconds from now.

    Yields:
        A function that returns reason (empty when it decoded), stored height and width, pixels, and mark.
    """
    process = start_python(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    _send(process, {"path": path, "preprocessing": preprocessing.to_dict(), "seconds": timeout_s})

    def result() -> Result:
        try:
            answer, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return "timeout", 0, 0, b"", b""
        return _read_answer(answer, preprocessing.image_size)

    try:
        yield result
    finally:
        process.kill()
        process.communicate()


def _send(process: subprocess.Popen, request: dict) -> None:
    """Write what is asked for; through a pipe, since every account of a machine sees the arguments of a process."""
    pipe: Any = process.stdin
    with contextlib.suppress(BrokenPipeError), pipe as stream:
        stream.write(json.dumps(request).encode())
    process.stdin = None  # `communicate` would flush it once more


def _read_answer(answer: bytes, image_size: int) -> Result:
    """Return what a process wrote; one that wrote anything else has died on the film."""
    head, _, content = answer.partition(b"\n")
    try:
        reason, height, width = json.loads(head)
    except (ValueError, TypeError, RecursionError):
        return "worker_died", 0, 0, b"", b""
    if isinstance(reason, str) and reason in REASONS:
        return reason, 0, 0, b"", b""
    sides = all(type(side) is int and 0 < side <= LARGEST_SIDE for side in (height, width))
    if reason or not sides or len(content) != image_size**2 + MARK_BYTES:
        return "worker_died", 0, 0, b"", b""
    return "", height, width, content[: image_size**2], content[image_size**2 :]


def serve() -> None:
    """Decode the film that standard input names: what the process does."""
    with _own_output() as output:
        request = json.load(sys.stdin)
        _without_downloads()
        confine(processor_seconds=request["seconds"] + 5)  # it may spin on after its caller was killed
        preprocessing = Preprocessing.from_dict(request["preprocessing"])
        ((reason, height, width, pixels, mark),) = decode_batch([request["path"]], preprocessing)
        output.write(json.dumps([reason, height, width]).encode() + b"\n" + pixels + mark)


@contextlib.contextmanager
def _own_output() -> Iterator[BinaryIO]:
    """Yield standard output as it was, and keep it from all else that writes there."""
    with os.fdopen(os.dup(1), "wb") as output:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield output


def _without_downloads() -> None:
    """Keep the downloader of pydicom's test files out: it brings an HTTP stack that no film needs, a tenth of a second.

    A process that opens films of unknown origin has no business on the network, either.
    """
    absent: Any = types.ModuleType("pydicom.data.download")
    absent.__getattr__ = lambda name: _refused
    sys.modules.setdefault(absent.__name__, absent)


def _refused(*_: object) -> None:
    raise RuntimeError("films are decoded without a network")
