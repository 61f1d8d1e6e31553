"""Whole models in HDF5 as Keras 1, 2 and 3 save them, good and hostile, and variants that carry code."""

import io
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from foreign_models import lambda_layer, with_layer


def saved_h5(model: Any, path: Path) -> bytes:
    """Save a model of any Keras as one .h5 file; Keras warns that the format is old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path.read_bytes()


def changed_h5(content: bytes, change: Callable[[dict], object]) -> bytes:
    """A whole-model file with something else in its configuration."""
    import h5py

    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return stream.getvalue()


def edited_h5(content: bytes, edit: Callable[[Any], object]) -> bytes:
    """A whole-model file after something was done to it by h5py."""
    import h5py

    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        edit(file)
    return stream.getvalue()


def keras_1_h5(layers: list[dict], weights: Mapping[str, Mapping[str, np.ndarray]]) -> bytes:
    """A Sequential as Keras 1 saved it: its configuration is a list, its tensors are called `layer_W`."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        for layer in layers:
            name = layer["config"]["name"]
            group = root.create_group(name)
            group.attrs["weight_names"] = [each.encode() for each in weights.get(name, {})]
            for each, values in weights.get(name, {}).items():
                group[each] = values
    return stream.getvalue()


def code_gadgets(canary: Path) -> dict[str, Callable[[dict], object]]:
    """Changes of a configuration that make a loader of Keras run something, by what they use."""
    text = f"touch {canary}"

    def layer(kind: str, module: str, registered: Any = None, **config: Any) -> Callable[[dict], object]:
        return with_layer(
            {"module": module, "class_name": kind, "registered_name": registered, "name": "own",
             "config": {"name": "own", "trainable": True, "dtype": "float32", **config},
             "inbound_nodes": [[["input_1", 0, 0, {"command": text}]]]}
        )  # fmt: skip

    system = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    plain = {"class_name": "function", "module": "os", "config": "system"}
    bytecode = lambda_layer(canary)["config"]["function"]["config"]["value"]
    return {
        "lambda calls os.system": layer("Lambda", "keras.layers", function=system, arguments={}),
        "lambda of Keras 2": layer("Lambda", "keras.layers", function=bytecode, function_type="lambda", arguments={}),
        "lambda by a plain name": layer("Lambda", "keras.layers", function=plain, arguments={}),
        "writes a file": layer(
            "TFOpLambda", "tf_keras.src.layers.core.tf_op_layer", "TFOpLambda", function="io.write_file"
        ),
        "reads a file": layer("TFOpLambda", "tf_keras.src.layers.core.tf_op_layer", "TFOpLambda", function="io.read_file"),
        "vocabulary": layer("StringLookup", "keras.layers", vocabulary="/etc/passwd"),
        "text vectorization": layer("TextVectorization", "keras.layers", vocabulary="/etc/passwd"),
        "saved model": layer("TFSMLayer", "keras.layers", filepath=str(canary.parent)),
        "class of os": layer("system", "os", command=text),
        "popen": layer("Popen", "subprocess", args=text),
        "registered elsewhere": layer("Dense", "keras.layers", "Custom>Own", units=3),
        "a wrapper around it": layer("TimeDistributed", "keras.layers", layer=lambda_layer(canary)),
        "model in a model": layer("Functional", "tf_keras.src.engine.functional", "Functional", layers=[lambda_layer(canary)]),
        "activation": lambda c: _dense(c)["config"].update(activation=system),
        "activation by name": lambda c: _dense(c)["config"].update(activation="os.system"),
        "initializer": lambda c: _dense(c)["config"].update(kernel_initializer=system),
        "regularizer": lambda c: _dense(c)["config"].update(
            kernel_regularizer={**system, "class_name": "L2", "registered_name": "os>system", "config": {"l2": system}}
        ),
        "constraint": lambda c: _dense(c)["config"].update(kernel_constraint=plain),
        "policy": lambda c: _dense(c)["config"].update(dtype={**system, "config": {"name": "float32"}}),
        "build": lambda c: _dense(c).update(build_config=system, module="os"),
        "setting": lambda c: _dense(c)["config"].update(units=system),
        "argument of a call": layer("TFOpLambda", "os", "TFOpLambda", function="system"),
    }  # fmt: skip


def _dense(config: dict) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")
