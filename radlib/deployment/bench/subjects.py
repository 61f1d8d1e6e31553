"""What is measured: the file of a bundle, or of a variant in a run, that the runtime of a device can open."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radlib.deployment.bundle.deployed import runnable
from radlib.deployment.described_variants import folder_of, intact_model, read_described
from radlib.formats.predictors import load_network, save_model
from radlib.foundation.errors import SetupError
from radlib.foundation.storage import file_sha256
from radlib.runs.variants import Variant, variant_key

ORIGINAL = "original"  # in a bundle's record: what is said of the float32 original that lies beside the model
ORIGINAL_FILE = "original.tflite"


@dataclass(frozen=True)
class Subject:
    """A file to measure, and whose it is.

    Attributes:
        name: Of the variant.
        label: What tables call it.
        sha256: Of the variant's own file, by which a run knows it again.
        size_bytes: Of the variant's own file.
        path: The LiteRT file that is opened: its own, or what a coded or Keras file becomes.
        deployed_bytes: Of all that a device is sent of the network.
    """

    name: str
    label: str
    sha256: str
    size_bytes: int
    path: Path
    deployed_bytes: int

    @property
    def format(self) -> str:
        """Of what is opened: a device runs LiteRT files."""
        return "tflite"

    @property
    def record(self) -> dict[str, Any]:
        """What a file of results says of it; no folder."""
        return {
            "name": self.name, "label": self.label, "sha256": self.sha256, "size_bytes": self.size_bytes,
            "file": self.path.name, "deployed_bytes": self.deployed_bytes,
        }  # fmt: skip


def subject_of(place: Path) -> Subject:
    """Return what is measured of a bundle, or of the folder of a variant in a run.

    Args:
        place: The folder, or the `variant.json` in it.

    Raises:
        UsageError: When there is no variant, or it is no bundle and no LiteRT file.
        SetupError: When its file is missing or damaged.
    """
    variant, record = read_described(place)
    path = runnable(folder_of(place), variant, record)
    weight = record.get("deployed", {}).get("bytes", path.stat().st_size)
    return Subject(variant.name, variant.label, variant.sha256, variant.size_bytes, path, weight)


def lay_original(bundle: Path, run_folder: Path, variant: Variant) -> dict[str, str]:
    """Write the float32 original of a variant into its bundle, as a LiteRT file; return what the bundle's record says of it.

    Raises:
        UsageError: When the run does not hold it.
        SetupError: When it is damaged.
    """
    folder = run_folder / "variants" / variant_key(variant.original)
    original, _ = read_described(folder)
    stored, place = intact_model(folder / Path(original.file).name, original), bundle / ORIGINAL_FILE
    if original.format == "tflite":  # imported as one
        shutil.copyfile(stored, place)
    else:
        from radlib.techniques.quantization.converter import convert

        save_model(convert(load_network(stored, original.format)), place)
    return {"name": original.name, "file": ORIGINAL_FILE, "sha256": file_sha256(place)}


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
    return Subject(
        str(told["name"]), "original", told["sha256"], path.stat().st_size, path, path.stat().st_size
    )


def _intact(path: Path, sha256: str, name: str) -> Path:
    if not path.is_file() or file_sha256(path) != sha256:
        raise SetupError(f"{path.name} of {name} is missing or damaged; export or build it again.")
    return path
