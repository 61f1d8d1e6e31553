"""What `pip install` of the wheel without extras takes on a disk, and that the commands of a device run with it.

Needs a package index. Megabytes are those of the files that the install adds to an empty environment, compiled modules
included, in units of 1,000,000 bytes; the environment's own pip is not counted.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from radlib.cli.kaggle import build_wheel

TARGET_BYTES = 200_000_000
COMMANDS = (["--version"], ["--help"], ["list"], ["doctor"])
NAMED = 6  # the largest of what is installed


def measure() -> dict:
    """Return the bytes that the install adds, in all and by package, and the exit code of each command."""
    with tempfile.TemporaryDirectory(prefix="radlib-") as scratch:
        folder = Path(scratch)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        before = _bytes(folder / "venv")
        pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        subprocess.run([*pip, build_wheel(folder)], check=True)
        by_package = Counter({path.name: _bytes(path) for path in packages.iterdir() if path.name != "pip"})
        radlib = folder / "venv" / "bin" / "radlib"
        done = {
            " ".join(words): subprocess.run([radlib, *words], capture_output=True, check=False).returncode
            for words in COMMANDS
        }
        added = _bytes(folder / "venv") - before
    return {
        "added_bytes": added,
        "target_bytes": TARGET_BYTES,
        "largest": dict(by_package.most_common(NAMED)),
        "exit_codes": done,
    }


def _bytes(place: Path) -> int:
    files = [place] if place.is_file() else place.rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file() and not path.is_symlink())


def table(result: dict) -> str:
    """Return the sizes as lines of text."""
    lines = [
        "An install without extras",
        f"{'in all':58}{result['added_bytes'] / 1e6:>7.0f} MB  target {result['target_bytes'] / 1e6:.0f} MB",
    ]
    lines += [f"  {name:56}{size / 1e6:>7.0f} MB" for name, size in result["largest"].items()]
    ended = ", ".join(f"radlib {words} {code}" for words, code in result["exit_codes"].items())
    return "\n".join([*lines, f"Exit codes: {ended}"])
