"""How long the demo takes, and how long when all of it has been done before.

The first run starts from an empty output folder, the second from the folder that the first one left. What is
left of the second is the start of six notebook kernels, which has a floor of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGETS = {"first_seconds": 300.0, "second_seconds": 75.0}


def measure() -> dict:
    """Return the seconds of a first and of a second run of the demo."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RADLIB_OUTPUTS": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            "first_seconds": _run(["radlib", "run", "--study", "demo"], environment),
            "second_seconds": _run(["radlib", "run", "--study", "demo"], environment),
            "targets": TARGETS,
        }


def _run(command: list[str], environment: dict[str, str]) -> float:
    program = Path(sys.executable).with_name(command[0])
    begun = time.perf_counter()
    finished = subprocess.run(
        [str(program), *command[1:]], env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{' '.join(command)} ended with status {finished.returncode}: {last}")
    return time.perf_counter() - begun
