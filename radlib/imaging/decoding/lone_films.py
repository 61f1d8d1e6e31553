"""Films decoded one after another in a process of their own, with the same limits as many have in a pool.

A pool of workers costs a second before its first film and the memory of several processes. For one film, and on a small
device for all of them, a single process is enough. It is confined as pool workers are: its memory is limited, what
native decoders write goes nowhere, and when a film's time is up it is killed. It starts at once and runs beside the
caller, which meanwhile can open the model, or asks it about the film before.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from radlib.foundation.processes import start_python
from radlib.imaging.decoding.film_worker import OUT_OF_PROCESSOR_TIME, Result, confine, decode_batch, limited
from radlib.imaging.images import REASONS, Preprocessing
from radlib.imaging.resemblance import MARK_BYTES

TIMEOUT_S = 15.0  # start and imports included, which take some seconds where others use the processor
PATIENCE = 4.0  # times that by the clock, where one process reads many: others may need the processor, too
COMMAND = "from radlib.imaging.decoding.lone_films import serve; serve()"
LARGEST_SIDE = 100_000  # pixels of a stored film, in an answer that can be believed
LONGEST_HEAD = 1000  # bytes of an answer's first line


@contextlib.contextmanager
def lone_film(
    path: str, preprocessing: Preprocessing, *, timeout_s: float = TIMEOUT_S
) -> Iterator[Callable[[], Result]]:
    """Start to decode one film, and yield what waits for it.

    Args:
        path: The file, or a row of an array, see `array_rows`.
        preprocessing: What it becomes.
        timeout_s: Seconds from when it is waited for.

    Yields:
        A function that returns reason (empty when it decoded), stored height and width, pixels, and mark.
    """
    with film_reader(preprocessing, timeout_s=timeout_s, patience=1.0) as reader:
        reader.start(path)
        yield reader.result


def decode_one_by_one(paths: Iterable[str], preprocessing: Preprocessing) -> Iterator[Result]:
    """Decode films in one process, each while the caller is busy with the one before.

    Args:
        paths: The files, or rows of arrays.
        preprocessing: What every film becomes.

    Yields:
        Per path, in order, what `decode.decode_files` yields.
    """
    with film_reader(preprocessing) as reader:
        begun = False
        for path in paths:
            found = reader.result() if begun else None
            reader.start(path)
            begun = True
            if found is not None:
                yield found
        if begun:
            yield reader.result()


@contextlib.contextmanager
def film_reader(
    preprocessing: Preprocessing, *, timeout_s: float = TIMEOUT_S, patience: float = PATIENCE
) -> Iterator["FilmReader"]:
    """Yield a process that decodes films one by one; it starts at once.

    Args:
        preprocessing: What every film becomes.
        timeout_s: Seconds that a film may take of the processor.
        patience: Times that it may take by the clock.
    """
    reader = FilmReader(preprocessing, timeout_s, timeout_s * patience)
    try:
        yield reader
    finally:
        reader.end()


class FilmReader:
    """A process that decodes films, see `film_reader`; a film that ends it costs no other.

    Args:
        preprocessing: What every film becomes.
        timeout_s: Seconds that a film may take of the processor.
        clock_s: Seconds that it may take by the clock.
    """

    def __init__(self, preprocessing: Preprocessing, timeout_s: float, clock_s: float):
        self._asked = {"preprocessing": preprocessing.to_dict(), "seconds": timeout_s}
        self._image_size, self._clock_s = preprocessing.image_size, clock_s
        self._path, self._films = "", 0
        self._process: Any = _started()

    def start(self, path: str) -> None:
        """Start to decode a film; the result of the one before was taken."""
        if self._process.poll() is not None:
            self.end()
            self._process, self._films = _started(), 0
        self._path = path
        self._films += 1
        _send(self._process, {**self._asked, "path": path})

    def result(self) -> Result:
        """Wait for the film that was started: reason (empty when it decoded), stored height and width, pixels, mark.

        One that ends a process which had read others is tried once more in a fresh one: their remains may be the reason.
        """
        found = self._waited()
        if found[0] in ("timeout", "worker_died") and self._films > 1:
            self.start(self._path)
            found = self._waited()
        return found

    def _waited(self) -> Result:
        answers: list[Result] = []
        stream, size = self._process.stdout, self._image_size
        thread = threading.Thread(target=lambda: answers.append(_read_answer(stream, size)), daemon=True)
        thread.start()
        thread.join(self._clock_s)
        if late := thread.is_alive():
            self._process.kill()  # which ends what the thread reads
            thread.join()
        if late or answers[0][0] == "worker_died":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # it has ended, or wrote what is no answer
            self.end()
            spun = late or self._process.returncode == OUT_OF_PROCESSOR_TIME
            return ("timeout" if spun else "worker_died"), 0, 0, b"", b""
        return answers[0]

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # what it did not take
            self._process.stdin.close()
        self._process.stdout.close()


def _started() -> subprocess.Popen:
    return start_python(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _send(process: Any, request: dict) -> None:
    """Write what is asked for; through a pipe, since every account of a machine sees the arguments of a process."""
    with contextlib.suppress(BrokenPipeError):  # it has ended, which whoever waits for its answer learns
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()


def _read_answer(stream: BinaryIO, image_size: int) -> Result:
    """Return what a process wrote; one that wrote anything else has died on the film."""
    try:
        reason, height, width = json.loads(stream.readline(LONGEST_HEAD))
    except (ValueError, TypeError, RecursionError, OSError):
        return "worker_died", 0, 0, b"", b""
    if isinstance(reason, str) and reason in REASONS:
        return reason, 0, 0, b"", b""
    sides = all(type(side) is int and 0 < side <= LARGEST_SIDE for side in (height, width))
    content = b"" if reason or not sides else stream.read(image_size**2 + MARK_BYTES)
    if len(content) != image_size**2 + MARK_BYTES:
        return "worker_died", 0, 0, b"", b""
    return "", height, width, content[: image_size**2], content[image_size**2 :]


def serve() -> None:
    """Decode the films that standard input names, a line each: what the process does."""
    with _own_output() as output:
        _without_downloads()
        confine()
        for line in sys.stdin:
            request = json.loads(line)
            preprocessing = Preprocessing.from_dict(request["preprocessing"])
            films = limited(decode_batch, [request["path"]], preprocessing, request["seconds"])
            ((reason, height, width, pixels, mark),) = films
            output.write(json.dumps([reason, height, width]).encode() + b"\n" + pixels + mark)
            output.flush()


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
