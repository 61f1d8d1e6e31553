"""What is measured: the file of a bundle, or of a variant in a run, that the runtime of a device can open."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.deployment.described_variants import folder_of, read_described
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.registry import FORMATS
from radlib.foundation.storage import file_sha256

ORIGINAL = "original"  # in a bundle's record: the float32 original that lies beside the model


@dataclass(frozen=True)
class Subject:
    """A file to measure, and whose it is.

    Attributes:
        name: Of the variant.
        label: What tables call it.
        sha256: Of the variant's own file, by which a run knows it again.
        size_bytes: Of the variant's own file.
        path: What is opened: the variant's file, or the LiteRT file beside a coded one.
        format: Of that file.
    """

    name: str
    label: str
    sha256: str
    size_bytes: int
    path: Path
    format: str

    @property
    def record(self) -> dict[str, Any]:
        """What a file of results says of it; no folder."""
        return {
            "name": self.name, "label": self.label, "sha256": self.sha256, "size_bytes": self.size_bytes,
            "file": self.path.name, "deployed_bytes": self.path.stat().st_size,
        }  # fmt: skip


def subject_of(place: Path) -> Subject:
    """Return what is measured of a bundle, or of the folder of a variant in a run.

    Args:
        place: The folder, or the `variant.json` in it.

    Raises:
        UsageError: When there is no variant, or a device cannot run its file.
        SetupError: When its file is missing or damaged.
    """
    variant, record = read_described(place)
    folder = folder_of(place)
    own = Path(variant.file).name
    runs = Path(str(record.get("runs", own))).name
    path = _intact(folder / runs, record.get("hashes", {}).get(runs, variant.sha256), variant.name)
    format = variant.format if runs == own else "tflite"
    if not FORMATS[format].facts["device"]:
        raise UsageError(
            f"{variant.name} is a {format} file, which no device runs; radlib export makes what does."
        )
    return Subject(variant.name, variant.label, variant.sha256, variant.size_bytes, path, format)


def original_beside(place: Path) -> Subject | None:
    """Return the float32 original that lies in a bundle; None when none does.

    Raises:
        SetupError: When it is damaged.
    """
    folder, (_, record) = folder_of(place), read_described(place)
    told = record.get(ORIGINAL)
    if not isinstance(told, dict):
        return None
    path = _intact(folder / Path(str(told["file"])).name, told["sha256"], str(told["name"]))
    return Subject(str(told["name"]), "original", told["sha256"], path.stat().st_size, path, "tflite")


def _intact(path: Path, sha256: str, name: str) -> Path:
    if not path.is_file() or file_sha256(path) != sha256:
        raise SetupError(f"{path.name} of {name} is missing or damaged; export or build it again.")
    return path
