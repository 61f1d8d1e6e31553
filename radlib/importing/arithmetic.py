"""Arithmetic between layers, `x / 127.5 - 1`, as the layer that does the same: `Rescaling`.

Transfer learning calls `preprocess_input` inside of the network, which leaves a call of a function for each operation:
`TFOpLambda` in Keras 2, an operation of `keras.ops` in Keras 3. A function that a file names is code and is refused; these
few, of one tensor and constants, are arithmetic that a layer of Keras does as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any

FUNCTIONS = {
    "math.truediv": "divide", "math.divide": "divide", "__operators__.truediv": "divide", "math.multiply": "multiply",
    "__operators__.mul": "multiply", "math.add": "add", "__operators__.add": "add", "math.subtract": "subtract",
    "__operators__.sub": "subtract",
}  # fmt: skip
OPERATIONS = {
    "TrueDivide": "divide",
    "Divide": "divide",
    "Multiply": "multiply",
    "Add": "add",
    "Subtract": "subtract",
}
OPERATIONS_OF = "keras.src.ops.numpy"


def as_rescaling(layer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a layer that computes with constants as a `Rescaling`, any other as it is.

    Args:
        layer: Its configuration within a functional model, of Keras 2 or 3.
    """
    config, nodes = layer.get("config"), layer.get("inbound_nodes")
    if not isinstance(config, Mapping) or not isinstance(nodes, list) or len(nodes) != 1:
        return layer
    function = config.get("function")
    if layer.get("class_name") == "TFOpLambda" and isinstance(function, str) and function in FUNCTIONS:
        what, read = FUNCTIONS[function], _called_by_keras_2(nodes[0])
    elif layer.get("module") in (None, OPERATIONS_OF) and layer.get("class_name") in OPERATIONS:
        what, read = OPERATIONS[layer["class_name"]], _called_by_keras_3(nodes[0])
    else:
        return layer
    if read is None:
        return layer
    node, constant = read
    try:
        values = constant if isinstance(constant, list) else [constant]
        settings = _settings(what, [float(value) for value in values])
    except (TypeError, ValueError, ZeroDivisionError):
        return layer
    name = config.get("name", layer.get("name"))
    made = {"name": name, "trainable": True, "dtype": "float32", **settings}
    return {"class_name": "Rescaling", "module": "keras.layers", "registered_name": None, "name": name,
            "config": made, "inbound_nodes": [node]}  # fmt: skip


def _settings(what: str, values: Sequence[float]) -> dict[str, Any]:
    """Return scale and offset, a number or one for each channel."""
    pairs = {
        "divide": lambda v: (1 / v, 0.0), "multiply": lambda v: (v, 0.0), "add": lambda v: (1.0, v),
        "subtract": lambda v: (1.0, -v),
    }[what]  # fmt: skip
    scale, offset = zip(*map(pairs, values), strict=True)
    if len(values) == 1:
        return {"scale": scale[0], "offset": offset[0]}
    return {"scale": list(scale), "offset": list(offset)}


def _called_by_keras_2(node: Any) -> tuple[Any, Any] | None:
    """Return the call without its constant, and the constant."""
    call = node[0] if isinstance(node, list) and len(node) == 1 and isinstance(node[0], list) else node
    if not isinstance(call, list) or len(call) != 4 or not isinstance(call[3], Mapping):
        return None
    if set(call[3]) - {"y", "name"} or "y" not in call[3]:
        return None
    return [[*call[:3], {}]], call[3]["y"]


def _called_by_keras_3(node: Any) -> tuple[Any, Any] | None:
    arguments = node.get("args") if isinstance(node, Mapping) else None
    if not isinstance(arguments, list) or len(arguments) != 2 or node.get("kwargs"):
        return None
    tensor, constant = arguments
    if not isinstance(tensor, Mapping) or isinstance(constant, Mapping | bool):
        return None
    return {"args": [tensor], "kwargs": {}}, constant
