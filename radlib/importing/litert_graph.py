"""A LiteRT file rewritten so that it keeps the contract: a grey film in [0, 1] in, probabilities out.

A LiteRT file is a flat table of tensors, buffers and operations in the order in which they run. What a network
wants to be given (`InputLayout`) becomes operations before its first one: the grey channel is repeated, multiplied,
added to, and transposed; the tensor that used to be the input becomes the result of the last of these. What it
answers becomes probabilities in the study's order by operations behind its last one (`litert_answers`). Nothing of the
network itself is touched, so a runtime computes in it what it computed before.

A file whose input or output are integers says itself what they stand for, real = scale × (stored − zero point). Where
operations are added they end in a rounding onto that grid; where none are needed the ends stay integers, and the file
stays as it is, byte for byte.

Reading a file that somebody has tampered with can end in anything, so all this happens in a process that may die
(`importing.workers`).
"""

import dataclasses
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from radlib.foundation.errors import UsageError
from radlib.importing.answers import Answers
from radlib.importing.layout import InputLayout
from radlib.importing.litert_answers import OUTPUT, output_operations
from radlib.importing.litert_editing import CROSSING, INTEGERS, Graph, crossing

INPUT = "film"


def rewritten(content: bytes, layout: InputLayout, answers: Answers, *, name: str) -> bytes:
    """Return a LiteRT file that takes a grey film, (1, h, w, 1) in [0, 1], and answers in probabilities.

    Args:
        content: The file, of one input and one output, float32 or integers of 8 or 16 bits, for one film a call.
        layout: How its network takes a film, see `with_own_range`.
        answers: What becomes of its outputs.
        name: Of the file, for messages.

    Returns:
        A file of float32 ends; an end of integers to which nothing has to be added stays one.

    Raises:
        UsageError: When the file is no such network, or `layout` is not how it takes a film.
        DataError: When it is damaged.
    """
    graph = Graph(content, name)
    source, target = _ends(graph, name)
    height, width = layout.sides(graph.graph.tensors[source].shape, name)
    before = _input_operations(graph, source, (height, width), layout)
    film = int(before[0].inputs[0]) if before else source
    after = output_operations(graph, target, answers, name)
    if not before and not after and graph.grid(source) and _takes_one(content):
        return content
    operations = [*before, *graph.graph.operators, *after]
    graph.graph.operators = operations
    last = int(operations[-1].outputs[0]) if after else target
    graph.graph.inputs = np.array([film], np.int32)
    graph.graph.outputs = np.array([last], np.int32)
    graph.model.signatureDefs = [_signature(film, last)]
    return graph.content()


def with_own_range(content: bytes, layout: InputLayout, *, name: str) -> tuple[InputLayout, float]:
    """Return a layout whose range is settled, and the step of the file's answers.

    Args:
        content: The file.
        layout: Of range None where nobody said what black and white are: then they are the ends of the grid of a file
            that takes integers, the lowest and the highest that can be stored, and 0 and 1 of any other.
        name: Of the file, for messages.

    Returns:
        The layout; and by how much two stored answers differ at least, 0 of float32.
    """
    graph = Graph(content, name)
    source, target = _ends(graph, name)
    step = (graph.grid(target) or (0.0, 0))[0]
    if layout.range is not None:
        return layout, step
    grid = graph.grid(source)
    if grid is None:
        return dataclasses.replace(layout, range=(0.0, 1.0)), step
    (scale, zero), limits = grid, INTEGERS[graph.graph.tensors[source].type]
    low, high = (round(scale * (end - zero), 6) for end in (limits.min, limits.max))
    if abs(low) < scale / 2 and abs(high - 1) < scale / 2:  # [0, 1] but for the rounding of the scale
        low, high = 0.0, 1.0
    return dataclasses.replace(layout, range=(low, high)), step


