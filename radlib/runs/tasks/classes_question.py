"""Which one of several classes is a film of? A softmax over them; the most probable is the answer, without a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.runs.tasks.task import Task


@dataclass(frozen=True)
class Classes(Task):
    """Which class a film is of; exactly one is true of each."""

    name: ClassVar[str] = "classes"
    activation: ClassVar[str] = "softmax"
    loss: ClassVar[str] = "categorical_crossentropy"
    exclusive: ClassVar[bool] = True
    fixed_rule: ClassVar[str] = "most probable class"

    def label_matrix(self, index: "pd.DataFrame") -> np.ndarray:
        """Return one-hot answers, float32 (n, labels).

        Raises:
            DataError: When a label has no column, or a film is not of exactly one class.
        """
        labels = super().label_matrix(index)
        if (wrong := np.flatnonzero(~(labels.sum(axis=1) == 1))).size:
            image = index["image_id"].iloc[wrong[0]] if "image_id" in index.columns else wrong[0]
            raise DataError(
                f"{len(wrong)} films, {image} first, are not of exactly one class of {', '.join(self.labels)}; "
                "correct their labels, or leave them out."
            )
        return labels

    def cross_entropy(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean loss in nats of probabilities (n, classes)."""
        chance = np.asarray(probabilities, np.float64).clip(1e-7, 1 - 1e-7)
        return float(-(label_matrix * np.log(chance)).sum(axis=1).mean())

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return a weight per film, float32 (n,), that gives all classes equal total weight."""
        share = label_matrix.mean(axis=0).clip(1e-6)  # (labels,)
        return (label_matrix / (len(self.labels) * share)).sum(axis=1).astype(np.float32)

    def why_unlearnable(self, label_matrix: np.ndarray) -> str:
        """Return a sentence on why nothing can be learnt; a class without a training film is enough."""
        if (absent := np.flatnonzero(~(label_matrix > 0.5).any(axis=0))).size:
            return (
                f"No training film shows {self.labels[absent[0]]}, so it cannot be learnt; add films of it, or leave the "
                "class out."
            )
        return super().why_unlearnable(label_matrix)


def classes(labels: Sequence[str]) -> Task:
    """Return the task that asks which one of several classes a film is of, answered by a softmax over them."""
    if len(labels) < 2:
        raise UsageError("A classes task needs at least two label columns.")
    return Classes(tuple(labels), tuple(labels))
