"""What can only be measured in a process of its own: peak memory, the time to open, and the time of a call.

The peak of a process includes all that it ever did, and TensorFlow takes its number of threads once. So each
measurement starts a fresh process that runs one function of this module, at a desk (`measuring`) and on a device
(`radlib bench`) alike.
"""

import os
import platform
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation import processes
from radlib.foundation.backend import log_path
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.processors import peak_memory_bytes
from radlib.foundation.registry import FORMATS

CALLS_IN_A_ROW = 10  # per variant and round; short, so that a slow spell of the machine hits all alike


def in_fresh_process(function: str, **arguments: Any) -> Any:
    """Run a function of this module in a fresh process, given full paths, and return what it returned.

    Raises:
        SetupError: When that process fails.
    """
    try:
        found, _ = processes.call(__name__, function, arguments)
    except UsageError as refused:
        raise SetupError(f"Measuring {function} failed: {refused}") from None
    except processes.ProcessEnded as ended:
        raise SetupError(
            f"Measuring {function} failed with status {ended.status}; {log_path().name} in the temporary "
            "folder has the reason."
        ) from None
    return found


def peak_memory(path: str, format: str) -> dict[str, float]:
    """Load the runtime, open a model, predict one film; see how high this process's memory rose.

    Args:
        path: The model file.
        format: Its format.

    Returns:
        `with_model_bytes`; `without_model_bytes`, the peak when only the runtime was loaded; `open_ms`, what it took
        from the file to a network that can be asked, decoding included; `first_ms`, its first answer; and of a Keras
        model or a LiteRT file also `parameters`, `nonzero_parameters` and `macs`, counted after the peak was read.
    """
    from radlib.formats.predictors import open_model

    _load_runtime(format)
    without, begun = _peak_bytes(), time.perf_counter()
    with open_model(Path(path), format) as predictor:
        opened = 1000 * (time.perf_counter() - begun)
        predictor.predict(np.zeros((1, *predictor.input_shape[:2]), np.uint8))
        first = 1000 * (time.perf_counter() - begun) - opened
        peaks: dict[str, float] = {"with_model_bytes": _peak_bytes(), "without_model_bytes": without}
        peaks |= {"open_ms": opened, "first_ms": first}
    counts = {"keras": _keras_counts, "tflite": _litert_counts}.get(format)
    return {**peaks, **counts(path)} if counts else peaks


def openings(path: str, format: str, times: int) -> dict[str, list[float]]:
    """Open a model and ask it one film, again and again in one process.

    Args:
        path: The model file.
        format: Its format.
        times: How often.

    Returns:
        `open` and `first`: seconds from the file to a network that can be asked, and of its first answer, each time.
    """
    from radlib.formats.predictors import open_model

    _load_runtime(format)
    found: dict[str, list[float]] = {"open": [], "first": []}
    for _ in range(times):
        begun = time.perf_counter()
        with open_model(Path(path), format) as predictor:
            opened = time.perf_counter()
            predictor.predict(np.zeros((1, *predictor.input_shape[:2]), np.uint8))
            found["open"].append(opened - begun)
            found["first"].append(time.perf_counter() - opened)
    return found


def steady_work(path: str, format: str, threads: int, seconds: float, calls: int) -> dict[str, float]:
    """Ask a model drawn films without a pause, so that a meter can see what that takes.

    Args:
        path: The model file.
        format: Its format.
        threads: Of the runtime.
        seconds: How long, at least.
        calls: How many calls, at least.

    Returns:
        `calls`, and `begun` and `ended` in seconds since 1970, as a meter's clock says them.
    """
    from radlib.formats.predictors import open_model

    with open_model(Path(path), format, threads=threads) as predictor:
        film = np.random.default_rng(0).integers(0, 256, (1, *predictor.input_shape[:2]), dtype=np.uint8)
        for _ in range(CALLS_IN_A_ROW):
            predictor.predict(film)
        done, begun, start = 0, time.time(), time.perf_counter()
        while done < calls or time.perf_counter() - start < seconds:
            predictor.predict(film)
            done += 1
        return {"calls": done, "begun": begun, "ended": begun + time.perf_counter() - start}


