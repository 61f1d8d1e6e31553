"""Where in a film is it? An outline for each label: a probability at every pixel, of which those at one half or above are drawn.

Labels of the index say only whether anything is outlined in a film, so that answers can be split and counted as those of other
kinds; what the network should answer are the masks, films × rows × columns × labels, 1 or 0 (`datasets.films.Films.masks`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.runs.tasks.task import Task

DRAWN = 0.5  # a pixel of at least this probability belongs to the outline


@dataclass(frozen=True)
class Outlines(Task):
    """What in a film belongs to each label; outlines may overlap, as a sigmoid answers for each."""

    name: ClassVar[str] = "outlines"
    activation: ClassVar[str] = "sigmoid"
    loss: ClassVar[str] = "dice_and_cross_entropy"
    head: ClassVar[str] = "map"
    measure: ClassVar[str] = "dice"
    measure_word: ClassVar[str] = "Dice"
    record: ClassVar[str] = "masks"
    allowed_loss: ClassVar[str] = "margin"
    fixed_rule: ClassVar[str] = "outlined where the probability is at least one half"
    fixed_threshold: ClassVar[float | None] = DRAWN

    def missing_answer(self, label: str, positive: int, negative: int) -> str:
        """Return the label where it is outlined in no film; that it is outlined in all of them is no fault."""
        return "" if positive else label

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one probability per pixel and label, float32 (n, rows, columns, labels)."""
        return np.asarray(outputs, dtype=np.float32)

    def merit(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean Dice over films and labels.

        Args:
            label_matrix: Masks, 1 or 0, (n, rows, columns, labels).
            probabilities: Of the same shape.
        """
        from radlib import metrics

        drawn = np.asarray(probabilities) >= DRAWN
        each = [metrics.dice(label_matrix[..., n], drawn[..., n]) for n in range(drawn.shape[-1])]
        return float(np.mean(each))

    def constant_loss(self, targets: np.ndarray, weights: np.ndarray) -> float:
        """Return what an outline that is the same faint grey on every film would cost, masks (n, rows, columns, labels)."""
        area = targets.mean(axis=(1, 2), dtype=np.float64)  # (n, labels)
        prior = np.average(area, axis=0, weights=weights).clip(1e-7, 1 - 1e-7)
        entropy = -(area * np.log(prior) + (1 - area) * np.log(1 - prior))
        pixels = targets.shape[1] * targets.shape[2]
        dice = (2 * area * prior * pixels + 1) / ((area + prior) * pixels + 1)
        return float((weights * (entropy + 1 - dice).mean(axis=1)).mean())

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return 1 for every film: the loss itself weighs a small outline like a large one."""
        return np.ones(len(label_matrix), np.float32)

    def why_unlearnable(self, label_matrix: np.ndarray) -> str:
        """Return a sentence where nothing is outlined in any training film; empty where something is."""
        if (label_matrix > 0.5).any():
            return ""
        return "Nothing is outlined in any training film, so there is nothing to learn; add films with masks."


def outlines(labels: Sequence[str]) -> Task:
    """Return the task that asks for an outline of each label, answered by a sigmoid at every pixel."""
    if not labels:
        raise UsageError("An outlines task needs at least one label.")
    return Outlines(tuple(labels), tuple(labels))