def with_layout(content: bytes, before: InputLayout, layout: InputLayout, *, name: str) -> bytes:
    """Return a file that `rewritten` wrote, with another layout in place of the one that it was written with.

    Args:
        content: The file.
        before: The layout in it.
        layout: Another, of as many channels in the same order.
        name: Of the file, for messages.
    """
    graph = Graph(content, name)
    film = int(graph.graph.inputs[0])
    sides = tuple(int(side) for side in graph.graph.tensors[film].shape[1:3])
    front, source, operators = 0, film, graph.graph.operators
    for front in range(1, _steps_of(before) + 1):
        source = int(operators[front - 1].outputs[0])
    while (
        front and graph.kind(operators[front]) in CROSSING
    ):  # one that was the network's own is written anew
        source, front = int(operators[front].outputs[0]), front + 1
    added = _input_operations(graph, source, sides, layout)
    graph.graph.operators = [*added, *operators[front:]]
    now = int(added[0].inputs[0]) if added else source
    graph.graph.inputs = np.array([now], np.int32)
    graph.model.signatureDefs = [_signature(now, int(graph.graph.outputs[0]))]
    return graph.content()


def _ends(graph: Graph, name: str) -> tuple[int, int]:
    """Return the numbers of input and output after making sure that there is one of each, of a type to work with."""
    content = graph.graph
    signatures = graph.model.signatureDefs or ()
    if len({signature.subgraphIndex for signature in signatures}) > 1:
        raise UsageError(
            f"{name} holds {len(signatures)} networks under names of their own ({_named(s.signatureKey for s in signatures)}); "
            "convert the one that classifies films into a file of its own."
        )
    if len(graph.model.subgraphs) != 1:
        raise UsageError(
            f"{name} holds several graphs (loops or conditions); convert the network without them."
        )
    for word, ends in (("inputs", content.inputs), ("outputs", content.outputs)):
        if len(ends) != 1:
            raise UsageError(
                f"{name} has {len(ends)} {word} ({_named(content.tensors[int(n)].name for n in ends)}); a classifier of films "
                "has one, so convert it to take a film alone and give one answer."
            )
    source, target = int(content.inputs[0]), int(content.outputs[0])
    known = {schema.TensorType.FLOAT32, *INTEGERS}
    words = {value: key.lower() for key, value in vars(schema.TensorType).items() if not key.startswith("_")}
    for number, verb in ((source, "takes"), (target, "answers with")):
        if (kind := content.tensors[number].type) not in known:
            raise UsageError(
                f"{name} {verb} {words.get(kind, 'unknown numbers')}; convert it with float32, uint8, int8 or int16 ends."
            )
    for number in (source, target):  # one film a call, whatever the signature allows
        tensor = content.tensors[number]
        tensor.shape = np.array(tensor.shape, np.int32)
        tensor.shape[0], tensor.shapeSignature = 1, None
    return source, target


def _named(names: Any) -> str:
    return ", ".join((name or b"unnamed").decode(errors="replace")[:40] for name in names) or "none"


def _takes_one(content: bytes) -> bool:
    """Tell whether a file is written for one film a call, in words that every reader knows."""
    graph = schema.ModelT.InitFromPackedBuf(bytearray(content), 0).subgraphs[0]
    return all(int(graph.tensors[int(n)].shape[0]) == 1 for n in (*graph.inputs, *graph.outputs))


def _input_operations(graph: Graph, source: int, sides: tuple[int, ...], layout: InputLayout) -> list[Any]:
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
    integers = graph.grid(source) is not None
    made, now = [], graph.tensor((1, *sides, 1), INPUT)
    for place, (kind, constants, options, reached) in enumerate(steps):
        read = [now] * (layout.channels if kind == "CONCATENATION" else 1)
        read += [graph.constant(each, f"input_{kind.lower()}_values") for each in constants]
        last = place == len(steps) - 1 and not integers
        now = source if last else graph.tensor(reached, f"input_{kind.lower()}")
        made.append(graph.operation(kind, read, now, options))
    return [*made, *(crossing(graph, source, now, inwards=True) if integers else ())]


def _steps_of(layout: InputLayout) -> int:
    """Return how many operations `_input_operations` makes of a layout, but for the rounding onto a grid."""
    scale, offset = layout.factors
    return (
        (layout.channels > 1)
        + bool((scale != 1).any())
        + bool((offset != 0).any())
        + (layout.layout == "NCHW")
    )


def _signature(source: int, target: int) -> Any:
    """Return the one signature of the file: calibration asks a network by the names of its ends."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    for place, name, number in (("inputs", INPUT, source), ("outputs", OUTPUT, target)):
        end = schema.TensorMapT()
        end.name, end.tensorIndex = name.encode(), number
        setattr(signature, place, [end])
    return signature
