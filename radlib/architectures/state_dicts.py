"""PyTorch's state dicts in Keras networks: every tensor has its place, or nothing is loaded.

A state dict names tensors by module: `layer1.0.conv1.weight`. Three things stand between it and a network here. Names
carry wrappers of the training (`module.` of DataParallel) and spellings of old releases; axes lie otherwise (PyTorch
writes kernels as outputs, inputs, height, width and Keras as height, width, inputs, outputs); and the same name can mean
another sum, which is a matter of the architecture (`torch_layers`). The rules, all of them:

- a first part that all names share and that is one of `WRAPPERS` is removed, again and again;
- `denselayer1.norm.1` (torchvision before 0.2.1) is `denselayer1.norm1`;
- `num_batches_tracked`, and an architecture's auxiliary classifiers, are passed over;
- the last layer may lie in a Sequential: `classifier.0` is `classifier`.

What is then missing, left over, or of another shape is named in one sentence.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.tensor_files.reading import read_tensors
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES, Entry

WRAPPERS = ("module", "model", "net", "network", "backbone", "densenet121", "densenet169", "densenet201", "vgg16", "googlenet",
            "resnet18", "resnet34", "resnet50")  # fmt: skip
OLD_SPELLING = re.compile(r"(\.denselayer\d+\.(?:norm|conv))\.([12])\.")
HEAD = "predictions"  # the last layer of every network here
TORCH_NAMES = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
    "moving_variance": "running_var",
}  # fmt: skip
NAMED = 4  # tensors in a sentence

Place = tuple[
    Any, tuple[int, ...], Callable[[np.ndarray], np.ndarray]
]  # variable, shape in PyTorch, axes turned


def load_state_dict(extractor: Any, network: Any, path: Path, entry: Entry) -> Any:
    """Give a network all of its weights from a PyTorch state dict, or its extractor all of its own.

    The whole network is loaded when the file holds a last layer of its number of outputs; with another one, or none
    (weights of another task, to go on training from), the feature extractor alone.

    Args:
        extractor: The network without its head.
        network: The network.
        path: A file that `tensor_files` reads.
        entry: Of the architecture.

    Returns:
        The model that fitted.

    Raises:
        UsageError: When a tensor is missing, unexpected, misshaped or not finite; nothing has changed then.
    """
    if "torch_head" not in entry.facts:
        known = ", ".join(other.name for other in ARCHITECTURES if "torch_head" in other.facts)
        raise UsageError(
            f"{path.name} is a PyTorch state dict and {entry.name} is built otherwise there; those that fit are: {known}."
        )
    tensors = named_as_here(read_tensors(path), entry.facts)
    places = _places(network, entry.facts)
    head = {name: place for name, place in places.items() if name.startswith(f"{HEAD}.")}
    whole = all(name in tensors and tensors[name].shape == shape for name, (_, shape, _) in head.items())
    if not whole:
        places = {name: place for name, place in places.items() if name not in head}
        tensors = {name: values for name, values in tensors.items() if name not in head}
    _compare(tensors, places, path, entry.name)
    for name, (variable, _, turned) in places.items():
        variable.assign(turned(tensors[name]))
    if "torch_epsilon" in entry.facts:
        for layer in network.layers:
            if isinstance(layer, backend.keras().layers.BatchNormalization):
                layer.epsilon = entry.facts["torch_epsilon"]
    return network if whole else extractor


def named_as_here(tensors: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return a state dict's tensors with wrappers, old spellings and what is passed over removed.

    Args:
        tensors: As they are called in the file.
        facts: Of the architecture; `torch_head` is the module that becomes `predictions`.
    """
    passed_over = tuple(facts.get("torch_passed_over", ()))
    kept = {name: values for name, values in tensors.items() if not name.endswith("num_batches_tracked")}
    while (
        kept
        and len({name.partition(".")[0] for name in kept}) == 1
        and next(iter(kept)).split(".")[0] in WRAPPERS
    ):
        kept = {name.partition(".")[2]: values for name, values in kept.items()}
    kept = (
        {name: values for name, values in kept.items() if not name.startswith(passed_over)}
        if passed_over
        else kept
    )
    kept = {OLD_SPELLING.sub(r"\1\2.", name): values for name, values in kept.items()}
    head = re.compile(rf"{re.escape(facts['torch_head'])}(?:\.\d+)?\.(weight|bias)")
    found = {name: match[1] for name in kept if (match := head.fullmatch(name))}
    if len(set(found.values())) != len(found):  # several layers: which is the last is not for us to say
        return kept
    return {f"{HEAD}.{found[name]}" if name in found else name: values for name, values in kept.items()}


