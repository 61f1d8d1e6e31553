"""Filter pruning: take whole filters out of a trained network, so that it becomes smaller and faster.

Magnitude pruning leaves zeros in kernels that are as large as before: the file and the time stay as they were
until something codes or skips the zeros. A filter that is removed is gone: its feature map is not computed, the
slices of the next kernels that read it are not stored, and any runtime is faster for it. The price is that
channels depend on each other. Where outputs are added (shortcuts), multiplied (squeeze-and-excitation) or
filtered one by one (depthwise), channels leave together or not at all; where they are concatenated, every later
reader must cut at the right place. `radlib.techniques.pruning.surgery` follows each channel through the graph to find out.

Three choices remain. Which channels matter: weights are a cheap guess, the first-order change of the loss on
training films a better one. Which layers shrink: with a global ranking those where channels matter least. And
how far: a budget of multiply-accumulates is nearest to time, one of parameters or bytes to the file. Widths
stay multiples of 8, because kernels compute 8 or 16 channels at once and pad the rest; in dense blocks the
bottlenecks shrink and the growth stays, because its 3 × 3 kernels are slowest at odd widths.

The pruned network is wrong at first, by as much as the removed channels carried. Fine-tuning on the training
films lets the rest take over.

References:
    Li et al. (2016). Pruning filters for efficient ConvNets. ICLR 2017, arXiv 1608.08710.
    Molchanov et al. (2019). Importance estimation for neural network pruning. CVPR, arXiv 1906.10771.
    Fang et al. (2023). DepGraph: Towards any structural pruning. CVPR, arXiv 2301.12900.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np

from radlib.architectures import counting
from radlib.foundation import backend
from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Budget, Count, Factor, Passes, Range, Share
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.pruning.surgery.budget import choose
from radlib.techniques.pruning.surgery.importance import importance
from radlib.techniques.pruning.surgery.rebuild import remove_channels
from radlib.techniques.pruning.surgery.sensitivity import sensitivity
from radlib.techniques.pruning.surgery.structure import Structure, read_structure


@trained_technique(label="filters pruned", kind="pruning")
def filter_pruning(
    model: Any,
    data: TechniqueData,
    *,
    budget: Budget = 0.5,
    measure: Literal["macs", "parameters", "bytes"] = "macs",
    importance_by: Literal["taylor", "l1", "bn_gamma"] = "taylor",
    scope: Literal["global", "layer"] = "global",
    round_to: Annotated[int, Range(1, 256)] = 8,
    smallest_share: Share = 0.1,
    keep_growth: bool = True,
    keep_layers: Sequence[str] = (),
    scoring_films: Count = 256,
    pruning_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Remove the least important filters until a budget is met, rebuild the network smaller, and fine-tune it.

    Args:
        model: A trained Keras model.
        data: The films.
        budget: How much stays: up to 1 a share of what the network has, above 1 an absolute number.
        measure: What the budget limits: `macs` (multiply-accumulates of one film), `parameters`, or `bytes` (of
            all weights as float32).
        importance_by: `taylor` (first-order change of the loss), `l1` (size of the kernels) or `bn_gamma` (scale
            of batch norm).
        scope: `global` ranks the channels of all layers together, `layer` shrinks all layers by the same share.
        round_to: Layers keep multiples of so many channels; small layers, of a quarter of theirs.
        smallest_share: Share of each layer's channels that stay in any case, in [0, 1].
        keep_growth: Whether dense blocks keep the number of channels that each of their layers adds.
        keep_layers: Names of layers whose channels, in and out, all stay.
        scoring_films: Training films on which `taylor` is measured.
        pruning_epochs: Passes over the training films after the removal.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The smaller model; the details hold its costs before and after, and the channels kept in each group.

    Raises:
        UsageError: When the budget cannot be met, with the nearest that can; for a layer of unknown kind.
    """
    backend.make_deterministic(data.settings.seed)  # a run that is killed and resumed picks the same channels
    structure = read_structure(model, keep_layers)
    scores = channel_importance(model, structure, data, importance_by, scoring_films)
    stays = choose(
        structure,
        scores,
        measure=measure,
        budget=budget,
        scope=scope,
        round_to=round_to,
        smallest_share=smallest_share,
        keep_growth=keep_growth,
    )
    pruned = remove_channels(model, structure, stays)
    history = data.fine_tune(pruned, epochs=pruning_epochs, learning_rate_share=learning_rate_share)
    return Product(pruned, pruning_details(model, pruned, structure, stays), history)


def channel_importance(
    model: Any, structure: Structure, data: TechniqueData, importance_by: str, scoring_films: int
) -> np.ndarray:
    """Return the importance of each removable unit of a network, float64 (structure.count,)."""
    return importance(
        model,
        structure,
        importance_by,
        batches=lambda: data.labelled_batches(scoring_films, seed=data.settings.seed),
        loss=data.loss(),
    )


def pruning_details(model: Any, pruned: Any, structure: Structure, stays: np.ndarray) -> dict[str, Any]:
    """Return what a removal did, JSON-able: costs before and after, and (kept, of) by group of channels."""
    return {
        "macs": [counting.macs(model), counting.macs(pruned)],
        "parameters": [counting.parameters(model), counting.parameters(pruned)],
        "channels": {
            group.name: [int(stays[group.units].sum()), len(group.units)] for group in structure.groups
        },
    }


def channel_table(details: dict[str, Any]) -> "pd.DataFrame":
    """Return the channels of a pruned variant, from its details: group, before, after, share (kept)."""
    rows = [(name, of, kept, kept / of) for name, (kept, of) in details["channels"].items()]
    return pd.DataFrame(rows, columns=["group", "before", "after", "share"])


def sensitivity_table(
    model: Any,
    data: TechniqueData,
    *,
    importance_by: str = "l1",
    scoring_films: int = 256,
    ratios: Sequence[float] = (0.25, 0.5, 0.75),
    most_groups: int = 0,
) -> "pd.DataFrame":
    """Return the validation AUROC with each group of channels pruned alone, without training.

    Args:
        model: A trained Keras model; it is left as it was.
        data: The films.
        importance_by: How the channels of a group are ranked; see `filter_pruning`.
        scoring_films: Training films on which `taylor` is measured.
        ratios: Shares of a group's channels to remove, in (0, 1).
        most_groups: Only so many groups are looked at, those with most channels; 0 for all.

    Returns:
        One row per group and ratio: group, channels, kept, ratio (removed), score (AUROC).
    """
    structure = read_structure(model)
    scores = channel_importance(model, structure, data, importance_by, scoring_films)
    by_size = sorted(structure.groups, key=lambda group: -len(group.units))
    names = {group.name for group in by_size[: most_groups or None]}
    looked_at = replace(structure, groups=tuple(group for group in structure.groups if group.name in names))
    return sensitivity(model, looked_at, scores, data.score, ratios=ratios)
