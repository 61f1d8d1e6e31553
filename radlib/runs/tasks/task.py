"""What a kind of question has to say for itself: targets, head, loss, measure, and how outputs become answers.

A kind is a class of its own whose facts are written at its head; whoever needs one of them asks the task, and nobody compares
its name. What another room draws or trains for a kind, that room keeps under the word that stands here (`head`, `loss`,
`measure`), so that a file of this room imports none of them.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd


@dataclass(frozen=True)
class Task:
    """One kind of question to a film.

    Attributes:
        labels: The columns of the index that hold the answers, 1, 0 or NaN (unknown).
        outputs: What each output of the network means, in order.
        name: What files call the kind; nobody else compares it.
        activation: Of the last layer.
        loss: By name, see `training.losses`.
        head: What turns a feature extractor into answers, see `architectures.heads`.
        measure: What networks are chosen by on validation films, in [0, 1], more is better.
        measure_word: How the measure is written in a sentence.
        record: How answers are kept and judged, see `evaluation.records`.
        allowed_loss: The setting that says how much a winner may lose on validation films.
        exclusive: Whether exactly one label is true of each film, so that the most probable one is the answer and no threshold
            is chosen.
        fixed_rule: What decides where no threshold is chosen, in words; empty where one is.
        fixed_threshold: The one that holds without being chosen; None where there is none.
        first_label: Place of the first label among the outputs; those before it say that nothing is there.
        unknown_teaches: Whether a film of which an answer is unknown may still be learnt from.
        one_output_will_do: Whether a network from elsewhere may answer with the label's probability alone.
    """

    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    name: ClassVar[str]
    activation: ClassVar[str]
    loss: ClassVar[str]
    head: ClassVar[str] = "pooled"
    measure: ClassVar[str] = "auroc"
    measure_word: ClassVar[str] = "AUROC"
    record: ClassVar[str] = "probabilities"
    allowed_loss: ClassVar[str] = "selection_loss"
    exclusive: ClassVar[bool] = False
    fixed_rule: ClassVar[str] = ""
    fixed_threshold: ClassVar[float | None] = None
    first_label: ClassVar[int] = 0
    unknown_teaches: ClassVar[bool] = False
    one_output_will_do: ClassVar[bool] = False

    @property
    def answers(self) -> tuple[str, ...]:
        """What the columns of `targets` are called: the outputs, where each of them is an answer by itself."""
        return self.outputs

    def negative(self, label: str) -> str:
        """Return what the decision is called where a label does not hold."""
        return f"no {label}"

    def missing_answer(self, label: str, positive: int, negative: int) -> str:
        """Return which answer no film has, so that nothing can be learnt or scored of a label; empty where there is enough.

        Args:
            label: Its name.
            positive: How many films have it.
            negative: How many do not.
        """
        return "" if positive and negative else f"films without {label}" if positive else label

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
        return index[list(self.labels)].to_numpy(dtype=np.float32)

    def targets(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return what the network should answer, float32 (n, outputs): one-hot when outputs exclude each other."""
        return label_matrix.astype(np.float32)

    def wanted(self, places: np.ndarray, side: int) -> np.ndarray:
        """Return what the network should answer where a place is asked for, float32: the places themselves, if they are masks.

        Args:
            places: What is known of each film's places, see `datasets.films.Films.places`.
            side: Of the square that the network sees, pixels.
        """
        return places.astype(np.float32)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return one probability per label, float32 (n, labels), from network outputs (n, outputs)."""
        return np.asarray(outputs, dtype=np.float32)[:, self.first_label :]

    def smoothed(self, targets: np.ndarray, share: float) -> np.ndarray:
        """Return targets with that share spread evenly over the answers (Szegedy et al., 2016).

        Over all outputs of a softmax; over yes and no of each sigmoid.
        """
        answers = len(self.outputs) if self.activation == "softmax" else 2
        return targets * (1 - share) + share / answers

    def cross_entropy(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean loss in nats of probabilities (n, labels); unknown answers are left out."""
        chance = np.asarray(probabilities, np.float64).clip(1e-7, 1 - 1e-7)
        losses = -(label_matrix * np.log(chance) + (1 - label_matrix) * np.log(1 - chance))
        return float(np.nanmean(losses))

    def merit(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the `measure` of probabilities (n, labels): the mean AUROC of the labels that have one; NaN without any."""
        from radlib import metrics

        known = ~np.isnan(label_matrix)
        aurocs = [metrics.auroc(label_matrix[k, n], probabilities[k, n]) for n, k in enumerate(known.T)]
        defined = [value for value in aurocs if not np.isnan(value)]  # a rare finding may have no film here
        return float(np.mean(defined)) if defined else float("nan")

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return a weight per film, float32 (n,), that gives both answers, or all classes, equal total weight.

        For several findings the weights are those of the rarer answer averaged over the known labels, so
        that a film with a rare finding counts more (inverse class frequency; King and Zeng, 2001).
        """
        known = ~np.isnan(label_matrix)
        positives = np.nanmean(label_matrix, axis=0).clip(1e-6, 1 - 1e-6)  # (labels,)
        weight = np.where(label_matrix > 0.5, 0.5 / positives, 0.5 / (1 - positives))
        return (np.where(known, weight, 0).sum(axis=1) / known.sum(axis=1).clip(1)).astype(np.float32)

    def constant_loss(self, targets: np.ndarray, weights: np.ndarray) -> float:
        """Return the loss, nats, of the best answer that is the same for every film: what learning must beat.

        Args:
            targets: What the network should answer, (n, outputs), NaN where unknown.
            weights: What each film counts, (n,).
        """
        known = ~np.isnan(targets)
        shares = (weights[:, None] * known).sum(axis=0)
        prior = np.nansum(weights[:, None] * targets, axis=0) / np.maximum(shares, 1e-12)
        prior = prior.clip(1e-7, 1 - 1e-7)
        if self.activation == "softmax":
            losses = -(targets * np.log(prior)).sum(axis=1)
        else:
            each = -(targets * np.log(prior) + (1 - targets) * np.log(1 - prior))
            losses = np.nansum(each, axis=1) / known.sum(axis=1).clip(1)
        return float((weights * losses).mean())

    def why_unlearnable(self, label_matrix: np.ndarray) -> str:
        """Return a sentence on why nothing can be learnt from training films with these answers; empty where it can."""
        positive, negative = label_matrix > 0.5, label_matrix < 0.5
        if (positive.any(axis=0) & negative.any(axis=0)).any():
            return ""
        return (
            f"All {len(label_matrix):,} training films are {self._alike(bool(positive.any()))}, so there is nothing to tell "
            "apart; add films of the other answer, or check labels and split."
        )

    def _alike(self, positive: bool) -> str:
        """Return what is said of films that all have one answer."""
        return "answered alike"
