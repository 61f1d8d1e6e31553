"""A network's graph as plain data: described in a few hundred bytes, and built again.

A Keras configuration names classes and modules, and whoever reads one imports what it names. A description
holds layer names, numbers and text only; building it makes layers of a closed list and nothing else, so that a
file from elsewhere cannot run code. What matters for training alone (initial values, penalties) is left out.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from radlib.formats.graph_limits import MOST_WEIGHTS, at_most, refuse_circles, refuse_large_films
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable, UsageError

LAYERS = frozenset(
    [
        "Activation", "Add", "Average", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D", "Conv2DTranspose",
        "Cropping2D", "CustomScaleLayer", "Dense", "DepthwiseConv2D", "Dropout", "ELU", "Flatten", "GaussianDropout",
        "GaussianNoise", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer", "LayerNormalization", "LeakyReLU",
        "Maximum", "MaxPooling2D", "Minimum", "Multiply", "Normalization", "PReLU", "Permute", "ReLU", "Rescaling", "Reshape",
        "SeparableConv2D", "Softmax", "SpatialDropout2D", "Subtract", "TFOpLambda", "ThresholdedReLU", "UpSampling2D",
        "ZeroPadding2D",
    ]
)  # fmt: skip
# TensorFlow functions that Keras's own networks call between layers, e.g. for MobileNetV3's hard swish.
FUNCTIONS = frozenset(
    [
        "__operators__.add", "__operators__.mul", "__operators__.sub", "__operators__.truediv", "math.add", "math.multiply",
        "math.subtract", "math.divide", "math.reduce_mean", "math.sigmoid", "nn.relu", "nn.relu6", "nn.sigmoid", "nn.silu",
    ]
)  # fmt: skip
ACTIVATIONS = frozenset(
    [
        "elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax",
        "softplus", "softsign", "swish", "tanh",
    ]
)  # fmt: skip
LAYER_NAME = re.compile(r"[\w./ -]{1,200}")
# Module and registered name of Keras's layers that are not among its public ones; the last is InceptionResNetV2's own.
PUBLIC = ("keras.layers", None)
ELSEWHERE = {
    "TFOpLambda": ("tf_keras.src.layers.core.tf_op_layer", "TFOpLambda"),
    "CustomScaleLayer": ("tf_keras.src.applications.inception_resnet_v2", "Custom>CustomScaleLayer"),
}
NO_LAYERS: Mapping[str, type] = {}
TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")
SAME_EVERYWHERE = {"trainable", "dtype", "data_format"}  # True, float32, channels last
NAMES_OF_CODE = ("class_name", "module", "registered_name")


def describe_graph(model: Any, own: Mapping[str, type] = NO_LAYERS) -> dict[str, Any]:
    """Return a network's graph as JSON-able data, without its weights.

    Args:
        model: A functional or sequential Keras model of known layers, channels last, float32.
        own: Layers of radlib's that this kind of file knows beside Keras's, by class name.

    Returns:
        `name`, `layers` (each a list: class, name, settings that differ from Keras's defaults, inbound nodes)
        and `outputs`. An inbound node is a list of [layer, node, tensor, arguments], or, in the common case
        of first nodes without arguments, of the layers' positions alone.

    Raises:
        UsageError: For a layer that is not on the closed list, by name.
    """
    config = functional(model).get_config()
    position = {layer["name"]: n for n, layer in enumerate(config["layers"])}
    described = []
    for layer in config["layers"]:
        settings = _settings(layer, own)
        nodes = [_short_node(node, position) for node in layer["inbound_nodes"]]
        described.append([layer["class_name"], layer["name"], settings, nodes])
    outputs = config["output_layers"]
    return {"name": config["name"], "layers": described, "outputs": _as_lists(outputs)}


def build_graph(
    description: Mapping[str, Any], own: Mapping[str, type] = NO_LAYERS, *, weights: int = MOST_WEIGHTS
) -> Any:
    """Return the Keras model of a description, with fresh weights.

    Args:
        description: As `describe_graph` returns it, possibly read from a file that is not trusted.
        own: As there.
        weights: How many there may be.

    Raises:
        UsageError: For a layer, a function or a value that no description has, or for more weights.
    """
    keras = backend.keras()
    _check_plain(description)
    names = [layer[1] for layer in description["layers"]]
    layers = []
    for class_name, name, settings, nodes in description["layers"]:
        _check_known(class_name, name, settings, own)
        module, registered = ELSEWHERE.get(class_name, PUBLIC)
        if class_name in own:
            registered = keras.utils.get_registered_name(own[class_name])
        layers.append(
            {
                "module": module,
                "class_name": class_name,
                "registered_name": registered,
                "name": name,
                "config": {"name": name, "dtype": "float32", **settings},
                "inbound_nodes": [_long_node(node, names) for node in nodes],
            }
        )
    refuse_circles(layers)
    inputs = [[layer["name"], 0, 0] for layer in layers if layer["class_name"] == "InputLayer"]
    outputs = description["outputs"]
    config = {
        "name": description["name"],
        "trainable": True,
        "layers": layers,
        "input_layers": inputs[0] if len(inputs) == 1 else inputs,
        "output_layers": outputs,
    }
    with at_most(weights):
        model = keras.Model.from_config(_single_lists(config))
    refuse_large_films(model)
    return model


def functional(model: Any) -> Any:
    """Return a model whose configuration lists nodes: a sequential one is wrapped, with the same layers."""
    keras = backend.keras()
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model


def weight_name(variable: Any) -> str:
    """Return the name of a Keras variable within its layer, such as `kernel`."""
    return variable.name.split("/")[-1].split(":")[0]


def _settings(layer: Mapping[str, Any], own: Mapping[str, type]) -> dict[str, Any]:
    """Return what differs from the defaults of a layer's class."""
    class_name, config = layer["class_name"], layer["config"]
    if class_name not in LAYERS and class_name not in own:
        raise NotApplicable(
            f"The layer {layer['name']!r} is a {class_name}, which no file format here can describe; "
            "use layers of Keras itself, or keep the .keras file."
        )
    if (
        config.get("data_format", "channels_last") != "channels_last"
        or config.get("dtype", "float32") != "float32"
    ):
        raise NotApplicable(
            f"The layer {layer['name']!r} is not float32 with channels last, as every network here is."
        )
    kind: Any = own.get(class_name) or getattr(backend.keras().layers, class_name, dict)
    constructor = inspect.signature(kind.__init__).parameters
    kept = {}
    for key, value in config.items():
        value = _as_lists(value)
        default = _as_lists(constructor[key].default) if key in constructor else inspect.Parameter.empty
        if key == "name" or key in SAME_EVERYWHERE or key.endswith(TRAINING_ONLY):
            continue
        if value is None or value == default or (key == "activation" and value == "linear"):
            continue
        kept[key] = value
    _check_known(class_name, layer["name"], kept, own)
    return kept


def _check_known(class_name: Any, name: Any, settings: Mapping[str, Any], own: Mapping[str, type]) -> None:
    if not isinstance(name, str) or not LAYER_NAME.fullmatch(name):
        raise UsageError("A description of a network calls a layer something that is no name.")
    if not isinstance(class_name, str) or (class_name not in LAYERS and class_name not in own):
        raise UsageError(
            f"The layer {name!r} is a {ascii(class_name).strip(chr(39))[:60]}, which is not one that a file may hold."
        )
    if class_name == "TFOpLambda" and settings.get("function") not in FUNCTIONS:
        raise UsageError(f"The layer {name!r} calls {settings.get('function')!r}, which no file may do.")
    active = settings.get("activation", "linear")
    if not isinstance(active, str) or active not in ACTIVATIONS:
        raise UsageError(f"The activation of the layer {name!r} is not one of Keras's own, by name.")


def _check_plain(content: Any) -> None:
    """Refuse anything but text, numbers, lists, and mappings that name no code."""
    if isinstance(content, Mapping):
        if found := [key for key in content if key in NAMES_OF_CODE or not isinstance(key, str)]:
            raise UsageError(f"A description of a network holds no {found[0]!r}.")
        for value in content.values():
            _check_plain(value)
    elif isinstance(content, list | tuple):
        for value in content:
            _check_plain(value)
    elif not isinstance(content, str | int | float | None):
        raise UsageError(f"A description of a network holds no {type(content).__name__}.")


def _short_node(node: Any, position: Mapping[str, int]) -> list:
    """Return the layers' positions alone where a node has first nodes and tensors and no arguments."""
    node = _as_lists(node)
    if all(isinstance(call, list) and call[1:] == [0, 0, {}] for call in node):
        return [position[call[0]] for call in node]
    return node


def _long_node(node: Sequence, names: Sequence[str]) -> list:
    if node and isinstance(node[0], str):  # a function's call, which Keras writes without a list around it
        return list(node)
    return [[names[call], 0, 0, {}] if isinstance(call, int) else call for call in node]


def _as_lists(content: Any) -> Any:
    if isinstance(content, list | tuple):
        return [_as_lists(each) for each in content]
    return content


def _single_lists(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with one output as Keras writes it: not a list of lists."""
    outputs = config["output_layers"]
    if len(outputs) == 1 and isinstance(outputs[0], list):
        config = {**config, "output_layers": outputs[0]}
    return config
