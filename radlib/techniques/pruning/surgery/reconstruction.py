"""Choose channels so that what the next layer computes can be rebuilt from those that stay (He et al., 2017).

Small weights are a guess at what matters; here it is asked directly. A layer reads channels X_c through kernel
slices W_c and gives Y = Σ X_c W_c. First a LASSO finds factors β with few that are not zero,
`min ‖Y − Σ β_c X_c W_c‖² + λ‖β‖₁`, following λ down until as many channels carry weight as may stay. Then least
squares give the reader the kernel that rebuilds Y best from those channels. Of two channels that contribute the
same to Y, one goes, and the reader listens to the other more.

All that either step needs are sums of products over sampled positions: with S = XᵀX the products of the LASSO
are `G[c, d] = Σ_kl S[kc, ld] (W Wᵀ)[kc, ld]`, so no matrix is larger than a kernel's inputs squared.

References:
    He, Zhang and Sun (2017). Channel pruning for accelerating very deep neural networks. ICCV, arXiv 1707.06168.
    Efron et al. (2004). Least angle regression. Annals of Statistics 32(2), arXiv math/0406456.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib.foundation import backend
from radlib.techniques.pruning.surgery.rebuild import remove_channels
from radlib.techniques.pruning.surgery.structure import Group, Slot, Structure

MOST_READERS = 2  # the channels of a shortcut have many, and no kernel that could make up for a loss
RIDGE = 1e-6  # of the mean square of an input, so that inputs that are always zero divide nothing by nothing


@dataclass(frozen=True)
class Products:
    """Sums over sampled positions, of what a layer reads now and what it computed in the original network.

    Attributes:
        inputs: XᵀX, float64 (taps · channels, taps · channels).
        outputs: XᵀY, float64 (taps · channels, filters), Y without bias.
        input_mean: Of X, (taps · channels,); zero where the layer has no bias to make up for it.
        output_mean: Of Y, (filters,); likewise.
        square: Σ Y².
        count: Number of positions.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    input_mean: np.ndarray
    output_mean: np.ndarray
    square: float
    count: int


def readers_of(structure: Structure, model: Any, group: Group) -> list[Slot]:
    """Return the kernels that read a group's channels, widest first; none if they cannot make up for a loss.

    They can when they are plain convolutions or dense layers, called once, at most two, and see each channel
    once (not through a flattening).
    """
    layers = backend.keras().layers
    slots = [s for s in structure.slots if s.role == "input" and np.isin(group.units, s.units).any()]
    for slot in slots:
        layer = model.get_layer(slot.layer)
        plain = type(layer) is layers.Dense or (type(layer) is layers.Conv2D and layer.groups == 1)
        once = len(layer.inbound_nodes) == 1 and np.isin(slot.units, group.units).sum() == len(group.units)
        if not (plain and once):
            return []
    widest = sorted(slots, key=lambda s: -np.prod(structure.shapes[s.layer, s.weight]))
    return widest if len(slots) <= MOST_READERS else []


def reconstruct(
    model: Any,
    structure: Structure,
    kept: dict[str, int],
    films: np.ndarray,
    *,
    positions: int = 5000,
    seed: int = 0,
) -> tuple[Any, np.ndarray, dict[str, float]]:
    """Remove channels group by group, each time rebuilding what their readers compute.

    Args:
        model: A trained Keras model; it is left as it is.
        structure: What `read_structure` found in it.
        kept: How many channels stay, by name of the group; all of these must have readers (`readers_of`).
        films: Training films, float32 (n, h, w, 1).
        positions: Output positions to sample per reader.
        seed: Of the sampling.

    Returns:
        The smaller model, the units that stay (bool), and by reader the share of Σ Y² that is lost, in [0, 1].
    """
    stays = np.ones(structure.count, bool)
    working = remove_channels(model, structure, stays)  # a copy
    lost: dict[str, float] = {}
    wanted = [
        group for group in structure.groups if kept.get(group.name, len(group.units)) < len(group.units)
    ]
    for group in tqdm(wanted, desc="channels", unit="group", leave=False):
        chosen: np.ndarray | None = None
        for slot in readers_of(structure, model, group):
            layer = working.get_layer(slot.layer)
            products = _products(model, working, slot.layer, films, positions, seed)
            kernel = model.get_layer(slot.layer).kernel.numpy()
            inside = np.isin(slot.units, group.units)
            if chosen is None:
                places = select_channels(
                    products, kernel, inside, kept[group.name], np.append(stays, True)[slot.units]
                )
                chosen = slot.units[places]
                stays[np.setdiff1d(group.units, chosen)] = False
            present = np.append(stays, True)[slot.units]
            rebuilt, bias, lost[slot.layer] = solve(products, kernel.shape, present)
            layer.kernel.assign(rebuilt)
            if layer.use_bias:
                layer.bias.assign(model.get_layer(slot.layer).bias + bias.astype(np.float32))
    return remove_channels(working, structure, stays), stays, lost


