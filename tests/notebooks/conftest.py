"""A small run of the whole series, killed in the middle and started again: made once, looked at by many tests."""

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

# A minute of work: few patients, one epoch, one pruning and one conversion of each kind.
SMALL = {
    "dataset_options": "{patients: 60}",
    "epochs": "2",
    "pruning_epochs": "1",
    "chains": "[magnitude_pruning, int8, magnitude_pruning+int8]",
    "bootstrap_draws": "50",
    "latency_calls": "50",
    "representative_films": "20",
}


@dataclass(frozen=True)
class SmallRun:
    """What the small run left.

    Attributes:
        folder: Its output folder.
        ended: How the second start, which goes to the end, ended.
        before: Modification time of every stored model when the first start was killed, nanoseconds.
    """

    folder: Path
    ended: subprocess.CompletedProcess
    before: dict[str, int]


def command(folder: Path, **parameters: str) -> list[str]:
    """The command line of the small run."""
    given = [text for item in parameters.items() for text in ("-p", *item)]
    return [sys.executable, "-m", "radlib.cli.app", "run", "--study", "demo", "--output", str(folder), *given]


def stored_models(folder: Path) -> dict[str, int]:
    """Modification time of every stored variant's model."""
    found = {}
    for record in folder.glob("variants/*/variant.json"):
        model = folder / json.loads(record.read_text(encoding="utf-8"))["file"]
        found[record.parent.name] = model.stat().st_mtime_ns
    return found


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> SmallRun:
    outputs = tmp_path_factory.mktemp("outputs")
    folder = outputs / "small"
    environment = {**os.environ, "RADLIB_OUTPUTS": str(outputs)}
    first = subprocess.Popen(
        command(folder, **SMALL), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
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
    return SmallRun(folder, ended, before)
