"""How long a mistake takes to be answered: the whole process, start included.

Processor time is reported beside wall time, as the machine may be busy with other work; the target is of an idle one.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time

MISTAKES = {
    "a study's name": ["run", "--study", "dmo"],
    "a setting's name": ["run", "-p", "epoch=8"],
    "a setting's value": ["run", "-p", "epochs=many"],
    "a notebook's number": ["run", "--notebooks", "99"],
    "a data set's name": ["run", "-p", "dataset=kermani"],
    "a folder of films": ["run", "--study", "folders", "--data", "nowhere"],
    "a network's name": ["run", "-p", "architecture=mobilnet_v2"],
    "a technique's name": ["run", "-p", "chains=[int9]"],
    "a technique's value": ["run", "-p", "chains=[magnitude_pruning(final_sparsity=1.5)]"],
    "a variant's folder": ["predict", "nowhere", "."],
}
TARGET_SECONDS = 1.0


def measure(*, rounds: int = 5) -> dict:
    """Return for each mistake the medians of wall and processor seconds over interleaved rounds."""
    wall: dict[str, list[float]] = {name: [] for name in MISTAKES}
    processor: dict[str, list[float]] = {name: [] for name in MISTAKES}
    with tempfile.TemporaryDirectory(prefix="radlib-") as folder:
        for _ in range(rounds):
            for name, words in MISTAKES.items():
                before, started = _children_seconds(), time.perf_counter()
                command = [sys.executable, "-m", "radlib.cli.app", *words]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
                wall[name].append(time.perf_counter() - started)
                processor[name].append(_children_seconds() - before)
                if done.returncode not in (2, 3):
                    raise RuntimeError(f"{words} was not refused: {done.stderr}")
    return {
        "rounds": rounds,
        "wall_seconds": {name: statistics.median(values) for name, values in wall.items()},
        "processor_seconds": {name: statistics.median(values) for name, values in processor.items()},
        "target_seconds": TARGET_SECONDS,
    }


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(result: dict) -> str:
    """Return the times as lines of text."""
    lines = [f"A mistyped ... is refused (medians of {result['rounds']} rounds)"]
    for name, seconds in result["wall_seconds"].items():
        used = result["processor_seconds"][name]
        lines.append(
            f"  {name:30}{seconds:>7.2f} s, {used:.2f} s of processor   target {result['target_seconds']:g} s"
        )
    return "\n".join(lines)
