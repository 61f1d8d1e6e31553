"""The configuration of a Keras network, looked through before anything is made of it.

A configuration names classes, modules and functions, and Keras imports and calls what it names. Here every mapping in
it is looked at first: code (Lambda layers, functions, classes of the author's own, modules that are not Keras's) is
refused with a sentence, and of each layer only settings that are plain values go on.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from radlib.formats.graphs import LAYERS, TRAINING_ONLY
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import plain_line

MODELS = ("Functional", "Model", "Sequential")
MODULES = re.compile(r"(tf_)?keras(\.\w+)*")
FLOATS = ("float32", "mixed_float16", "mixed_bfloat16")
# Activations that mean the same in both Keras; hard_sigmoid and hard_swish do not.
ACTIVATIONS = frozenset(
    [
        "linear",
        "relu",
        "relu6",
        "sigmoid",
        "softmax",
        "tanh",
        "elu",
        "selu",
        "gelu",
        "swish",
        "silu",
        "softplus",
        "softsign",
        "exponential",
    ]
)
RENAMED = {("LeakyReLU", "negative_slope"): "alpha"}
SAME_NAMES = {"silu": "swish"}
SURPLUS = {  # settings that say nothing about the answer, or that have but one value here
    "name", "trainable", "dtype", "data_format", "batch_input_shape", "batch_shape", "sparse", "ragged", "optional",
    "build_config", "seed", "synchronized", "renorm", "lora_rank", "lora_alpha", "quantization_config", "fused",
    "autocast", "input_spec", "renorm_clipping", "renorm_momentum", "virtual_batch_size", "adjustment", "invert",
    "noise_shape",
}  # fmt: skip


def refuse_code(config: Any, name: str) -> dict[str, Any]:
    """Return a model's configuration after a look at every class, module and function that it names.

    Args:
        config: What JSON gave.
        name: Of the file.

    Raises:
        UsageError: For code, and for what is no functional or sequential model.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise UsageError(f"{name} has no model in its configuration; save it with model.save('x.keras').")
    for part in mappings(config):
        _refuse_code(part, name)
    if config.get("class_name") not in MODELS:
        raise UsageError(
            f"{name} holds a {ascii(config.get('class_name'))[:60]}, not a functional or sequential model; build it from Keras's "
            "own layers and save it again, or convert it to LiteRT."
        )
    return config


def mappings(content: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in nested JSON, without recursion of our own."""
    waiting = [content]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _refuse_code(part: Mapping[str, Any], name: str) -> None:
    """Refuse what would make Keras run code from the file or from a module that the file names."""
    kind, module, registered = (part.get(key) for key in ("class_name", "module", "registered_name"))
    if kind in ("Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda") or (
        kind == "function" and registered != "function"
    ):
        what = "a Lambda layer" if kind == "Lambda" else "a function"
        raise UsageError(
            f"{name} carries {what}, which is code; replace it by a layer of Keras itself, such as Rescaling, and save again, "
            "or convert the network to LiteRT."
        )
    if (
        isinstance(registered, str)
        and ">" in registered
        and not registered.startswith(("keras", "builtins>"))
    ):
        raise UsageError(
            f"{name} holds the custom class {registered[:60]!r}, whose code is not in the file; build the network from Keras's "
            "own layers, or convert it to LiteRT."
        )
    if isinstance(module, str) and module != "builtins" and not MODULES.fullmatch(module):
        raise UsageError(
            f"{name} names the module {module[:60]!r}, which is not Keras's; build the network from Keras's own layers, or "
            "convert it to LiteRT."
        )


def settings_of(layer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what Keras 2 needs to know of a layer.

    Raises:
        UsageError: For a layer that is not on the closed list, or a setting that would mean something else.
    """
    kind, config = layer["class_name"], layer["config"]
    if kind not in LAYERS or kind == "TFOpLambda":
        raise UsageError(
            f"{name} has a layer {config['name']!r} of class {plain_line(kind)[:60]}, which is not one that can be imported; build the "
            "network from Keras's usual layers, or convert it to LiteRT."
        )
    if config.get("data_format") == "channels_first":
        raise UsageError(
            f"{name} keeps channels first, which Keras cannot run on a CPU; convert it to LiteRT."
        )
    if _float(config.get("dtype", "float32")) not in FLOATS:
        raise UsageError(f"{name} computes in {_float(config['dtype'])}; save it in float32.")
    kept = {}
    for key, value in config.items():
        if key in SURPLUS or key.endswith(TRAINING_ONLY) or value is None:
            continue
        if key in ("activation", "gated_activation"):
            value = _activation(value, config["name"], name)
            if value == "linear":
                continue
        if not isinstance(value, str | int | float | list):
            raise UsageError(
                f"{name} sets {key!r} of the layer {config['name']!r} to something that is no plain value."
            )
        kept[RENAMED.get((kind, key), key)] = value
    return kept


def _activation(value: Any, layer: str, name: str) -> str:
    if isinstance(value, dict) and value.get("registered_name") == "function":
        value = value.get("config")
    if not isinstance(value, str) or value not in ACTIVATIONS:
        raise UsageError(
            f"{name} uses the activation {str(value)[:60]!r} in the layer {layer!r}, which is not one that means the same "
            f"everywhere; those that do: {', '.join(sorted(ACTIVATIONS))}."
        )
    return SAME_NAMES.get(value, value)


def _float(policy: Any) -> str:
    if isinstance(policy, dict):
        policy = policy.get("config", {}).get("name")
    return str(policy)
