"""Configurations of Keras 1 and of early Keras 2, in the words of today's.

Whole-model `.h5` files are as old as Keras: ten years of names for the same layers. Only names and the form of settings
change here; every value is looked at afterwards like that of a new file.

References:
    Keras 2.0 release notes (2017): the table of renamed layers and arguments.
"""

from collections.abc import Mapping
from typing import Any

from radlib.importing.arithmetic import as_rescaling

LAYERS = {
    "Convolution2D": "Conv2D", "Deconvolution2D": "Conv2DTranspose", "SeparableConvolution2D": "SeparableConv2D",
    "Model": "Functional",
}  # fmt: skip
SETTINGS = {
    "nb_filter": "filters", "output_dim": "units", "border_mode": "padding", "subsample": "strides", "bias": "use_bias",
    "dim_ordering": "data_format", "p": "rate", "sigma": "stddev",
}  # fmt: skip
VALUES = {"tf": "channels_last", "th": "channels_first"}
TRAINING_ONLY = frozenset(
    [
        "init", "W_regularizer", "b_regularizer", "W_constraint", "b_constraint", "beta_init", "gamma_init", "input_dim",
        "input_dtype", "depthwise_init", "pointwise_init",
    ]
)  # fmt: skip
MERGES = {
    "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate",
}  # fmt: skip


def modern(config: Any, depth: int = 0) -> Any:
    """Return the configuration of a model in today's words; what is no configuration is returned as it is.

    Args:
        config: `{"class_name", "config"}` of a model, of any Keras.
        depth: How many models stand around it.
    """
    if not isinstance(config, Mapping) or depth > 20:
        return config
    inside = config.get("config")
    if isinstance(inside, list):  # a Sequential before Keras 2.2.3
        inside = {"name": "sequential", "layers": inside}
    if not isinstance(inside, Mapping) or not isinstance(inside.get("layers"), list):
        return config
    layers = [_layer(layer, depth) for layer in inside["layers"]]
    kind = config.get("class_name")
    kind = LAYERS.get(kind, kind) if isinstance(kind, str) else kind
    return {**config, "class_name": kind, "config": {**inside, "layers": layers}}


def _layer(layer: Any, depth: int) -> Any:
    if not isinstance(layer, Mapping) or not isinstance(layer.get("class_name"), str):
        return layer
    config = layer.get("config")
    if isinstance(config, list) or (isinstance(config, Mapping) and "layers" in config):
        inner = modern(layer, depth + 1)
        if isinstance(inner["config"], Mapping) and isinstance(layer.get("name"), str):
            return {**inner, "config": {"name": layer["name"], **inner["config"]}}
        return inner
    if not isinstance(config, Mapping):
        return layer
    layer = as_rescaling(layer)
    config = layer["config"]
    kind = LAYERS.get(layer["class_name"], layer["class_name"])
    made: dict[str, Any] = {}
    for key, value in config.items():
        if key in TRAINING_ONLY or (key == "mode" and kind == "BatchNormalization" and value == 0):
            continue
        value = _plain(value)
        value = VALUES.get(value, value) if key == "dim_ordering" and isinstance(value, str) else value
        made[SETTINGS.get(key, key)] = value
    if "nb_row" in made and "nb_col" in made:
        made["kernel_size"] = [made.pop("nb_row"), made.pop("nb_col")]
    if kind == "Merge" and isinstance(made.get("mode"), str) and made["mode"] in MERGES:
        kind = MERGES[made["mode"]]
        axis = {"axis": made["concat_axis"]} if kind == "Concatenate" and "concat_axis" in made else {}
        made = {"name": made.get("name"), **axis}
    if kind != "Conv2D" and made.get("groups") == 1:
        made.pop("groups")  # written by Keras 2 for layers that have no groups
    return {**layer, "class_name": kind, "config": made}


def _plain(value: Any) -> Any:
    """Return the number in a NumPy value, which some releases wrote as a mapping; anything else as it is."""
    if isinstance(value, Mapping) and value.get("type") == "ndarray" and "value" in value:
        return value["value"]
    if isinstance(value, Mapping) and value.get("class_name") in ("__numpy__", "__ndarray__"):
        inside = value.get("config")
        return inside.get("value") if isinstance(inside, Mapping) else value
    return value
