"""A kind of question found again by the name and the outputs that a stored variant bears."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from radlib.runs.tasks.binary_question import Binary, binary
from radlib.runs.tasks.boxes_question import Boxes, boxes_named
from radlib.runs.tasks.classes_question import Classes, classes
from radlib.runs.tasks.findings_question import Findings, findings
from radlib.runs.tasks.outlines_question import Outlines, outlines
from radlib.runs.tasks.task import Task

if TYPE_CHECKING:
    from radlib.runs.variants import Variant

# From the outputs of a network to its task, by the name of the kind; what is new stands here and in a file of its own.
KINDS: Mapping[str, Callable[[Sequence[str]], Task]] = {
    Binary.name: lambda outputs: binary(outputs[1], outputs[0]),
    Classes.name: classes,
    Findings.name: findings,
    Outlines.name: outlines,
    Boxes.name: boxes_named,
}

WORDS: Mapping[str, str] = {
    kind.measure: kind.measure_word for kind in (Binary, Classes, Findings, Outlines, Boxes)
}


def named(name: str, outputs: Sequence[str]) -> Task:
    """Return the task of that name whose network has these outputs, as a stored variant describes it."""
    return KINDS[name](outputs)


def measure_word(measure: str) -> str:
    """Return how what a task measures is written in a sentence.

    Example:
        >>> measure_word("auroc"), measure_word("dice")
        ('AUROC', 'Dice')
    """
    return WORDS[measure]


def task_of(variant: "Variant") -> Task:
    """Return the task that a variant's outputs answer."""
    return named(variant.task, variant.labels)
