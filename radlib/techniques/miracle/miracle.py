"""MIRACLE: make weights random, and send which of the receiver's random numbers they are (Havasi et al., 2019).

A trained network works as well with its weights a little off. Said as a distribution q per weight, instead of a
number, a block of weights costs only KL(q ‖ p) nats against a prior p that the receiver knows: it draws the same
K = 2^C candidates from p, and an index of C bits tells which of them passes for a draw of q (see
`random_codes`). So C bits pay for a block, whether it has five weights or fifty: there is no limit of one bit a
weight, and no table of values.

1. The kernels become distributions, and training brings each block's KL to C ln 2 (see `weight_posteriors`).
2. The blocks are coded in rounds. What is coded is fixed, and between the rounds the rest learns to live with it.
3. Batch norm and biases train to the end and are stored as float16, the former as one scale and shift a channel.

Left out is the paper's hashing, by which weights share values before anything is coded: it trades weights for rate,
which a smaller student does as well. The file is small; the network that it decodes to is dense, float32, and as large in memory and as slow as its
parent: a code to store and to send.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from radlib.architectures import counting
from radlib.formats.graphs import weight_name
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Factor, Passes, Range
from radlib.techniques.batch_norm import reduce_batch_norm
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.miracle.block_coding import (
    Schedule,
    code_of,
    coding_rounds,
    kernels_of,
    network_of,
)
from radlib.techniques.miracle.file_format import KERNELS, Code, encode_model, itemise
from radlib.techniques.miracle.random_codes import UNITS, Blocks, candidates, log_weights
from radlib.techniques.miracle.weight_posteriors import learner_of

MOST_INDEX_BITS = 16  # a search through more candidates takes hours
MOST_BLOCK_WEIGHTS = 1024  # beyond, no weight could be told from noise


@trained_technique(produces="miracle", label="MIRACLE", kind="coding")
def miracle(
    model: Any,
    data: TechniqueData,
    *,
    bits_per_block: Annotated[int, Range(1, MOST_INDEX_BITS)] = 12,
    block_weights: Annotated[int, Range(1, MOST_BLOCK_WEIGHTS)] = 8,
    size_kb: Annotated[float, Range(0)] = 0.0,
    posterior_epochs: Passes = 8,
    rounds: Annotated[int, Range(1, 1000)] = 10,
    steps_per_round: Annotated[int, Range(1, 100_000)] = 40,
    learning_rate_share: Factor = 1.0,
) -> Product:
    """Turn weights into distributions and store each block of them as the index of a shared random draw.

    All kernels are coded. The fewer bits a weight gets, the more training it takes until the rest of the network
    has learnt to do with them.

    Args:
        model: A trained Keras model of known layers (see `graphs`).
        data: The films.
        bits_per_block: Bits of a block's index, C, 1…16. Coding takes time in proportion to 2^C; a larger C at the
            same bits per weight (more weights in a block) lets the weights share their budget more freely.
        block_weights: Weights in a block, 1…1,024; `bits_per_block / block_weights` bits pay for a weight.
        size_kb: Largest size of the file, KB of 1,000 bytes, from which `block_weights` follows; 0 takes that as it
            is given.
        posterior_epochs: Passes over the training films before the first block is coded; the budget falls
            during the first six tenths of them.
        rounds: Parts that the blocks are coded in; 10 to 20 do.
        steps_per_round: Gradient steps after each part.
        learning_rate_share: Learning rate, as a share of the baseline's; it stays the same throughout.

    Returns:
        The bytes of a `.rdm` file. The details hold what a float32 copy of the weights weighs (`fp32_bytes`),
        `bytes` per part of the file, the layout (`block_weights`, `blocks`, `bits_per_weight`), `kl_bits`: mean KL of
        a block when it was coded, by how much storing batch norm and biases as float16 moved any probability
        (`moved_by_float16`), and the first block as it was when it was coded (`example`). The history has further
        columns: at the epoch's end `budget_bits`, what a block may cost, `least_bits` and `most_bits`, what the
        cheapest and the dearest block do cost, and `coded`, the share of blocks that are.

    Raises:
        UsageError: When no file of this network is as small as `size_kb`, or the network has
            a layer that the file cannot describe or no kernel at all.

    References:
        Havasi, Peharz, Hernández-Lobato (2019). Minimal random code learning: getting bits back from compressed
            model parameters. ICLR, arXiv 1810.00440.
        Lin, Flamich, Hernández-Lobato (2023). Minimal random code learning with Mean-KL parameterization.
            arXiv 2307.07816.
    """
    about = data.described()
    blocks = plan_blocks(model, bits_per_block, block_weights, data.settings.seed)
    if size_kb:
        blocks = fit_blocks(model, blocks, round(1000 * size_kb), about)
    schedule = Schedule(data.steps(posterior_epochs), rounds, steps_per_round)
    epochs = -(-schedule.steps // data.steps(1))
    learner = learner_of(model, blocks, schedule, loss=data.loss(), epochs=epochs, seed=data.settings.seed)
    steady = replace(data, settings=data.settings.override({"schedule": "constant", "weight_decay": 0.0}))
    history = steady.fine_tune(
        learner,
        epochs=epochs,
        learning_rate_share=learning_rate_share,
        callbacks=[coding_rounds(learner)],
    )
    trained = network_of(learner, model)
    moved = data.moved_by(halve, trained)
    content = encode_model(trained, code_of(learner), about)
    details = {
        "fp32_bytes": 4 * counting.parameters(model),
        "bytes": {name: int(count) for name, count in itemise(content).items()},
        "block_weights": blocks.block_weights,
        "blocks": blocks.count,
        "bits_per_weight": 8 * blocks.index_bytes / blocks.weights,
        "kl_bits": float(learner.spent.numpy().mean() / np.log(2)),
        "moved_by_float16": moved,
        "example": {
            "bits": blocks.bits,
            "seed": blocks.seed,
            "index": int(learner.indices.numpy()[0]),
            "mean": learner.example.numpy()[0].tolist(),
            "deviation": learner.example.numpy()[1].tolist(),
        },
    }
    return Product(content, details, _with_budget(history, learner, data.steps(1)))


def plan_blocks(model: Any, bits: int, block_weights: int, seed: int) -> Blocks:
    """Return how the kernel weights of a model are dealt into blocks.

    Raises:
        UsageError: When the model has no kernel.
    """
    weights = sum(int(np.prod(kernel.shape)) for kernel in kernels_of(model))
    if not weights:
        raise NotApplicable(f"{model.name} has no dense or convolutional layer whose weights could be coded.")
    return Blocks(weights, block_weights, bits, seed)


def fit_blocks(model: Any, blocks: Blocks, size_bytes: int, about: Mapping[str, Any]) -> Blocks:
    """Return the same layout with the fewest weights in a block whose file has at most `size_bytes`.

    Raises:
        UsageError: When no number of weights does; the message says what the smallest file would weigh.
    """
    without = file_bytes(model, blocks, about) - blocks.index_bytes
    most = 8 * (size_bytes - without) // blocks.bits  # blocks that there is room for
    block_weights = -(-blocks.weights // most) if most > 0 else MOST_BLOCK_WEIGHTS + 1
    if block_weights > MOST_BLOCK_WEIGHTS:
        smallest = without + replace(blocks, block_weights=MOST_BLOCK_WEIGHTS).index_bytes
        raise NotApplicable(
            f"{model.name} cannot be coded in {size_bytes / 1000:g} KB: all but its kernels takes "
            f"{without / 1000:.2f} KB, and the smallest file {smallest / 1000:.2f} KB; raise size_kb."
        )
    return replace(blocks, block_weights=block_weights)


def file_bytes(model: Any, blocks: Blocks, about: Mapping[str, Any]) -> int:
    """Return the length of the file that a model will have, before it is trained."""
    blank = backend.keras().models.clone_model(model)
    for layer in blank.layers:  # values that differ, as those will that are trained
        layer.set_weights([np.linspace(1, 2, w.size).reshape(w.shape) for w in layer.get_weights()])
    halve(blank)
    scales = np.ones(len(kernels_of(blank)), np.float32)
    return len(encode_model(blank, Code(blocks, np.zeros(blocks.count, np.int64), scales), about))


def halve(model: Any) -> None:
    """Round what a MIRACLE file holds beside its kernels to float16, in place; batch norm as scale and shift."""
    reduce_batch_norm(model)
    for layer in model.layers:
        if isinstance(layer, backend.keras().layers.BatchNormalization):
            continue
        names = [weight_name(variable) for variable in layer.weights]
        with np.errstate(over="ignore"):
            halved = [values.astype(np.float16).astype(values.dtype) for values in layer.get_weights()]
        layer.set_weights(
            [
                half if name not in KERNELS and np.isfinite(half).all() else values
                for name, values, half in zip(names, layer.get_weights(), halved, strict=True)
            ]
        )


def _with_budget(history: "pd.DataFrame", learner: Any, steps: int) -> "pd.DataFrame":
    """Return learning curves with what a block may cost, and how many blocks are coded, after each epoch."""
    at = steps * history["epoch"].to_numpy()
    costs = learner.costs.numpy()[: len(history)] / np.log(2)
    return history.assign(
        budget_bits=[float(learner.budget_at(step).mean() / np.log(2)) for step in at],
        least_bits=costs[:, 0],
        most_bits=costs[:, 1],
        coded=[learner.schedule.coded(step) for step in at],
    )


def example_block(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first block of a MIRACLE file as it was when it was coded, for a picture of it.

    Args:
        details: Of the variant.

    Returns:
        `mean` and `deviation` of each weight's distribution, (B,); `candidates`, (K, B); all in standard deviations of
        the prior. `shares`, (K,): the probability with which each was drawn; `index` of the one that was.
    """
    found = details["example"]
    mean, deviation = np.array(found["mean"]), np.array(found["deviation"])
    numbers = candidates(Blocks(len(mean), len(mean), found["bits"], found["seed"]), 0)
    logs = log_weights(numbers, mean, deviation)
    shares = np.exp(logs - logs.max())
    return {
        "mean": mean,
        "deviation": deviation,
        "candidates": numbers / UNITS,
        "shares": shares / shares.sum(),
        "index": found["index"],
    }


def byte_table(details: Mapping[str, Any]) -> "pd.DataFrame":
    """Return what the bytes of a MIRACLE file are: columns what, stored_bytes, and the share of the file."""
    words = {
        "indices": "indices of the blocks",
        "plain": "batch norm and biases, float16",
        "network": "graph, labels and preparation of films",
        "frame": "header and checksums",
        "scales": "scale of each kernel",
        "tensors": "kinds of the tensors",
        "layout": "seed, bits, weights in a block",
    }
    sizes = [details["bytes"][name] for name in words]
    return pd.DataFrame(
        {"what": list(words.values()), "stored_bytes": sizes, "share": np.array(sizes) / sum(sizes)}
    )
