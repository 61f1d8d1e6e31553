"""Which kernels of a network techniques reach, and what lies in them: zeros, shared values.

Every method asks this of a network, so it stands outside of their rooms.
"""

from typing import Any

import numpy as np

from radlib.foundation import backend

WEIGHTS_PER_CLUSTER = 4  # fewer are no cluster, and k-means++ stops with fewer weights than centroids
SPARSE = 0.1  # a share of exact zeros that training does not make by itself


def prunable_layers(model: Any) -> list[str]:
    """Return the names of the layers whose kernels are pruned: all dense and convolutional but first and last."""
    layers = backend.keras().layers
    kinds = (layers.Conv2D, layers.SeparableConv2D, layers.Dense)
    with_kernels = [
        layer.name
        for layer in model.layers
        if isinstance(layer, kinds) and not isinstance(layer, layers.DepthwiseConv2D | layers.Conv2DTranspose)
    ]
    return with_kernels[1:-1]


def measured_sparsity(model: Any, names: list[str]) -> float:
    """Return the share of exact zeros over the pruned kernels of a stripped model."""
    zeros = total = 0
    for name in names:
        kernel = pruned_kernel(model.get_layer(name)).numpy()
        zeros, total = zeros + int((kernel == 0).sum()), total + kernel.size
    return zeros / total


def pruned_kernel(layer: Any) -> Any:
    """Return the variable of a layer that pruning reaches: the pointwise kernel of a separable convolution."""
    return layer.pointwise_kernel if hasattr(layer, "pointwise_kernel") else layer.kernel


def whole_layers(model: Any) -> list[str]:
    """Return the names of the layers that pruning reaches and that have one kernel, not the two of a separable one."""
    return [name for name in prunable_layers(model) if hasattr(model.get_layer(name), "kernel")]


def clusterable_layers(model: Any, clusters: int) -> list[str]:
    """Return the names of the layers that pruning reaches and whose kernel is large enough for so many values."""
    least = WEIGHTS_PER_CLUSTER * clusters
    return [name for name in whole_layers(model) if int(np.prod(model.get_layer(name).kernel.shape)) >= least]


def sparse_layers(model: Any, names: list[str]) -> list[str]:
    """Return those of the named layers that were pruned: more exact zeros than training makes by itself."""
    return [name for name in names if (model.get_layer(name).kernel.numpy() == 0).mean() > SPARSE]


def unique_values(model: Any, names: list[str]) -> dict[str, int]:
    """Return how many different numbers the kernel of each named layer holds; -0 is 0."""
    return {name: len(np.unique(model.get_layer(name).kernel.numpy() + 0.0)) for name in names}


def clustered_layers(model: Any, most: int = 256) -> list[str]:
    """Return the names of the layers whose kernels hold few values, each many times.

    Args:
        model: A Keras model.
        most: More values than this, zero not counted, are no codebook.
    """
    found = []
    for name in clusterable_layers(model, WEIGHTS_PER_CLUSTER):
        kernel = model.get_layer(name).kernel.numpy()
        alive = kernel[kernel != 0]
        if 1 <= len(np.unique(alive)) <= min(most, len(alive) // WEIGHTS_PER_CLUSTER):
            found.append(name)
    return found
