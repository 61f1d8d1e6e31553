"""A variant: one stored model and everything needed to say what it is."""

import contextlib
import hashlib
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from radlib.foundation.record_files import damaged, read_object
from radlib.runs.chains import canonical_chain

LIBRARIES = ("radlib", "tensorflow", "tf-keras", "tensorflow-model-optimization", "ai-edge-litert", "numpy")
REBUILT = "start radlib run again with the same command, it builds the variant anew"
LONGEST_KEY = 120  # characters; file systems take 255 bytes, and a name in progress and its files add some


@dataclass(frozen=True)
class Step:
    """One technique of a chain: its name, all its parameters, and the revision of its code."""

    technique: str
    parameters: Mapping[str, Any]
    revision: int


@dataclass(frozen=True)
class Variant:
    """One stored model and everything needed to say what it is.

    Attributes:
        name: `architecture[@tag]/chain#seed`, e.g. `mobilenet_v2/magnitude_pruning+int8#0`.
        label: What figures and tables call it, e.g. `pruned + int8`.
        parent: Name of the variant it was made from; None for a trained baseline.
        chain: The techniques applied since the baseline.
        architecture: Registered name of the network.
        task: Name of the kind of question, see `runs.tasks`.
        seed: Of the training.
        format: `keras`, `tflite`, or a codec.
        file: The model file, relative to the run's folder, with forward slashes.
        size_bytes: The length of that file.
        sha256: Of that file.
        labels: What each output means, in order.
        input_shape: (height, width, channels) of the input.
        preprocessing: Digest of the preprocessing record that lies beside the model.
        spec: Digest of all that decides the result, see `spec_digest`.
        details: What the technique measured while building, e.g. the sparsity reached.
    """

    name: str
    label: str
    parent: str | None
    chain: tuple[Step, ...]
    architecture: str
    task: str
    seed: int
    format: str
    file: str
    size_bytes: int
    sha256: str
    labels: tuple[str, ...]
    input_shape: tuple[int, int, int]
    preprocessing: str
    spec: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name as a file name."""
        return variant_key(self.name)

    @property
    def network(self) -> str:
        """`architecture[@tag]`: the part of the name that all variants of one network share."""
        return self.name.split("/")[0]

    @property
    def original(self) -> str:
        """The name of the original that it was made from; its own name, where it is one."""
        return variant_name(self.network, "", self.seed)

    @property
    def chain_text(self) -> str:
        """The chain as it was asked for, e.g. `magnitude_pruning(final_sparsity=0.9)+int8`; `original` for a baseline."""
        return self.name.partition("/")[2].rpartition("#")[0]


def variant_name(network: str, chain: str, seed: int) -> str:
    """Return the name of a variant, e.g. `mobilenet_v2/magnitude_pruning+int8#0`."""
    return f"{network}/{canonical_chain(chain) or 'original'}#{seed}"


def variant_key(name: str) -> str:
    """Return a variant's name as one that any file system and any web address takes.

    Names of plain chains keep all their letters. Of one with brackets, quotes or more than `LONGEST_KEY` letters
    some are lost, so eight digits of its SHA-256 are added, by which it stays apart from all others.
    """
    plain = name.replace("/", "--").replace("#", "--seed")
    key = re.sub(r"[^\w.+@=,-]+", "-", plain)
    if key == plain and len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    head, _, seed = key.rpartition("--seed")
    return f"{head[:LONGEST_KEY].rstrip('-')}-{digest}--seed{seed}"


def read_variant(path: Path) -> Variant:
    """Read a `variant.json`; keys this version does not know are left out.

    Raises:
        DataError: When it is missing, damaged, or names a model file outside its run.
    """
    record = read_object(path, REBUILT)
    content = {f.name: record[f.name] for f in fields(Variant) if f.name in record}
    try:
        content["chain"] = tuple(Step(**step) for step in content["chain"])
        content["labels"] = tuple(content["labels"])
        content["input_shape"] = tuple(content["input_shape"])
        variant = Variant(**content)
    except (KeyError, TypeError):
        raise damaged(path, "it lacks what a variant needs", REBUILT) from None
    if (wrong := _ill_typed(variant)) is not None:
        raise damaged(path, f"{wrong!r} is not what it should be", REBUILT)
    return variant


def _ill_typed(variant: Variant) -> str | None:
    """Return the name of a field whose value is of another kind than written, None when there is none."""
    texts = ("name", "label", "architecture", "task", "format", "file", "sha256", "preprocessing", "spec")
    file = PurePosixPath(variant.file) if isinstance(variant.file, str) else None
    sound = {
        **{name: isinstance(getattr(variant, name), str) for name in texts},
        "parent": variant.parent is None or isinstance(variant.parent, str),
        "seed": type(variant.seed) is int,
        "size_bytes": type(variant.size_bytes) is int and variant.size_bytes >= 0,
        "chain": all(
            isinstance(step.technique, str) and isinstance(step.parameters, dict) for step in variant.chain
        ),
        "labels": bool(variant.labels) and all(isinstance(label, str) for label in variant.labels),
        "input_shape": len(variant.input_shape) == 3 and all(type(n) is int for n in variant.input_shape),
        "details": isinstance(variant.details, dict),
    }
    if file is None or file.is_absolute() or ".." in file.parts or "\0" in variant.file:
        sound["file"] = False
    return next((name for name, good in sound.items() if not good), None)


def library_versions() -> dict[str, str]:
    """Return the versions that a result may depend on."""
    from importlib import metadata  # slow to import, and who only reads a variant needs no versions

    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions
