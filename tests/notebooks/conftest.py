"""The demo, killed in the middle and started again: executed once, looked at by many tests."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

collect_ignore = ["fixtures"]  # notebooks with a fault each: nbval is to compare only the committed ones

# Less training and fewer repetitions than the demo, but its films and its chains: what its notebooks print in the
# cells that nbval compares is the same.
SHORT = {
    "epochs": "6",
    "pruning_epochs": "1",
    "bootstrap_draws": "50",
    "latency_calls": "50",
}


@dataclass(frozen=True)
class ShortRun:
    """What the run left.

    Attributes:
        folder: Its output folder.
        ended: How the second start, which goes to the end, ended.
        before: Modification time of every stored model when the first start was killed, nanoseconds.
    """

    folder: Path
    ended: subprocess.CompletedProcess
    before: dict[str, int]


def command(folder: Path, **parameters: str) -> list[str]:
    """The command line of the run."""
    given = [text for item in parameters.items() for text in ("-p", *item)]
    return [sys.executable, "-m", "radlib.cli.app", "run", "--study", "demo", "--output", str(folder), *given]


def stored_models(folder: Path) -> dict[str, int]:
    """Modification time of every stored variant's model; one whose files are just being put in place is not stored yet."""
    found = {}
    for record in folder.glob("variants/*/variant.json"):
        with contextlib.suppress(FileNotFoundError):
            model = folder / json.loads(record.read_text(encoding="utf-8"))["file"]
            found[record.parent.name] = model.stat().st_mtime_ns
    return found


@pytest.fixture(scope="session")
def short_run(tmp_path_factory) -> ShortRun:
    outputs = tmp_path_factory.mktemp("outputs")
    folder = outputs / "short"
    environment = {**os.environ, "RADLIB_OUTPUTS": str(outputs)}
    first = subprocess.Popen(
        command(folder, **SHORT), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 400
    while not stored_models(folder) and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(3)  # the kernel sees within two seconds that its parent is gone
    before = stored_models(folder)
    ended = subprocess.run(
        command(folder), env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    return ShortRun(folder, ended, before)
