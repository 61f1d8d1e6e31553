"""Weights from elsewhere: a file is read only when it fits, and then completely.

Two layouts of Keras hold weights and nothing else: its applications' `.h5` (layers in order, tensors by name) and its
`.weights.h5` (tensors by class and number of the layer). PyTorch's are read by `state_dicts`. A whole-model HDF5 file also holds code, which Keras
runs even in its safe mode, so such files are refused by content, whatever they are called. Every shape is compared
before the first value is read, and no value is assigned before the last one is.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.architectures.state_dicts import load_state_dict
from radlib.formats.graphs import weight_name
from radlib.formats.keras_archive import snake_case
from radlib.formats.tensor_files.hdf5_files import data_sets, opened_hdf5
from radlib.foundation import backend
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.places import resolved
from radlib.foundation.registry import Entry
from radlib.runs.studies import home_folder

IMAGENET_VARIANCE = (0.229**2, 0.224**2, 0.225**2)  # of the channels in [0, 1]
LayerTensors = list[tuple[str, list[Any]]]  # (layer, its tensors or variables), only layers that have some


def find_weights(weights: str) -> str:
    """Return `none` and `imagenet` as they are, and any other value as the path of an existing file.

    A relative path is looked for from the working folder, then in the folder `RADLIB_WEIGHTS` names, then in
    `data/weights`.

    Raises:
        SetupError: When there is no such file.
    """
    if weights in ("none", "imagenet"):
        return weights
    folders = [Path(), home_folder() / "data" / "weights"]
    if os.environ.get("RADLIB_WEIGHTS"):
        folders.insert(1, Path(os.environ["RADLIB_WEIGHTS"]))
    for folder in folders:
        place = folder / os.path.expanduser(weights)  # noqa: PTH111 (Path's own fails where there is no such user)
        if resolved(place).is_file():
            return str(place)
    raise SetupError(
        f"There is no weights file {Path(weights).name[:60]}; give its path, put it into data/weights, or name its folder "
        "in RADLIB_WEIGHTS; to train from nothing, without the file, give -p weights none."
    )


def load_imagenet(extractor: Any, entry: Entry, options: Mapping[str, Any]) -> None:
    """Give a feature extractor the ImageNet weights that Keras downloads (once, into its cache).

    Raises:
        UsageError: When there are none for this architecture or these options.
        SetupError: When they cannot be downloaded.
    """
    if "application" not in entry.facts:
        raise UsageError(f"{entry.name} has no ImageNet weights; use weights: none, or a weights file.")
    application = getattr(backend.keras().applications, entry.facts["application"])
    try:
        published = application(include_top=False, weights="imagenet", **options)
    except ValueError as error:
        given = ", ".join(f"{key} {value}" for key, value in options.items())
        raise UsageError(f"Keras has no ImageNet weights for {entry.name} with {given}.") from error
    except Exception as error:  # Keras raises a bare Exception for every failed download
        raise SetupError(
            f"The ImageNet weights of {entry.name} could not be downloaded; connect to the network, or give a "
            "weights file."
        ) from error
    values = [(layer, [variable.numpy() for variable in own]) for layer, own in _layers(published)]
    _assign(extractor, values)


def load_weights(models: Sequence[Any], path: str | Path, entry: Entry | None = None) -> Any:
    """Give the first of `models` that has as many layers with weights as the file all of its weights.

    Args:
        models: Keras models to try: a feature extractor, and the network with its head.
        path: A weights file of Keras, or of PyTorch where `entry` is given.
        entry: Of the architecture, which knows the names in PyTorch.

    Returns:
        The model that fitted.

    Raises:
        UsageError: When the file holds a whole model, no weights, or those of another network; no model has
            changed then.
    """
    import h5py

    path = Path(path)
    if not h5py.is_hdf5(path):
        if entry is not None:
            return load_state_dict(models[0], models[-1], path, entry)
        raise UsageError(
            f"{path.name} is not a weights file in HDF5 (.weights.h5, or .h5 of Keras applications); save the network "
            "with save_weights and give that file."
        )
    with opened_hdf5(path, path.name) as file:
        _refuse_whole_model(file, path)
        data_sets(file, path.name)  # all of them in the file, and none larger than it can hold
        stored = [_stored_tensors(file, model, path) for model in models]
        fitting = next((k for k, model in enumerate(models) if len(stored[k]) == len(_layers(model))), 0)
        _compare(stored[fitting], _layers(models[fitting]), path)
        values = [(name, [tensor[()] for tensor in tensors]) for name, tensors in stored[fitting]]
    _assign(models[fitting], values)
    return models[fitting]


def _refuse_whole_model(file: Any, path: Path) -> None:
    if "model_config" in file.attrs:
        raise UsageError(
            f"{path.name} holds a whole model and not weights alone; bring it in with radlib import, which rebuilds it as it is."
        )


def _stored_tensors(file: Any, model: Any, path: Path) -> LayerTensors:
    """Return the file's tensors in the order of the layers, as datasets that are not read yet."""
    if "layer_names" in file.attrs:
        groups = [(name, file[name]) for name in map(_text, file.attrs["layer_names"])]
        named = [(name, _named_tensors(group, model, name)) for name, group in groups]
        stored = _in_order([(name, tensors) for name, tensors in named if tensors], model)
    else:
        stored = _numbered_tensors(file, model)
    if not stored:
        raise UsageError(f"{path.name} holds no network weights; save the network with save_weights.")
    return stored


