"""How many components each layer keeps, when layers become products of smaller ones.

| ranks | keeps |
|---|---|
| `energy` | the fewest components that hold a share of each spectrum's squared singular values |
| `evbmf` | the components that stand out of the noise, by variational Bayes (Nakajima et al., 2013) |
| `budget` | as `energy`, with the largest share at which the network has at most so many parameters |

`evbmf` is the rule of Kim et al. (2016) for large networks that were trained for long. What it takes for noise in a
small network trained from random weights is most of each kernel, and little is left of the network: hence the
default is `energy`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.architectures import counting
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.techniques.kernels import prunable_layers
from radlib.techniques.low_rank.decomposition import (
    energy_rank,
    evbmf_bound,
    evbmf_rank,
    singular_values,
    unfold,
)
from radlib.techniques.low_rank.factored_layers import factored_weights, kernel_of

_BISECTIONS = 40


@dataclass(frozen=True)
class Factorable:
    """A layer that may be factored.

    Attributes:
        name: Of the layer.
        shape: Of its kernel: (inputs, outputs), or (height, width, inputs, outputs).
        spectra: Singular values of the matrix; or of the kernel unfolded by inputs, then by outputs.
    """

    name: str
    shape: tuple[int, ...]
    spectra: tuple[np.ndarray, ...]

    @property
    def weights(self) -> int:
        """How many weights its kernel has."""
        return int(np.prod(self.shape))

    def ranks(self, energy: float | None) -> tuple[int, ...]:
        """Return the rank of each spectrum that keeps a share of its energy; None asks `evbmf_rank`."""
        if energy is not None:
            return tuple(energy_rank(spectrum, energy) for spectrum in self.spectra)
        return tuple(max(1, evbmf_rank(spectrum, shape)) for _, spectrum, shape in self.matrices())

    def matrices(self) -> list[tuple[str, np.ndarray, tuple[int, int]]]:
        """Return (whose channels are its rows, spectrum, shape) of each matrix that the kernel is unfolded to."""
        sides = self.shape[-2:] if len(self.shape) == 4 else self.shape[:1]
        names = ("inputs", "outputs")[: len(sides)]
        return [
            (n, s, (side, self.weights // side))
            for n, s, side in zip(names, self.spectra, sides, strict=True)
        ]

    def saved(self, ranks: tuple[int, ...]) -> int:
        """Return how many weights fewer the factored layer has, 0 where it would have more."""
        return max(0, self.weights - factored_weights(self.shape, ranks))


def factorable_layers(model: Any, wanted: Callable[[Any], bool]) -> list[Factorable]:
    """Return the layers of a kind with their spectra, without the network's first and last."""
    layers = [model.get_layer(name) for name in prunable_layers(model)]
    found = []
    for layer in layers:
        if not wanted(layer):
            continue
        kernel = kernel_of(layer)
        modes = (2, 3) if kernel.ndim == 4 else (0,)
        spectra = tuple(singular_values(unfold(kernel, mode)) for mode in modes)
        found.append(Factorable(layer.name, kernel.shape, spectra))
    return found


def choose_ranks(
    model: Any, found: list[Factorable], rule: str, *, energy: float, budget: float, technique: str
) -> dict[str, tuple[int, ...]]:
    """Return the ranks of each layer that gets smaller by them.

    Args:
        model: The network, whose parameters the budget is a share of.
        found: Its layers, as `factorable_layers` returns them.
        rule: `evbmf`, `energy` or `budget`.
        energy: See `svd`.
        budget: See `svd`.
        technique: Its name in messages.
    """
    if not found:
        other = "tucker" if technique == "svd" else "svd"
        raise NotApplicable(
            f"{model.name} has no layer for {technique!r} between its first and its last; try {other!r}."
        )
    kept: float | None = {"evbmf": None, "energy": energy, "budget": 0.0}[rule]
    if rule == "budget":
        kept = _energy_within(counting.parameters(model), found, budget)
    chosen = {layer.name: layer.ranks(kept) for layer in found}
    chosen = {layer.name: chosen[layer.name] for layer in found if layer.saved(chosen[layer.name])}
    if not chosen:
        raise NotApplicable(
            f"No layer of {model.name} gets smaller by {technique!r} with ranks chosen by {rule}; "
            "choose ranks 'energy' with a smaller share, or 'budget'."
        )
    return chosen


def spectra_table(found: Sequence[Factorable], chosen: Mapping[str, Sequence[int]]) -> "pd.DataFrame":
    """Return the singular values of layers.

    Args:
        found: As `factorable_layers` returns them.
        chosen: {layer: its ranks}; a layer that is missing keeps all.

    Returns:
        One row per singular value: layer, channels (`inputs` or `outputs`), place (from 1), value, bound (of
        `evbmf_bound`), rank (how many are kept).
    """
    rows = []
    for layer in found:
        ranks = chosen.get(layer.name) or [len(spectrum) for spectrum in layer.spectra]
        for (channels, spectrum, shape), rank in zip(layer.matrices(), ranks, strict=True):
            facts = {
                "layer": layer.name,
                "channels": channels,
                "bound": evbmf_bound(spectrum, shape),
                "rank": rank,
            }
            rows += [
                {**facts, "place": place, "value": value} for place, value in enumerate(spectrum, start=1)
            ]
    return pd.DataFrame(rows)


def rank_table(found: Sequence[Factorable], energies: Sequence[float] = (0.7, 0.8, 0.9)) -> "pd.DataFrame":
    """Return what each rule makes of each layer: weights, and by rule the share of them that stays.

    Returns:
        One row per layer: layer, shape, weights, evbmf_share, and energy_70_share and so on.
    """
    rules: dict[str, float | None] = {"evbmf": None, **{f"energy_{round(100 * e)}": e for e in energies}}
    rows = []
    for layer in found:
        left = {
            f"{name}_share": 1 - layer.saved(layer.ranks(rule)) / layer.weights
            for name, rule in rules.items()
        }
        rows.append(
            {
                "layer": layer.name,
                "shape": " × ".join(map(str, layer.shape)),
                "weights": layer.weights,
                **left,
            }
        )
    return pd.DataFrame(rows)


def _energy_within(parameters: int, found: list[Factorable], budget: float) -> float:
    """Return the largest share of energy at which the network has at most `budget` of its parameters."""

    def left(energy: float) -> int:
        return parameters - sum(layer.saved(layer.ranks(energy)) for layer in found)

    low, high = 0.0, 1.0
    if left(low) > budget * parameters:
        raise NotApplicable(
            f"A budget of {budget:.1%} of the parameters cannot be met: even at rank 1 the network keeps "
            f"{left(low) / parameters:.1%}, since the other layers are not decomposed; the nearest is that."
        )
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) <= budget * parameters else (low, middle)
    return low
