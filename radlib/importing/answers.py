"""What an imported network gives back, made into the probabilities of a study in its order.

A file says neither what its outputs mean nor whether they are probabilities. The labels say the first, in the order
of the outputs. Where a network tells apart more than the study asks, several outputs can be mapped to one label:

- outputs that exclude each other (a softmax) are summed, `p = p₁ + p₂ + …`: exactly the probability of the one or the
  other, since both cannot be;
- outputs that do not (sigmoids) become the probability that at least one of them holds, were they independent:
  `p = 1 − (1 − p₁) (1 − p₂) …`. Findings that go together make it a little too high, and their order is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from radlib.foundation.errors import UsageError

if TYPE_CHECKING:
    from radlib.runs.tasks import Task

ANSWERS = ("probabilities", "logits")
TOGETHER = {"softmax": "sum", "sigmoid": "any"}


@dataclass(frozen=True)
class Answers:
    """What becomes of a network's outputs, so that they are the probabilities of a task in its order.

    Attributes:
        activation: `softmax` or `sigmoid` where the network ends in logits, else empty.
        order: Which output comes where; (0, 1, …) changes nothing.
        single: Whether one output p of a yes-or-no question becomes the two, 1 − p and p.
        groups: Where several outputs are mapped to one label, which outputs each answer of the study is made of; else
            empty. The order then changes nothing.
        together: What makes one probability of several: `sum`, or `any`, the chance that at least one holds.
    """

    activation: str
    order: tuple[int, ...]
    single: bool = False
    groups: tuple[tuple[int, ...], ...] = ()
    together: str = ""

    @property
    def changes(self) -> bool:
        """Whether a network's outputs are anything else than the answers."""
        return bool(
            self.activation or self.single or self.groups or self.order != tuple(range(len(self.order)))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a worker process."""
        values: dict[str, Any] = {
            "activation": self.activation,
            "order": list(self.order),
            "single": self.single,
        }
        if self.groups:  # unsaid else, so that imports from before there were any are found again
            values |= {"groups": [list(group) for group in self.groups], "together": self.together}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`."""
        groups = tuple(tuple(group) for group in values.get("groups", ()))
        return cls(
            values["activation"], tuple(values["order"]), values["single"], groups, values.get("together", "")
        )

    def apply(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities, float32 (n, outputs), of a network's own outputs (n, k)."""
        values = np.asarray(outputs, np.float64)
        if self.activation == "sigmoid":
            values = 1 / (1 + np.exp(-values))
        elif self.activation == "softmax":
            values = np.exp(values - values.max(axis=1, keepdims=True))
            values = values / values.sum(axis=1, keepdims=True)
        if self.groups:
            parts = [values[:, list(group)] for group in self.groups]  # each (n, outputs of the group)
            if self.together == "sum":
                return np.stack([part.sum(axis=1) for part in parts], axis=1).astype(np.float32)
            return np.stack([1 - (1 - part).prod(axis=1) for part in parts], axis=1).astype(np.float32)
        values = np.concatenate([1 - values, values], axis=1) if self.single else values[:, list(self.order)]
        return values.astype(np.float32)


def answers_for(
    task: "Task",
    labels: Sequence[str],
    answers: str = "probabilities",
    mapped: Mapping[str, str] | None = None,
) -> Answers:
    """Return how a network's outputs become those of a task.

    Args:
        task: What the study asks.
        labels: What each output of the network means, in its order; of a yes-or-no question the positive label alone
            says that there is one output.
        answers: `probabilities`, or `logits` where the last layer has no activation.
        mapped: `{label of the file: label of the study}`, for those that the study calls otherwise; several may become one.

    Raises:
        UsageError: When the labels are not the task's.
    """
    if answers not in ANSWERS:
        raise UsageError(f"A network answers in {' or '.join(ANSWERS)}, not in {answers!r}.")
    if len(set(labels)) < len(labels):
        raise UsageError(f"--labels names {_repeated(labels)!r} twice; each output has a name of its own.")
    mapped = dict(mapped or {})
    if unknown := [label for label in mapped if label not in labels]:
        raise UsageError(f"--map names {unknown[0]!r}, which is none of --labels: {', '.join(labels)}.")
    renamed = [mapped.get(label, label) for label in labels]
    if len(set(renamed)) < len(renamed):
        return _grouped(task, renamed, answers)
    labels = renamed
    single = task.one_output_will_do and tuple(labels) == task.labels
    if not single and (sorted(labels) != sorted(task.outputs) or len(set(labels)) != len(labels)):
        alone = f", or {task.labels[0]!r} alone for a single output" if task.one_output_will_do else ""
        raise UsageError(
            f"The labels {', '.join(labels)} are not those that the study asks for; it asks for "
            f"{', '.join(task.outputs)} (in the order of the network's outputs){alone}."
        )
    activation = "" if answers == "probabilities" else "sigmoid" if single else task.activation
    order = (0,) if single else tuple(list(labels).index(label) for label in task.outputs)
    return Answers(activation, order, single)


def _grouped(task: "Task", labels: Sequence[str], answers: str) -> Answers:
    """Return the answers of a network of which several outputs have the same label."""
    if set(labels) != set(task.outputs):
        raise UsageError(
            f"With --map the outputs mean {', '.join(dict.fromkeys(labels))}, but the study asks for "
            f"{', '.join(task.outputs)}; map every output to one of these."
        )
    groups = tuple(
        tuple(place for place, label in enumerate(labels) if label == wanted) for wanted in task.outputs
    )
    activation = "" if answers == "probabilities" else task.activation
    return Answers(activation, tuple(range(len(labels))), False, groups, TOGETHER[task.activation])


def _repeated(labels: Sequence[str]) -> str:
    return next(label for place, label in enumerate(labels) if label in labels[:place])


def refuse_no_probabilities(outputs: np.ndarray, task: "Task", *, name: str, tolerance: float = 0.02) -> None:
    """Refuse a network whose finished answers to probe films are no probabilities.

    Args:
        outputs: (n, outputs) after `Answers`.
        task: What the study asks.
        name: Of the file.
        tolerance: Of the sum of probabilities that exclude each other; int8 outputs are rounded.

    Raises:
        UsageError: When they are not finite, leave [0, 1], or do not sum to 1 though they exclude each other.
    """
    if not np.isfinite(outputs).all():
        raise UsageError(f"{name} answers with something that is no number; check range, mean and std.")
    outside = outputs.min() < -1e-4 or outputs.max() > 1 + 1e-4
    tolerance = max(tolerance, len(task.outputs) / 256)  # each rounded to a step of at most that
    unsummed = task.activation == "softmax" and np.abs(outputs.sum(axis=1) - 1).max() > tolerance
    if outside or unsummed:
        raise UsageError(
            f"{name} answers with numbers that are no probabilities ({outputs.min():.3g} to {outputs.max():.3g}); if "
            "its last layer has no softmax or sigmoid, say --answers logits."
        )