def select_channels(
    products: Products, kernel: np.ndarray, inside: np.ndarray, count: int, present: np.ndarray
) -> np.ndarray:
    """Return the places of the channels that the LASSO keeps, int (count,), in order.

    Args:
        products: Of the reader.
        kernel: Of the reader in the original network, (…, channels, filters).
        inside: Which of the reader's channels compete, bool (channels,); the others stay.
        count: How many of those stay.
        present: Which of the reader's channels have not been removed before, bool (channels,).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lars_path_gram

    channels, filters = kernel.shape[-2:]
    taps = kernel.size // channels // filters
    flat = kernel.reshape(-1, filters).astype(np.float64)  # (taps · channels, filters)
    products = _without_others(products, flat, np.tile(~inside & present, taps))
    mixed = (products.inputs * (flat @ flat.T)).reshape(taps, channels, taps, channels).sum(axis=(0, 2))
    target = (products.outputs * flat).sum(axis=1).reshape(taps, channels).sum(axis=0)
    places = np.flatnonzero(inside)
    mixed, target = mixed[np.ix_(places, places)], target[places]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # equal channels: one of them is dropped, as it should
        _, _, path = lars_path_gram(
            target, mixed, n_samples=products.count, method="lasso", max_iter=4 * count
        )
    alive = (path != 0).sum(axis=0)
    step = int(np.flatnonzero(alive <= count)[-1])
    explained = np.abs(path[:, step]) * np.sqrt(np.maximum(np.diag(mixed), 0))
    spare = np.sqrt(np.maximum(np.diag(mixed), 0))  # ranks those without a factor, if the path ended early
    order = np.lexsort((-spare, -explained))
    return np.sort(places[order[:count]])


def solve(
    products: Products, shape: Sequence[int], present: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the kernel and the change of the bias that rebuild Y best, and the share of Σ Y² that is lost.

    Args:
        products: Of the reader.
        shape: Of its kernel, (…, channels, filters).
        present: Which channels it still reads, bool (channels,); the others get weights of zero.
    """
    taps = int(np.prod(shape[:-2]))
    rows = np.flatnonzero(np.tile(present, taps))
    square, cross = _centred(products)
    square, cross = square[np.ix_(rows, rows)], cross[rows]
    square[np.diag_indices_from(square)] += RIDGE * max(np.trace(square) / len(rows), 1e-30)
    solution = np.linalg.solve(square, cross)
    kernel = np.zeros((taps * shape[-2], shape[-1]))
    kernel[rows] = solution
    bias = products.output_mean - products.input_mean @ kernel
    total = products.square - products.count * float(products.output_mean @ products.output_mean)
    left = total - float((cross * solution).sum())
    return kernel.reshape(shape).astype(np.float32), bias, float(np.clip(left / max(total, 1e-30), 0, 1))


def _centred(products: Products) -> tuple[np.ndarray, np.ndarray]:
    mean = products.input_mean[:, None]
    return (
        products.inputs - products.count * mean * mean.T,
        products.outputs - products.count * mean * products.output_mean,
    )


def _without_others(products: Products, flat: np.ndarray, others: np.ndarray) -> Products:
    """Return the products with what the channels that do not compete contribute taken off Y."""
    square, cross = _centred(products)
    zeros = np.zeros_like
    cross = cross - square[:, others] @ flat[others]
    return Products(
        square, cross, zeros(products.input_mean), zeros(products.output_mean), 0.0, products.count
    )


def _products(model: Any, working: Any, name: str, films: np.ndarray, positions: int, seed: int) -> Products:
    """Sample what a layer reads now and what it computed in the original network, and sum their products."""
    original, current = model.get_layer(name), working.get_layer(name)
    keras = backend.keras()
    before, now = (keras.Model(m.input, layer.input) for m, layer in ((model, original), (working, current)))
    kernel = original.kernel.numpy().reshape(-1, original.kernel.shape[-1])
    generator, share = np.random.default_rng(seed), -(-positions // len(films))
    read, computed = [], []
    for film in films:  # one at a time: the patches of a whole batch can be larger than memory
        old, new = (
            _patches(layer, m(film[None], training=False))
            for layer, m in ((original, before), (current, now))
        )
        chosen = generator.permutation(len(new))[:share]
        read.append(new[chosen].astype(np.float64))
        computed.append(old[chosen].astype(np.float64) @ kernel)
    x, y = np.concatenate(read), np.concatenate(computed)
    with_bias = float(original.use_bias)
    return Products(
        x.T @ x, x.T @ y, x.mean(axis=0) * with_bias, y.mean(axis=0) * with_bias, float((y**2).sum()), len(x)
    )


def _patches(layer: Any, maps: Any) -> np.ndarray:
    """Return what a layer's kernel sees at each output position, (positions, taps · channels)."""
    if type(layer).__name__ == "Dense":
        return np.asarray(maps).reshape(-1, maps.shape[-1])
    seen = backend.tensorflow().image.extract_patches(
        maps,
        sizes=[1, *layer.kernel_size, 1],
        strides=[1, *layer.strides, 1],
        rates=[1, *layer.dilation_rate, 1],
        padding=layer.padding.upper(),
    )
    return seen.numpy().reshape(-1, seen.shape[-1])
