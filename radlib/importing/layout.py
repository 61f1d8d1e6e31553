"""The one question that a file does not answer: how its network wants to be given a film, and what it gives back.

Every network here takes one grey channel in [0, 1], channels last, and answers in probabilities. A network from
elsewhere was fed otherwise: three channels with the colour statistics of ImageNet, channels first as PyTorch keeps
them, bytes, or [-1, 1]. With a range [a, b], a mean m and a standard deviation s, a grey level g in [0, 1] becomes

    x = ((a + g (b - a)) - m) / s

in each channel. This is a multiplication and an addition, so it is written *into* the imported network, before its
first layer: then evaluation, calibration, every quantizer and every device replay it without knowing of it. The
answer itself stands in the preprocessing record that lies beside the model.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from radlib.errors import UsageError

if TYPE_CHECKING:
    from radlib.tasks import Task

LAYOUTS = ("NHWC", "NCHW")
CHANNELS = (1, 3)
ANSWERS = ("probabilities", "logits")


@dataclass(frozen=True)
class InputLayout:
    """How a network from elsewhere takes a film.

    Attributes:
        layout: `NHWC`, channels last, or `NCHW`, channels first.
        channels: 1, or 3 equal ones.
        range: What black and white are before mean and standard deviation, e.g. (0, 1), (-1, 1) or (0, 255).
        mean: Subtracted, one number or one per channel, in the units of `range`.
        std: Divided by, likewise; above zero.
    """

    layout: str = "NHWC"
    channels: int = 1
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self):
        for name in ("range", "mean", "std"):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        if self.layout not in LAYOUTS or self.channels not in CHANNELS:
            raise UsageError(
                f"A network takes films as {' or '.join(LAYOUTS)} with 1 or 3 channels, not as {self.layout!r} with "
                f"{self.channels!r}."
            )
        if len(self.range) != 2 or not self.range[0] < self.range[1]:
            raise UsageError(f"range is what black and white become, such as 0,1 or -1,1, not {self.range}.")
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (1, self.channels):
                raise UsageError(f"{name} is one number, or one for each of the {self.channels} channels.")
        numbers = (*self.range, *self.mean, *self.std)
        if not all(map(math.isfinite, numbers)) or min(self.std) <= 0:
            raise UsageError("range, mean and std are finite numbers, and std is above zero.")

    @property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of each channel, float32 (channels,): x = g · scale + offset."""
        low, high = self.range
        mean, std = (
            np.resize(np.array(values, np.float64), self.channels) for values in (self.mean, self.std)
        )
        return ((high - low) / std).astype(np.float32), ((low - mean) / std).astype(np.float32)

    @property
    def is_plain(self) -> bool:
        """Whether the network takes films as every network here does."""
        return self == InputLayout()

    def apply(self, films: np.ndarray) -> np.ndarray:
        """Return films as the network was trained to see them.

        Args:
            films: float32 (n, h, w, 1) in [0, 1].

        Returns:
            float32 (n, h, w, channels) or (n, channels, h, w).
        """
        scale, offset = self.factors
        given = films.astype(np.float32) * scale + offset  # (n, h, w, channels)
        return given if self.layout == "NHWC" else np.ascontiguousarray(given.transpose(0, 3, 1, 2))

    def sides(self, shape: Sequence[int], name: str) -> tuple[int, int]:
        """Return height and width of the films that a network takes.

        Args:
            shape: Of its input, batch included.
            name: Of its file.

        Raises:
            UsageError: When this is not how it takes them.
        """
        sides = [int(side) for side in shape]
        if len(sides) == 4 and sides[0] == 1:
            height, width, channels = sides[1:] if self.layout == "NHWC" else (*sides[2:], sides[1])
            if channels == self.channels and min(height, width) > 1:
                return height, width
        raise UsageError(
            f"{name} takes films of shape {' × '.join(map(str, sides))}, which is not {self.layout} with {self.channels} "
            f"channel{'s' * (self.channels > 1)}, one film a call and a fixed size; see --layout and --channels."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values, for the preprocessing record."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the answer from `to_dict`."""
        return cls(**values)


@dataclass(frozen=True)
class Answers:
    """What becomes of a network's outputs, so that they are the probabilities of a task in its order.

    Attributes:
        activation: `softmax` or `sigmoid` where the network ends in logits, else empty.
        order: Which output comes where; (0, 1, …) changes nothing.
        single: Whether one output p of a yes-or-no question becomes the two, 1 − p and p.
    """

    activation: str
    order: tuple[int, ...]
    single: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a worker process."""
        return {"activation": self.activation, "order": list(self.order), "single": self.single}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`."""
        return cls(values["activation"], tuple(values["order"]), values["single"])

    def apply(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities, float32 (n, outputs), of a network's own outputs (n, k)."""
        values = np.asarray(outputs, np.float64)
        if self.activation == "sigmoid":
            values = 1 / (1 + np.exp(-values))
        elif self.activation == "softmax":
            values = np.exp(values - values.max(axis=1, keepdims=True))
            values = values / values.sum(axis=1, keepdims=True)
        values = np.concatenate([1 - values, values], axis=1) if self.single else values[:, list(self.order)]
        return values.astype(np.float32)


def answers_for(task: "Task", labels: Sequence[str], answers: str = "probabilities") -> Answers:
    """Return how a network's outputs become those of a task.

    Args:
        task: What the study asks.
        labels: What each output of the network means, in its order; of a yes-or-no question the positive label alone
            says that there is one output.
        answers: `probabilities`, or `logits` where the last layer has no activation.

    Raises:
        UsageError: When the labels are not the task's.
    """
    if answers not in ANSWERS:
        raise UsageError(f"A network answers in {' or '.join(ANSWERS)}, not in {answers!r}.")
    single = task.name == "binary" and tuple(labels) == task.labels
    if not single and (sorted(labels) != sorted(task.outputs) or len(set(labels)) != len(labels)):
        alone = f", or {task.labels[0]!r} alone for a single output" if task.name == "binary" else ""
        raise UsageError(
            f"The labels {', '.join(labels)} are not those that the study asks for; it asks for "
            f"{', '.join(task.outputs)} (in the order of the network's outputs){alone}."
        )
    activation = "" if answers == "probabilities" else "sigmoid" if single else task.activation
    order = (0,) if single else tuple(list(labels).index(label) for label in task.outputs)
    return Answers(activation, order, single)


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
    unsummed = task.activation == "softmax" and np.abs(outputs.sum(axis=1) - 1).max() > tolerance
    if outside or unsummed:
        raise UsageError(
            f"{name} answers with numbers that are no probabilities ({outputs.min():.3g} to {outputs.max():.3g}); if "
            "its last layer has no softmax or sigmoid, say --answers logits."
        )
