"""Unified pruning: filters go until the work fits the device, then weights until the file fits the link.

A small device has two limits, and each kind of pruning serves one of them. Removing filters makes the network
faster and its file smaller, but every filter is a whole one, useful weights included. Setting single weights to
zero finds far more that may go, but the device computes as long as before, and only the packed file shrinks. So
the problem has two budgets, neither of which can hide behind the other: the least loss with at most so many
multiply-accumulates and at most so many bytes.

1. Filters go by importance until the budget of work is met (`radlib.techniques.pruning.surgery`); the rest is fine-tuned.
2. The smallest weights of what is left go along a polynomial schedule while training continues, as many as the
   budget of bytes needs (`weight_budget`). First and last layer, depthwise kernels and batch norm are spared; the
   last steps train with the masks as they are.

Bytes are those of the `.keras` file deflated (zlib, level 9), which unpacks to a network that runs; as it lies
on the disk, its zeros would count as much as any weight. A chain goes on from here: int8 takes most of what is
left, and Deep Compression codes zeros better than deflate does.

References:
    Li et al. (2016). Pruning filters for efficient ConvNets. ICLR 2017, arXiv 1608.08710.
    Zhu, Gupta (2017). To prune, or not to prune: exploring the efficacy of pruning for model compression.
        arXiv 1710.01878.
    Han et al. (2015). Learning both weights and connections for efficient neural networks. NIPS, arXiv
        1506.02626. The absolute threshold.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from radlib.architectures import counting
from radlib.formats.keras import model_bytes
from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.storage import deflated_bytes
from radlib.foundation.value_types import Budget, Count, Factor, Passes, Range, Share, ShareBelowOne
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.kernels import measured_sparsity
from radlib.techniques.pruning.filter_pruning import channel_importance, pruning_details
from radlib.techniques.pruning.magnitude_pruning import fit_pruned
from radlib.techniques.pruning.surgery.budget import choose
from radlib.techniques.pruning.surgery.rebuild import remove_channels
from radlib.techniques.pruning.surgery.structure import read_structure
from radlib.techniques.pruning.weight_budget import (
    RULES,
    Cut,
    check_cut,
    find_cut,
    packed_bytes,
    shares_below,
    zero_smallest,
)

STAGES = ("original", "filters removed", "fine-tuned", "weights removed")


@trained_technique(label="unified pruning", kind="pruning", leaves="zeros")
def unified_pruning(
    model: Any,
    data: TechniqueData,
    *,
    mac_budget: Budget = 0.5,
    byte_budget: Budget = 0.15,
    importance_by: Literal["taylor", "l1", "bn_gamma"] = "taylor",
    scope: Literal["global", "layer"] = "global",
    round_to: Annotated[int, Range(1, 256)] = 8,
    smallest_share: Share = 0.1,
    keep_growth: bool = True,
    scoring_films: Count = 256,
    cut_by: Literal["sparsity", "threshold"] = "sparsity",
    highest_sparsity: Annotated[float, Range(0, 1, open_low=True, open_high=True)] = 0.95,
    initial_sparsity: ShareBelowOne = 0.5,
    pruning_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Remove filters to a budget of work, then single weights to a budget of bytes, with fine-tuning after each.

    Args:
        model: A trained Keras model.
        data: The films.
        mac_budget: Multiply-accumulates of one film that stay: up to 1 a share of the network's, above 1 a number.
        byte_budget: Length of the deflated `.keras` file: up to 1 a share of the network's own, above 1 bytes.
        importance_by: Which filters go first: `taylor`, `l1` or `bn_gamma`; see `filter_pruning`.
        scope: `global` ranks the channels of all layers together, `layer` shrinks all layers by the same share.
        round_to: Layers keep multiples of so many channels; small layers, of a quarter of theirs.
        smallest_share: Share of each layer's channels that stay in any case, in [0, 1].
        keep_growth: Whether dense blocks keep the number of channels that each of their layers adds.
        scoring_films: Training films on which `taylor` is measured.
        cut_by: Which weights go: of each layer the same share (`sparsity`), or all below one bound on |w|
            (`threshold`), which holds for those that stay, too.
        highest_sparsity: No layer loses a larger share of its weights, in (0, 1).
        initial_sparsity: Share of zeros at the first update of the masks, or the final one where that is lower.
        pruning_epochs: Passes over the training films after the filters went, and again while weights go.
        learning_rate_share: Learning rate of both, as a share of the baseline's.

    Returns:
        The network. The details hold the `budgets`, `stages`: what the network costs and how well it reads the
        validation films after each, the `sparsity` reached, in each of `layers`, the `threshold` where there is
        one, how many weights were `trimmed` after training to hold the budget, and all that `filter_pruning` tells.

    Raises:
        UsageError: When a budget cannot be met, with the nearest that can, or when the filters alone meet that of
            bytes; before anything is trained.
    """
    backend.make_deterministic(data.settings.seed)  # a run that is killed and resumed picks the same channels
    structure = read_structure(model)
    stays = choose(
        structure,
        channel_importance(model, structure, data, importance_by, scoring_films),
        budget=mac_budget,
        scope=scope,
        round_to=round_to,
        smallest_share=smallest_share,
        keep_growth=keep_growth,
    )
    smaller = remove_channels(model, structure, stays)
    stages = [_stage(STAGES[0], model, data), _stage(STAGES[1], smaller, data)]
    budgets = _limits(stages, mac_budget, byte_budget)
    check_cut(smaller, budgets["bytes"], cut_by, highest_sparsity)

    first = data.part("filters").fine_tune(
        smaller, epochs=pruning_epochs, learning_rate_share=learning_rate_share
    )
    stages.append(_stage(STAGES[2], smaller, data))
    cut = find_cut(smaller, budgets["bytes"], cut_by, highest_sparsity)
    sparse, second = fit_pruned(
        smaller,
        data.part("weights"),
        cut.sparsities,
        initial_sparsity=initial_sparsity,
        epochs=pruning_epochs,
        learning_rate_share=learning_rate_share,
    )
    trimmed = _trim(sparse, cut, budgets["bytes"], cut_by, highest_sparsity)
    stages.append(_stage(STAGES[3], sparse, data))
    details = {
        **pruning_details(model, sparse, structure, stays),
        "budgets": budgets,
        "stages": stages,
        "sparsity": measured_sparsity(sparse, list(cut.sparsities)),
        "layers": {name: measured_sparsity(sparse, [name]) for name in cut.sparsities},
        "threshold": cut.threshold,
        "trimmed": trimmed,
    }
    second["epoch"] += len(first)
    return Product(sparse, details, pd.concat([first, second], ignore_index=True))