def _named_tensors(group: Any, model: Any, layer: str) -> list[Any]:
    """Return a layer's tensors in the order of this network's variables, by name where the names are the same."""
    stored = {
        _text(n).rsplit("/", 1)[-1].split(":")[0]: _text(n) for n in group.attrs.get("weight_names", [])
    }
    own = dict(_layers(model)).get(layer, [])
    wanted = [weight_name(variable) for variable in own]
    if len(stored) == len(wanted) and set(stored) == set(wanted):
        return [group[stored[name]] for name in wanted]
    return [group[_text(n)] for n in group.attrs.get("weight_names", [])]


def _in_order(stored: LayerTensors, model: Any) -> LayerTensors:
    """Return layers in this network's order when they bear its names; others as the file has them."""
    position = {name: number for number, (name, _) in enumerate(_layers(model))}
    if {name for name, _ in stored} != set(position):
        return stored
    return sorted(stored, key=lambda layer: position[layer[0]])


def _numbered_tensors(file: Any, model: Any) -> LayerTensors:
    """Read the `.weights.h5` layout: <container>/<class>_<number>/vars/<number>, numbered per class."""
    container: Any = next(
        (file[key] for key in ("_layer_checkpoint_dependencies", "layers") if key in file), {}
    )
    stored = {name: group["vars"] for name, group in container.items() if len(group.get("vars", ()))}
    names: list[str] = []
    used: dict[str, int] = {}
    for layer in model.layers:
        name = snake_case(type(layer).__name__)
        used[name] = used.get(name, -1) + 1
        names.append(f"{name}_{used[name]}" if used[name] else name)
    ordered = [name for name in names if name in stored]
    ordered += [name for name in stored if name not in ordered]  # layers this network does not have
    return [(name, [stored[name][str(k)] for k in range(len(stored[name]))]) for name in ordered]


def _compare(stored: LayerTensors, layers: LayerTensors, path: Path) -> None:
    """Raise a sentence on the first tensor that differs in shape, or on layers without counterpart; no value is read."""
    there, here = dict(stored), dict(layers)
    common = [name for name in here if name in there]
    named = 2 * len(common) > len(
        here
    )  # the file calls its layers as Keras does, and not by class and number
    pairs: Iterable = zip(stored, layers, strict=False)
    if named:
        pairs = (((name, there[name]), (name, here[name])) for name in common)
    for (name, tensors), (layer, variables) in pairs:
        shapes = [tuple(tensor.shape) for tensor in tensors]
        wanted = [tuple(variable.shape) for variable in variables]
        if shapes != wanted:
            first = next(
                (k for k, pair in enumerate(zip(shapes, wanted, strict=False)) if pair[0] != pair[1]), 0
            )
            raise UsageError(
                f"{path.name} does not fit this network: layer {layer} takes {wanted[first]}, the file's {name} "
                f"has {shapes[first]}; check architecture and options such as alpha."
            )
    unpaired = [f"it lacks {name}" for name in here if named and name not in there]
    unpaired += [f"it has {name} beside" for name in there if named and name not in here]
    if unpaired or len(stored) != len(layers):
        more = [*unpaired[:4], *([f"and {len(unpaired) - 4} more"] if len(unpaired) > 4 else [])]
        raise UsageError(
            f"{path.name} does not fit this network: it holds {len(stored)} layers with weights, the network has "
            f"{len(layers)}{'; ' if more else ''}{', '.join(more)}; check architecture and options."
        )


def _assign(model: Any, values: LayerTensors) -> None:
    keras = backend.keras()
    for (_, arrays), (name, variables) in zip(values, _layers(model), strict=True):
        layer = model.get_layer(name)
        if isinstance(layer, keras.layers.Normalization) and np.allclose(
            arrays[1], IMAGENET_VARIANCE, rtol=1e-3
        ):
            # EfficientNetB0's ImageNet graph divides once more by the square root of the deviation
            arrays = [arrays[0], arrays[1] * np.sqrt(arrays[1]), *arrays[2:]]
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
        layer.finalize_state()  # a Normalization layer keeps constants made from its weights


def _layers(model: Any) -> LayerTensors:
    """Return the layers that have weights, each with its trainable, then its other variables."""
    own = [(layer.name, [*layer.trainable_weights, *layer.non_trainable_weights]) for layer in model.layers]
    return [(name, variables) for name, variables in own if variables]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
