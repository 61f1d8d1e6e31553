"""What a task means: targets, head, loss, and how outputs become one probability per label.

Everything that depends on the kind of question lives here, so that techniques and metrics never assume a
class vector. `binary` asks one yes-or-no question with a two-way softmax (the positive class named);
`findings` asks several independent ones with sigmoids, where a label may be unknown (NaN).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from radlib.errors import DataError, UsageError


@dataclass(frozen=True)
class Task:
    """One kind of question to a film.

    Attributes:
        name: `binary` or `findings`.
        labels: The columns of the index that hold the answers, 1, 0 or NaN (unknown).
        outputs: What each output of the network means, in order.
        activation: Of the last layer.
        loss: A Keras loss by name.
    """

    name: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    activation: str
    loss: str

    def label_matrix(self, index: pd.DataFrame) -> np.ndarray:
        """Return the answers as float32 (n, labels), NaN where unknown."""
        missing = [label for label in self.labels if label not in index.columns]
        if missing:
            raise DataError(
                f"The index has no label column {missing[0]!r}; it has: {', '.join(index.columns)}."
            )
        return index[list(self.labels)].to_numpy(dtype=np.float32)

    def targets(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return what the network should answer, float32 (n, outputs): one-hot when binary."""
        if self.name == "binary":
            return np.concatenate([1 - label_matrix, label_matrix], axis=1).astype(np.float32)
        return label_matrix.astype(np.float32)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one probability per label, float32 (n, labels), from network outputs (n, outputs)."""
        outputs = np.asarray(outputs, dtype=np.float32)
        return outputs[:, 1:] if self.name == "binary" else outputs

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return a weight per film, float32 (n,), that gives both answers equal total weight.

        For several findings the weights are those of the rarer answer averaged over the known labels, so
        that a film with a rare finding counts more (inverse class frequency; King and Zeng, 2001).
        """
        known = ~np.isnan(label_matrix)
        positives = np.nanmean(label_matrix, axis=0).clip(1e-6, 1 - 1e-6)  # (labels,)
        weight = np.where(label_matrix > 0.5, 0.5 / positives, 0.5 / (1 - positives))
        return (np.where(known, weight, 0).sum(axis=1) / known.sum(axis=1).clip(1)).astype(np.float32)


def binary(label: str, negative: str = "normal") -> Task:
    """Return the task that asks whether `label` is present, answered by a two-way softmax."""
    return Task("binary", (label,), (negative, label), "softmax", "categorical_crossentropy")


def findings(labels: Sequence[str]) -> Task:
    """Return the task that asks for several independent findings, answered by sigmoids."""
    if not labels:
        raise UsageError("A findings task needs at least one label column.")
    return Task("findings", tuple(labels), tuple(labels), "sigmoid", "binary_crossentropy")
