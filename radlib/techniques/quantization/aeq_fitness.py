"""Whether a recipe has anything to do in a LiteRT file, and whether it did it.

The AI Edge Quantizer takes a finished float32 file. Of one whose weights are integers or float16 already it leaves
everything as it is, and of operations that it does not know too, without a word: a file comes back that has the same
bytes under another name. So what the kernels are stored as is asked before, and what became of them afterwards.
"""

import math
from collections.abc import Sequence
from typing import Any

from radlib.formats.litert_tables import read_tables
from radlib.foundation.errors import NotApplicable

WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
TAKE_IT = "take the file as it is"


def operation_names(tables: Any) -> list[str]:
    """Return LiteRT's name of every operation of the main graph, in order; `` of one that is nobody's."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    words = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
    codes = [code.builtinCode for code in tables.operatorCodes]
    return [words.get(codes[operation.opcodeIndex], "") for operation in tables.subgraphs[0].operators]


def stored_kernels(content: bytes) -> list[tuple[str, int]]:
    """Return number type and number of values of every kernel in a LiteRT file; a kernel read twice counts once.

    A float16 kernel lies behind an operation that widens it, and is one all the same.
    """
    from ai_edge_litert.schema_py_generated import TensorType

    types = {value: name.lower() for name, value in vars(TensorType).items() if not name.startswith("_")}
    tables = read_tables(content)
    graph, names = tables.subgraphs[0], operation_names(tables)
    widened = {
        int(operation.outputs[0]): int(operation.inputs[0])
        for operation, name in zip(graph.operators, names, strict=True)
        if name in ("DEQUANTIZE", "DENSIFY")
    }
    found: dict[int, tuple[str, int]] = {}
    for operation, name in zip(graph.operators, names, strict=True):
        if name not in WITH_WEIGHTS or len(operation.inputs) < 2:
            continue
        place = int(operation.inputs[1])
        while place in widened:
            place = widened[place]
        tensor = graph.tensors[place]
        stored = tables.buffers[tensor.buffer].data
        if stored is not None and len(stored):
            shape = [] if tensor.shape is None else [int(side) for side in tensor.shape]
            found[place] = (types[tensor.type], math.prod(shape))
    return list(found.values())


def refuse_quantized(kernels: Sequence[tuple[str, int]]) -> None:
    """Refuse a file in which there is nothing for a recipe to quantize.

    Args:
        kernels: See `stored_kernels`.

    Raises:
        NotApplicable: When its kernels are no float32 numbers, or there are none.
    """
    if not kernels:
        raise NotApplicable(
            f"The network has no convolution or dense layer whose weights lie in its file; {TAKE_IT}."
        )
    other = {dtype for dtype, _ in kernels} - {"float32"}
    if other:
        weights = sum(values for _, values in kernels)
        already = sum(values for dtype, values in kernels if dtype in other)
        word = "half precision" if other == {"float16"} else "integer"
        raise NotApplicable(
            f"The network is already {word}: {already:,} of the {weights:,} weights of its layers are stored as "
            f"{' and '.join(sorted(other))}, and a recipe starts from float32; {TAKE_IT}, or import the float32 file."
        )


def refuse_unchanged(before: Sequence[tuple[str, int]], content: bytes, smallest_kernel: int) -> None:
    """Refuse what a recipe gave when it changed no weight.

    Args:
        before: The kernels of the file that it was given, see `stored_kernels`.
        content: The file that it gave.
        smallest_kernel: Kernels with fewer weights were to stay float32.

    Raises:
        NotApplicable: With the reason.
    """
    if sorted(stored_kernels(content)) != sorted(before):
        return
    largest = max(values for _, values in before)
    if largest < smallest_kernel:
        raise NotApplicable(
            f"The recipe changed no weight of the network: its largest layer has {largest:,} weights, and those with fewer "
            f"than {smallest_kernel:,} stay float32; take 'aeq_weight_only' with a lower smallest_kernel, or {TAKE_IT}."
        )
    raise NotApplicable(
        f"The recipe changed no weight of the network: the AI Edge Quantizer knows none of its operations so; {TAKE_IT}."
    )
