"""Damaged and hostile model files by the thousand: none may run code, end the caller, or end in a bare error.

Small files of every format are damaged (see `model_samples`) and taken through the doors that a received file would go
through: opened as a stored variant, or told by content and read for an import. That happens in a process which says
before each file what it is about to do, so that one which ends it is found and counted. A file of unknown origin may end
the worker that `radlib import` starts for it, for that is what the worker is for; nothing may end the caller.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

TARGETS = {"crashes": 0, "raw_exceptions": 0, "canaries": 0, "unclear_sentences": 0}
SECONDS_A_FILE = 60
MEMORY_BYTES = 40_000_000_000  # of addresses; TensorFlow reserves far more than it uses
PREDICTED = 8  # one of so many opened files is also asked about a film


def measure(files: int = 10_000, *, seed: int = 0) -> dict[str, Any]:
    """Take damaged model files through the doors and count what becomes of them.

    Args:
        files: How many.
        seed: With the number of a file it says how that was damaged, so that a finding can be repeated.

    Returns:
        How many were opened and refused, by format; how many ended the process, or a worker of theirs; errors that are
        no sentence; canaries that ran; and the first few files of each finding, by number.
    """
    outcomes: Counter[str] = Counter()
    findings: list[str] = []
    begun, start = time.perf_counter(), 0
    with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as folder:
        while start < files:
            child = [
                sys.executable,
                "-m",
                "benchmarks.fuzzing_models",
                folder,
                str(start),
                str(files),
                str(seed),
            ]
            with subprocess.Popen(
                child, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as running:
                last = ["", "-", "ready"]
                for line in running.stdout or ():
                    last = line.rstrip("\n").split("\t")
                    if last[2] not in ("begins", "in a worker", "back"):
                        start = int(last[0]) + 1
                        outcomes[f"{last[1]}\t{last[2].partition(':')[0]}"] += 1
                        if last[2].partition(":")[0] not in ("opened", "refused"):
                            findings.append(" ".join(last))
            if start < files:
                if not last[0]:
                    raise RuntimeError(
                        "The process that opens the files ended before the first; run it alone to see why."
                    )
                ended = "worker ended" if last[2] == "in a worker" else "crash"
                outcomes[f"{last[1]}\t{ended}"] += 1
                findings.append(f"{last[0]} {last[1]} {ended} {running.returncode}")
                start = int(last[0]) + 1
    return _result(files, outcomes, findings, time.perf_counter() - begun)


def _result(files: int, outcomes: Counter[str], findings: list[str], seconds: float) -> dict[str, Any]:
    def total(what: str) -> int:
        return sum(count for key, count in outcomes.items() if key.endswith(f"\t{what}"))

    formats = sorted({key.split("\t")[0] for key in outcomes})
    return {
        "files": files,
        "formats": {f: {w: outcomes[f"{f}\t{w}"] for w in ("opened", "refused")} for f in formats},
        "crashes": total("crash"),
        "workers_ended": total("worker ended"),
        "raw_exceptions": total("raw"),
        "unclear_sentences": total("unclear"),
        "canaries": total("canary"),
        "findings": findings[:20],
        "seconds": seconds,
        "targets": TARGETS,
    }


def open_files(folder: Path, start: int, files: int, seed: int) -> None:
    """Open damaged files one after the other, and say what became of each on standard output."""
    from benchmarks.model_samples import mutant, samples

    saved = folder / "sound"
    if not saved.is_dir():
        made = samples()
        saved.mkdir()
        for name, content in made.items():
            (saved / name).write_bytes(content)
    sound = {path.name: path.read_bytes() for path in sorted(saved.iterdir())}
    names, canary = list(sound), folder / "canary"
    for number in range(start, files):
        name = names[number % len(names)]
        say = _speaker(number, name)
        path = folder / f"damaged{Path(name).suffix}"
        path.write_bytes(mutant(name, sound[name], np.random.default_rng([seed, number]), canary))
        say("begins")
        signal.alarm(SECONDS_A_FILE)
        outcome = _outcome(path, number, say)
        signal.alarm(0)
        if canary.exists():
            canary.unlink()
            outcome = "canary"
        say(outcome)


def _speaker(number: int, name: str) -> Any:
    def say(what: str) -> None:
        os.write(1, f"{number}\t{name}\t{what}\n".encode())

    return say


def _outcome(path: Path, number: int, say: Any) -> str:
    """Take a file through its doors: `opened`, `refused`, or what must not be."""
    from radlib.foundation.errors import RadlibError

    said: list[str] = []
    opened = False
    for door in (_as_variant, _as_foreign):
        try:
            opened |= door(path, number, say)
        except RadlibError as error:
            said.append(str(error))
        except Exception as error:
            return f"raw: {type(error).__name__} {str(error)[:80]!r} through {door.__name__}"
    unclear = [text for text in said if "\n" in text or "\x1b" in text or not text.endswith(".")]
    return f"unclear: {unclear[0][:200]!r}" if unclear else "opened" if opened else "refused"


def _as_variant(path: Path, number: int, say: Any) -> bool:
    """Open a file as a stored variant, as predict, verify and export do."""
    from radlib.formats.predictors import open_model
    from radlib.foundation.registry import FORMATS

    if path.suffix not in {entry.facts["suffix"] for entry in FORMATS}:
        return False
    with open_model(path) as model:
        if number % PREDICTED == 0:
            model.predict(np.zeros((1, *model.input_shape), np.float32))
    return True


def _as_foreign(path: Path, number: int, say: Any) -> bool:
    """Tell a file by its content and read it, as `radlib import` does; what its worker does is done here."""
    from radlib.formats.tensor_files.reading import kind_of, read_tensors
    from radlib.foundation.errors import RadlibError, UsageError
    from radlib.importing import guard, keras_network, tasks, workers
    from radlib.importing.answers import Answers
    from radlib.importing.layout import InputLayout

    def here(task: str, arguments: dict[str, Any], **_: Any) -> Any:
        say("in a worker")
        try:
            return getattr(tasks, task)(**arguments)
        except RadlibError:
            raise
        except Exception:  # ends the worker, which the one who started it puts into a sentence
            raise UsageError(f"{path.name} ended its worker.") from None
        finally:
            say("back")

    workers.in_worker = keras_network.in_worker = here
    if path.suffix in (".rdc", ".rdm", ".rdx"):
        return False
    file = guard.inspect(path)
    answers = Answers("", (0, 1))
    if file.kind in ("keras", "keras_h5"):
        keras_network.build_keras(file, InputLayout(), answers, 12)
    elif file.kind == "weights" and kind_of(path) != "hdf5":
        read_tensors(path)
    elif file.kind == "litert":
        arguments = {"layout": InputLayout().to_dict(), "answers": answers.to_dict(), "name": path.name}
        here("rewrite_litert", {"path": str(path), **arguments})
    return True


def table(result: dict[str, Any]) -> str:
    """Return the counts as lines of text."""
    lines = [
        f"{result['files']:,} damaged model files of {len(result['formats'])} kinds, in {result['seconds']:.0f} s"
    ]
    for name, found in result["formats"].items():
        lines.append(f"  {name:24}opened {found['opened']:>6,}   refused {found['refused']:>6,}")
    for name, text in (
        ("crashes", "crashes of the calling process"),
        ("raw_exceptions", "errors that are no sentence"),
        ("unclear_sentences", "sentences of several lines or without an end"),
        ("canaries", "files whose code ran"),
    ):
        lines.append(f"  {text:56}{result[name]:>9,}   target {result['targets'][name]}")
    lines.append(f"  {'worker processes of an import that ended':56}{result['workers_ended']:>9,}")
    return "\n".join([*lines, *(f"  ! {finding[:150]}" for finding in result["findings"])])


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    open_files(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
