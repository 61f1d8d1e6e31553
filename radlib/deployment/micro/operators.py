"""The operators of a LiteRT file, as a microcontroller's program must name them."""

from pathlib import Path

METHODS = {"PADV2": "PadV2", "BATCH_MATMUL": "BatchMatMul"}  # that are not written like all others


def operators_of(path: Path) -> tuple[str, ...]:
    """Return the kinds of operator in a LiteRT file, in the order in which they first run, e.g. `CONV_2D`.

    Raises:
        DataError: When it is no LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema

    from radlib.formats.litert_tables import read_file

    model = read_file(path)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    found: dict[str, None] = {}
    for operation in model.subgraphs[0].operators:
        code = model.operatorCodes[operation.opcodeIndex]
        name = names.get(code.builtinCode, str(code.builtinCode))
        found[(code.customCode or b"").decode(errors="replace") if name == "CUSTOM" else name] = None
    return tuple(found)


def method_of(operator: str) -> str:
    """Return what adds an operator to `MicroMutableOpResolver`.

    Example:
        >>> method_of("DEPTHWISE_CONV_2D"), method_of("SOFTMAX"), method_of("PADV2")
        ('AddDepthwiseConv2D', 'AddSoftmax', 'AddPadV2')
    """
    words = METHODS.get(operator) or "".join(
        word if word[0].isdigit() else word.capitalize() for word in operator.split("_")
    )
    return f"Add{words}"


def answer_step(path: Path) -> float:
    """Return by how much two neighbouring answers of a LiteRT file differ; 0 of one that answers in real numbers.

    A file whose last operator turns integers into real numbers steps as those integers do.

    Raises:
        DataError: When it is no LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema

    from radlib.formats.litert_tables import read_file

    model = read_file(path)
    graph = model.subgraphs[0]
    place = int(graph.outputs[0])
    last = next((operation for operation in graph.operators if place in operation.outputs), None)
    kind = model.operatorCodes[last.opcodeIndex].builtinCode if last is not None else None
    if kind == schema.BuiltinOperator.DEQUANTIZE:
        place = int(last.inputs[0])
    quantization = graph.tensors[place].quantization
    scales = quantization.scale if quantization is not None else None
    return float(scales[0]) if scales is not None and len(scales) else 0.0
