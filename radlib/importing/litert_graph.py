"""A LiteRT file rewritten so that it keeps the contract: a grey film in [0, 1] in, probabilities out.

A LiteRT file is a flat table of tensors, buffers and operations in the order in which they run. What a network
wants to be given (`InputLayout`) becomes operations before its first one: the grey channel is repeated, multiplied,
added to, and transposed; the tensor that used to be the input becomes the result of the last of these. What it
answers becomes probabilities in the study's order by operations behind its last one. Nothing of the network itself
is touched, so a runtime computes in it what it computed before.

Reading a file that somebody has tampered with can end in anything, so all this happens in a process that may die
(`importing.workers`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from radlib.errors import UsageError
from radlib.importing.layout import Answers, InputLayout
from radlib.litert_tables import packed, read_tables

INPUT, OUTPUT = "film", "probabilities"
TYPES = {np.dtype(np.float32): schema.TensorType.FLOAT32, np.dtype(np.int32): schema.TensorType.INT32}


class _Graph:
    """The main graph of a file, to which operations are added."""

    def __init__(self, content: bytes, name: str):
        self.model = read_tables(content, name=name)
        self.graph = self.model.subgraphs[0]

    def tensor(self, shape: Sequence[int], name: str, constant: np.ndarray | None = None) -> int:
        """Add a tensor and return its number; one with values is a constant."""
        tensor, buffer = schema.TensorT(), schema.BufferT()
        dtype = np.dtype(np.float32) if constant is None else constant.dtype
        tensor.shape, tensor.type = np.array(shape, np.int32), TYPES[dtype]
        tensor.name, tensor.buffer = name.encode(), len(self.model.buffers)
        if constant is not None:
            buffer.data = np.frombuffer(np.ascontiguousarray(constant).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

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

    def content(self) -> bytes:
        """Return the file."""
        return packed(self.model)


def rewritten(content: bytes, layout: InputLayout, answers: Answers, *, name: str) -> bytes:
    """Return a LiteRT file that takes a grey film, float32 (1, h, w, 1) in [0, 1], and answers in probabilities.

    Args:
        content: The file, of one float32 input and one float32 output, for one film a call.
        layout: How its network takes a film.
        answers: What becomes of its outputs.
        name: Of the file, for messages.

    Raises:
        UsageError: When the file is no such network, or `layout` is not how it takes a film.
    """
    graph = _Graph(content, name)
    source, target = _ends(graph, name)
    height, width = layout.sides(graph.graph.tensors[source].shape, name)
    before = _input_operations(graph, source, (height, width), layout)
    film = int(before[0].inputs[0]) if before else source
    after = _output_operations(graph, target, answers, name)
    operations = [*before, *graph.graph.operators, *after]
    graph.graph.operators = operations
    last = int(operations[-1].outputs[0]) if after else target
    graph.graph.inputs = np.array([film], np.int32)
    graph.graph.outputs = np.array([last], np.int32)
    graph.model.signatureDefs = [_signature(film, last)]
    return graph.content()


def _ends(graph: _Graph, name: str) -> tuple[int, int]:
    """Return the numbers of input and output after making sure that there is one of each, both float32."""
    content = graph.graph
    if len(graph.model.subgraphs) != 1:
        raise UsageError(
            f"{name} holds several graphs (loops or conditions); convert the network without them."
        )
    if len(content.inputs) != 1 or len(content.outputs) != 1:
        raise UsageError(
            f"{name} has {len(content.inputs)} inputs and {len(content.outputs)} outputs; a classifier of films has one "
            "of each."
        )
    source, target = int(content.inputs[0]), int(content.outputs[0])
    if {content.tensors[n].type for n in (source, target)} != {schema.TensorType.FLOAT32}:
        raise UsageError(
            f"{name} takes or gives integers; import the file with float32 input and output, and quantize it here."
        )
    for number in (source, target):  # one film a call, whatever the signature allows
        tensor = content.tensors[number]
        tensor.shape = np.array(tensor.shape, np.int32)
        tensor.shape[0], tensor.shapeSignature = 1, None
    return source, target


def _input_operations(graph: _Graph, source: int, sides: tuple[int, int], layout: InputLayout) -> list[Any]:
    """Return the operations from the film to what used to be the input."""
    steps: list[tuple[str, list[np.ndarray], Any, tuple[int, ...]]] = []
    shape = (1, *sides, layout.channels)
    scale, offset = layout.factors
    if layout.channels > 1:
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        steps.append(("CONCATENATION", [], options, shape))
    if (scale != 1).any():
        steps.append(("MUL", [scale], schema.MulOptionsT(), shape))
    if (offset != 0).any():
        steps.append(("ADD", [offset], schema.AddOptionsT(), shape))
    if layout.layout == "NCHW":
        order = np.array([0, 3, 1, 2], np.int32)
        steps.append(("TRANSPOSE", [order], schema.TransposeOptionsT(), (1, layout.channels, *sides)))
    if not steps:
        return []  # and no tensor that nothing reads: calibration would ask for its values
    made, now = [], graph.tensor((1, *sides, 1), INPUT)
    for place, (kind, constants, options, reached) in enumerate(steps):
        read = [now] * (layout.channels if kind == "CONCATENATION" else 1)
        read += [graph.tensor(each.shape, f"input_{kind.lower()}_values", each) for each in constants]
        now = source if place == len(steps) - 1 else graph.tensor(reached, f"input_{kind.lower()}")
        made.append(graph.operation(kind, read, now, options))
    return made


def _output_operations(graph: _Graph, target: int, answers: Answers, name: str) -> list[Any]:
    """Return the operations from what used to be the output to probabilities in the study's order."""
    shape = [int(side) for side in graph.graph.tensors[target].shape]
    outputs = int(np.prod(shape))
    if outputs != len(answers.order) or shape[0] != 1:
        raise UsageError(
            f"{name} has {outputs} outputs, but the labels name {len(answers.order)}; give one label for each output."
        )
    steps: list[tuple[str, list[np.ndarray], Any, int]] = []
    if len(shape) != 2:
        options = schema.ReshapeOptionsT()
        options.newShape = np.array([1, outputs], np.int32)
        steps.append(("RESHAPE", [options.newShape], options, outputs))
    if answers.activation == "softmax":
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        steps.append(("SOFTMAX", [], options, outputs))
    elif answers.activation == "sigmoid":
        steps.append(("LOGISTIC", [], None, outputs))
    if answers.single:  # (1 − p, p)
        steps.append(("MUL", [np.array([-1, 1], np.float32)], schema.MulOptionsT(), 2))
        steps.append(("ADD", [np.array([1, 0], np.float32)], schema.AddOptionsT(), 2))
    elif answers.order != tuple(range(outputs)):
        options = schema.GatherOptionsT()
        options.axis = 1
        steps.append(("GATHER", [np.array(answers.order, np.int32)], options, outputs))
    made, now = [], target
    for place, (kind, constants, options, count) in enumerate(steps):
        read = [now, *(graph.tensor(each.shape, f"output_{kind.lower()}_values", each) for each in constants)]
        now = graph.tensor((1, count), OUTPUT if place == len(steps) - 1 else f"output_{kind.lower()}")
        made.append(graph.operation(kind, read, now, options))
    return made


def _signature(source: int, target: int) -> Any:
    """Return the one signature of the file: calibration asks a network by the names of its ends."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    for place, name, number in (("inputs", INPUT, source), ("outputs", OUTPUT, target)):
        end = schema.TensorMapT()
        end.name, end.tensorIndex = name.encode(), number
        setattr(signature, place, [end])
    return signature
