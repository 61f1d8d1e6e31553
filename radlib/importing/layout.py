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
from typing import Any, Self

import numpy as np

from radlib.foundation.errors import UsageError

LAYOUTS = ("NHWC", "NCHW")
CHANNELS = (1, 3)
PLAIN_RANGE = (0.0, 1.0)


@dataclass(frozen=True)
class InputLayout:
    """How a network from elsewhere takes a film.

    Attributes:
        layout: `NHWC`, channels last, or `NCHW`, channels first.
        channels: 1, or 3 equal ones.
        range: What black and white are before mean and standard deviation, e.g. (0, 1), (-1, 1) or (0, 255). None while
            nobody has said it: (0, 1), or what the grid of a file that takes integers stands for.
        mean: Subtracted, one number or one per channel, in the units of `range`.
        std: Divided by, likewise; above zero.
    """

    layout: str = "NHWC"
    channels: int = 1
    range: tuple[float, float] | None = PLAIN_RANGE
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self):
        for name in ("range", "mean", "std"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        if self.layout not in LAYOUTS or self.channels not in CHANNELS:
            raise UsageError(
                f"A network takes films as {' or '.join(LAYOUTS)} with 1 or 3 channels, not as {self.layout!r} with "
                f"{self.channels!r}."
            )
        ends = PLAIN_RANGE if self.range is None else self.range
        if len(ends) != 2 or not ends[0] < ends[1]:
            raise UsageError(f"range is what black and white become, such as 0,1 or -1,1, not {self.range}.")
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (1, self.channels):
                raise UsageError(f"{name} is one number, or one for each of the {self.channels} channels.")
        numbers = (*ends, *self.mean, *self.std)
        if not all(map(math.isfinite, numbers)) or min(self.std) <= 0:
            raise UsageError("range, mean and std are finite numbers, and std is above zero.")

    @property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset of each channel, float32 (channels,): x = g · scale + offset."""
        low, high = PLAIN_RANGE if self.range is None else self.range
        mean, std = (
            np.resize(np.array(values, np.float64), self.channels) for values in (self.mean, self.std)
        )
        return ((high - low) / std).astype(np.float32), ((low - mean) / std).astype(np.float32)

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
