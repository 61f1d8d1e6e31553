"""Work on files of unknown origin, in a process of its own that may die.

LiteRT and HDF5 are C and C++ libraries which trust the offsets in a file: one that was cut short or tampered with
can end the process that opens it, or make it ask for all the memory there is. So such a file is first opened in a
process with a limit of memory, of processor time and of waiting; what that process writes is data, an `.npz` of
plain numbers, and whatever becomes of it, the caller has a sentence.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.backend import log_path
from radlib.foundation.errors import RadlibError, UsageError

SECONDS = 120.0
MEMORY_BYTES = 6_000_000_000
REFUSED = 23  # exit status of a worker that has said why


def in_worker(
    task: str, arguments: Mapping[str, Any], *, name: str, seconds: float = SECONDS
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run a task of `importing.tasks` in a fresh process.

    Args:
        task: Name of the function.
        arguments: What it is called with; plain values.
        name: Of the foreign file, for messages.
        seconds: How long it may take.

    Returns:
        What the task returned: plain values, and arrays.

    Raises:
        UsageError: What the task raised; or that the process died, was cut off, or grew too large.
    """
    code = f"from radlib.importing import workers; workers.answer({task!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folder for folder in sys.path if folder)}
    return run_worker([sys.executable, "-P", "-c", code], arguments, environment, name=name, seconds=seconds)


def run_worker(
    command: list[str],
    arguments: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    name: str,
    seconds: float,
    memory_bytes: int = MEMORY_BYTES,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run a program that reads its arguments from standard input and writes `result.json` and `arrays.npz`.

    The program works in an empty folder of its own, named by `RADLIB_WORKER_FOLDER`, and says on the last line of
    standard output why it refuses, with exit status `REFUSED`. Arguments, returns and errors as of `in_worker`.
    """
    with tempfile.TemporaryDirectory(prefix="radlib-import-") as folder, log_path().open("ab") as log:
        try:
            done = subprocess.run(
                command,
                input=json.dumps(dict(arguments)).encode(),
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env={**environment, "RADLIB_WORKER_FOLDER": folder, "HDF5_PLUGIN_PRELOAD": "::"},
                timeout=seconds,
                preexec_fn=_limits(seconds, memory_bytes),
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{name} took longer than {seconds:.0f} s to open and was given up; check that it is the network that "
                "was meant, and save it again."
            ) from None
        if done.returncode == REFUSED:
            raise UsageError(done.stdout.decode(errors="replace").strip().splitlines()[-1])
        if done.returncode:
            raise UsageError(
                f"{name} is damaged: the process that opened it ended with status {done.returncode}; save or convert "
                "the network again."
            )
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
        arrays = Path(folder) / "arrays.npz"
        if not arrays.is_file():
            return result, {}
        with np.load(arrays, allow_pickle=False) as stored:
            return result, {key: stored[key] for key in stored.files}


def answer(task: str) -> None:
    """Call a function of `importing.tasks`: what a worker process does."""
    import contextlib

    from radlib.importing import tasks

    folder = Path(os.environ["RADLIB_WORKER_FOLDER"])
    try:
        with contextlib.redirect_stdout(sys.stderr):
            result, arrays = getattr(tasks, task)(**json.load(sys.stdin))
    except RadlibError as error:
        sys.stdout.write(f"{error}\n")
        sys.stdout.flush()
        os._exit(REFUSED)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    if arrays:
        np.savez(folder / "arrays.npz", **arrays)


def _limits(seconds: float, memory_bytes: int) -> Callable[[], None] | None:
    """Return what sets the limits of a new process; none where the system knows none."""
    if os.name != "posix":
        return None
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(2 * seconds), int(2 * seconds) + 5))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    return limit
