"""Runs of a study of one's own on films whose tags, file names and folder carry canaries."""

import os
import subprocess
import sys
from pathlib import Path

from canaries import MARK, digests, forms, plant
from radlib.datasets.synthetic import draw_dataset


def draw_planted(folder: Path) -> Path:
    """Draw films and plant canaries; the patients' numbers stand in `patients.txt` beside.

    Returns:
        The folder of the films, in RSNA's layout.
    """
    films = folder / f"{MARK}99 films"
    draw_dataset(films, patients=60, seed=5, image_side=64)
    films.joinpath("patients.txt").write_text("\n".join(plant(films)))
    return films


def wanted(films: Path) -> list[bytes]:
    """Return all that must not be found in what a run on the films leaves."""
    return forms(MARK) + digests((films / "patients.txt").read_text().split())


def start(folder: Path, films: Path, study: str, *more: str, source: str = "") -> dict:
    """Return what `subprocess` needs to run a study on planted films, with its outputs in a folder of its own.

    Args:
        folder: Where it is started; takes `outputs`.
        films: That were planted.
        study: Its text.
        more: Further words of the command line.
        source: Is executed before.
    """
    folder.mkdir(exist_ok=True)
    (folder / "planted.yaml").write_text(study)
    program = (
        ["-c", f"{source}; import sys; from radlib.cli.app import main; main(sys.argv[1:])"]
        if source
        else ["-m", "radlib.cli.app"]
    )
    command = [sys.executable, *program, "run", "--study", "planted.yaml", "--data", str(films), *more]
    environment = {
        **os.environ,
        "RADLIB_OUTPUTS": str(folder / "outputs"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return {"args": command, "cwd": folder, "env": environment, "text": True}


def run(folder: Path, films: Path, study: str, *more: str, source: str = "") -> subprocess.CompletedProcess:
    """Run a study to its end; the arguments are those of `start`."""
    return subprocess.run(
        **start(folder, films, study, *more, source=source), capture_output=True, check=False
    )
