"""Which tensor of a LiteRT file is which layer of the Keras network that it was made from.

The converter folds layers into one another: a convolution, its batch normalisation and its activation become one
operation, and only the last one's output exists in the file. It keeps a trace, the name of that output lists all
of them: `net/relu/Relu6;net/norm/FusedBatchNormV3;net/conv/Conv2D`. So

- the tensor *is* the output of the listed layer that comes last in the network;
- the other layers listed are *folded into* it: their own output is nowhere, and is not compared;
- a layer that no name lists has been folded away altogether, e.g. dropout, or padding.

A name is only believed when the shapes agree, the network has every layer that it lists, and the tensor follows from
the film: the widened kernel of a float16 file bears its layer's name as well, and of a small film its shape. A dense layer with an activation of its own is cut in two by the
converter; the part before the activation is not that layer's output and is not taken for it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from radlib.foundation.backend import quiet_stderr
from radlib.foundation.errors import SetupError

KERNEL_OPERATIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
ACTIVATIONS = {"relu": ("Relu", "Relu6"), "relu6": ("Relu6",), "sigmoid": ("Sigmoid",), "softmax": ("Softmax",),
               "tanh": ("Tanh",)}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """Where a Keras layer is found in a LiteRT file.

    Attributes:
        layer: Its name.
        compared: The layer whose output stands for it: itself, or the one it was folded into; empty when neither is.
        tensor: Index of that output in the file; −1 when there is none.
        kernel: Index of the stored weights in the file; −1 without any.
        reason: One sentence when it was folded or is not there.
    """

    layer: str
    compared: str = ""
    tensor: int = -1
    kernel: int = -1
    reason: str = ""


def open_transparent(path: Path) -> Any:
    """Return an interpreter that keeps every tensor readable after a call; slower, and by the built-in kernels.

    Raises:
        SetupError: When the file cannot be run so.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # a delegate would hide what it computes
    try:
        with quiet_stderr():
            interpreter = Interpreter(
                str(path), experimental_preserve_all_tensors=True, experimental_op_resolver_type=resolver
            )
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise SetupError(
            f"{Path(path).name} cannot be looked into ({' '.join(str(error).split())}); it may still run."
        ) from error
    return interpreter


def match_layers(model: Any, interpreter: Any) -> dict[str, Match]:
    """Return where every layer of a Keras network is found in a LiteRT file, in the network's order.

    Args:
        model: The Keras network that the file was converted from, or one with the same names.
        interpreter: See `open_transparent`.

    Returns:
        A `Match` per layer name.
    """
    order = {layer.name: place for place, layer in enumerate(model.layers)}
    layers = {layer.name: layer for layer in model.layers}
    details = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    operations = interpreter._get_ops_details()
    made_by = {int(index): operation for operation in operations for index in operation["outputs"]}
    reached = _from_film(interpreter, operations)
    found: dict[str, tuple[str, int]] = {}  # layer -> (layer whose output it is or went into, tensor)
    kernels: dict[str, int] = {}
    for index, operation in made_by.items():
        parts = _parts(details[index]["name"], order)
        if not parts:
            continue
        last = max(parts, key=order.__getitem__)
        if operation["op_name"] in KERNEL_OPERATIONS:
            owner = _owner(parts, layers, interpreter, operation, made_by)
            kernels |= {owner: _stored(int(operation["inputs"][1]), made_by)} if owner else {}
        if index not in reached or not _is_output(layers[last], parts[last], details[index]):
            continue
        for name in parts:
            if name == last or name not in found:
                found[name] = (last, index)
    output = model.output_names[0] if len(model.outputs) == 1 else ""
    if output in layers:  # the file's own output is that layer's, whatever the file calls it
        found[output] = (output, int(interpreter.get_output_details()[0]["index"]))
    return {name: _match(name, found.get(name), kernels.get(name, -1)) for name in layers}


