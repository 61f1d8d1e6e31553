"""Instructions that one call of a LiteRT file takes on the board's processor: what orders the variants without a board.

The time of an emulated program says nothing about a board; what it executes does say something. The emulator that answers
takes no plugins, so this counts with Debian 12's, which does, on the same root and the same pinned processor. Its answers
are not used. It would read this machine's own /proc/cpuinfo, which no library for arm64 understands: the root has the board's.
"""

import shutil
import subprocess
from pathlib import Path

from board import PLAIN, PROCESSOR, Board
from debian import Unavailable, unpack

SUITE = "bookworm"
CALLS = 100
LOADER, LIBRARIES = "lib64/ld-linux-x86-64.so.2", ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")


def instructions_per_call(board: Board, cache: Path, python: str, files: list[str]) -> list[float]:
    """Return the instructions of one call of each file: the difference of 101 calls and 1, over 100.

    Args:
        board: With the files on it.
        cache: Where the emulator that counts is kept.
        python: Path on the board of a Python that has LiteRT.
        files: Paths on the board.

    Raises:
        Unavailable: When the emulator or a compiler cannot be had.
    """
    emulator = unpack(cache / "counter", SUITE, "amd64", ("qemu-user",))
    plugin, log = _plugin(cache), cache / "instructions.txt"
    program = board.root / "tmp/calls.py"
    shutil.copyfile(Path(__file__).with_name("calls.py"), program)
    packages = next((board.root / python.lstrip("/")).parent.parent.glob("lib/python3*/site-packages"))
    words = [
        emulator / LOADER, "--library-path", ":".join(str(emulator / each) for each in LIBRARIES),
        emulator / "usr/bin/qemu-aarch64", "-cpu", PROCESSOR, "-plugin", plugin, "-d", "plugin", "-D", log,
        "-L", board.root, next(board.root.glob("usr/bin/python3.1?")), program, CALLS,
        *(board.root / file.lstrip("/") for file in files),
    ]  # fmt: skip
    environment = {**PLAIN, "PYTHONPATH": str(packages), "PYTHONHASHSEED": "0"}
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(
            f"the emulator that counts ended with {done.returncode}: {done.stderr.strip()[-300:]}"
        )
    counts = [int(line.split()[1]) for line in log.read_text().splitlines()]
    starts = range(0, len(counts), 3)
    return [(counts[n + 2] - 2 * counts[n + 1] + counts[n]) / CALLS for n in starts]


def _plugin(cache: Path) -> Path:
    """Return the plugin that counts, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Unavailable("there is no C compiler to build what counts instructions")
    source, built = Path(__file__).with_name("count_instructions.c"), cache / "count_instructions.so"
    words = [compiler, "-O2", "-shared", "-fPIC", "-nostdlib", "-o", str(built), str(source)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"what counts instructions cannot be compiled: {done.stderr.strip()[-300:]}")
    return built
