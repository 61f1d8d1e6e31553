"""Channel pruning: keep the channels from which the next layer's outputs can be rebuilt, and rebuild them.

Filter pruning ranks channels and leaves the repair to fine-tuning. Channel pruning (He et al., 2017) repairs at
once: layer by layer, a LASSO on sampled training films picks the channels that explain what the next layer
computed, and least squares give that layer the kernel that explains it best from them. The network is usable
before any training, which matters where films are few or training is dear.

It works inside blocks, where a channel has one or two readers. The channels of a shortcut or of a dense
block's growth have many, no single one of which can make up for a loss: they stay, so a budget that
`filter_pruning` meets may be out of reach here.

References:
    He, Zhang and Sun (2017). Channel pruning for accelerating very deep neural networks. ICCV, arXiv 1707.06168.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from radlib.foundation import backend
from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.value_types import Budget, Count, Factor, Passes, Range, Share
from radlib.techniques.data import Product, TechniqueData, trained_technique
from radlib.techniques.pruning.filter_pruning import pruning_details
from radlib.techniques.pruning.surgery.budget import choose
from radlib.techniques.pruning.surgery.importance import kernel_norms
from radlib.techniques.pruning.surgery.reconstruction import readers_of, reconstruct
from radlib.techniques.pruning.surgery.structure import read_structure


@trained_technique(label="channels pruned", kind="pruning")
def channel_pruning(
    model: Any,
    data: TechniqueData,
    *,
    budget: Budget = 0.5,
    measure: Literal["macs", "parameters", "bytes"] = "macs",
    round_to: Annotated[int, Range(1, 256)] = 8,
    smallest_share: Share = 0.1,
    sampled_films: Count = 100,
    sampled_positions: Count = 5000,
    pruning_epochs: Passes = 3,
    learning_rate_share: Factor = 0.3,
) -> Product:
    """Remove channels by LASSO, rebuild what the next layers compute by least squares, and fine-tune.

    Args:
        model: A trained Keras model.
        data: The films.
        budget: How much stays: up to 1 a share of what the network has, above 1 an absolute number.
        measure: What the budget limits: `macs` (multiply-accumulates of one film), `parameters`, or `bytes` (of
            all weights as float32).
        round_to: Layers keep multiples of so many channels; small layers, of a quarter of theirs.
        smallest_share: Share of each layer's channels that stay in any case, in [0, 1].
        sampled_films: Training films on which outputs are rebuilt.
        sampled_positions: Positions of each layer's output that are sampled on them.
        pruning_epochs: Passes over the training films after the removal.
        learning_rate_share: Learning rate of the fine-tuning, as a share of the baseline's.

    Returns:
        The smaller model; the details hold its costs before and after, the channels kept in each group, and the
        share of each rebuilt layer's output that is lost.

    Raises:
        UsageError: When the budget cannot be met, with the nearest that can, or no channel has a layer that
            could make up for it; for a layer of unknown kind.
    """
    backend.make_deterministic(data.settings.seed)
    structure = read_structure(model)
    groups = tuple(g for g in structure.groups if not g.growth and readers_of(structure, model, g))
    if not groups:
        raise NotApplicable(
            "No layer of this network reads channels that another alone makes, so none can be rebuilt; use "
            "filter_pruning."
        )
    # how many stay in each group: all shrink alike; which ones is decided by what can be rebuilt
    shares = choose(
        replace(structure, groups=groups),
        kernel_norms(model, structure),
        measure=measure,
        budget=budget,
        scope="layer",
        round_to=round_to,
        smallest_share=smallest_share,
    )
    films, _ = data.representative(sampled_films, seed=data.settings.seed)
    pruned, stays, lost = reconstruct(
        model,
        structure,
        {group.name: int(shares[group.units].sum()) for group in groups},
        films,
        positions=sampled_positions,
        seed=data.settings.seed,
    )
    history = data.fine_tune(pruned, epochs=pruning_epochs, learning_rate_share=learning_rate_share)
    details = {**pruning_details(model, pruned, structure, stays), "lost": lost}
    return Product(pruned, details, history)


def lost_table(details: Mapping[str, Any]) -> "pd.DataFrame":
    """Return what could not be rebuilt, from a variant's details: layer, lost_share (of its output's squares)."""
    return pd.DataFrame(list(details["lost"].items()), columns=["layer", "lost_share"])
