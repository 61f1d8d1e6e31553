"""From what a model answered to what is said of a film: a probability per label, a decision, or why there is none.

All comparisons with a threshold are made here, in float64. NumPy would round a threshold that was typed, 0.7, to the
float32 of the probabilities, and the film that it was read off could change sides. For the same reason the numbers of
a table are written in full: whatever is computed from them again, or typed back, gives the same decisions.

What is no probability is no decision, either: a network with a broken weight answers NaN, and NaN is below every
threshold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.imaging.centre_maps import boxes_of
from radlib.runs.tasks import Task

NO_NUMBER = "the model gave no number"
OUTSIDE = "the model gave a number outside 0 to 1"
NO_THRESHOLD = "no threshold: no decision"
ROUNDING = 1e-4  # by which sums of float32 may lie outside [0, 1]


@dataclass(frozen=True)
class Answer:
    """What a model answered to one film.

    Attributes:
        file: Its name below the folder of films, with forward slashes.
        image_id: See `images.image_id`.
        outputs: float32 (outputs,), or maps, (rows, columns, outputs), what the network itself gave; None for a film that could not be read.
        reason: Why it could not be read, a key of `images.REASONS`; else empty.
        warning: In what it is unlike the films that the model was trained on; None where nobody looked.
        pixels: Digest of its pixels, see `resemblance.film_mark`; empty where it could not be read.
        size: Height and width of the film as it is stored, pixels; zeros where nobody said.
    """

    file: str
    image_id: str
    outputs: np.ndarray | None
    reason: str = ""
    warning: str | None = None
    pixels: bytes = b""
    size: tuple[int, int] = (0, 0)


def at_or_above(probabilities: Any, threshold: Any) -> np.ndarray:
    """Return whether probabilities reach a threshold, compared in float64; NaN reaches none.

    Example:
        >>> bool(np.float32(0.7) >= 0.7), bool(at_or_above(np.float32(0.7), 0.7))
        (True, False)
    """
    return np.asarray(probabilities, np.float64) >= np.asarray(threshold, np.float64)


def no_probability(values: np.ndarray) -> str:
    """Return why some outputs are no probabilities; empty when they are."""
    if not np.isfinite(values).all():
        return NO_NUMBER
    return "" if (values >= -ROUNDING).all() and (values <= 1 + ROUNDING).all() else OUTSIDE


@dataclass(frozen=True)
class Decider:
    """What turns answers into rows of a table.

    Attributes:
        task: What the network was asked.
        thresholds: One per label, None where none was chosen; not used for exclusive classes.
    """

    task: Task
    thresholds: Sequence[float | None]

    def columns(self, warned: bool) -> list[str]:
        """Return the columns of the table; `warned` says whether films were compared with training films."""
        label_columns = [name for label in self.task.labels for name in self._columns_of(label)]
        label_columns += ["class_decision"] if self.task.exclusive else []
        return ["file", "image_id", *label_columns, "reason", *(["warning"] if warned else [])]

    def row(self, answer: Answer) -> dict[str, Any]:
        """Return an answer as a row: numbers as they are, NaN where there is none, text empty where there is none."""
        row: dict[str, Any] = {"file": answer.file, "image_id": answer.image_id}
        if answer.outputs is None:
            cells, reason = self._nothing(), answer.reason
        elif self.task.exclusive:
            cells, reason = self._most_probable(answer.outputs)
        else:
            cells, reason = CELLS[self.task.record](self, answer.outputs)
        row |= {**cells, "reason": reason}
        return row if answer.warning is None else {**row, "warning": answer.warning}

    def _columns_of(self, label: str) -> tuple[str, ...]:
        kinds = ("probability",) if self.task.exclusive else COLUMNS[self.task.record]
        return tuple(f"{label}_{kind}" for kind in kinds)

    def _nothing(self) -> dict[str, Any]:
        names = [name for label in self.task.labels for name in self._columns_of(label)]
        names += ["class_decision"] if self.task.exclusive else []
        return {name: "" if name.endswith("_decision") else np.float32(np.nan) for name in names}

    def _most_probable(self, outputs: np.ndarray) -> tuple[dict[str, Any], str]:
        cells: dict[str, Any] = {
            f"{label}_probability": _finite(value)
            for label, value in zip(self.task.labels, outputs, strict=True)
        }
        reason = no_probability(outputs)
        decision = "" if reason else self.task.labels[int(outputs.argmax())]
        return {**cells, "class_decision": decision}, reason

    def _above_thresholds(self, outputs: np.ndarray) -> tuple[dict[str, Any], str]:
        cells: dict[str, Any] = {}
        reasons: dict[str, list[str]] = {}
        (probabilities,) = self.task.probabilities(outputs[None])
        for label, probability, threshold in zip(
            self.task.labels, probabilities, self.thresholds, strict=True
        ):
            # of a softmax, one output without a number leaves no other to be believed
            reason = no_probability(outputs if self.task.activation == "softmax" else probability)
            reason = reason or ("" if threshold is not None else NO_THRESHOLD)
            decision = (
                ""
                if reason
                else (label if at_or_above(probability, threshold) else self.task.negative(label))
            )
            values = (_finite(probability), decision, np.nan if threshold is None else float(threshold))
            cells |= dict(zip(self._columns_of(label), values, strict=True))
            if reason:
                reasons.setdefault(reason, []).append(label)
        return cells, _said(reasons, len(self.task.labels))

    def _boxed(self, outputs: np.ndarray) -> tuple[dict[str, Any], str]:
        """Return how many boxes of each label are drawn, and the score of the surest; a broken network draws none."""
        if reason := no_probability(outputs):
            return self._nothing(), reason
        (found,) = boxes_of(self.task.probabilities(outputs[None]), len(self.task.labels))
        cells: dict[str, Any] = {}
        for label, scores in zip(self.task.labels, found[..., 0], strict=True):
            drawn = at_or_above(scores, self.task.fixed_threshold)
            surest = np.nan_to_num(scores).max(initial=0.0)
            cells |= {f"{label}_boxes": np.float64(drawn.sum()), f"{label}_score": surest}
        return cells, ""

    def _outlined(self, outputs: np.ndarray) -> tuple[dict[str, Any], str]:
        """Return which share of the square that the network sees is outlined; a broken network outlines nothing."""
        reason = no_probability(outputs)
        drawn = self.task.probabilities(outputs[None])[0] >= np.float64(self.task.fixed_threshold or 0.5)
        shares = [np.nan if reason else float(drawn[..., n].mean()) for n in range(drawn.shape[-1])]
        return {
            f"{label}_share": share for label, share in zip(self.task.labels, shares, strict=True)
        }, reason


def _finite(value: np.floating) -> np.floating:
    return value if np.isfinite(value) else np.float32(np.nan)


def _said(reasons: Mapping[str, Sequence[str]], labels: int) -> str:
    """Return why there is no decision; labels are named where it does not hold for all of them."""
    return "; ".join(
        reason if len(which) == labels else f"{reason} ({', '.join(which)})"
        for reason, which in reasons.items()
    )


# By the word of the task (`record`): what stands in a film's row, and what makes it from the outputs.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "probabilities": ("probability", "decision", "threshold"),
    "masks": ("share",),
    "boxes": ("boxes", "score"),
}
CELLS: Mapping[str, Callable[[Decider, np.ndarray], tuple[dict[str, Any], str]]] = {
    "probabilities": Decider._above_thresholds,
    "masks": Decider._outlined,
    "boxes": Decider._boxed,
}
