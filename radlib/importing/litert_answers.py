"""What stands behind the last operation of an imported LiteRT file: probabilities in the study's order."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from radlib.foundation.errors import UsageError
from radlib.importing.answers import Answers
from radlib.importing.litert_editing import Graph, crossing

OUTPUT = "probabilities"


class _Tail:
    """Operations behind the output, as they are added."""

    def __init__(self, graph: Graph, now: int):
        self.graph, self.now = graph, now
        self.made: list[Any] = []

    def add(
        self, kind: str, shape: Sequence[int], *, options: Any = None, constants: Sequence[np.ndarray] = ()
    ) -> int:
        """Add an operation on what there is now, and return the number of its output."""
        values = [self.graph.constant(each, f"output_{kind.lower()}_values") for each in constants]
        self.now, read = self.graph.tensor(shape, f"output_{kind.lower()}"), [self.now, *values]
        self.made.append(self.graph.operation(kind, read, self.now, options))
        return self.now

    def gather(self, order: Sequence[int]) -> int:
        options = schema.GatherOptionsT()
        options.axis = 1
        return self.add("GATHER", (1, len(order)), options=options, constants=[np.array(order, np.int32)])

    def complement(self, outputs: int) -> int:
        """Add 1 − p."""
        self.add("MUL", (1, outputs), options=schema.MulOptionsT(), constants=[np.array([-1], np.float32)])
        ones = [np.array([1], np.float32)]
        return self.add("ADD", (1, outputs), options=schema.AddOptionsT(), constants=ones)


def output_operations(graph: Graph, target: int, answers: Answers, name: str) -> list[Any]:
    """Return the operations from what used to be the output to probabilities; none where it is that already.

    Args:
        graph: The graph; tensors are added to it.
        target: Number of its output.
        answers: What becomes of its outputs.
        name: Of the file, for messages.

    Raises:
        UsageError: When it has another number of outputs than there are labels.
    """
    shape = [int(side) for side in graph.graph.tensors[target].shape]
    outputs = int(np.prod(shape))
    if outputs != len(answers.order) or shape[0] != 1:
        raise UsageError(
            f"{name} has {outputs} outputs, but the labels name {len(answers.order)}; give one label for each output."
        )
    tail = _Tail(graph, target)
    changes = len(shape) != 2 or answers.changes
    if graph.grid(target) is not None and changes:
        tail.now = graph.tensor(shape, "output_real")
        tail.made += crossing(graph, target, tail.now, inwards=False)
    if len(shape) != 2:
        options = schema.ReshapeOptionsT()
        options.newShape = np.array([1, outputs], np.int32)
        tail.add("RESHAPE", (1, outputs), options=options, constants=[options.newShape])
    if answers.activation == "softmax":
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        tail.add("SOFTMAX", (1, outputs), options=options)
    elif answers.activation == "sigmoid":
        tail.add("LOGISTIC", (1, outputs))
    if answers.single:  # (1 − p, p)
        tail.add("MUL", (1, 2), options=schema.MulOptionsT(), constants=[np.array([-1, 1], np.float32)])
        tail.add("ADD", (1, 2), options=schema.AddOptionsT(), constants=[np.array([1, 0], np.float32)])
    elif answers.groups:
        _together(tail, outputs, answers)
    elif answers.order != tuple(range(outputs)):
        tail.gather(answers.order)
    if tail.made:
        graph.graph.tensors[tail.now].name = graph.name(OUTPUT)
    return tail.made


def _together(tail: _Tail, outputs: int, answers: Answers) -> None:
    """Add what makes one probability of several: their sum, or one minus the product of their complements."""
    any_of = answers.together == "any"
    if any_of:
        tail.complement(outputs)
    start, parts = tail.now, []
    for group in answers.groups:
        tail.now = start
        part = tail.gather(group)
        if len(group) > 1:
            options = schema.ReducerOptionsT()
            options.keepDims = True
            kind = "REDUCE_PROD" if any_of else "SUM"
            part = tail.add(kind, (1, 1), options=options, constants=[np.array([1], np.int32)])
        parts.append(part)
    if len(parts) > 1:
        options = schema.ConcatenationOptionsT()
        options.axis = 1
        tail.now = tail.graph.tensor((1, len(parts)), "output_concatenation")
        tail.made.append(tail.graph.operation("CONCATENATION", parts, tail.now, options))
    if any_of:
        tail.complement(len(parts))
