"""What LiteRT's own `benchmark_model` printed, read as results of a device: the way to a phone's figures.

The tool is a program of LiteRT for Android and for boards; it times a `.tflite` file and prints a few lines. Their words
changed little over the years: `count=… first=… curr=… min=… max=… avg=… std=…` (once for warming up, once for good, since
2023 with `p5`, `median` and `p95`), `Inference timings in us: Init: …` and the memory it took. Some builds put the log's
letter and tag before each line. It says no digest of the file that it ran, but its size to six digits, and that must be the
bundle's. Where it prints no percentiles none are made up: there is a mean then and no median.

References:
    LiteRT, tools/benchmark/README.md.
"""

import re
import time
from pathlib import Path
from typing import Any

from radlib import __version__
from radlib.deployment.bench.result_files import FORMAT, VERSION, device_title
from radlib.deployment.bench.subjects import subject_of
from radlib.evaluation.energy_estimate import estimated_energy
from radlib.foundation.errors import DataError, UsageError

NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
TIMINGS = re.compile(
    rf"Inference timings in us: Init: {NUMBER}, First inference: {NUMBER}, Warmup \(avg\): {NUMBER}, Inference \(avg\): {NUMBER}"
)
COUNTS = re.compile(r"\bcount=\d+ .*$", flags=re.MULTILINE)
PAIR = re.compile(rf"\b(\w+)={NUMBER}")
SIZE = re.compile(rf"input model file size \(MB\): {NUMBER}")
MEMORY = re.compile(
    rf"(?:Memory footprint delta from the start of the tool|Peak memory footprint) \(MB\): init={NUMBER} overall={NUMBER}"
)
THREADS = (
    re.compile(r"#threads used for CPU inference: \[(\d+)\]"),
    re.compile(r"[Nn]um.?threads[ :=]*\[(\d+)\]"),
    re.compile(r"--num_threads=(\d+)"),
)
MEBI = 1024 * 1024  # what the tool calls MB of memory; of files it is a million
SIZE_DIGITS = 6  # that the tool prints
REMEDY = "give all that benchmark_model printed, errors included"
DELEGATES = {"XNNPACK": r"XNNPACK delegate", "GPU": r"GPU delegate|gpu.*created", "NNAPI": r"NNAPI delegate"}


def bench_output(place: Path, output: Path, *, device_name: str = "") -> dict[str, Any]:
    """Return the output of `benchmark_model` as results of a device, see `result_files`.

    Args:
        place: The bundle whose model it ran.
        output: What it printed, standard error included.
        device_name: What the device is called; the tool does not know.

    Raises:
        DataError: When it is no such output, or of another model file.
        UsageError: When the device has no name.
    """
    if not device_name.strip():
        raise UsageError(
            f"{output.name} does not say on what it was measured; name the device with --device-name."
        )
    subject = subject_of(place)
    found = read_output(output.read_text(encoding="utf-8", errors="replace"), output.name)
    bytes_here = subject.path.stat().st_size
    if (
        found["size_mb"] is not None
        and f"{bytes_here / 1e6:.{SIZE_DIGITS}g}" != f"{found['size_mb']:.{SIZE_DIGITS}g}"
    ):
        raise DataError(
            f"{output.name} was measured with a file of {found['size_mb']:g} MB, and {subject.path.name} of {subject.name} has "
            f"{bytes_here / 1e6:g}; give the bundle whose model was measured."
        )
    row = {
        "threads": found["threads"],
        "delegate": found["delegate"],
        "runtime": "LiteRT benchmark_model",
        **found["steady"],
    }
    return {
        "format": FORMAT, "version": VERSION, "radlib": __version__, "measured_at": time.strftime("%Y-%m-%d", time.gmtime()),
        "device": {"name": device_title(device_name)}, "variant": subject.record, "calls": found["steady"]["calls"],
        "open": {"p50_ms": found["open_ms"], "calls": 1}, "first": {"p50_ms": found["first_ms"], "calls": 1},
        "memory": found["memory"], "steady": [row],
        "energy": {**estimated_energy(subject.path), "why": "benchmark_model measures no energy"},
    }  # fmt: skip


def read_output(text: str, name: str = "The output") -> dict[str, Any]:
    """Return what the tool printed: milliseconds, bytes, threads and delegate.

    Args:
        text: All of it.
        name: Of the file, for messages.

    Returns:
        open_ms, first_ms; steady (`calls`, `mean_ms`, `lowest_ms`, `highest_ms`, and where printed `p50_ms` and
        `p95_ms`); memory (`peak_bytes`) or None; size_mb of the file, or None; threads; delegate.

    Raises:
        DataError: When the lines are missing.
    """
    timings, counts = TIMINGS.search(text), COUNTS.findall(text)
    pairs = {key: float(value) for key, value in PAIR.findall(counts[-1])} if counts else {}
    if timings is None or not {"count", "avg", "min", "max"} <= set(pairs):
        raise DataError(
            f"{name} lacks the lines of LiteRT's benchmark_model (Inference timings in us: …); {REMEDY}."
        )
    init, first, _, _ = (float(value) for value in timings.groups())
    steady: dict[str, Any] = {
        "calls": int(pairs["count"]), "mean_ms": pairs["avg"] / 1000, "lowest_ms": pairs["min"] / 1000,
        "highest_ms": pairs["max"] / 1000,
    }  # fmt: skip
    printed = {"p50_ms": "median", "p95_ms": "p95"}
    steady |= {name: pairs[word] / 1000 for name, word in printed.items() if word in pairs}
    size, memory = SIZE.search(text), MEMORY.search(text)
    return {
        "open_ms": init / 1000, "first_ms": first / 1000, "steady": steady,
        "memory": {"peak_bytes": int(float(memory[2]) * MEBI), "process_bytes": None} if memory else None,
        "size_mb": float(size[1]) if size else None,
        "threads": next((int(m[1]) for pattern in THREADS if (m := pattern.search(text))), 1),
        "delegate": next((n for n, words in DELEGATES.items() if re.search(words, text)), "none"),
    }  # fmt: skip
