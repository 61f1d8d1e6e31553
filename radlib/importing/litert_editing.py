"""Tensors and operations added to a LiteRT file: what `litert_graph` and `litert_answers` are written in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from radlib.formats.litert_tables import packed, read_tables

TYPES = {np.dtype(np.float32): schema.TensorType.FLOAT32, np.dtype(np.int32): schema.TensorType.INT32}
INTEGERS: dict[int, Any] = {
    schema.TensorType.UINT8: np.iinfo(np.uint8),
    schema.TensorType.INT8: np.iinfo(np.int8),
    schema.TensorType.INT16: np.iinfo(np.int16),
}


CROSSING = ("QUANTIZE", "ROUND", "CAST")  # what `crossing` makes inwards


class Graph:
    """The main graph of a file, to which operations are added."""

    def __init__(self, content: bytes, name: str):
        self.model = read_tables(content, name=name)
        self.graph = self.model.subgraphs[0]
        self._names: set[bytes] = set()
        for tensor in self.graph.tensors:  # some writers call several tensors the same, or give none a name
            tensor.name = self.name((tensor.name or b"tensor").decode(errors="replace"))

    def tensor(self, shape: Sequence[int], name: str, constant: np.ndarray | None = None) -> int:
        """Add a tensor and return its number; one with values is a constant."""
        tensor, buffer = schema.TensorT(), schema.BufferT()
        dtype = np.dtype(np.float32) if constant is None else constant.dtype
        tensor.shape, tensor.type = np.array(shape, np.int32), TYPES[dtype]
        tensor.name, tensor.buffer = self.name(name), len(self.model.buffers)
        if constant is not None:
            buffer.data = np.frombuffer(np.ascontiguousarray(constant).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def name(self, wanted: str) -> bytes:
        """Return a name that no tensor has yet: quantizers tell tensors apart by their names."""
        names = (
            wanted.encode(),
            *(f"{wanted}_{number}".encode() for number in range(2, len(self._names) + 3)),
        )
        name = next(name for name in names if name not in self._names)
        self._names.add(name)
        return name

    def constant(self, values: np.ndarray, name: str) -> int:
        """Add a constant and return its number."""
        return self.tensor(values.shape, name, values)

    def operation(self, kind: str, inputs: Sequence[int], output: int, options: Any = None) -> Any:
        """Return an operation that is not in the graph yet; LiteRT's name says its kind."""
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = getattr(schema.BuiltinOperator, kind), 1
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        self.model.operatorCodes.append(code)
        operation = schema.OperatorT()
        operation.opcodeIndex = len(self.model.operatorCodes) - 1
        operation.inputs, operation.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        if options is not None:
            operation.builtinOptions = options
            name = type(options).__name__.removesuffix("T")
            operation.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        return operation

    def kind(self, operation: Any) -> str:
        """Return LiteRT's name of an operation."""
        code = self.model.operatorCodes[operation.opcodeIndex].builtinCode
        return next(name for name, value in vars(schema.BuiltinOperator).items() if value == code)

    def grid(self, number: int) -> tuple[float, int] | None:
        """Return scale and zero point of an integer tensor, (1, 0) of one that stands for itself; None of a float."""
        tensor = self.graph.tensors[number]
        if tensor.type not in INTEGERS:
            return None
        quantization = tensor.quantization
        if quantization is None or quantization.scale is None or not len(quantization.scale):
            return 1.0, 0
        points = quantization.zeroPoint
        return float(quantization.scale[0]), int(points[0]) if points is not None and len(points) else 0

    def content(self) -> bytes:
        """Return the file."""
        return packed(self.model)


def crossing(graph: Graph, integer: int, real: int, *, inwards: bool) -> list[Any]:
    """Return the operations between a tensor of integers and one of real numbers, as the integers' grid says.

    Args:
        graph: The graph.
        integer: Number of the tensor of integers.
        real: Of the float32 tensor.
        inwards: Whether from real to integer.
    """
    source, target = (real, integer) if inwards else (integer, real)
    quantization = graph.graph.tensors[integer].quantization
    if quantization is not None and quantization.scale is not None and len(quantization.scale):
        kind = "QUANTIZE" if inwards else "DEQUANTIZE"
        options = schema.QuantizeOptionsT() if inwards else schema.DequantizeOptionsT()
        return [graph.operation(kind, [source], target, options)]
    made = []  # the integers stand for themselves, and a cast would cut fractions off
    if inwards:
        source = graph.tensor(graph.graph.tensors[real].shape, "input_round")
        made.append(graph.operation("ROUND", [real], source))
    options = schema.CastOptionsT()
    types = [graph.graph.tensors[number].type for number in (source, target)]
    options.inDataType, options.outDataType = types
    return [*made, graph.operation("CAST", [source], target, options)]
