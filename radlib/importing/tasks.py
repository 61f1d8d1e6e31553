"""What a worker process does with a file of unknown origin; see `importing.workers`.

Each function takes and returns plain values and arrays, and raises a sentence when it refuses.
"""

from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.keras_archive import read_weights
from radlib.formats.tensor_files.hdf5_files import (
    attribute_names,
    attribute_text,
    data_sets,
    last_number,
    opened_hdf5,
)
from radlib.formats.tflite import LiteRTError, allocated, to_real, to_stored
from radlib.foundation.errors import RadlibError, UsageError
from radlib.importing.answers import Answers
from radlib.importing.layout import InputLayout

PROBE_FILMS = 6
Result = tuple[dict[str, Any], dict[str, np.ndarray]]


def probe_films(height: int, width: int) -> np.ndarray:
    """Return films that show how a network answers: black, white, a ramp and noise, float32 (n, h, w, 1)."""
    ramp = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    noise = np.random.default_rng(0).random((PROBE_FILMS - 3, height, width), dtype=np.float32)
    return np.concatenate(
        [np.zeros((1, height, width)), np.ones((1, height, width)), ramp[None], noise]
    ).astype(np.float32)[..., None]


def rewrite_litert(path: str, layout: dict[str, Any], answers: dict[str, Any], name: str) -> Result:
    """Rewrite a LiteRT file, run it before and after, and compare.

    Returns:
        `input_shape`; `difference`, the largest between the rewritten file and the original given the same films by
        NumPy; `step`, by how much two of its own outputs differ at least; `layout` with its range settled; and the arrays `model` (bytes) and `outputs` (the finished answers to the probe films).
    """
    from radlib.importing.litert_graph import rewritten, with_own_range

    finish, content = Answers.from_dict(answers), Path(path).read_bytes()
    try:
        how, step = with_own_range(content, InputLayout.from_dict(layout), name=name)
        model = rewritten(content, how, finish, name=name)
    except RadlibError:
        raise
    except Exception as error:  # a damaged table leads anywhere
        raise UsageError(f"{name} is damaged ({type(error).__name__}); convert the network again.") from None
    shape = _input_shape(model, name)
    films = probe_films(*shape[:2])
    outputs = run_litert(model, films, name)
    expected = finish.apply(run_litert(content, how.apply(films), name))
    difference = float(np.abs(outputs - expected).max())
    facts = {"input_shape": shape, "difference": difference, "step": step, "layout": how.to_dict()}
    return facts, {
        "model": np.frombuffer(model, np.uint8),
        "outputs": outputs,
    }


def run_litert(content: bytes, films: np.ndarray, name: str) -> np.ndarray:
    """Return the outputs of a LiteRT file, float32 (n, outputs), one film (of any layout) a call."""
    interpreter = _interpreter(content, name)
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for film in films:
        interpreter.set_tensor(source["index"], to_stored(film[None], source))
        interpreter.invoke()
        outputs.append(to_real(np.array(interpreter.get_tensor(target["index"])), target).reshape(-1))
    return np.stack(outputs)


def _interpreter(content: bytes, name: str) -> Any:
    try:
        return allocated(1, model_content=content)[0]
    except LiteRTError as failure:
        raise UsageError(f"{name} cannot be run by LiteRT ({failure}); convert the network again.") from None


def _input_shape(content: bytes, name: str) -> list[int]:
    shape = _interpreter(content, name).get_input_details()[0]["shape"]
    return [int(side) for side in shape[1:]]


def read_keras(path: str, tensors: dict[str, list[str]]) -> Result:
    """Read the weights of a `.keras` file, all or nothing.

    Args:
        path: The `.keras` file.
        tensors: Candidate places of each layer's group in the file, by layer: the first that is there counts.

    Returns:
        `counts` of tensors per layer, and the arrays `<layer number>/<tensor number>`.
    """
    name, counts, arrays = Path(path).name, {}, {}
    places, used = read_weights(Path(path)), set()
    for number, (layer, candidates) in enumerate(tensors.items()):
        place = next((c for c in candidates if any(p.startswith(f"{c}/vars/") for p in places)), "")
        own = sorted((p for p in places if place and p.startswith(f"{place}/vars/")), key=last_number)
        counts[layer] = len(own)
        used |= set(own)
        for order, each in enumerate(own):
            arrays[f"{number}/{order}"] = np.asarray(places[each], np.float32)
    left = [
        p for p in places if p not in used and not p.startswith("optimizer") and "seed_generator" not in p
    ]
    if left:
        raise UsageError(
            f"{name} holds weights that its configuration has no layer for ({ascii(left[0])[:80]}); save the model again "
            "with the Keras that trained it."
        )
    return {"counts": counts}, arrays


def describe_hdf5(path: str) -> Result:
    """Tell what an HDF5 file holds: `model` (with its configuration), `trained` (one without), else `weights`; looks at names."""
    with opened_hdf5(Path(path), Path(path).name) as file:
        whole = "model_config" in file.attrs
        return {
            "holds": "model" if whole else "trained" if "training_config" in file.attrs else "weights"
        }, {}


def read_whole_hdf5(path: str) -> Result:
    """Read a whole model in HDF5: its configuration as text, and the tensors of its layers as Keras orders them.

    Returns:
        `configuration`; `backend`, the library that trained it, empty where the file does not say; `groups`, the names of
        the tensors of each layer; and the arrays `<layer number>/<tensor number>`. What an optimizer left is not read.
    """
    name, groups, arrays = Path(path).name, {}, {}
    with opened_hdf5(Path(path), name) as file:
        configuration = attribute_text(file, "model_config", name)
        if "model_weights" not in file:
            raise UsageError(f"{name} holds the configuration of a model without its weights; save both.")
        weights = file["model_weights"]
        places = data_sets(weights, name)
        for number, layer in enumerate(attribute_names(weights, "layer_names", name)):
            names = attribute_names(weights[layer], "weight_names", name)
            if layer in groups or any(f"{layer}/{each}" not in places for each in names):
                raise UsageError(f"{name} names tensors that it does not hold; save the model again.")
            groups[layer] = names
            for order, each in enumerate(names):
                arrays[f"{number}/{order}"] = np.asarray(places[f"{layer}/{each}"][()], np.float32)
        found = attribute_text(weights, "backend", name) or attribute_text(file, "backend", name)
    return {"configuration": configuration, "backend": found, "groups": groups}, arrays
