"""Where in a film is it, as boxes? A map of centres for each label, from which boxes are read outside the network.

Labels of the index say only whether a film has a box, so that answers can be split and counted as those of other kinds; what is known
of the places are the boxes themselves (`datasets.films.Films.marked`). What the network answers are the maps of `imaging.centre_maps`:
the heat of each label, then width, height and offset of the box whose centre lies there. A peak of at least `DRAWN` is drawn, as
the authors of CenterNet draw them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.imaging.centre_maps import PLACES, STRIDE, boxes_of, by_label, maps_of
from radlib.runs.tasks.task import Task

DRAWN = 0.3  # a peak of at least this heat is a box
# Of the loss (Zhou et al., 2019, section 3): what an error of one cell counts, that of heat being 1, and the powers of an error and
# of what lies off a centre (alpha and beta there).
SIZE_WEIGHT, OFFSET_WEIGHT = 0.1, 1.0
FOCUS, SPARED = 2.0, 4.0


@dataclass(frozen=True)
class Boxes(Task):
    """Boxes of each label; a film may have any number of them, or none."""

    name: ClassVar[str] = "boxes"
    activation: ClassVar[str] = "sigmoid"
    loss: ClassVar[str] = "focal_and_distances"
    head: ClassVar[str] = "centres"
    measure: ClassVar[str] = "box_score"
    measure_word: ClassVar[str] = "box score"
    record: ClassVar[str] = "boxes"
    allowed_loss: ClassVar[str] = "margin"
    fixed_rule: ClassVar[str] = f"a box where a peak of the map of centres is at least {DRAWN:g}"
    fixed_threshold: ClassVar[float | None] = DRAWN

    @property
    def answers(self) -> tuple[str, ...]:
        """The labels: width, height and offset are no answers by themselves."""
        return self.labels

    def missing_answer(self, label: str, positive: int, negative: int) -> str:
        """Return the label where no film has a box of it; that all have one is no fault."""
        return "" if positive else label

    def wanted(self, places: np.ndarray, side: int) -> np.ndarray:
        """Return the maps that the network should answer, float32 (n, cells, cells, outputs), for boxes (n, most, 5)."""
        return maps_of(places, len(self.labels), side)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the maps as float32 (n, cells, cells, outputs): all of them are shares."""
        return np.asarray(outputs, dtype=np.float32)

    def smoothed(self, targets: np.ndarray, share: float) -> np.ndarray:
        """Return the maps as they are: the bell around a centre is as soft as an answer may be."""
        return targets

    def merit(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean box score over films and labels.

        Args:
            label_matrix: Boxes by hand, (n, most, 5), see `centre_maps.maps_of`.
            probabilities: Maps, (n, cells, cells, outputs).
        """
        from radlib import metrics

        count = len(self.labels)
        found, marked = boxes_of(probabilities, count), by_label(label_matrix, count)
        return float(
            np.mean([metrics.box_scores(found[:, n], marked[:, n], DRAWN).mean() for n in range(count)])
        )

    def cross_entropy(self, label_matrix: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean loss of maps, as training has it (`training.losses`); arguments as of `merit`."""
        maps = np.asarray(probabilities, np.float64)
        targets = self.wanted(label_matrix, maps.shape[1] * STRIDE).astype(np.float64)
        return float(self._losses(targets, maps).mean())

    def constant_loss(self, targets: np.ndarray, weights: np.ndarray) -> float:
        """Return what the best maps that are the same at every cell and film would cost, targets (n, cells, cells, outputs)."""
        centres = (targets[..., : len(self.labels)] == 1).any(axis=-1)
        typical = np.median(targets[centres][:, len(self.labels) :], axis=0) if centres.any() else 0.5
        tried = []
        for heat in np.geomspace(1e-3, 0.5, 24):
            same = np.full(targets.shape[-1], heat)
            same[len(self.labels) :] = typical
            losses = self._losses(targets, np.broadcast_to(same, targets.shape))
            tried.append(float((weights * losses).mean()))
        return min(tried)

    def class_weights(self, label_matrix: np.ndarray) -> np.ndarray:
        """Return 1 for every film: the loss itself weighs centres and what lies between them."""
        return np.ones(len(label_matrix), np.float32)

    def why_unlearnable(self, label_matrix: np.ndarray) -> str:
        """Return a sentence where no training film has a box; empty where one has."""
        if (label_matrix > 0.5).any():
            return ""
        return "No training film has a box, so there is nothing to learn; add films with boxes."

    def _losses(self, targets: np.ndarray, maps: np.ndarray) -> np.ndarray:
        """Return the loss of each film, (n,), as `training.losses.focal_and_distances` has it, in plain NumPy."""
        count = len(self.labels)
        truth, heat = targets[..., :count], np.clip(maps[..., :count], 1e-7, 1 - 1e-7)
        centre = truth == 1
        each = np.where(
            centre,
            (1 - heat) ** FOCUS * np.log(heat),
            (1 - truth) ** SPARED * heat**FOCUS * np.log(1 - heat),
        )
        there = centre.any(axis=-1)[..., None]
        weight = np.array([SIZE_WEIGHT * maps.shape[1]] * 2 + [OFFSET_WEIGHT] * 2)
        apart = np.abs(targets[..., count:] - maps[..., count:]) * weight * there
        boxes = np.maximum(centre.sum(axis=(1, 2, 3)), 1)
        return (apart.sum(axis=(1, 2, 3)) - each.sum(axis=(1, 2, 3))) / boxes


def boxes(labels: Sequence[str]) -> Task:
    """Return the task that asks for boxes of each label, answered by maps of their centres."""
    if not labels:
        raise UsageError("A boxes task needs at least one label.")
    return Boxes(tuple(labels), (*labels, *PLACES))


def boxes_named(outputs: Sequence[str]) -> Task:
    """Return the same task from the outputs of its network, as a stored variant bears them."""
    return boxes(outputs[: -len(PLACES)])
