"""Deep Compression: prune, share values, train the shared values, code them (Han et al., 2016).

Of a pruned network the surviving weights of each layer are replaced by the values of a small codebook (k-means
on a line, see `codebooks`). Which value stands for which weight is then frozen, and training goes on with the
codebooks alone: all weights of a cluster share one value C_k, so its gradient is their sum (equation 3),
`∂L/∂C_k = Σ_ij ∂L/∂W_ij · 1(I_ij = k)`. What must be stored is the codebook, a short id per survivor and the
gap to the one before it, both Huffman-coded (see `formats.deep_compression`).

Biases and batch norm train along, since they are stored as they are. The file is small; the network that it
decodes to is as large in memory and as slow as its parent.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from radlib.architectures import counting
from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Factor, Passes, Range
from radlib.techniques.batch_norm import reduce_batch_norm
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.deep_compression.file_format import OVERHEAD, encode_model, itemise
from radlib.techniques.deep_compression.shared_weights import share_weights, shared_model, trainer_of
from radlib.techniques.deep_compression.sparse_tensors import MOST_VALUES


@trained_technique(produces="deep_compression", label="Deep Compression", kind="coding")
def deep_compression(
    model: Any,
    data: TechniqueData,
    *,
    clusters: Annotated[int, Range(2, MOST_VALUES)] = 32,
    spared_clusters: Annotated[int, Range(2, MOST_VALUES)] = 256,
    rate_weight: Annotated[float, Range(0)] = 0.0,
    centroid_epochs: Passes = 1,
    learning_rate_share: Factor = 0.1,
    reduced_batch_norm: bool = False,
) -> Product:
    """Share weights through trained codebooks and write them Huffman-coded; zeros of the parent stay zero.

    Best after `magnitude_pruning`: an unpruned network gains from the codebooks alone.

    Args:
        model: A trained Keras model, usually a pruned one.
        data: The films.
        clusters: Values in the codebook of each layer that pruning reaches, 2…4096.
        spared_clusters: Values in the codebooks of the layers that it spares: first, last, depthwise.
        rate_weight: How much a shorter code may cost, in mean squared errors of plain k-means per bit; 0 is plain
            k-means, 1 makes ids about 5 % shorter and the error a tenth larger, 2 about 12 % and half.
        centroid_epochs: Passes over the training films with frozen assignments; 0 trains nothing.
        learning_rate_share: Learning rate of that training, as a share of the baseline's.
        reduced_batch_norm: Whether batch norm is stored as a float16 scale and shift per channel, a quarter of its
            bytes; the details say by how much any probability moved.

    Returns:
        The bytes of a `.rdc` file. The details hold the sparsity of all coded kernels, what a float32 copy of
        the weights weighs (`fp32_bytes`), `bytes` per part, the share of `overhead`, `over_entropy`: by
        which share the coded symbols exceed their empirical entropy, over the file and in the worst tensor, and
        `tensors`: the facts of each.

    Raises:
        UsageError: When the network has a layer that the file cannot describe.

    References:
        Han, Mao, Dally (2016). Deep compression: compressing deep neural networks with pruning, trained
            quantization and Huffman coding. ICLR, arXiv 1510.00149.
        Chou, Lookabaugh, Gray (1989). Entropy-constrained vector quantization. IEEE Transactions on Acoustics,
            Speech, and Signal Processing 37. For `rate_weight`.
    """
    shared = share_weights(model, clusters, spared_clusters, rate_weight)
    trainer = trainer_of(model, shared)
    history = data.fine_tune(trainer, epochs=centroid_epochs, learning_rate_share=learning_rate_share)
    coded = shared_model(model, trainer, shared)
    details: dict[str, Any] = {}
    if reduced_batch_norm:
        details["moved_by_reduced_batch_norm"] = data.moved_by(reduce_batch_norm, coded)
    content, tensors = encode_model(coded, data.described())
    return Product(content, {**details, **summarise(coded, content, tensors)}, history)


def summarise(model: Any, content: bytes, tensors: Any) -> dict[str, Any]:
    """Return what a Deep Compression file weighs, part by part, JSON-able."""
    parts = itemise(content)
    bits = tensors["id_bits"] + tensors["gap_bits"]
    entropy = tensors["id_entropy_bits"] + tensors["gap_entropy_bits"]
    over = (bits / entropy.where(entropy > 0) - 1).max()
    return {
        "fp32_bytes": 4 * counting.parameters(model),
        "bytes": {name: int(count) for name, count in parts.items()},
        "overhead": float(parts[list(OVERHEAD)].sum() / len(content)),
        "sparsity": float(1 - tensors["nonzeros"].sum() / max(1, tensors["weights"].sum())),
        "over_entropy": {
            "file": float(bits.sum() / max(entropy.sum(), 1) - 1),
            "worst_tensor": 0.0 if np.isnan(over) else float(over),
        },
        "tensors": tensors.to_dict("records"),
    }


def tensor_table(details: Mapping[str, Any]) -> "pd.DataFrame":
    """Return how each tensor of a variant is coded, from its details.

    Returns:
        One row per coded tensor: tensor, weights, nonzeros, values (of its codebook), id_bits and gap_bits (per
        weight that is not zero) with the entropy of each, and over_share, by which the code exceeds both.
    """
    table = pd.DataFrame(details["tensors"])
    bits, entropy = (table[f"id_{of}"] + table[f"gap_{of}"] for of in ("bits", "entropy_bits"))
    each = table[["tensor", "weights", "nonzeros", "values"]].copy()
    for of in ("id_bits", "id_entropy_bits", "gap_bits", "gap_entropy_bits"):
        each[of.replace("entropy_bits", "entropy")] = table[of] / table["nonzeros"]
    return each.assign(over_share=bits / entropy - 1)


def byte_table(details: Mapping[str, Mapping[str, Any]]) -> "pd.DataFrame":
    """Return the bytes of each part of several files: a row per file, a column per part, largest parts first.

    Args:
        details: Of variants, by the name that a row shall have.
    """
    table = pd.DataFrame({name: each["bytes"] for name, each in details.items()}).T
    return table[table.sum().sort_values(ascending=False, kind="stable").index]