def _from_film(interpreter: Any, operations: list[dict]) -> set[int]:
    """Return the tensors that follow from what is fed in; weights, and what is computed of them alone, do not."""
    reached = {int(tensor["index"]) for tensor in interpreter.get_input_details()}
    for operation in operations:  # stored in the order in which they are executed
        if reached & {int(index) for index in operation["inputs"]}:
            reached |= {int(index) for index in operation["outputs"]}
    return reached


def _match(name: str, found: tuple[str, int] | None, kernel: int) -> Match:
    if found is None:
        return Match(
            name,
            kernel=kernel,
            reason="The file has no tensor of this layer: it was folded away or replaced.",
        )
    compared, tensor = found
    reason = "" if compared == name else f"Folded into {compared}, whose output is compared instead."
    return Match(name, compared, tensor, kernel, reason)


def _parts(name: str, order: dict[str, int]) -> dict[str, set[str]]:
    """Return the layers that a tensor's name lists, each with its operations, e.g. {"conv": {"Conv2D"}}.

    Nothing where it lists a layer that the network does not have: what the tensor is the output of is unknown then.
    """
    parts: dict[str, set[str]] = {}
    for text in name.split(";"):
        words = text.split("/")
        layer = next((word for word in words if word in order), "")
        if not layer and len(words) > 1:
            return {}
        if layer:
            parts.setdefault(layer, set()).add(words[-1].rstrip("0123456789_") if words[-1] != layer else "")
    return parts


def _is_output(layer: Any, operations: set[str], tensor: dict) -> bool:
    """Return whether a tensor has the shape of a layer's output and lies behind the layer's own activation."""
    shape = layer.output_shape if isinstance(layer.output_shape, tuple) else None
    if shape is None or tuple(shape[1:]) != tuple(int(side) for side in tensor["shape"][1:]):
        return False
    own = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if own == "linear" or not layer.weights:  # an activation layer is named for itself
        return True
    return any(word.rstrip("0123456789_") in operations for word in ACTIVATIONS.get(own, ()))


def _owner(parts: dict, layers: dict, interpreter: Any, operation: dict, made_by: dict) -> str:
    """Return the listed layer whose kernel an operation's weights are: the one of equal length; "" when none is."""
    weights = interpreter.get_tensor(_stored(int(operation["inputs"][1]), made_by))
    fits = [
        name for name in parts if (own := kernel_of(layers[name])) is not None and own.size == weights.size
    ]
    return fits[0] if len(fits) == 1 else ""


def _stored(index: int, made_by: dict) -> int:
    """Return the tensor that lies in the file: float16 weights are widened before an operation takes them."""
    while index in made_by and made_by[index]["op_name"] == "DEQUANTIZE":
        index = int(made_by[index]["inputs"][0])
    return index


def kernel_of(layer: Any) -> np.ndarray | None:
    """Return a Keras layer's kernel; None for a layer without exactly one."""
    values = [getattr(layer, name, None) for name in ("kernel", "depthwise_kernel")]
    values = [value.numpy() for value in values if hasattr(value, "numpy")]
    return values[0] if len(values) == 1 and not hasattr(layer, "pointwise_kernel") else None


def as_keras(codes: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return stored weights with axes as Keras orders them.

    Args:
        codes: As the file stores them: (out, h, w, in), of depthwise ones (1, h, w, out), of dense ones (out, in).
        kernel: The Keras kernel that they belong to: (h, w, in, out), (h, w, in, multiplier), or (in, out).

    Returns:
        The codes, of `kernel`'s shape.
    """
    if kernel.ndim == 2:
        return codes.reshape(kernel.shape[::-1]).T
    if codes.shape[0] == 1 and codes.shape[-1] == kernel.shape[2] * kernel.shape[3] and kernel.shape[2] > 1:
        return codes.reshape(kernel.shape)
    return np.moveaxis(codes, 0, -1).reshape(kernel.shape)
