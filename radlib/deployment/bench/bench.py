"""A variant's cost on the machine that it will be used on.

Opening, the first answer and steady answers are told apart, each by its median and its 95th and 99th percentile, since a
clinic waits for the slow ones. Steady calls are made with one thread and more, with XNNPACK and without, in turns with the
float32 original where it is there, so that a slow spell of the machine hits both. Then the machine rests, and works without
a pause, while its meter is read: what a film costs is the difference. Where there is no meter the joules are an estimate
and say so (`evaluation.energy_estimate`).
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib import __version__
from radlib.deployment.bench.energy import energy_of, with_meter_table
from radlib.deployment.bench.result_files import FORMAT, VERSION, device_title
from radlib.deployment.bench.sensors import SYSTEM, clock_mhz, governor
from radlib.deployment.bench.subjects import Subject, original_beside, subject_of
from radlib.deployment.bench.watching import Watched, watching
from radlib.evaluation.probes import describe_host, in_fresh_process
from radlib.foundation.processors import processors

LEAST_CALLS = 200
STARTS = 3  # fresh processes whose memory is read
REST_SECONDS = 3.0
WORK_SECONDS = 5.0
PERCENTILES = (50, 95, 99)


def bench_bundle(
    place: Path,
    *,
    against: Path | None = None,
    calls: int = LEAST_CALLS,
    meter: Path | None = None,
    device_name: str = "",
    system: Path = SYSTEM,
    seconds: tuple[float, float] = (REST_SECONDS, WORK_SECONDS),
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure what a bundle costs on this machine.

    Args:
        place: The bundle, or the folder of a variant in a run.
        against: The bundle that it is compared with, call by call; None for the original in the bundle, if it is there.
        calls: Openings, and steady calls of each kind.
        meter: A table that a meter wrote in the meantime, see `meter_tables`; None to read this machine's own.
        device_name: What this machine is to be called; empty for what it calls itself.
        system: Where the system shows its sensors.
        seconds: How long the machine rests, and works, while its power is read.
        say: Told what is being measured.

    Returns:
        The results, as `result_files` writes them: plain values, and no folder or host.

    Raises:
        UsageError: When there is no variant, or a device cannot run it.
        SetupError: When a file is damaged, or cannot be run.
        DataError: When the meter's table does not tell of the calls.
    """
    subject = subject_of(place)
    other = subject_of(against) if against is not None else original_beside(place)
    subjects = [subject, *([other] if other is not None else [])]
    title = device_title(device_name)
    with watching(system) as watched:
        say(f"{subject.name} on {title}: memory and opening")
        memory = _memory(subject)
        opened = in_fresh_process("openings", path=_place(subject), format=subject.format, times=calls)
        steady = _steady(subjects, calls, say)
        say("energy: the machine rests, then works")
        windows = _windows(subjects, calls, *seconds)
    record = {
        "format": FORMAT, "version": VERSION, "radlib": __version__, "measured_at": time.strftime("%Y-%m-%d", time.gmtime()),
        "device": {"name": title, "described": describe_host(), "memory_bytes": _memory_of_machine()},
        "variant": subject.record, "calls": calls, "memory": memory,
        **{name: percentiles(opened[name]) for name in ("open", "first")},
        "steady": steady, **_surroundings(watched, system),
        "energy": energy_of(subject, windows["rest"], windows["work"], watched, system),
        "windows": windows,
    }  # fmt: skip
    if other is not None:
        energy = energy_of(other, windows["rest"], windows["against"], watched, system)
        record["against"] = {**other.record, "energy": energy}
    return record if meter is None else with_meter_table(record, meter)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, 95th and 99th percentile of times, in milliseconds, and of how many they are."""
    found = np.percentile(np.asarray(seconds) * 1000, PERCENTILES)
    named = {f"p{share}_ms": round(float(value), 4) for share, value in zip(PERCENTILES, found, strict=True)}
    return {**named, "calls": len(seconds)}


def thread_counts(available: int) -> list[int]:
    """Return with how many threads steady calls are made: each number up to eight, then every doubling, and all.

    Example:
        >>> thread_counts(12)
        [1, 2, 3, 4, 5, 6, 7, 8, 12]
    """
    doubled = [2**power for power in range(4, 12) if 2**power < available]
    return sorted({*range(1, min(available, 8) + 1), *doubled, available})


def _place(subject: Subject) -> str:
    return str(subject.path.resolve())


def _memory(subject: Subject) -> dict[str, float]:
    """Return medians over fresh processes: what the model adds, what the process holds, and how long a cold start takes."""
    found = [
        in_fresh_process("peak_memory", path=_place(subject), format=subject.format) for _ in range(STARTS)
    ]
    return {
        "peak_bytes": int(statistics.median(f["with_model_bytes"] - f["without_model_bytes"] for f in found)),
        "process_bytes": int(statistics.median(f["with_model_bytes"] for f in found)),
        "cold_open_ms": round(statistics.median(f["open_ms"] for f in found), 3),
        "cold_first_ms": round(statistics.median(f["first_ms"] for f in found), 3),
    }


def _steady(subjects: list[Subject], calls: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return the times of steady calls, by threads and delegate; the other subject's stand under `against`."""
    models, counts = [(_place(s), s.format) for s in subjects], thread_counts(processors())
    rows: list[dict[str, Any]] = []
    ways = [(threads, True) for threads in counts] + [
        (threads, False) for threads in dict.fromkeys((1, counts[-1]))
    ]
    for threads, delegate in ways:
        say(
            f"steady calls: {threads} thread{'' if threads == 1 else 's'}, {'XNNPACK' if delegate else 'no delegate'}"
        )
        timed = in_fresh_process("latencies", models=models, calls=calls, threads=threads, delegate=delegate)
        own, *others = timed
        row = {"threads": threads, "delegate": own["delegate"], "runtime": own["runtime"]}
        row |= percentiles(own["seconds"])
        if others:
            row["against"] = {"delegate": others[0]["delegate"], **percentiles(others[0]["seconds"])}
            row["time_share"] = round(row["p50_ms"] / row["against"]["p50_ms"], 4)
        if not any((r["threads"], r["delegate"]) == (threads, row["delegate"]) for r in rows):
            rows.append(row)  # where XNNPACK cannot run a file, both ways are one
    return rows


