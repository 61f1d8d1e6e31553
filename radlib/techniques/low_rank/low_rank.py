"""Low rank: a layer becomes two or three smaller ones whose product is nearly the same.

`svd`: a dense or 1 × 1 layer of I inputs and O outputs, W ≈ A B, becomes I → k without bias and k → O with the
bias and the activation: k (I + O) weights in place of I O.
`tucker`: a D × D convolution becomes 1 × 1 from S to R₃ channels, D × D from R₃ to R₄ with the stride and the
padding, and 1 × 1 from R₄ to T (Kim et al., 2016): S R₃ + D² R₃ R₄ + R₄ T weights in place of D² S T.

Plain layers come out, which every runtime and every further technique knows. The first and the last layer are
spared, as in pruning, and so is a layer that would not get smaller. Fine-tuning afterwards wins most of the
loss back. How many components to keep is one of three rules, see `ranks`.
"""

from typing import Annotated, Any, Literal

import numpy as np

from radlib.architectures import counting
from radlib.foundation.errors import UsageError
from radlib.foundation.value_types import Factor, Passes, PositiveShare, Range
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.low_rank.decomposition import Sketch, unfold
from radlib.techniques.low_rank.factored_layers import (
    is_kernel,
    is_matrix,
    kernel_of,
    matrix_layers,
    tucker_layers,
)
from radlib.techniques.low_rank.ranks import Factorable, choose_ranks, factorable_layers
from radlib.techniques.replacement import replace_layers

KINDS = {"svd": is_matrix, "tucker": is_kernel}  # which layers each technique takes apart


@trained_technique(label="SVD", kind="low rank")
def svd(
    model: Any,
    data: TechniqueData,
    *,
    ranks: Literal["energy", "evbmf", "budget"] = "energy",
    energy: PositiveShare = 0.8,
    budget: PositiveShare = 0.5,
    randomized: bool = False,
    low_rank_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Replace each dense, 1 × 1 and separable layer by two smaller ones, then fine-tune.

    The depthwise half of a separable layer is kept as a layer of its own.

    Args:
        model: A trained Keras model.
        data: The films.
        ranks: How ranks are chosen: `energy`, `evbmf` or `budget`.
        energy: Share of the squared singular values that `energy` keeps, in (0, 1].
        budget: Share of the network's parameters that `budget` may keep, in (0, 1).
        randomized: Whether singular vectors are found from random projections (Halko et al., 2011).
        low_rank_epochs: Passes over the training films; 0 leaves the factors as they are.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The network with plain layers. The details hold `parameters` before and after, and per layer its shape,
        ranks, and weights before and after.

    Raises:
        UsageError: When no layer would get smaller, or the budget cannot be met; the message says what can.

    References:
        Denton et al. (2014). Exploiting linear structure within convolutional networks for efficient
            evaluation. NIPS, arXiv 1404.0736.
    """
    sketch = Sketch(seed=data.settings.seed) if randomized else None
    found = layers_for(model, "svd")
    chosen = choose_ranks(model, found, ranks, energy=energy, budget=budget, technique="svd")
    replaced = {name: matrix_layers(model.get_layer(name), rank, sketch) for name, (rank,) in chosen.items()}
    factored = replace_layers(model, replaced)
    history = data.fine_tune(factored, epochs=low_rank_epochs, learning_rate_share=learning_rate_share)
    return Product(factored, _details(model, factored, found, chosen), history)


@trained_technique(label="Tucker", kind="low rank")
def tucker(
    model: Any,
    data: TechniqueData,
    *,
    ranks: Literal["energy", "evbmf", "budget"] = "energy",
    energy: PositiveShare = 0.8,
    budget: PositiveShare = 0.5,
    sweeps: Annotated[int, Range(0, 1000)] = 5,
    randomized: bool = False,
    low_rank_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Replace each convolution larger than 1 × 1 by two or three smaller ones, then fine-tune.

    A mode of full rank needs no layer of its own and gets none. Depthwise and grouped kernels have no channels
    to decompose and stay.

    Args:
        model: A trained Keras model.
        data: The films.
        ranks: How ranks are chosen: `energy`, `evbmf` or `budget`.
        energy: Share of the squared singular values of each unfolding that `energy` keeps, in (0, 1].
        budget: Share of the network's parameters that `budget` may keep, in (0, 1).
        sweeps: Turns in which both bases are refined (HOOI).
        randomized: Whether singular vectors are found from random projections (Halko et al., 2011).
        low_rank_epochs: Passes over the training films; 0 leaves the factors as they are.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The network with plain layers; details as of `svd`.

    Raises:
        UsageError: When no layer would get smaller, or the budget cannot be met; the message says what can.

    References:
        Kim et al. (2016). Compression of deep convolutional neural networks for fast and low power mobile
            applications. ICLR, arXiv 1511.06530.
    """
    sketch = Sketch(seed=data.settings.seed) if randomized else None
    found = layers_for(model, "tucker")
    chosen = choose_ranks(model, found, ranks, energy=energy, budget=budget, technique="tucker")
    replaced = {
        name: tucker_layers(model.get_layer(name), pair, sweeps=sweeps, sketch=sketch)
        for name, pair in chosen.items()
    }
    factored = replace_layers(model, replaced)
    history = data.fine_tune(factored, epochs=low_rank_epochs, learning_rate_share=learning_rate_share)
    return Product(factored, _details(model, factored, found, chosen), history)


def layers_for(model: Any, technique: str) -> list[Factorable]:
    """Return the layers that `svd` or `tucker` may take apart, with their spectra.

    Raises:
        UsageError: For another technique.
    """
    if technique not in KINDS:
        raise UsageError(f"Layers are taken apart by {' or '.join(KINDS)}, not by {technique!r}.")
    return factorable_layers(model, KINDS[technique])


def fitting(model: Any) -> str:
    """Return which of `svd` and `tucker` reaches more of a network's weights."""
    return max(KINDS, key=lambda name: sum(layer.weights for layer in layers_for(model, name)))


def unfolded(model: Any, layer: Factorable) -> np.ndarray:
    """Return the matrix whose spectrum a layer shows last: one row per output channel, or its matrix itself."""
    kernel = kernel_of(model.get_layer(layer.name))
    return unfold(kernel, kernel.ndim - 1) if kernel.ndim == 4 else kernel


def _details(
    model: Any, factored: Any, found: list[Factorable], chosen: dict[str, tuple[int, ...]]
) -> dict[str, Any]:
    """Return what became of the network and of each layer, JSON-able."""
    layers = []
    for layer in found:
        ranks, weights = chosen.get(layer.name, ()), int(np.prod(layer.shape))
        after = weights - layer.saved(ranks) if ranks else weights
        facts = {"layer": layer.name, "shape": list(layer.shape), "ranks": list(ranks)}
        layers.append({**facts, "weights_before": weights, "weights_after": after})
    counted = {"before": counting.parameters(model), "after": counting.parameters(factored)}
    return {"parameters": counted, "layers": layers}
