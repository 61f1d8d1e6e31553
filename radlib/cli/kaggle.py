"""What to push to Kaggle: a notebook with its metadata, and radlib's wheel as a data set beside it.

The notebook's second cell installs radlib from that wheel, so nothing is taken from an index by bare name. What is
pushed leaves this machine: notebooks go without their outputs, since those of a run show patients' films.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from radlib import __version__
from radlib.cli.notebook_sources import without_outputs
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.storage import disk_errors, write_json, write_text
from radlib.runs.studies import notebooks_folder

PLACEHOLDER = "INSERT_USERNAME_HERE"
FULL_DISK = re.compile(r"No space left|Disk quota exceeded|File too large")


def write_kaggle(
    notebook: str,
    output: Path,
    *,
    user: str = "",
    data: Sequence[str] = (),
    competitions: Sequence[str] = (),
) -> list[str]:
    """Write two folders, `notebook` and `wheel`, each with the metadata that Kaggle's own command wants.

    No output of a run is in them, neither in the notebook nor in those inside the wheel.

    Args:
        notebook: Its number, name or file.
        output: Folder to write the two folders into.
        user: The Kaggle account; left out, a placeholder to replace.
        data: Kaggle data sets to attach, as owner/name.
        competitions: Kaggle competitions to attach, by name.

    Returns:
        The commands to run next.

    Raises:
        UsageError: When there is no such notebook, it is damaged, or `data` is not owner/name.
        SetupError: When the wheel cannot be built, or nothing can be written.
    """
    path = find_notebook(notebook)
    for name in data:
        if not re.fullmatch(r"[\w-]+/[\w-]+", name):
            raise UsageError(f"{name!r} is not a Kaggle data set; give it as owner/name.")
    source = _source_of(path)
    owner = user or PLACEHOLDER
    kernel, wheel = output / "notebook", output / "wheel"
    title = f"radlib {path.stem.replace('_', ' ')}"
    with disk_errors(output):
        kernel.mkdir(parents=True, exist_ok=True)
        wheel.mkdir(parents=True, exist_ok=True)
        write_text(kernel / path.name, source)
        build_wheel(wheel)
    sources = [f"{owner}/radlib-wheel", *data]
    write_json(
        kernel / "kernel-metadata.json", kernel_metadata(owner, title, path.name, sources, competitions)
    )
    write_json(wheel / "dataset-metadata.json", dataset_metadata(owner))
    lines = [f"kaggle datasets create -p {wheel}", f"kaggle kernels push -p {kernel}"]
    return (
        lines
        if user
        else [f"Put your Kaggle name in place of {PLACEHOLDER} in both .json files, then:", *lines]
    )


def find_notebook(name: str) -> Path:
    """Return the notebook of that number, name or file."""
    given = Path(name)
    if given.suffix == ".ipynb" and given.is_file():
        return given
    known = sorted(notebooks_folder().glob("*.ipynb"))
    for path in known:
        if name.removesuffix(".ipynb") in (path.stem, path.stem.split("_")[0]):
            return path
    raise UsageError(
        f"There is no notebook {name!r}; there are: {', '.join(p.stem for p in known)}, or give a file."
    )


def kernel_metadata(
    owner: str, title: str, file: str, sources: Sequence[str], competitions: Sequence[str]
) -> dict[str, object]:
    """Return what `kernel-metadata.json` holds; internet is on, since Kaggle lacks some of radlib's libraries."""
    return {
        "id": f"{owner}/{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}",
        "title": title,
        "code_file": file,
        "language": "python",
        "kernel_type": "notebook",
        "is_private": "true",
        "enable_gpu": "false",
        "enable_tpu": "false",
        "enable_internet": "true",
        "dataset_sources": list(sources),
        "competition_sources": list(competitions),
        "kernel_sources": [],
        "model_sources": [],
    }


def dataset_metadata(owner: str) -> dict[str, object]:
    """Return what `dataset-metadata.json` of the wheel's folder holds."""
    return {
        "title": "radlib wheel",
        "id": f"{owner}/radlib-wheel",
        "subtitle": f"radlib {__version__}, attached by its notebooks",
        "description": "The wheel of radlib, Apache-2.0. The notebooks install it in their second cell.",
        "licenses": [{"name": "other"}],
    }


def _source_of(path: Path) -> str:
    """Return a notebook without outputs, as text."""
    try:
        return without_outputs(path.read_text(encoding="utf-8"))
    except ValueError as error:
        reason = "it is not JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
        raise UsageError(
            f"{path.name} cannot be read as a notebook: {reason}; open it in Jupyter and save it again."
        ) from None


def build_wheel(folder: Path) -> Path:
    """Build radlib's wheel into `folder`: from the checkout, or from what is installed; without network.

    The wheel takes its place only when it is whole; an older one stays until then.

    Raises:
        SetupError: When the checkout's build fails; the message says whether hatchling, the disk or something else
            is the reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkout = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".wheel-") as building:
        if (checkout / "pyproject.toml").is_file():
            built = _built(checkout, Path(building).resolve())
        else:
            built = repack_installed(Path(building))
        _check_whole(built)
        for old in folder.glob("radlib-*.whl"):
            if old.name != built.name:
                old.unlink()
        return built.replace(folder / built.name)


def _built(checkout: Path, folder: Path) -> Path:
    """Return the wheel that hatchling builds from the checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, errors="replace", check=False
    )
    wheels = sorted(folder.glob("radlib-*.whl"))
    if not done.returncode and wheels:
        return wheels[0]
    lines = done.stderr.strip().splitlines()
    if "No module named" in done.stderr and "hatchling" in lines[-1]:
        raise SetupError(
            "radlib's wheel is built by hatchling, which is not here; pip install 'hatchling>=1.27'."
        )
    if FULL_DISK.search(done.stderr):
        raise SetupError(
            "No space is left for radlib's wheel; free some space and run the same command again."
        )
    reason = lines[-1] if lines else f"the build ended with code {done.returncode} and wrote nothing"
    raise SetupError(f"radlib's wheel cannot be built from this checkout: {reason[:150]}")


def _check_whole(wheel: Path) -> None:
    """Raise when a wheel lacks its end or one of its files is damaged."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError):
        damaged = wheel.name
    if damaged:
        raise SetupError(
            f"{wheel.name} was cut off while it was written; see that the disk has space and run the same command again."
        )


def repack_installed(folder: Path) -> Path:
    """Put the files of the installed radlib back into a wheel."""
    distribution = metadata.distribution("radlib")
    wheel = folder / f"radlib-{distribution.version}-py3-none-any.whl"
    info = f"radlib-{distribution.version}.dist-info"
    kept = ("METADATA", "WHEEL", "entry_points.txt", "LICENSE")
    record = []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(distribution.files or [], key=str):
            ours = file.parts[0] == "radlib" or (file.parts[0] == info and file.name in kept)
            if not ours or "__pycache__" in file.parts:
                continue
            content = Path(os.fspath(file.locate())).read_bytes()
            if file.suffix == ".ipynb":
                content = without_outputs(content.decode("utf-8")).encode("utf-8")
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{file.as_posix()},sha256={digest},{len(content)}")
            archive.writestr(file.as_posix(), content)
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return wheel
