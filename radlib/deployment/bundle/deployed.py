"""What a device needs of a variant to run it: which file LiteRT runs there, where it comes from, and what that weighs.

A LiteRT variant is its own file. Of a Keras file the converted network is sent in its place. A coded file goes with its skeleton,
and the device makes the LiteRT file of both, once, see `skeletons`. The bytes *as deployed* are all that is sent for the network.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.deployment.bundle.skeletons import FILE as SKELETON, fill_skeleton, make_skeleton, places_in
from radlib.deployment.described_variants import intact_model
from radlib.formats.container import read_file
from radlib.formats.predictors import load_network, save_model
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.registry import FORMATS
from radlib.foundation.storage import atomic_path, file_sha256
from radlib.runs.variants import Variant

RUNNABLE = "model.tflite"


def write_skeleton(folder: Path, variant: Variant, network: Any, runs: str) -> None:
    """Write the skeleton of a coded variant's LiteRT file beside both; nothing for other formats.

    Args:
        folder: Of the bundle.
        variant: What is exported.
        network: Its Keras model, as the coded file decodes to it.
        runs: Name of the LiteRT file.
    """
    facts = FORMATS[variant.format].facts
    if "tensors" not in facts:
        return
    places = facts["places"](network)
    tensors = facts["tensors"]((folder / Path(variant.file).name).read_bytes(), places)
    (folder / SKELETON).write_bytes(make_skeleton((folder / runs).read_bytes(), places, tensors))


def deployed(folder: Path, variant: Variant, runs: str) -> dict[str, Any]:
    """Return `bytes` and `files`: all that a device is sent of a variant's network, the lightest way, and what that weighs."""
    ways = [[runs]]
    if (folder / SKELETON).is_file():
        ways.append([Path(variant.file).name, SKELETON])
    weights = [sum((folder / name).stat().st_size for name in way) for way in ways]
    lightest = weights.index(min(weights))
    return {"bytes": weights[lightest], "files": ways[lightest]}


def weigh(folder: Path, variant: Variant) -> dict[str, Any]:
    """Return what `deployed` says of a variant in a run, as an export would have it.

    Args:
        folder: Of the variant in its run.
        variant: What lies there. What is no LiteRT file is converted, which takes TensorFlow.

    Raises:
        SetupError: When the model is damaged.
    """
    model = intact_model(folder / Path(variant.file).name, variant)
    if variant.format == "tflite":
        return {"bytes": model.stat().st_size, "files": [model.name]}
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copyfile(model, place / model.name)
        write_converted(place, variant, RUNNABLE)
        return deployed(place, variant, RUNNABLE)


def write_converted(folder: Path, variant: Variant, runs: str) -> None:
    """Write the LiteRT file of what is none, and where it is coded the skeleton.

    Args:
        folder: Where the model file lies.
        variant: What it is.
        runs: Name of the LiteRT file.
    """
    from radlib.techniques.quantization.converter import convert  # here: a device has no use for it

    network = load_network(folder / Path(variant.file).name, variant.format)
    save_model(convert(network), folder / runs)
    write_skeleton(folder, variant, network, runs)


def runnable(source: Path, variant: Variant, record: Mapping[str, Any]) -> Path:
    """Return the LiteRT file beside what is none, made of the coded file and its skeleton where it was not sent.

    Args:
        source: Folder of the bundle.
        variant: What it holds.
        record: Its variant.json.

    Raises:
        UsageError: For a folder that is no bundle.
        SetupError: When a file is damaged or missing.
    """
    if "runs" not in record and variant.format == "tflite":  # a variant in its run
        return intact_model(source / Path(variant.file).name, variant)
    if "runs" not in record:
        raise UsageError(f"{variant.name} is no LiteRT file; give the folder that radlib export wrote of it.")
    place, expected = source / str(record["runs"]), record["hashes"].get(record["runs"])
    if not place.is_file() and (source / SKELETON).is_file():
        coded = intact_model(source / Path(variant.file).name, variant)
        skeleton = read_file(source / SKELETON)
        tensors = FORMATS[variant.format].facts["tensors"](read_file(coded), places_in(skeleton))
        content = fill_skeleton(skeleton, tensors)
        with atomic_path(place) as partial:
            partial.write_bytes(content)
    if not place.is_file() or file_sha256(place) != expected:
        raise SetupError(f"{place.name} is missing or damaged; copy the bundle again.")
    return place
