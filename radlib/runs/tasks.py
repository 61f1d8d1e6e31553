"""What a task means: targets, head, loss, and how outputs become one probability per label.

Everything that depends on the kind of question lives here, so that techniques and metrics never assume a
class vector. `binary` asks one yes-or-no question with a two-way softmax (the positive class named); `findings`
asks several independent ones with sigmoids, where a label may be unknown (NaN); `classes` asks which one of several
classes a film belongs to, with a softmax over them, and answers with the most probable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radlib.foundation.errors import DataError, UsageError
from radlib.foundation.extras import pandas as pd

if TYPE_CHECKING:
    from radlib.runs.variants import Variant


@dataclass(frozen=True)
class Task:
    """One kind of question to a film.

    Attributes:
        name: `binary`, `findings` or `classes`.
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

    @property
    def exclusive(self) -> bool:
        """Whether exactly one label is true of each film, so that the most probable one is the answer."""
        return self.name == "classes"

    def negative(self, label: str) -> str:
        """Return what the decision is called where a label does not hold."""
        return self.outputs[0] if self.name == "binary" else f"no {label}"

    def label_matrix(self, index: "pd.DataFrame") -> np.ndarray:
        """Return the answers as float32 (n, labels), NaN where unknown.

        Raises:
            DataError: When a label has no column, or classes that exclude each other do not.
        """
        missing = [label for label in self.labels if label not in index.columns]
        if missing:
            raise DataError(
                f"The index has no label column {missing[0]!r}; it has: {', '.join(index.columns)}."
            )
        labels = index[list(self.labels)].to_numpy(dtype=np.float32)
        if self.exclusive and (wrong := np.flatnonzero(~(labels.sum(axis=1) == 1))).size:
            image = index["image_id"].iloc[wrong[0]] if "image_id" in index.columns else wrong[0]
            raise DataError(
                f"{len(wrong)} films, {image} first, are not of exactly one class of {', '.join(self.labels)}; "
                "correct their labels, or leave them out."
            )
        return labels

    def targets(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return what the network should answer, float32 (n, outputs): one-hot when outputs exclude each other."""
        if self.name == "binary":
            return np.concatenate([1 - label_matrix, label_matrix], axis=1).astype(np.float32)
        return label_matrix.astype(np.float32)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one probability per label, float32 (n, labels), from network outputs (n, outputs)."""
        outputs = np.asarray(outputs, dtype=np.float32)
        return outputs[:, 1:] if self.name == "binary" else outputs

    def smoothed(self, targets: np.ndarray, share: float) -> np.ndarray:
        """Return targets with that share spread evenly over the answers (Szegedy et al., 2016).

        Over all outputs of a softmax; over yes and no of each sigmoid.
        """
        answers = len(self.outputs) if self.activation == "softmax" else 2
        return targets * (1 - share) + share / answers

    def cross_entropy(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean loss in nats of probabilities (n, labels); unknown answers are left out."""
        chance = np.asarray(probabilities, np.float64).clip(1e-7, 1 - 1e-7)
        if self.exclusive:
            return float(-(label_matrix * np.log(chance)).sum(axis=1).mean())
        losses = -(label_matrix * np.log(chance) + (1 - label_matrix) * np.log(1 - chance))
        return float(np.nanmean(losses))

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return a weight per film, float32 (n,), that gives both answers, or all classes, equal total weight.

        For several findings the weights are those of the rarer answer averaged over the known labels, so
        that a film with a rare finding counts more (inverse class frequency; King and Zeng, 2001).
        """
        if self.exclusive:
            share = label_matrix.mean(axis=0).clip(1e-6)  # (labels,)
            return (label_matrix / (len(self.labels) * share)).sum(axis=1).astype(np.float32)
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


def classes(labels: Sequence[str]) -> Task:
    """Return the task that asks which one of several classes a film is of, answered by a softmax over them."""
    if len(labels) < 2:
        raise UsageError("A classes task needs at least two label columns.")
    return Task("classes", tuple(labels), tuple(labels), "softmax", "categorical_crossentropy")


def named(name: str, outputs: Sequence[str]) -> Task:
    """Return the task of that name whose network has these outputs, as a stored variant describes it."""
    if name == "binary":
        return binary(outputs[1], outputs[0])
    return {"findings": findings, "classes": classes}[name](outputs)


def task_of(variant: "Variant") -> Task:
    """Return the task that a variant's outputs answer."""
    return named(variant.task, variant.labels)
