"""Work in a process of its own: one way to start it, to bound it, and to learn what became of it.

Python starts a worker by importing the caller's main module again, which runs an unguarded script a second time. No
process that starts here does that, so a script or a notebook needs no guard around its main code. A process may also
die without harm: libraries in C and C++ trust the offsets in a file, and one that was tampered with can end whoever
opens it or ask for all the memory there is. What a process hands back is then data and no pickle: JSON, and an `.npz` of
plain numbers.

Four ways to work elsewhere: `call` one function, `run` a program with the same protocol, `start_python` for a process
that one talks to, and `worker_pool` for many small tasks.
"""

import contextlib
import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.foundation.backend import log_path
from radlib.foundation.errors import RadlibError, UsageError

if TYPE_CHECKING:  # whoever needs no pool does not wait for it
    import pebble

REFUSED = 23  # exit status of a process that has said why
FOLDER = "RADLIB_WORKER_FOLDER"
PREPARATION_OF_MAIN = "init_main"  # how `multiprocessing` calls what would import the caller's main module

Found = tuple[Any, dict[str, np.ndarray]]  # plain values, and arrays


class ProcessEnded(Exception):
    """A process that was to answer ended without one.

    Attributes:
        status: Its exit status; None when its time was up and it was killed.
    """

    def __init__(self, status: int | None):
        super().__init__(f"a process ended with status {status}" if status is not None else "time was up")
        self.status = status


def start_python(code: str, **streams: Any) -> subprocess.Popen:
    """Start a fresh Python on some code, with the modules that this process would find.

    An interrupt from the keyboard does not reach it: it is the caller's to handle.

    Args:
        code: What it runs.
        **streams: `stdin`, `stdout`, `stderr` and `pass_fds` of `subprocess.Popen`.
    """
    return subprocess.Popen(_python(code), env=_environment(), start_new_session=True, **streams)


def _python(code: str) -> list[str]:
    return [sys.executable, "-P", "-c", code]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder)}


def limit_process(*, memory_bytes: int | None = None, processor_seconds: float | None = None) -> None:
    """Let the system refuse this process more memory, and end it when it spins on; where a system knows such limits.

    Args:
        memory_bytes: Of addresses. macOS refuses the limit.
        processor_seconds: Of the processor, however long that takes by the clock.
    """
    with contextlib.suppress(ImportError):  # not on Windows
        import resource

        limits = [(resource.RLIMIT_CORE, 0, 0)]
        if memory_bytes is not None:
            limits.append((resource.RLIMIT_AS, memory_bytes, memory_bytes))
        if processor_seconds is not None:
            limits.append((resource.RLIMIT_CPU, int(processor_seconds), int(processor_seconds) + 5))
        for limit, soft, hard in limits:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (soft, hard))


def call(
    module: str,
    function: str,
    arguments: Mapping[str, Any],
    *,
    seconds: float | None = None,
    memory_bytes: int | None = None,
) -> Found:
    """Call a function in a fresh process.

    Args:
        module: Where the function is.
        function: Its name. It returns plain values, or a pair of these and of arrays by name.
        arguments: What it is called with; plain values.
        seconds: How long it may take; None for ever.
        memory_bytes: How much it may take; None for all there is.

    Returns:
        What the function returned: the plain values, and the arrays.

    Raises:
        UsageError: What the function raised, if it was a sentence.
        ProcessEnded: When the process ended without an answer.
    """
    code = f"from radlib.foundation import processes; processes.answer({module!r}, {function!r})"
    return run(_python(code), arguments, _environment(), seconds=seconds, memory_bytes=memory_bytes)


def run(
    command: Sequence[str],
    arguments: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    seconds: float | None = None,
    memory_bytes: int | None = None,
) -> Found:
    """Run a program that reads its arguments from standard input and writes `result.json` and `arrays.npz`.

    The program works in an empty folder of its own, named by `RADLIB_WORKER_FOLDER`, and says on the last line of
    standard output why it refuses, with exit status `REFUSED`. Arguments, returns and errors as of `call`.
    """
    with tempfile.TemporaryDirectory(prefix="radlib-process-") as folder, log_path().open("ab") as log:
        try:
            done = subprocess.run(
                command,
                input=json.dumps(dict(arguments)).encode(),
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**environment, FOLDER: folder, "HDF5_PLUGIN_PRELOAD": "::"},
                timeout=seconds,
                preexec_fn=_bounds(seconds, memory_bytes),
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ProcessEnded(None) from None
        if done.returncode == REFUSED:
            raise UsageError(done.stdout.decode(errors="replace").strip().splitlines()[-1])
        if done.returncode:
            raise ProcessEnded(done.returncode)
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
        arrays = Path(folder) / "arrays.npz"
        if not arrays.is_file():
            return result, {}
        with np.load(arrays, allow_pickle=False) as stored:
            return result, {key: stored[key] for key in stored.files}


def _bounds(seconds: float | None, memory_bytes: int | None) -> Callable[[], None] | None:
    """Return what a new process calls before its program starts."""
    if os.name != "posix" or (seconds is None and memory_bytes is None):
        return None
    twice = 2 * seconds if seconds is not None else None  # it may have several threads
    return functools.partial(limit_process, memory_bytes=memory_bytes, processor_seconds=twice)


def answer(module: str, function: str) -> None:
    """Call a function with what standard input says, and write what it returns: what the process of `call` does."""
    folder = Path(os.environ[FOLDER])
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found = getattr(importlib.import_module(module), function)(**json.load(sys.stdin))
    except RadlibError as error:
        sys.stdout.write(f"{error}\n")
        sys.stdout.flush()
        os._exit(REFUSED)
    result, arrays = found if isinstance(found, tuple) else (found, {})
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    if arrays:
        np.savez(folder / "arrays.npz", **arrays)


@contextlib.contextmanager
def worker_pool(
    workers: int, *, preload: Sequence[str] = (), initializer: Callable[[], None] | None = None
) -> Iterator["pebble.ProcessPool"]:
    """Yield a pool whose tasks can have a time limit; its workers end with the block.

    Workers are forked from a small server that has only imported what they need: they start in milliseconds and
    inherit none of TensorFlow's threads.

    Args:
        workers: Processes.
        preload: Modules to import before workers are forked.
        initializer: Called in each new worker.
    """
    import multiprocessing
    from multiprocessing import spawn

    import pebble

    context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
    if os.name == "posix":
        context.set_forkserver_preload(list(preload))
    pool = pebble.ProcessPool(workers, context=context, initializer=initializer)
    complete = spawn.get_preparation_data

    def without_main(name: str) -> dict:
        data = complete(name)
        return {key: value for key, value in data.items() if not key.startswith(PREPARATION_OF_MAIN)}

    spawn.get_preparation_data = without_main
    try:
        yield pool
    finally:
        pool.stop()
        pool.join()
        spawn.get_preparation_data = complete
