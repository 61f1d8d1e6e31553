"""What to push to Kaggle: a notebook with its metadata, and radlib's wheel as a data set beside it.

The notebook's second cell installs radlib from that wheel, so nothing is taken from an index by bare name.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from radlib import __version__
from radlib.errors import SetupError, UsageError
from radlib.storage import disk_errors, write_json
from radlib.studies import notebooks_folder

PLACEHOLDER = "INSERT_USERNAME_HERE"


def write_kaggle(
    notebook: str,
    output: Path,
    *,
    user: str = "",
    data: Sequence[str] = (),
    competitions: Sequence[str] = (),
) -> list[str]:
    """Write two folders, `notebook` and `wheel`, each with the metadata that Kaggle's own command wants.

    Args:
        notebook: Its number, name or file.
        output: Folder to write the two folders into.
        user: The Kaggle account; left out, a placeholder to replace.
        data: Kaggle data sets to attach, as owner/name.
        competitions: Kaggle competitions to attach, by name.

    Returns:
        The commands to run next.

    Raises:
        UsageError: When there is no such notebook, or `data` is not owner/name.
        SetupError: When the wheel cannot be built, or nothing can be written.
    """
    path = find_notebook(notebook)
    for name in data:
        if not re.fullmatch(r"[\w-]+/[\w-]+", name):
            raise UsageError(f"{name!r} is not a Kaggle data set; give it as owner/name.")
    owner = user or PLACEHOLDER
    kernel, wheel = output / "notebook", output / "wheel"
    title = f"radlib {path.stem.replace('_', ' ')}"
    with disk_errors(output):
        kernel.mkdir(parents=True, exist_ok=True)
        wheel.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kernel / path.name)
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


def build_wheel(folder: Path) -> Path:
    """Build radlib's wheel into `folder`: from the checkout, or from what is installed; without network.

    Raises:
        SetupError: When the checkout's build fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("radlib-*.whl"):
        old.unlink()
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "pyproject.toml").is_file():
        return repack_installed(folder)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("radlib-*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel was written"])[-1]
        raise SetupError(f"radlib's wheel cannot be built ({reason[:150]}); pip install 'hatchling>=1.27'.")
    return wheels[0]


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
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{file.as_posix()},sha256={digest},{len(content)}")
            archive.writestr(file.as_posix(), content)
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return wheel
