"""Work on files of unknown origin, in a process of its own that may die.

LiteRT and HDF5 are C and C++ libraries which trust the offsets in a file: one that was cut short or tampered with
can end the process that opens it, or make it ask for all the memory there is. So such a file is first opened in a
process with a limit of memory, of processor time and of waiting (`foundation.processes`), and whatever becomes of
that, the caller has a sentence.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from radlib.foundation import processes
from radlib.foundation.errors import UsageError

SECONDS = 120.0
MEMORY_BYTES = 6_000_000_000


def in_worker(task: str, arguments: Mapping[str, Any], *, name: str) -> processes.Found:
    """Run a task of `importing.tasks` in a fresh process.

    Args:
        task: Name of the function.
        arguments: What it is called with; plain values.
        name: Of the foreign file, for messages.

    Returns:
        What the task returned: plain values, and arrays.

    Raises:
        UsageError: What the task raised; or that the process died, was cut off, or grew too large.
    """
    with _in_a_sentence(name, SECONDS):
        return processes.call(
            "radlib.importing.tasks", task, arguments, seconds=SECONDS, memory_bytes=MEMORY_BYTES
        )


def run_worker(
    command: Sequence[str],
    arguments: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    name: str,
    seconds: float,
    memory_bytes: int = MEMORY_BYTES,
) -> processes.Found:
    """Run a program as of `processes.run`; returns and errors as of `in_worker`."""
    with _in_a_sentence(name, seconds):
        return processes.run(command, arguments, environment, seconds=seconds, memory_bytes=memory_bytes)


@contextlib.contextmanager
def _in_a_sentence(name: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except processes.ProcessEnded as ended:
        if ended.status is None:
            raise UsageError(
                f"{name} took longer than {seconds:.0f} s to open and was given up; check that it is the network that "
                "was meant, and save it again."
            ) from None
        raise UsageError(
            f"{name} is damaged: the process that opened it ended with status {ended.status}; save or convert "
            "the network again."
        ) from None
