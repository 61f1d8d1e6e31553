"""A `.keras` file as data: the configuration as JSON, the weights as arrays by path. Nothing of it is run.

The file is a zip of `config.json`, `metadata.json` and `model.weights.h5`. Whatever else lies in it has no place in a
network of the series and is refused with it. Within the weights, each layer has a group that is named by its class and
numbered in the order of the layers, and its tensors are numbered in the order in which Keras made them.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.tensor_files.archive_members import DAMAGE, checked_members
from radlib.formats.tensor_files.hdf5_files import data_sets, last_number, opened_hdf5
from radlib.foundation.errors import UsageError

CONFIGURATION, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = {CONFIGURATION, WEIGHTS, "metadata.json"}
MOST_CONFIGURATION_BYTES = 20_000_000
CONTAINERS = ("layers", "_layer_checkpoint_dependencies")


def read_configuration(path: Path) -> Any:
    """Return the content of `config.json` after a look at all members, which is not trusted yet.

    Raises:
        UsageError: When the archive is damaged, or holds anything else than a network.
    """
    members = {member.orig_filename: member for member in checked_members(path)}
    check_plain_members(path, set(members))
    if members[CONFIGURATION].file_size > MOST_CONFIGURATION_BYTES:
        raise UsageError(f"{path.name} has a configuration too long for a network; save the model again.")
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(CONFIGURATION))
    except (*DAMAGE, RecursionError):
        raise UsageError(f"{path.name} has a damaged {CONFIGURATION}; save the model again.") from None


def check_plain_members(path: Path, names: set[str]) -> None:
    """Make sure that an archive holds a network and nothing beside it.

    Raises:
        UsageError: Naming what is too much or missing.
    """
    if surplus := sorted(names - MEMBERS):
        raise UsageError(
            f"{path.name} carries {ascii(surplus[0])[:60]} beside the network, which a plain Keras model has not; save it "
            "without custom layers and assets."
        )
    if missing := sorted({CONFIGURATION, WEIGHTS} - names):
        raise UsageError(f"{path.name} has no {missing[0]}; save the model again with model.save('x.keras').")


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Return the tensors of the file by path, in the file's types.

    Raises:
        UsageError: When they are damaged, or lie elsewhere.
    """
    with opened_hdf5(_stored_weights(path), path.name) as file:
        return {place: item[()] for place, item in data_sets(file, path.name).items()}


def count_weights(path: Path) -> int:
    """Return how many numbers the weights of the file are, without reading them; errors as of `read_weights`."""
    with opened_hdf5(_stored_weights(path), path.name) as file:
        return sum(int(item.size) for item in data_sets(file, path.name).values())


def _stored_weights(path: Path) -> io.BytesIO:
    try:
        with zipfile.ZipFile(path) as archive:
            return io.BytesIO(archive.read(WEIGHTS))
    except (*DAMAGE, KeyError):
        raise UsageError(f"{path.name} has damaged weights; save the model again.") from None


def weights_by_layer(classes: Sequence[str], weights: dict[str, np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Yield the tensors of each layer, in the order in which its class makes them.

    Args:
        classes: Class of each layer of the model, in its order.
        weights: As `read_weights` returns them.

    Raises:
        UsageError: When tensors are left over.
    """
    groups: dict[str, list[str]] = {}
    for place in weights:
        groups.setdefault(place.rpartition("/vars/")[0], []).append(place)
    container = next((c for c in CONTAINERS if any(g.startswith(f"{c}/") for g in groups)), CONTAINERS[0])
    used: dict[str, int] = {}
    taken = 0
    for name in map(snake_case, classes):
        number = used[name] = used.get(name, -1) + 1
        own = groups.get(f"{container}/{name}_{number}" if number else f"{container}/{name}", [])
        taken += len(own)
        yield [weights[place] for place in sorted(own, key=last_number)]
    if taken != len(weights):
        raise UsageError("It holds weights that its configuration has no layer for.")


def snake_case(name: str) -> str:
    """Return a class name as Keras writes it in a weights file.

    Example:
        >>> snake_case("GlobalMaxPooling2D")
        'global_max_pooling2d'
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
