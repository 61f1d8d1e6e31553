"""Processes that predict, started with a pipe and without the caller's main module.

They import LiteRT only, so that they start in a fraction of a second; a script or a notebook needs no guard
around its main code; and they end when the pipe closes, whatever ended the caller.
"""

import contextlib
import subprocess
import time
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib.formats.predictors import Predictor, open_model
from radlib.foundation.backend import log_path
from radlib.foundation.errors import RadlibError, SetupError
from radlib.foundation.plain_text import plain_line
from radlib.foundation.processes import start_python
from radlib.imaging.decoding.pixels import StoredFilms


class Workers:
    """Processes that predict, started on first use and kept for the next model.

    Args:
        processes: How many.
    """

    def __init__(self, processes: int = 2):
        self.processes = processes
        self.start_seconds = 0.0
        self._team: dict[Connection, subprocess.Popen] = {}

    @property
    def running(self) -> bool:
        """Whether they have been started."""
        return bool(self._team)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start them, unless they run, and wait until each has imported its runtime."""
        if self._team:
            return
        begun = time.perf_counter()
        for _ in range(self.processes):
            connection, process = _start_worker()
            self._team[connection] = process
        for connection in self._team:
            self._receive(connection, "the start of a worker")
        self.start_seconds = time.perf_counter() - begun

    def predict(
        self,
        path: Path,
        format: str,
        threads: int,
        films: StoredFilms,
        outputs: np.ndarray,
        *,
        chunk: int,
        name: str,
    ) -> None:
        """Fill `outputs`, float32 (n, outputs), with predictions; whoever is free takes the next chunk.

        Raises:
            SetupError: When a worker reports a failure or ends; the others are ended too.
        """
        self.start()
        starts = iter(range(0, len(films), chunk))
        busy: dict[Connection, int] = {}

        def send_next(connection: Connection) -> None:
            start = next(starts, None)
            if start is not None:
                with contextlib.suppress(ConnectionError):  # a worker that has ended is noticed below
                    connection.send((str(path), format, threads, films.part(start, start + chunk)))
                busy[connection] = start

        with tqdm(
            total=len(films), desc=plain_line(name), unit="film", leave=False, disable=None, delay=1
        ) as progress:
            try:
                for connection in self._team:
                    send_next(connection)
                while busy:
                    ready: list[Any] = wait(list(busy))
                    for connection in ready:
                        answer = self._receive(connection, name)
                        start = busy.pop(connection)
                        outputs[start : start + len(answer)] = answer
                        progress.update(len(answer))
                        send_next(connection)
            except BaseException:  # also an interrupt: half-answered workers cannot be used again
                self.close()
                raise

    def _receive(self, connection: Connection, name: str) -> Any:
        try:
            answer = connection.recv()
        except (EOFError, ConnectionError):
            status = self._team[connection].wait()
            raise SetupError(
                f"A worker process ended (status {status}) while predicting with {name}; "
                "if memory is short, close other programs, then run the same command again."
            ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End them all."""
        for connection, process in self._team.items():
            connection.close()
            process.terminate()
            process.wait()
        self._team = {}


def _start_worker() -> tuple[Connection, subprocess.Popen]:
    """Start one worker with its end of a pipe; what its libraries print goes to the log file."""
    ours, theirs = Pipe()
    command = f"from radlib.evaluation.workers import serve; serve({theirs.fileno()})"
    with log_path().open("ab") as log:
        process = start_python(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    theirs.close()
    return ours, process


def serve(descriptor: int) -> None:
    """Answer requests on a pipe until it closes: what a worker process does."""
    connection = Connection(descriptor)
    from ai_edge_litert import interpreter  # noqa: F401 (the slow import belongs to the start)

    connection.send("ready")
    opened: tuple[str, Predictor] | None = None
    while True:
        try:
            path, format, threads, films = connection.recv()
        except (EOFError, ConnectionError):
            return
        try:
            if opened is None or opened[0] != path:
                opened = (path, open_model(Path(path), format, threads=threads))
            connection.send(opened[1].predict(films.read()))
        except Exception as error:
            sentence = str(error) if isinstance(error, RadlibError) else f"{type(error).__name__}: {error}"
            connection.send(SetupError(sentence))
