"""What this machine has and lacks: the answer to "why does it not run here?".

Each finding is one line: what was looked at, whether it is well, and what to do where it is not. Only what
the series cannot do without counts as a failure; everything else is a note.
"""

import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from radlib.foundation import backend
from radlib.foundation.errors import RadlibError, UsageError
from radlib.foundation.extras import line_to_type
from radlib.foundation.processes import ProcessEnded, call

OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_DISK_BYTES = 1_000_000_000
NEEDED_MEMORY_BYTES = 4_000_000_000
# Transfer syntaxes of chest films in the public archives, and what decodes them.
CODECS = {
    "1.2.840.10008.1.2.4.50": ("baseline JPEG (RSNA)", True, "pip install pillow"),
    "1.2.840.10008.1.2.5": ("RLE", True, "pip install pydicom"),
    "1.2.840.10008.1.2.4.90": ("JPEG 2000, lossless", True, "pip install pillow"),
    "1.2.840.10008.1.2.4.70": ("JPEG, lossless", False, "pip install python-gdcm"),
    "1.2.840.10008.1.2.4.80": ("JPEG-LS, lossless", False, "pip install pyjpegls"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Its name.
        state: `ok`, `note` (works without) or `missing` (does not work without).
        detail: What was found and, where needed, what to do.
    """

    what: str
    state: str
    detail: str

    def __str__(self) -> str:
        """One line of the report."""
        return f"{self.state:<8}{self.what:<24} {self.detail}"


def diagnose() -> list[Finding]:
    """Look at everything; takes about ten seconds, most of it TensorFlow's import."""
    return [
        python_version(sys.version_info[:2]),
        *libraries(),
        training(),
        disk(Path.cwd()),
        memory(),
        *codecs(),
        *data_sets(),
        notebook_tests(),
    ]


def passed(findings: list[Finding]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(finding.state != "missing" for finding in findings)


def python_version(version: tuple[int, int]) -> Finding:
    """Judge the version of Python."""
    if OLDEST <= version <= NEWEST:
        return Finding(
            "Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
        )
    return Finding("Python", "missing", f"is {version[0]}.{version[1]}; install Python 3.11, 3.12 or 3.13")


def libraries() -> list[Finding]:
    """Compare what is installed with what radlib asks for, and with what its extra `train` does where TensorFlow is here."""
    from packaging.requirements import Requirement

    findings, extras = [], ("", "train") if importlib.util.find_spec("tensorflow") else ("",)
    for requirement in map(Requirement, metadata.requires("radlib") or []):
        if requirement.marker and not any(requirement.marker.evaluate({"extra": each}) for each in extras):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            findings.append(Finding(requirement.name, "missing", f"pip install '{_asked(requirement)}'"))
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            detail = f"is {version}; pip install '{_asked(requirement)}'"
            findings.append(Finding(requirement.name, "missing", detail))
    return findings or [Finding("libraries", "ok", "all there, in versions that work together")]


def _asked(requirement: Any) -> str:
    """Return a requirement without its marker, as it is typed."""
    return f"{requirement.name}{requirement.specifier}"


def training() -> Finding:
    """Say whether networks can be trained here, and with which Keras; who only predicts does without."""
    if importlib.util.find_spec("tensorflow") is None:
        return Finding("training, reports", "note", f"not here; to have them: {line_to_type('train')}")
    return keras_flavour()


def keras_flavour() -> Finding:
    """Import TensorFlow as radlib does, in a process of its own, and say which Keras it got."""
    try:
        (tensorflow, keras), _ = call("radlib.cli.doctor", "imported_versions", {})
    except (UsageError, ProcessEnded) as error:
        return Finding("TensorFlow", "missing", f"cannot be imported: {str(error)[:150]}")
    if not keras.startswith("2."):
        return Finding(
            "TensorFlow", "missing", f"{tensorflow} with Keras {keras}; pip install 'tf-keras>=2.21,<2.22'"
        )
    return Finding("TensorFlow", "ok", f"{tensorflow} with Keras 2 (tf-keras {keras})")


def imported_versions() -> list[str]:
    """Return the versions of TensorFlow and of Keras, once imported; what a broken one says is handed on."""
    try:
        return [backend.tensorflow().__version__, backend.keras().__version__]
    except ImportError as error:
        raise UsageError(str(error)) from error


def disk(folder: Path) -> Finding:
    """Judge the free space where outputs would be written."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_DISK_BYTES:
        return Finding(
            "disk", "missing", f"{free / 1e9:.1f} GB free of 1 GB needed; free some, or use --output"
        )
    return Finding("disk", "ok", f"{free / 1e9:.0f} GB free")


def memory() -> Finding:
    """Judge the memory of the machine."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("memory", "note", "this system does not say how much there is")
    if total < NEEDED_MEMORY_BYTES:
        return Finding(
            "memory", "note", f"{total / 1e9:.1f} GB; less than 4 GB holds only the small networks"
        )
    return Finding("memory", "ok", f"{total / 1e9:.0f} GB, {os.cpu_count()} processors")


def codecs() -> list[Finding]:
    """Say which compressed DICOM files can be read."""
    from radlib.imaging.dicom.files import readable

    findings = []
    for uid, (name, needed, remedy) in CODECS.items():
        if readable(uid):
            findings.append(Finding("DICOM codec", "ok", name))
        else:
            state = "missing" if needed else "note"
            findings.append(Finding("DICOM codec", state, f"{name}: none; {remedy}"))
    return findings


def data_sets() -> list[Finding]:
    """Say where the films of each data set that needs files are found."""
    from radlib.cli.series.plan import data_folder
    from radlib.foundation.registry import DATASETS
    from radlib.runs.settings import Settings

    findings = []
    for entry in DATASETS:
        if not entry.facts.get("needs_files", True):
            continue
        try:
            found = Finding(f"data {entry.name}", "ok", f"in {data_folder(Settings(dataset=entry.name))}")
        except RadlibError as error:
            found = Finding(f"data {entry.name}", "note", str(error))
        findings.append(found)
    return findings


def notebook_tests() -> Finding:
    """Say whether the notebooks' outputs can be compared."""
    try:
        return Finding("nbval", "ok", metadata.version("nbval"))
    except metadata.PackageNotFoundError:
        return Finding("nbval", "note", f"not here; only the tests need it: {line_to_type('dev')}")