def _places(network: Any, facts: Mapping[str, Any]) -> dict[str, Place]:
    """Return where each tensor of a state dict belongs: {name: (variable, shape in PyTorch, how its axes turn)}."""
    torch_name = facts.get("torch_name", lambda layer: layer)
    places: dict[str, Place] = {}
    for layer in network.layers:
        for kind, name in TORCH_NAMES.items():
            variable = getattr(layer, kind, None)
            if variable is not None and layer.weights:
                places[f"{torch_name(layer.name)}.{name}"] = _place(layer, kind, variable)
    return places


def _place(layer: Any, kind: str, variable: Any) -> Place:
    shape = tuple(variable.shape)
    if kind != "kernel":
        return variable, shape, lambda values: values
    if len(shape) == 2:  # (inputs, outputs)
        return variable, shape[::-1], lambda values: values.T
    height, width, inputs, outputs = shape
    if layer.name == "classifier.0":  # a dense layer on a flattened map: (outputs, inputs · 7 · 7)
        return (
            variable,
            (outputs, inputs * 49),
            lambda values: dense_as_kernel(values, (height, width, inputs)),
        )
    if layer.name.startswith("classifier."):  # the dense layer behind it
        return variable, (outputs, inputs), lambda values: values.T[None, None]
    return variable, (outputs, inputs, height, width), lambda values: values.transpose(2, 3, 1, 0)


def dense_as_kernel(values: np.ndarray, shape: Sequence[int], side: int = 7) -> np.ndarray:
    """Return the convolution that does what a dense layer does behind an adaptive average pool.

    With A the averaging of h rows to 7 (row i of A holds 1/k at the k rows that fall into bin i) and W the dense layer's
    weights on the 7 × 7 map, Σ W[i, j] (A_h x A_wᵀ)[i, j] = Σ (A_hᵀ W A_w)[y, x] x[y, x]. At 7 × 7 both A are the identity.

    Args:
        values: float32 (outputs, inputs · 7 · 7), the map flattened as channel, row, column.
        shape: Height, width and channels of the map before the pool.
        side: Of the map behind it.

    Returns:
        float32 (height, width, inputs, outputs).
    """
    height, width, inputs = shape
    flat = values.reshape(-1, inputs, side, side)
    if (height, width) == (side, side):
        return flat.transpose(2, 3, 1, 0)
    rows, columns = _averaging(height, side), _averaging(width, side)
    kernel = np.tensordot(
        np.tensordot(flat, rows, (2, 0)), columns, (2, 0)
    )  # (o, i, columns, height) → (o, i, h, w)
    return kernel.transpose(2, 3, 1, 0).astype(np.float32)


def _averaging(length: int, bins: int) -> np.ndarray:
    """Return PyTorch's adaptive average pool along one axis as a matrix (bins, length)."""
    matrix = np.zeros((bins, length), np.float32)
    for row in range(bins):
        start, end = row * length // bins, -(-(row + 1) * length // bins)
        matrix[row, start:end] = 1 / (end - start)
    return matrix


def _compare(
    tensors: Mapping[str, np.ndarray], places: Mapping[str, Place], path: Path, architecture: str
) -> None:
    """Raise one sentence on what is missing, left over, misshaped or no number."""
    faults = [_list("lacks", [name for name in places if name not in tensors])]
    faults.append(_list("has beside", [name for name in tensors if name not in places]))
    misshaped = [name for name in places if name in tensors and tensors[name].shape != places[name][1]]
    faults.append(_list("has", [f"{n} as {tensors[n].shape} instead of {places[n][1]}" for n in misshaped]))
    if not any(faults):
        wrong = [n for n in places if not np.isfinite(tensors[n]).all()]
        faults.append(_list("has values that are no numbers in", wrong))
    if any(faults):
        raise UsageError(
            f"{path.name} does not fit {architecture}: it {', '.join(filter(None, faults))}; check architecture and its "
            "options."
        )


def _list(verb: str, names: Sequence[str]) -> str:
    """Return `verb a, b and 3 more`, nothing for no names."""
    if not names:
        return ""
    shown = ", ".join(name if len(name) <= 80 else f"{name[:77]}..." for name in names[:NAMED])
    return f"{verb} {shown}" + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
