"""Channels by number: which of them must leave a network together.

A convolution gives every channel it makes a new number. All other layers hand numbers on: batch norm and
pooling as they are, a concatenation one list after the other, a flattening each number once per pixel. Where
two channels are added or multiplied, their numbers are tied: one cannot leave without the other. What is left
at the end are the smallest removable units of the network, each a set of tied numbers with its places in the
weights of all layers. Offsets after concatenations, slices and reshapes need no arithmetic of their own, since
the numbers arrive where the channels do. The idea of coupled layers is that of dependency graphs; following
single channels instead of layers is what makes it work through any mixture of joins and splits.

References:
    Fang et al. (2023). DepGraph: Towards any structural pruning. CVPR, arXiv 2301.12900.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FIXED = 0  # the number of all channels that must stay: those of the film and of the answer

Kept = Callable[[np.ndarray], np.ndarray]  # channel numbers -> whether each stays, bool
Edit = Callable[[dict, Kept], None]  # changes a layer's entry in the model's config, given who stays


@dataclass(frozen=True)
class Trace:
    """Which channels a tensor carries.

    Attributes:
        axis: The axis that shrinks when channels leave; 0 is the batch.
        numbers: Channel numbers along that axis, int (channels,).
    """

    axis: int
    numbers: np.ndarray


@dataclass(frozen=True)
class WeightAxis:
    """An axis of a weight that is indexed by channels.

    Attributes:
        weight: The weight's name within its layer, e.g. `kernel`.
        axis: The axis.
        numbers: Channel numbers along it, int (size of the axis,).
        role: `filter` where a kernel makes the channels, `input` where a kernel mixes them into new ones,
            `channel` for one value per channel (bias, batch norm).
    """

    weight: str
    axis: int
    numbers: np.ndarray
    role: str = "channel"


@dataclass(frozen=True)
class Call:
    """One call of one layer, as its rule sees it.

    Attributes:
        layer: The Keras layer.
        inputs: Channels of each input.
        input_shapes: Shapes of the inputs, batch first.
        output_shapes: Shapes of the outputs, batch first.
        arguments: Of a wrapped TensorFlow operation, by name; empty for layers.
    """

    layer: Any
    inputs: tuple[Trace, ...]
    input_shapes: tuple[tuple, ...]
    output_shapes: tuple[tuple, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What a layer does with channels.

    Attributes:
        outputs: Channels of each output.
        weights: The axes of its weights that shrink with them.
        edits: What changes in its config.
        positions: How often each value of its kernels is used per image; 0 without kernels.
    """

    outputs: tuple[Trace, ...]
    weights: tuple[WeightAxis, ...] = ()
    edits: tuple[Edit, ...] = ()
    positions: int = 0


class Channels:
    """Gives out channel numbers and remembers which are tied (a union-find forest)."""

    def __init__(self):
        self._parents = [FIXED]

    def new(self, count: int) -> np.ndarray:
        """Return so many new numbers, int (count,)."""
        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count)

    def tie(self, first: np.ndarray, second: np.ndarray | int) -> None:
        """Let the channels of two equally long lists leave pairwise together."""
        first = np.asarray(first)
        for one, other in zip(first.tolist(), np.broadcast_to(second, first.shape).tolist(), strict=True):
            a, b = self._root(one), self._root(other)
            self._parents[max(a, b)] = min(a, b)  # so that the root of what is fixed stays FIXED

    def fix(self, numbers: np.ndarray) -> None:
        """Let these channels stay for good."""
        self.tie(np.unique(numbers), FIXED)

    def units(self) -> np.ndarray:
        """Return the removable unit that each number belongs to, counted from 0; −1 where it must stay."""
        roots = np.array([self._root(number) for number in range(len(self._parents))])
        return np.unique(roots, return_inverse=True)[1].reshape(-1) - 1  # FIXED is the smallest root

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]  # shortens the path
            number = self._parents[number]
        return number


def fixed_trace(shape: tuple) -> Trace:
    """Return the channels of a tensor none of which may leave."""
    return Trace(len(shape) - 1, np.full(shape[-1] if len(shape) > 1 and shape[-1] else 1, FIXED))


def last_axis(call: Call, channels: Channels, position: int = 0) -> np.ndarray:
    """Return the channel numbers along the last axis of an input.

    Where the channels lie along another axis, they are mixed by whatever works along the last one: they are
    fixed, and so is what is returned.
    """
    trace, shape = call.inputs[position], call.input_shapes[position]
    if trace.axis == len(shape) - 1:
        return trace.numbers
    channels.fix(trace.numbers)
    return fixed_trace(shape).numbers


def counted(key: str, numbers: np.ndarray) -> Edit:
    """Return the edit that sets a layer's option `key` to how many of these channels stay."""

    def edit(entry: dict, kept: Kept) -> None:
        entry["config"][key] = int(kept(numbers).sum())

    return edit
