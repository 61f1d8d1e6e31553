"""One yes-or-no question to a film: is a finding there? A softmax over "no" and "yes", the finding named."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from radlib.runs.tasks.task import Task


@dataclass(frozen=True)
class Binary(Task):
    """Whether a film shows a finding; outputs are what the answer is called without it, and the finding."""

    name: ClassVar[str] = "binary"
    activation: ClassVar[str] = "softmax"
    loss: ClassVar[str] = "categorical_crossentropy"
    first_label: ClassVar[int] = 1
    one_output_will_do: ClassVar[bool] = True

    def negative(self, label: str) -> str:
        """Return what the decision is called where the finding is not there."""
        return self.outputs[0]

    def targets(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return one-hot answers, float32 (n, 2)."""
        return np.concatenate([1 - label_matrix, label_matrix], axis=1).astype(np.float32)

    def _alike(self, positive: bool) -> str:
        return f"labelled {self.outputs[int(positive)]}"


def binary(label: str, negative: str = "normal") -> Task:
    """Return the task that asks whether `label` is present, answered by a two-way softmax."""
    return Binary((label,), (negative, label))