def stage_table(details: Mapping[str, Any]) -> "pd.DataFrame":
    """Return what each stage of a unified pruning left, from the variant's details.

    Returns:
        One row per stage: stage, macs, parameters, nonzeros (of the parameters), size_bytes (of the `.keras` file),
        deflated_bytes, val_loss (nats), val_auroc.
    """
    return pd.DataFrame(details["stages"])


def sparsity_table(by_sparsity: Mapping[str, Any], by_threshold: Mapping[str, Any]) -> "pd.DataFrame":
    """Return the zeros of each layer under both rules, from the details of two variants.

    Returns:
        One row per layer that pruning reaches: layer, by_sparsity_share and by_threshold_share (of its weights).
    """
    shares = {
        f"by_{rule}_share": details["layers"]
        for rule, details in zip(RULES, (by_sparsity, by_threshold), strict=True)
    }
    return pd.DataFrame(shares).rename_axis("layer").reset_index()


def _limits(stages: list[dict[str, Any]], mac_budget: float, byte_budget: float) -> dict[str, int]:
    """Return both budgets in numbers; the filters alone must not meet that of bytes."""
    whole, left = stages
    macs = mac_budget * whole["macs"] if mac_budget <= 1 else mac_budget
    limit = math.floor(byte_budget * whole["deflated_bytes"] if byte_budget <= 1 else byte_budget)
    if not 0 < limit < left["deflated_bytes"]:
        raise NotApplicable(
            f"Without the filters the file has {left['deflated_bytes']:,} bytes, deflated, so no weights would go "
            f"for a budget of {limit:,}; give byte_budget a value above 0 and below that, or use filter_pruning."
        )
    return {"macs": math.floor(macs), "bytes": limit}


def _trim(model: Any, cut: Cut, limit: int, rule: str, most: float) -> int:
    """Hold a trained network to its cut, in place: training moves weights, and with them the bytes.

    Returns:
        How many weights more had to go: those that fell below the threshold, and those above the limit of bytes.
    """
    before = counting.nonzero_parameters(model)
    if cut.threshold is not None:
        zero_smallest(model, shares_below(model, cut.threshold, most))
    if packed_bytes(model) > limit:
        zero_smallest(model, find_cut(model, limit, rule, most).sparsities)
    return before - counting.nonzero_parameters(model)


def _stage(name: str, model: Any, data: TechniqueData) -> dict[str, Any]:
    """Return what a network costs and how well it reads, JSON-able."""
    content = model_bytes(model)
    return {
        "stage": name,
        "macs": counting.macs(model),
        "parameters": counting.parameters(model),
        "nonzeros": counting.nonzero_parameters(model),
        "size_bytes": len(content),
        "deflated_bytes": deflated_bytes(content),
        **data.validation(model),
    }
