"""What low rank does to a trained network, for reading: fewer and fewer components, and nothing trained afterwards."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.techniques.kernels import pruned_kernel
from radlib.techniques.low_rank.decomposition import truncated_svd, tucker2
from radlib.techniques.low_rank.factored_layers import kernel_of
from radlib.techniques.low_rank.ranks import Factorable


def product_of(kernel: np.ndarray, ranks: Sequence[int]) -> np.ndarray:
    """Return the kernel that its factors multiply to, of the shape it had.

    Args:
        kernel: (inputs, outputs), or (height, width, inputs, outputs).
        ranks: One for a matrix; of inputs and of outputs for a kernel.

    Example:
        >>> product_of(np.array([[3.0, 0.0], [0.0, 2.0]]), [1]).round(9).tolist()
        [[3.0, 0.0], [0.0, 0.0]]
    """
    if kernel.ndim == 2:
        left, right = truncated_svd(kernel, ranks[0])
        return left @ right
    core, inputs, outputs = tucker2(kernel, tuple(ranks))
    return np.einsum("yxab,sa,tb->yxst", core, inputs, outputs, optimize=True)


def drawn_product_of(kernel: np.ndarray, ranks: Sequence[int], generator: np.random.Generator) -> np.ndarray:
    """Return what of a kernel lies along as many directions drawn at random: what the leading ones are held against.

    Args:
        kernel: See `product_of`.
        ranks: See `product_of`.
        generator: Draws the directions, evenly over all.
    """
    for mode, rank in zip((-2, -1), ranks, strict=False):
        basis, _ = np.linalg.qr(generator.normal(size=(kernel.shape[mode], rank)))
        kernel = np.moveaxis(np.moveaxis(kernel, mode, -1) @ basis @ basis.T, -1, mode)
    return kernel


def component_sweep(
    model: Any,
    found: Sequence[Factorable],
    score: Callable[[Any], float],
    energies: Sequence[float],
    *,
    seed: int = 0,
) -> "pd.DataFrame":
    """Return how a network reads when its layers keep ever fewer components, without any training.

    The network is changed in place and is as before when this returns. A layer that would not get smaller stays.

    Args:
        model: A trained Keras model.
        found: Its layers, as `low_rank.layers_for` returns them.
        score: What a network is worth, such as the AUROC of the validation films.
        energies: Shares of the squared singular values to keep, each in (0, 1].
        seed: Of the random directions.

    Returns:
        One row per share: `energy`, `weights_share` (of these layers), and the score with the `leading` and with as
        many `random` directions.
    """
    variables = {layer.name: pruned_kernel(model.get_layer(layer.name)) for layer in found}
    before = {name: variable.numpy() for name, variable in variables.items()}
    generator, rows = np.random.default_rng(seed), []
    ways = {"leading": product_of, "random": lambda kernel, ranks: drawn_product_of(kernel, ranks, generator)}
    kernels = {layer.name: kernel_of(model.get_layer(layer.name)) for layer in found}
    for energy in energies:
        ranks = {layer.name: layer.ranks(energy) for layer in found if layer.saved(layer.ranks(energy))}
        left = sum(layer.weights - layer.saved(layer.ranks(energy)) for layer in found)
        row = {"energy": energy, "weights_share": left / sum(layer.weights for layer in found)}
        for name, way in ways.items():
            for layer, kept in ranks.items():
                variables[layer].assign(way(kernels[layer], kept).reshape(before[layer].shape))
            row[name] = score(model)
            for layer, values in before.items():
                variables[layer].assign(values)
        rows.append(row)
    return pd.DataFrame(rows)
