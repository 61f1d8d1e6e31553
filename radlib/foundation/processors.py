"""How many processors there are, and how many threads sums are spread over: what decides the last bits of a network.

TensorFlow splits a sum into as many parts as it has threads, and parts that are added up in another way round to
other numbers: after three steps no weight is the same. So the number of threads is settled here, before TensorFlow is
imported, and recorded: at least two, whatever the machine has, so that one and two processors train the same network.
"""

import os
import re
from pathlib import Path

LEAST_THREADS = 2
VARIABLE = "RADLIB_THREADS"
# Each is read once, when its library is loaded.
THREAD_VARIABLES = (
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
)  # fmt: skip


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Return over how many threads sums are spread: `RADLIB_THREADS`, else one for each processor and at least two."""
    given = os.environ.get(VARIABLE, "")
    return int(given) if given.isdecimal() and int(given) else max(LEAST_THREADS, processors())


def thread_settings() -> dict[str, str]:
    """Return the environment in which TensorFlow and the libraries of linear algebra use that many threads."""
    return dict.fromkeys(THREAD_VARIABLES, str(threads()))


def peak_memory_bytes(process: int | str = "self") -> int | None:
    """Return the largest resident memory of a process so far, as Linux says it; None elsewhere, or when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, flags=re.M)
    return int(found[1]) * 1024 if found else None
