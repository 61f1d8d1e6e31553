"""How far a variant strays from its original inside, layer by layer, on the same films.

Every layer with a kernel is compared where its block ends, behind the normalisation and the activation that follow
it: there the numbers of a Keras file and of a LiteRT file mean the same. The signal-to-noise ratio shows where
quantization or pruning adds its error, CKA whether films that were alike to the layer still are; CKA is also defined
where channels were removed. It is taken over the means of the four quarters of each output.

References:
    Garifulla et al. (2022). A case study of quantizing convolutional neural networks for fast disease diagnosis on
        portable medical devices. Sensors 22(1), 219: feature maps of the first and the last convolution, by eye.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.evaluation.insides.correspondence import Match, kernel_of, match_layers, open_transparent
from radlib.foundation import backend
from radlib.foundation.extras import pandas as pd

FILMS_AT_ONCE = 4  # the outputs of all layers of a large network fill a gigabyte for some ten films
CONSTANT = "The same for every film: it is dead, or no output of the layer, and no noise is given."
COLUMNS = ("layer", "kind", "compared", "reason", "films", "signal_to_noise_db", "cka")

Reader = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def kernel_layers(model: Any) -> list[str]:
    """Return the names of a Keras network's layers that have one kernel, in the network's order."""
    return [layer.name for layer in model.layers if kernel_of(layer) is not None]


def block_ends(model: Any) -> dict[str, str]:
    """Return, for every layer with a kernel, the layer behind which its block ends.

    A block goes on through normalisation, activation and dropout as long as nothing else reads in between.
    """
    layers = backend.keras().layers
    passing = (layers.BatchNormalization, layers.Activation, layers.ReLU, layers.Dropout)
    inside = {layer.name for layer in model.layers}
    ends = {}
    for name in kernel_layers(model):
        layer = model.get_layer(name)
        while True:
            readers = [n.outbound_layer for n in layer._outbound_nodes if n.outbound_layer.name in inside]
            if len(readers) != 1 or not isinstance(readers[0], passing):
                break
            layer = readers[0]
        ends[name] = layer.name
    return ends


def keras_reader(model: Any, layers: Mapping[str, str]) -> Reader:
    """Return what reads the outputs of some layers of a Keras network.

    Args:
        model: The network.
        layers: Name that an output shall have -> name of the layer.
    """
    chosen = {name: layer for name, layer in layers.items() if layer}
    outputs = {name: model.get_layer(layer).output for name, layer in chosen.items()}
    part = backend.keras().Model(model.inputs, outputs) if outputs else None

    def read(films: np.ndarray) -> dict[str, np.ndarray]:
        found = part(films, training=False) if part is not None else {}
        return {name: output.numpy() for name, output in found.items()}

    return read


def litert_reader(interpreter: Any, tensors: Mapping[str, int]) -> Reader:
    """Return what reads tensors of a LiteRT file as real numbers.

    Args:
        interpreter: See `correspondence.open_transparent`.
        tensors: Name -> index of the tensor.
    """
    from radlib.formats.tflite import to_real, to_stored

    source = interpreter.get_input_details()[0]
    details = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}

    def read(films: np.ndarray) -> dict[str, np.ndarray]:
        found: dict[str, list[np.ndarray]] = {name: [] for name in tensors}
        for film in films:
            interpreter.set_tensor(source["index"], to_stored(film, source).reshape(source["shape"]))
            interpreter.invoke()
            for name, index in tensors.items():
                found[name].append(to_real(interpreter.get_tensor(index), details[index]).reshape(
                    interpreter.get_tensor(index).shape)[0])  # fmt: skip
        return {name: np.stack(outputs) for name, outputs in found.items()}

    return read


def compare_layers(original: Any, variant: Any, films: np.ndarray) -> "pd.DataFrame":
    """Return how far every layer with a kernel strays from the original's on the same films.

    Args:
        original: The trained Keras network.
        variant: Another Keras network, or the path of a LiteRT file.
        films: float32 (n, h, w, 1) in [0, 1].

    Returns:
        One row per layer of the original, `COLUMNS`: `compared` is the layer whose output was compared, empty where
        there is none, and `reason` says why; `signal_to_noise_db` is NaN where the shapes differ or the variant's
        output does not change with the film, infinite where nothing changed.
    """
    ends, places, read = block_ends(original), {}, None
    if isinstance(variant, Path):
        interpreter = open_transparent(variant)
        places = match_layers(original, interpreter)
        read = litert_reader(interpreter, {m.compared: m.tensor for m in places.values() if m.compared})
    else:
        own = block_ends(variant)  # names such as `re_lu_3` are numbered anew in every process
        places = {name: _in_keras(name, end, own) for name, end in ends.items()}
        read = keras_reader(variant, {end: own[name] for name, end in ends.items() if name in own})
    compared = list(dict.fromkeys(places[name].compared for name in ends if places[name].compared))
    found = _measure(keras_reader(original, {end: end for end in compared}), read, compared, films)
    nothing = {"signal_to_noise_db": np.nan, "cka": np.nan, "reason": ""}
    rows = []
    for name in ends:
        match, result = places[name], found.get(places[name].compared, nothing)
        reason = " ".join(text for text in (match.reason, result["reason"]) if text)
        kind = type(original.get_layer(name)).__name__
        rows.append({"layer": name, "kind": kind, "compared": match.compared, "films": len(films),
                     **result, "reason": reason})  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _in_keras(name: str, end: str, own: Mapping[str, str]) -> Match:
    if name not in own:
        return Match(name, reason=f"The variant has no layer {name}: it was replaced.")
    return Match(name, end)


def _measure(
    read_original: Reader, read_variant: Reader, names: Sequence[str], films: np.ndarray
) -> dict[str, dict]:
    """Return signal-to-noise ratio and CKA by name; a few films at a time, so that memory stays small."""
    from radlib import metrics

    energy = {name: np.zeros(2) for name in names}
    features: dict[str, tuple[list, list]] = {name: ([], []) for name in names}
    for start in range(0, len(films), FILMS_AT_ONCE):
        batch = films[start : start + FILMS_AT_ONCE]
        before, after = read_original(batch), read_variant(batch)
        for name in names:
            a, b = (np.asarray(outputs[name], np.float64) for outputs in (before, after))
            same = a.shape == b.shape
            energy[name] += ((a**2).sum(), ((b - a) ** 2).sum()) if same else np.nan
            for kept, outputs in zip(features[name], (a, b), strict=True):
                kept.append(_quarters(outputs))
    result = {}
    for name in names:
        other = np.isnan(energy[name]).any()
        reason = "Other channels than the original’s: only CKA compares them." if other else ""
        ratio = np.nan if other else metrics.decibels(*energy[name])
        one, two = (np.concatenate(kept) for kept in features[name])
        if not other and np.ptp(one, axis=0).any() and not np.ptp(two, axis=0).any():
            ratio, reason = np.nan, CONSTANT  # whatever it is, it says nothing of these films
        cka = metrics.linear_cka(one, two)
        result[name] = {"signal_to_noise_db": ratio, "cka": cka, "reason": reason}
    return result


def _quarters(outputs: np.ndarray) -> np.ndarray:
    """Return the mean over each quarter of the film by channel, (n, 4 × channels); vectors stay as they are."""
    if outputs.ndim != 4:
        return outputs.reshape(len(outputs), -1).astype(np.float32)
    halves = [part for rows in np.array_split(outputs, 2, axis=1) for part in np.array_split(rows, 2, axis=2)]
    means = [part.mean(axis=(1, 2)) for part in halves if part.size]
    return np.concatenate(means, axis=1).astype(np.float32)
