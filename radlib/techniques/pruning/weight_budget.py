"""How many weights must go for a file to weigh no more than it may, once it is packed.

A file of float32 numbers is as long with zeros as without; deflated, a zero costs next to nothing and any other
weight most of its four bytes. What a share of zeros saves also depends on how they lie, so it is not worked
out but tried: cut, write, deflate, by bisection.

Two rules say which weights go first. By `sparsity` each layer loses the same share of its own. By `threshold`
all layers are held to one bound on |w|, so that a layer of small weights loses more than one of large ones; a
layer keeps a few of its weights in any case, or the network would be cut in two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from radlib.formats.keras import model_bytes
from radlib.foundation.errors import NotApplicable
from radlib.foundation.storage import deflated_bytes
from radlib.techniques.kernels import prunable_layers, pruned_kernel

RULES = ("sparsity", "threshold")
_BISECTIONS = 9


@dataclass(frozen=True)
class Cut:
    """Which weights go.

    Attributes:
        sparsities: Share of zeros in the kernel of each layer that pruning reaches.
        threshold: The bound on |w|; None where each layer loses the same share.
        packed_bytes: Length of the deflated `.keras` file with these weights set to zero.
    """

    sparsities: Mapping[str, float]
    threshold: float | None
    packed_bytes: int


def packed_bytes(model: Any) -> int:
    """Return the length of a model's `.keras` file, deflated; unpacked, it is a file that runs."""
    return deflated_bytes(model_bytes(model))


def check_cut(model: Any, limit: int, rule: str, most: float) -> Cut:
    """Return the largest cut there is; refuse a limit that not even this one meets.

    Args:
        model: A Keras model; its weights are changed for a while and put back.
        limit: Bytes of the deflated `.keras` file.
        rule: `sparsity` or `threshold`.
        most: No layer loses a larger share of its weights, in (0, 1).

    Raises:
        NotApplicable: When no cut suffices; the message names the nearest.
    """
    largest = cut_at(model, 1.0, rule, most)
    if largest.packed_bytes > limit:
        raise NotApplicable(
            f"{limit:,} bytes cannot be met: the nearest that can is {largest.packed_bytes:,}, with {most:.0%} of the "
            "weights gone that may go; raise byte_budget, lower mac_budget, or raise highest_sparsity."
        )
    return largest


def find_cut(model: Any, limit: int, rule: str, most: float) -> Cut:
    """Return the smallest cut with which a network's file weighs at most `limit` bytes, deflated; see `check_cut`."""
    found, low, high = check_cut(model, limit, rule, most), 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        trial = cut_at(model, middle, rule, most)
        if trial.packed_bytes <= limit:
            found, high = trial, middle
        else:
            low = middle
    return found


def cut_at(model: Any, share: float, rule: str, most: float) -> Cut:
    """Return the cut that sets a share of a network's prunable weights to zero; see `check_cut`."""
    kernels = {name: pruned_kernel(model.get_layer(name)).numpy() for name in prunable_layers(model)}
    threshold = None
    if rule == "sparsity":
        sparsities = dict.fromkeys(kernels, min(share, most))
    else:
        magnitudes = np.concatenate([np.abs(kernel).ravel() for kernel in kernels.values()])
        threshold = float(np.quantile(magnitudes, share))
        sparsities = shares_below(model, threshold, most)
    before = model.get_weights()
    try:
        zero_smallest(model, sparsities)
        return Cut(sparsities, threshold, packed_bytes(model))
    finally:
        model.set_weights(before)


def shares_below(model: Any, threshold: float, most: float) -> dict[str, float]:
    """Return {layer: share of its weights with |w| below a threshold, at most `most`} of the prunable layers."""
    kernels = {name: pruned_kernel(model.get_layer(name)).numpy() for name in prunable_layers(model)}
    return {name: min(most, float((np.abs(kernel) < threshold).mean())) for name, kernel in kernels.items()}


def zero_smallest(model: Any, sparsities: Mapping[str, float]) -> None:
    """Set the smallest weights of some layers to zero, in place.

    Args:
        model: A Keras model.
        sparsities: {layer: share of its kernel that is zero afterwards, at least}.
    """
    for name, share in sparsities.items():
        kernel = pruned_kernel(model.get_layer(name))
        values = kernel.numpy()
        gone = np.argsort(np.abs(values), axis=None, kind="stable")[: round(share * values.size)]
        values.ravel()[gone] = 0
        kernel.assign(values)
