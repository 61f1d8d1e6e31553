"""Keras files (`.keras`): a zip of the architecture as JSON and the weights as HDF5.

The format that training, pruning and conversion work on. It is stored without the optimizer, which would
triple the file, and without time stamps, so that the same weights are the same bytes.

Keras opens such a file by importing and calling what it names, so Keras never does: the file is read as data
(`keras_archive`), its configuration rewritten from a closed list (`keras_configuration`), a network made of that, and
its weights set one by one. A run that was received from elsewhere can so be predicted with, verified and exported.
"""

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.container import reason_of
from radlib.formats.graph_limits import at_most, refuse_large_films
from radlib.formats.keras_archive import read_configuration, read_weights, weights_by_layer
from radlib.formats.keras_configuration import checked_configuration
from radlib.formats.predictors import Predictor, unit_range
from radlib.foundation import backend
from radlib.foundation.errors import MissingExtra, SetupError, UsageError
from radlib.foundation.extras import told
from radlib.foundation.registry import FORMATS
from radlib.foundation.storage import atomic_path

BATCH_FILMS = 32  # four to eight times faster per film than single films, and no faster beyond


def save_model(model: Any, path: Path) -> None:
    """Write a Keras model without its optimizer; equal models give equal bytes.

    Args:
        model: A functional or sequential Keras model.
        path: Where to; must end in `.keras`.

    Raises:
        UsageError: For another ending.
    """
    if path.suffix != ".keras":
        raise UsageError(f"Keras models are stored as .keras, not as {path.suffix!r}.")
    bare = type(model).from_config(model.get_config())  # a copy that was never compiled
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as scratch:
        dated = Path(scratch) / "model.keras"
        bare.save(dated)
        with atomic_path(path) as partial:
            _without_dates(dated, partial)


def model_bytes(model: Any) -> bytes:
    """Return the content of the file that `save_model` would write."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.keras"
        save_model(model, path)
        return path.read_bytes()


def load_model(path: Path) -> Any:
    """Return the network of a `.keras` file, not compiled; nothing that the file carries is run.

    Raises:
        UsageError: For any other kind of file.
        MissingExtra: When TensorFlow is not installed.
        SetupError: When the file is damaged, or holds anything that is not on the closed list; one sentence.
    """
    if path.suffix != ".keras":
        raise UsageError(f"{path.name} is not a .keras file; whole models in other formats are not opened.")
    if not path.is_file():
        raise SetupError(f"There is no model file {path.name}; build it again.")
    try:
        with told():
            kind, configuration = checked_configuration(read_configuration(path))
            weights = read_weights(path)
            with backend.quiet_stderr():
                return _built(kind, configuration, weights)
    except MissingExtra:
        raise
    except Exception as error:  # Keras has no errors of its own: a wrong setting leads anywhere
        raise SetupError(
            f"{path.name} cannot be opened as a Keras model ({reason_of(error)}); build it again."
        ) from error


def _built(kind: str, configuration: dict[str, Any], weights: dict[str, np.ndarray]) -> Any:
    """Return the network of a checked configuration, with its weights."""
    keras = backend.keras()
    with at_most(sum(values.size for values in weights.values())):
        model = (keras.Sequential if kind == "Sequential" else keras.Model).from_config(configuration)
    refuse_large_films(model)
    stored = weights_by_layer([type(layer).__name__ for layer in model.layers], weights)
    for layer, values in zip(model.layers, stored, strict=True):
        wanted, there = [tuple(w.shape) for w in layer.weights], [value.shape for value in values]
        if wanted != there:
            raise UsageError(f"It holds tensors {there} for the layer {layer.name!r}, which takes {wanted}.")
        layer.set_weights(values)
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return model


@FORMATS.register(suffix=".keras", device=False, save=save_model, load=load_model)
def keras(path: Path, *, threads: int = 1) -> Predictor:
    """Open a Keras file, in batches of 32 films; it needs TensorFlow.

    Args:
        path: The file.
        threads: Threads of TensorFlow. They can only be chosen before its first operation in a process;
            later the choice of then holds, and the predictor says so.

    Raises:
        SetupError: When the file is damaged.
    """
    return keras_predictor(load_model(path))


def keras_predictor(model: Any) -> Predictor:
    """Return a Keras model as a predictor, in batches of 32 films.

    The model is compiled to one graph. `model.predict` gives the same numbers but spends most of its time on
    a small network outside it, which would flatter every other format.

    Args:
        model: A Keras model, images (n, h, w, channels) to outputs (n, outputs), or maps, (n, h, w, outputs) or at a fraction of the sides.

    Raises:
        SetupError: When it takes or gives anything else, as a file that was damaged may.
    """
    for shape, ranks, what in (
        (model.input_shape, (4,), "film"),
        (model.output_shape, (2, 4), "row of answers"),
    ):
        if not (isinstance(shape, tuple) and len(shape) in ranks and all(type(n) is int for n in shape[1:])):
            raise SetupError(f"The network has not one {what} per film of a fixed size; build it again.")
    maps, sides = model.output_shape[1:-1], model.input_shape[1:3]
    strides = {side // cells for side, cells in zip(sides, maps, strict=False) if cells and not side % cells}
    if maps and (len(strides) != 1 or tuple(next(iter(strides)) * cells for cells in maps) != tuple(sides)):
        raise SetupError(
            "The network has not one row of answers per film, or per pixel or cell of a film; build it again."
        )
    tensorflow = backend.tensorflow()
    shape = tuple(model.input_shape[1:])
    graph = tensorflow.function(
        lambda films: model(films, training=False),
        input_signature=[tensorflow.TensorSpec((None, *shape), tensorflow.float32)],
    )

    def predict(films: np.ndarray) -> np.ndarray:
        outputs = np.empty((len(films), *model.output_shape[1:]), np.float32)
        for start in range(0, len(films), BATCH_FILMS):
            batch = films[start : start + BATCH_FILMS]
            if batch.dtype == np.uint8:
                batch = unit_range(batch).reshape(len(batch), *shape)
            outputs[start : start + BATCH_FILMS] = graph(batch).numpy()
        return outputs

    return Predictor(
        predict=predict,
        input_shape=shape,
        answer_shape=tuple(model.output_shape[1:]),
        runtime=f"tensorflow {tensorflow.__version__}",
        delegate="none",
        threads=tensorflow.config.threading.get_intra_op_parallelism_threads()
        or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)),
        close=lambda: None,  # the model goes with the last reference to this predictor
    )


def _without_dates(source: Path, target: Path) -> None:
    """Copy a `.keras` file with every date set to the earliest that a zip can hold."""
    with zipfile.ZipFile(source) as dated, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as undated:
        for name in sorted(dated.namelist()):
            content = dated.read(name)
            if name == "metadata.json":
                record = json.loads(content)
                record.pop("date_saved", None)
                content = json.dumps(record, sort_keys=True).encode()
            undated.writestr(zipfile.ZipInfo(name), content)
