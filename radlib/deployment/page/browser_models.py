"""A LiteRT file as the browser's runtime takes it: one film, real numbers in and out, and the embedding beside.

LiteRT.js takes neither integers as input nor as output, and no batch of unknown size; and it shows nothing of what lies
between. So QUANTIZE and DEQUANTIZE are laid around a file of integers, with the very grid that it has, and what the
last dense layer reads becomes a second output, by which films are told apart from those that the variant was
trained on. No weight and no operation in between changes; the answers are compared before the file leaves.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.deployment.bundle.outline_examples import CODE
from radlib.formats.litert_tables import packed, read_tables
from radlib.foundation.backend import quiet_stderr
from radlib.foundation.errors import SetupError

NOT_FOR_BROWSERS = "{name} cannot be put into a page: {why}; export another variant."


@dataclass(frozen=True)
class BrowserModel:
    """A model file for the browser.

    Attributes:
        content: The LiteRT file.
        embedding: Whether a second output holds what the last dense layer reads.
        step: What one code of the output is worth; 0 where the output is a real number.
    """

    content: bytes
    embedding: bool
    step: float


def browser_model(content: bytes, films: np.ndarray, outputs: np.ndarray, *, name: str) -> BrowserModel:
    """Make a LiteRT file one that the browser's runtime takes.

    Args:
        content: The file that LiteRT runs elsewhere.
        films: Prepared films to compare answers on, uint8 (n, s, s).
        outputs: What the file answers to them, float32 (n, outputs), or maps (n, rows, columns, outputs).
        name: Of the variant, for messages.

    Raises:
        SetupError: When it has another form than one film in and one answer out, or answers otherwise afterwards.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = read_tables(content, name=name)
    graph = model.subgraphs[0]
    if len(model.subgraphs) != 1 or len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise SetupError(
            NOT_FOR_BROWSERS.format(name=name, why="it has more than one graph, input or output")
        )
    source, target = int(graph.inputs[0]), int(graph.outputs[0])
    step = _step(graph, model, target, schema)
    read = _last_dense_input(graph, model, schema)
    real = schema.TensorType.FLOAT32
    if graph.tensors[source].type != real:
        graph.inputs = np.array([_crossed(model, source, schema, inwards=True)], np.int32)
    ends = [target] if graph.tensors[target].type == real else [_crossed(model, target, schema)]
    if read is not None and read not in (source, target):
        ends.append(read if graph.tensors[read].type == real else _crossed(model, read, schema))
    graph.outputs = np.array(ends, np.int32)
    model.signatureDefs = None  # they name inputs and outputs that are no longer all
    for number in (int(graph.inputs[0]), *ends):
        _one_film(graph.tensors[number])
    made = BrowserModel(packed(model), len(ends) == 2, step)
    _check_same(made, films, outputs, name)
    return made


def answers_of(content: bytes, films: np.ndarray) -> list[np.ndarray]:
    """Return the outputs of a file with real numbers at both ends, one array (n, …) each, for uint8 films (n, s, s)."""
    from ai_edge_litert.interpreter import Interpreter

    with quiet_stderr():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    source, found = interpreter.get_input_details()[0], []
    for film in films:
        image = (film / np.float32(255)).reshape(source["shape"])
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        found.append([interpreter.get_tensor(end["index"])[0] for end in interpreter.get_output_details()])
    return [np.stack(each) for each in zip(*found, strict=True)]


def _step(graph: Any, model: Any, target: int, schema: Any) -> float:
    """Return what a code of the output is worth: of its own grid, or of the one that it is turned to numbers from."""
    tensor = graph.tensors[target]
    for operation in graph.operators:
        if target in operation.outputs and _kind(model, operation) == schema.BuiltinOperator.DEQUANTIZE:
            tensor = graph.tensors[operation.inputs[0]]
    grid = tensor.quantization
    stored = tensor.type in (schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT16)
    return float(grid.scale[0]) if stored and grid is not None and grid.scale is not None else 0.0


def _last_dense_input(graph: Any, model: Any, schema: Any) -> int | None:
    dense = [o for o in graph.operators if _kind(model, o) == schema.BuiltinOperator.FULLY_CONNECTED]
    return int(dense[-1].inputs[0]) if dense else None


def _kind(model: Any, operation: Any) -> int:
    return int(model.operatorCodes[operation.opcodeIndex].builtinCode)


def _crossed(model: Any, number: int, schema: Any, *, inwards: bool = False) -> int:
    """Add a tensor of real numbers and the operation between it and one of integers; return the new one's number."""
    graph, stored = model.subgraphs[0], model.subgraphs[0].tensors[number]
    kind = schema.BuiltinOperator.QUANTIZE if inwards else schema.BuiltinOperator.DEQUANTIZE
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, 127), 1
    if not inwards and stored.type == schema.TensorType.INT16:
        code.version = 3
    model.operatorCodes.append(code)
    fresh, buffer = schema.TensorT(), schema.BufferT()
    fresh.shape, fresh.type = np.array(stored.shape, np.int32), schema.TensorType.FLOAT32
    fresh.name, fresh.buffer = f"page_{number}".encode(), len(model.buffers)
    model.buffers.append(buffer)
    graph.tensors.append(fresh)
    operation = schema.OperatorT()
    operation.opcodeIndex = len(model.operatorCodes) - 1
    made = len(graph.tensors) - 1
    reads, writes = (made, number) if inwards else (number, made)
    operation.inputs, operation.outputs = np.array([reads], np.int32), np.array([writes], np.int32)
    operation.builtinOptionsType = getattr(
        schema.BuiltinOptions, "QuantizeOptions" if inwards else "DequantizeOptions"
    )
    operation.builtinOptions = schema.QuantizeOptionsT() if inwards else schema.DequantizeOptionsT()
    graph.operators.insert(0 if inwards else len(graph.operators), operation)
    return made


def _one_film(tensor: Any) -> None:
    """Say that a tensor holds one film, where it left that open."""
    shape = [int(side) for side in tensor.shape]
    tensor.shape, tensor.shapeSignature = np.array([1, *shape[1:]], np.int32), None


def _check_same(made: BrowserModel, films: np.ndarray, outputs: np.ndarray, name: str) -> None:
    """Refuse a file that answers otherwise than the one that it was made of."""
    try:
        found = answers_of(made.content, films)[0]
    except (RuntimeError, ValueError) as error:
        raise SetupError(NOT_FOR_BROWSERS.format(name=name, why=" ".join(str(error).split()))) from error
    allowed = max(1e-5, CODE * made.step)
    if found.shape != outputs.shape or not np.abs(found - outputs).max() <= allowed:
        raise SetupError(NOT_FOR_BROWSERS.format(name=name, why="it answers otherwise there"))
