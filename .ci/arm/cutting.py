"""A LiteRT file cut before its softmax: integers up to there have one result on every processor.

The softmax of an int8 file takes real exponentials, adds them and rounds to its grid; where a value lies between two codes, another
processor's exponentials may round it to the other one. So what must be the same to the bit is what goes into the softmax, and the
answer itself may be one code away.
"""

from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

IDENTIFIER = b"TFL3"


def before_softmax(path: Path) -> tuple[bytes, float] | None:
    """Return a file that answers with what goes into its softmax, and one step of the softmax's own answers.

    None where the file has no softmax, or one of real numbers.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    (graph,) = model.subgraphs
    kinds = [_kind(model.operatorCodes[operator.opcodeIndex]) for operator in graph.operators]
    if schema.BuiltinOperator.SOFTMAX not in kinds:
        return None
    place = kinds.index(schema.BuiltinOperator.SOFTMAX)
    (source, *_), (target, *_) = graph.operators[place].inputs, graph.operators[place].outputs
    if graph.tensors[target].type == schema.TensorType.FLOAT32:
        return None
    graph.operators, graph.outputs, model.signatureDefs = graph.operators[:place], [source], None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output()), float(graph.tensors[target].quantization.scale[0])


def _kind(code: schema.OperatorCodeT) -> int:
    """Return which operator a code stands for; old files say it in the first field alone."""
    return max(code.builtinCode, code.deprecatedBuiltinCode)
