"""How many components each layer keeps, when layers become products of smaller ones.

| ranks | keeps |
|---|---|
| `evbmf` | the components that stand out of the noise, by variational Bayes (Nakajima et al., 2013) |
| `energy` | the fewest that hold a share of each spectrum's squared singular values |
| `budget` | as `energy`, with the largest share at which the network has at most so many parameters |
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib import counting
from radlib.decomposition import energy_rank, evbmf_rank, singular_values, unfold
from radlib.errors import UsageError
from radlib.techniques.factored_layers import factored_weights, kernel_of
from radlib.techniques.pruning import prunable_layers

RULES = ("evbmf", "energy", "budget")
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

    def ranks(self, energy: float | None) -> tuple[int, ...]:
        """Return the rank of each spectrum that keeps a share of its energy; None asks `evbmf_rank`."""
        if energy is not None:
            return tuple(energy_rank(spectrum, energy) for spectrum in self.spectra)
        size = int(np.prod(self.shape))
        rows = self.shape[-2:] if len(self.shape) == 4 else (self.shape[0],)
        return tuple(
            max(1, evbmf_rank(spectrum, (side, size // side)))
            for spectrum, side in zip(self.spectra, rows, strict=True)
        )

    def saved(self, ranks: tuple[int, ...]) -> int:
        """Return how many weights fewer the factored layer has, 0 where it would have more."""
        return max(0, int(np.prod(self.shape)) - factored_weights(self.shape, ranks))


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
    if rule not in RULES:
        raise UsageError(f"ranks are chosen by {', '.join(RULES)}, not by {rule!r}.")
    for name, share in (("energy", energy), ("budget", budget)):
        if not 0 < share <= 1:
            raise UsageError(f"{name} is a share above 0 and at most 1, not {share}.")
    if not found:
        other = "tucker" if technique == "svd" else "svd"
        raise UsageError(
            f"{model.name} has no layer for {technique!r} between its first and its last; try {other!r}."
        )
    kept: float | None = {"evbmf": None, "energy": energy, "budget": 0.0}[rule]
    if rule == "budget":
        kept = _energy_within(counting.parameters(model), found, budget)
    chosen = {layer.name: layer.ranks(kept) for layer in found}
    chosen = {layer.name: chosen[layer.name] for layer in found if layer.saved(chosen[layer.name])}
    if not chosen:
        raise UsageError(
            f"No layer of {model.name} gets smaller by {technique!r} with ranks chosen by {rule}; "
            "choose ranks 'energy' with a smaller share, or 'budget'."
        )
    return chosen


def _energy_within(parameters: int, found: list[Factorable], budget: float) -> float:
    """Return the largest share of energy at which the network has at most `budget` of its parameters."""

    def left(energy: float) -> int:
        return parameters - sum(layer.saved(layer.ranks(energy)) for layer in found)

    low, high = 0.0, 1.0
    if left(low) > budget * parameters:
        raise UsageError(
            f"A budget of {budget:.1%} of the parameters cannot be met: even at rank 1 the network keeps "
            f"{left(low) / parameters:.1%}, since the other layers are not decomposed; the nearest is that."
        )
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) <= budget * parameters else (low, middle)
    return low
