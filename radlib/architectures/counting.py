"""What a network costs before any clock runs: parameters, zeros, multiply-accumulates.

A multiply-accumulate (MAC) is one weight times one value, added to a sum; a convolution does its kernel's worth of
them at every output position. They are counted from shapes, per image, for convolutions and dense layers alone:
additions of shortcuts, normalisation and activations are a few percent more and are folded away on a device.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from radlib.formats.graphs import weight_name
from radlib.formats.litert_tables import read_file
from radlib.foundation import backend
from radlib.foundation.extras import pandas as pd

BYTES_PER_FLOAT32 = 4
LAYER_COLUMNS = ("layer", "kind", "output", "parameters", "weights", "macs", "sparsity")
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def parameters(model: Any) -> int:
    """Return how many numbers a Keras model stores, moving statistics of batch normalisation included."""
    return sum(math.prod(weight.shape) for weight in model.weights)


def nonzero_parameters(model: Any) -> int:
    """Return how many of a Keras model's stored numbers are not exactly zero."""
    return sum(int(np.count_nonzero(values)) for values in model.get_weights())


def macs(model: Any) -> int:
    """Return the multiply-accumulates of one image through a Keras model.

    A layer used twice counts twice. Sparsity does not lower the count: the kernels in use multiply by zero, too.

    Args:
        model: A Keras model with a fixed input size; nested models and tfmot's wrappers are looked into.
    """
    return sum(_node_macs(layer, inputs, output) for layer, inputs, output in _calls(model))


def layer_table(model: Any) -> "pd.DataFrame":
    """Return one row per layer of a Keras model, in the order of computation.

    Returns:
        layer (name), kind (class), output (its shape as text, e.g. `48 × 48 × 16`), parameters, weights (values in
        kernels), macs (per image), sparsity (share of kernel values that are zero; NaN without a kernel).
    """
    rows: dict[int, dict[str, Any]] = {}
    for layer, inputs, output in _calls(model):
        if id(layer) in rows:  # called again: the same parameters, more work
            rows[id(layer)]["macs"] += _node_macs(layer, inputs, output)
            continue
        kernels = [kernel.numpy() for kernel in _kernels(layer)]
        weights = sum(kernel.size for kernel in kernels)
        zeros = weights - sum(int(np.count_nonzero(kernel)) for kernel in kernels)
        rows[id(layer)] = {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": " × ".join(str(side) for side in output[1:]),
            "parameters": sum(math.prod(weight.shape) for weight in layer.weights),
            "weights": weights,
            "macs": _node_macs(layer, inputs, output),
            "sparsity": zeros / weights if weights else math.nan,
        }
    return pd.DataFrame(list(rows.values()), columns=list(LAYER_COLUMNS))


def summary(table: "pd.DataFrame") -> str:
    """Return one line on a `layer_table`: parameters, multiply-accumulates, bytes as float32."""
    total, work = int(table["parameters"].sum()), int(table["macs"].sum())
    return (
        f"{total:,} parameters · {work / 1e6:,.1f} million multiply-accumulates per image · "
        f"{total * BYTES_PER_FLOAT32 / 1000:,.0f} KB as float32"
    )


def tflite_weights(path: str | Path) -> "pd.DataFrame":
    """Return one row per stored weight tensor of a LiteRT file.

    Weights are constants of floating type and quantized integers; index constants (shapes, axes, paddings) are
    not. A tensor shared by several operations is one row.

    Args:
        path: A .tflite file.

    Returns:
        tensor (name), shape (text), dtype, values, nonzeros (values whose meaning is not zero: quantized zeros are
        their zero point), bytes (as stored in the file).

    Raises:
        DataError: When the file is not a LiteRT file, or is damaged.
    """
    return pd.DataFrame(
        stored_weights(path), columns=["tensor", "shape", "dtype", "values", "nonzeros", "bytes"]
    )


def stored_weights(path: str | Path) -> list[dict[str, Any]]:
    """Return the rows of `tflite_weights`, where pandas is not to be had."""
    from ai_edge_litert import schema_py_generated as schema

    model = read_file(path)
    names = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    rows, seen = [], {0}  # buffer 0 is the empty one
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            stored = model.buffers[tensor.buffer].data
            if tensor.buffer in seen or stored is None or not len(stored):
                continue
            seen.add(tensor.buffer)
            dtype = names[tensor.type].lower()
            if dtype.startswith("float") or _scales(tensor):
                rows.append(_stored_tensor(tensor, dtype, np.frombuffer(bytes(stored), np.uint8)))
    return rows


def tflite_macs(path: str | Path) -> int:
    """Return the multiply-accumulates of one image through a LiteRT file; what `macs` counts of a Keras model.

    Args:
        path: A .tflite file with a fixed input size.
    """
    return sum(tflite_work(path).values())