def latencies(
    models: list[tuple[str, str]], calls: int, threads: int = 1, delegate: bool = True
) -> list[dict[str, Any]]:
    """Time single-film calls of several models, in turns, each with one thread unless told otherwise.

    A call goes from a stored grey film (uint8) to its probabilities. Rounds of ten calls alternate between
    the models, so that the machine's slow spells hit all alike; the first call of a round is not timed.

    Args:
        models: (path, format) of each.
        calls: Timed calls per model.
        threads: Of the runtime.
        delegate: Whether LiteRT may hand the work to XNNPACK, as it does unless told otherwise.

    Returns:
        Per model `seconds` of every call, `runtime`, `delegate` and `threads`.
    """
    from radlib.formats.predictors import open_model

    if any(not FORMATS[format].facts["device"] for _, format in models):
        _one_thread_for_tensorflow()
    opened = [
        open_model(Path(path), format, threads=threads)
        if delegate
        else FORMATS[format].function(Path(path), threads=threads, delegate=False)
        for path, format in models
    ]
    generator = np.random.default_rng(0)
    films = [generator.integers(0, 256, (1, *p.input_shape[:2]), dtype=np.uint8) for p in opened]
    seconds: list[list[float]] = [[] for _ in opened]
    for _ in range(2):
        for predictor, film in zip(opened, films, strict=True):
            predictor.predict(film)
    while len(seconds[-1]) < calls:
        for predictor, film, times in zip(opened, films, seconds, strict=True):
            predictor.predict(film)
            for _ in range(min(CALLS_IN_A_ROW, calls - len(times))):
                begun = time.perf_counter()
                predictor.predict(film)
                times.append(time.perf_counter() - begun)
    return [
        {"seconds": times, "runtime": p.runtime, "delegate": p.delegate, "threads": p.threads}
        for p, times in zip(opened, seconds, strict=True)
    ]


def describe_host() -> str:
    """Return machine, processor and system, without the host's name."""
    return f"{platform.machine()}, {processor_name()}, {os.cpu_count()} processors, {platform.system()}"


def processor_name() -> str:
    """Return what this machine calls its processor, of a board its model."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        found = re.search(r"^(?:model name|Model)\s*: (.+)$", information.read_text(), flags=re.M)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def _load_runtime(format: str) -> None:
    """Import all that opening a file of this format imports, so that the rest is the model's."""
    from importlib.metadata import version

    FORMATS.names()
    version("ai-edge-litert")
    if not FORMATS[format].facts["device"]:  # Keras, or a code that is decoded to Keras
        from radlib.foundation import backend

        backend.keras()
        FORMATS[format].facts.get("prepare", lambda: None)()  # a kernel that is compiled on the spot
    else:
        from ai_edge_litert import interpreter  # noqa: F401


def _keras_counts(path: str) -> dict[str, float]:
    from radlib.architectures import counting
    from radlib.formats.keras import load_model

    model = load_model(Path(path))
    counts = {name: getattr(counting, name)(model) for name in ("parameters", "nonzero_parameters", "macs")}
    return {name: int(count) for name, count in counts.items()}


def _litert_counts(path: str) -> dict[str, float]:
    """Count a LiteRT file, for networks that were imported as one and have no Keras parent."""
    from radlib.architectures import counting

    weights = counting.stored_weights(path)
    values, nonzeros = (sum(row[name] for row in weights) for name in ("values", "nonzeros"))
    return {"parameters": values, "nonzero_parameters": nonzeros, "macs": counting.tflite_macs(path)}


def _one_thread_for_tensorflow() -> None:
    """Give TensorFlow one thread; it takes this before its first operation only."""
    from radlib.foundation import backend, processors

    os.environ[processors.VARIABLE] = "1"

    backend.tensorflow()


def _peak_bytes() -> int:
    """Return the peak of this process's resident memory.

    On Linux the kernel's own figure: what `getrusage` reports there includes the memory that the parent had
    when it started this process.
    """
    if (found := peak_memory_bytes()) is not None:
        return found
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
