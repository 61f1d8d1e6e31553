"""A network that radlib trained as the start of another one, on other films or for another question.

The first layers of a network learn what serves many questions, the last ones what serves its own (Yosinski et al., How transferable
are features in deep neural networks?, NeurIPS 2014). So where few films are at hand, the features come from many films of
another question, and only the last layer begins anew. The `.keras` file of a run is read as data: layers by class and order,
tensors by number, every shape compared before the first value is assigned; nothing of it is run.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.keras_archive import CONFIGURATION, read_configuration, read_weights, weights_by_layer
from radlib.foundation.errors import UsageError

Stored = tuple[str, list[np.ndarray]]  # name of a layer in the file, its tensors


def is_network_file(path: Path) -> bool:
    """Return whether a file is one of a whole network, as a run stores it, judged by its content."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return CONFIGURATION in archive.namelist()


def take_features(models: Sequence[Any], path: Path, *, need_head: bool = False) -> None:
    """Give a feature extractor the weights of a network that was trained before, or the whole network all of them.

    Args:
        models: The feature extractor, and the network with its head; Keras models.
        path: A run's `model.keras` of the same architecture, options and input channels.
        need_head: Take the last layer too: the network will answer as it did there.

    Raises:
        UsageError: When the file is damaged or holds another network; nothing has changed then.
    """
    model = models[1] if need_head else models[0]
    layers = [layer for layer in model.layers if layer.weights]
    stored = _stored_layers(path)
    features = stored if need_head else stored[: len(layers)]
    heads = len(stored) - len(features)
    if len(features) != len(layers) or heads > 1:
        raise UsageError(
            f"{path.name} does not fit this network: it holds {len(stored)} layers with weights, and this one has {len(layers)} "
            "before its last; check architecture and options."
        )
    for layer, (name, tensors) in zip(layers, features, strict=True):
        wanted, given = [tuple(w.shape) for w in layer.weights], [tensor.shape for tensor in tensors]
        if wanted != given:
            raise UsageError(
                f"{path.name} does not fit this network: layer {layer.name} takes {wanted}, the file's {name} has {given}; "
                "check architecture and options such as alpha."
            )
    for layer, (_, tensors) in zip(layers, features, strict=True):
        layer.set_weights(tensors)


def _stored_layers(path: Path) -> list[Stored]:
    """Return the layers of a file that have weights, in their order."""
    configuration = read_configuration(path)
    try:
        described = configuration["config"]["layers"]
        classes = [str(layer["class_name"]) for layer in described]
        names = [str(layer["config"]["name"]) for layer in described]
    except (KeyError, TypeError):
        raise UsageError(f"{path.name} holds no network of layers; name a model.keras of a run.") from None
    tensors = weights_by_layer(classes, read_weights(path))
    return [(name, own) for name, own in zip(names, tensors, strict=True) if own]