def tflite_work(path: str | Path) -> dict[tuple[str, str], int]:
    """Return the multiply-accumulates of one image through a LiteRT file by what is multiplied.

    Args:
        path: A .tflite file with a fixed input size.

    Returns:
        Counts by the types of values and weights, e.g. `("int8", "int8")`; `("float32", "int8")` is a kernel that rounds
        the values on the way.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_file(path)
    graph, code = model.subgraphs[0], schema.BuiltinOperator
    names = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    kernels = (code.CONV_2D, code.DEPTHWISE_CONV_2D, code.FULLY_CONNECTED, code.TRANSPOSE_CONV)
    total: dict[tuple[str, str], int] = {}
    for operation in graph.operators:
        kind = model.operatorCodes[operation.opcodeIndex].builtinCode
        if kind not in kernels:
            continue
        # a kernel works once per position of what it gives; a transposed one per position of what it reads
        place = operation.inputs[2] if kind == code.TRANSPOSE_CONV else operation.outputs[0]
        positions = math.prod(int(side) for side in graph.tensors[place].shape[:-1])
        values = graph.tensors[operation.inputs[2 if kind == code.TRANSPOSE_CONV else 0]]
        weights = graph.tensors[operation.inputs[1]]
        key = (names[values.type].lower(), names[weights.type].lower())
        work = positions * math.prod(int(side) for side in weights.shape)
        total[key] = total.get(key, 0) + work
    return total


def _stored_tensor(tensor: Any, dtype: str, stored: np.ndarray) -> dict[str, Any]:
    shape = [] if tensor.shape is None else [int(side) for side in tensor.shape]
    values, zero = unpack(stored, dtype), 0
    if tensor.sparsity is None:  # a sparse tensor stores the kept blocks alone
        values, zero = values[: math.prod(shape)].reshape(shape), _zero_point(tensor, dtype)
    return {
        "tensor": (tensor.name or b"").decode(),
        "shape": " × ".join(map(str, shape)),
        "dtype": dtype,
        "values": math.prod(shape),
        "nonzeros": int(np.count_nonzero(values != zero)),
        "bytes": len(stored),
    }


def unpack(stored: np.ndarray, dtype: str) -> np.ndarray:
    """Return the bytes of a LiteRT tensor as numbers; int4 holds two values a byte, the first in the low half.

    Args:
        stored: uint8.
        dtype: NumPy's name of the type, or `int4`, which comes back as int8 with a value of padding where their
            number is odd.
    """
    if dtype == "int4":
        halves = np.stack([stored & 15, stored >> 4], axis=1).reshape(-1).astype(np.int8)
        return np.where(halves > 7, halves - 16, halves)
    return stored.view(np.dtype(dtype))


def _zero_point(tensor: Any, dtype: str) -> Any:
    """Return the stored number that means zero, one per channel where the scales are per channel."""
    points = tensor.quantization.zeroPoint if tensor.quantization is not None else None
    if dtype.startswith("float") or points is None or not len(points):
        return 0
    sides = [1] * (0 if tensor.shape is None else len(tensor.shape))  # a scalar has no shape
    if len(points) > 1:
        sides[tensor.quantization.quantizedDimension] = len(points)
    return np.asarray(points).reshape(sides)


def _scales(tensor: Any) -> bool:
    quantization = tensor.quantization
    return quantization is not None and quantization.scale is not None and len(quantization.scale) > 0


def _calls(model: Any) -> Iterator[tuple[Any, tuple, tuple]]:
    """Yield (layer, input shape, output shape) of every call in a model, in order, looking into nested models."""
    keras = backend.keras()
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            layer = node.layer
            if isinstance(layer, keras.Model):
                yield from _calls(layer)
            else:
                yield layer, node.input_shapes, _single(node.output_shapes)


def _single(shapes: Any) -> tuple:
    """Return the shape of a layer's (first) output; an input layer lists its own."""
    return shapes if isinstance(shapes, tuple) else shapes[0]


def _inner(layer: Any) -> Any:
    """Return the layer inside tfmot's pruning, clustering or quantization wrapper."""
    return (
        layer.layer
        if hasattr(layer, "layer") and isinstance(layer, backend.keras().layers.Wrapper)
        else layer
    )


def _kernels(layer: Any) -> list[Any]:
    """Return the variables that are kernels; a wrapper's own variables (masks, steps) are none."""
    return [weight for weight in layer.weights if weight_name(weight) in KERNELS]


def _node_macs(layer: Any, inputs: Any, output: Any) -> int:
    """Return the multiply-accumulates of one call of one layer, for one image."""
    layers, inner = backend.keras().layers, _inner(layer)
    kernel_size = sum(math.prod(kernel.shape) for kernel in _kernels(layer))
    if isinstance(inner, layers.Conv2DTranspose):  # the kernel is laid at every input position
        return math.prod(inputs[1:3]) * kernel_size
    if isinstance(inner, layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D):
        return math.prod(output[1:3]) * kernel_size
    if isinstance(inner, layers.Dense):
        return math.prod(output[1:-1]) * kernel_size
    return 0
