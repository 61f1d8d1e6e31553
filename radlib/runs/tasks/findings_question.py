"""Several questions to a film that do not depend on each other: which of these findings are there? A sigmoid for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from radlib.foundation.errors import UsageError
from radlib.runs.tasks.task import Task


@dataclass(frozen=True)
class Findings(Task):
    """Which findings a film shows; a label may be unknown (NaN), and then teaches and counts nothing."""

    name: ClassVar[str] = "findings"
    activation: ClassVar[str] = "sigmoid"
    loss: ClassVar[str] = "binary_crossentropy"
    unknown_teaches: ClassVar[bool] = True


def findings(labels: Sequence[str]) -> Task:
    """Return the task that asks for several independent findings, answered by sigmoids."""
    if not labels:
        raise UsageError("A findings task needs at least one label column.")
    return Findings(tuple(labels), tuple(labels))