def _windows(subjects: list[Subject], calls: int, rest: float, work: float) -> dict[str, Any]:
    """Return when the machine rested and when it worked, so that a meter's table can be added later."""
    begun = time.time()
    time.sleep(rest)
    windows: dict[str, Any] = {"rest": {"begun": begun, "ended": time.time()}}
    for name, subject in zip(("work", "against"), subjects, strict=False):
        windows[name] = in_fresh_process(
            "steady_work", path=_place(subject), format=subject.format, threads=1, seconds=work, calls=calls
        )
    return windows


def _surroundings(watched: Watched, system: Path) -> dict[str, Any]:
    """Return how warm the machine was and how fast its clock ran; None where it does not say."""
    degrees, clocks = watched.temperatures_c, watched.clocks_mhz
    clock: dict[str, Any] | None = {"lowest": min(clocks), "highest": max(clocks)} if clocks else None
    if clock is not None:
        clock |= {"allowed": clock_mhz(system, "cpuinfo_max_freq"), "governor": governor(system)}
    return {
        "temperature_c": {"first": degrees[0], "highest": max(degrees)} if degrees else None,
        "clock_mhz": clock,
    }


def _memory_of_machine() -> int | None:
    """Return how much memory this machine has; None where it does not say."""
    names = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
    known = hasattr(os, "sysconf") and all(name in os.sysconf_names for name in names)
    return os.sysconf(names[0]) * os.sysconf(names[1]) if known else None
