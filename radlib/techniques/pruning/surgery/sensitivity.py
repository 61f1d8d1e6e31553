"""Sensitivity: what a network loses when one group of channels shrinks and all others stay.

Li et al. prune the layers that lose little hard and spare those that lose much; the curve of each group is how
they are told apart, before anything is trained. A removal is simulated by silencing (see `rebuild`), which
costs no new model, and undone afterwards.

References:
    Li et al. (2016). Pruning filters for efficient ConvNets. ICLR 2017, arXiv 1608.08710, section 3.2.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from radlib.foundation.extras import pandas as pd
from radlib.techniques.pruning.surgery.rebuild import silence
from radlib.techniques.pruning.surgery.structure import Structure

COLUMNS = ("group", "channels", "kept", "ratio", "score")


def sensitivity(
    model: Any,
    structure: Structure,
    scores: np.ndarray,
    judge: Callable[[Any], float],
    *,
    ratios: Sequence[float] = (0.25, 0.5, 0.75),
) -> "pd.DataFrame":
    """Return how well a network does with each group pruned alone, to each ratio.

    Args:
        model: A trained Keras model; its weights are changed for a while and put back.
        structure: What `read_structure` found in it.
        scores: Importance of each unit, from `importance.importance`.
        judge: Loss or AUROC of a model on validation films, e.g. `TechniqueData.score`.
        ratios: Shares of a group's channels to remove, in (0, 1); at least one channel stays.

    Returns:
        One row per group and ratio, the unpruned network first in each group: group, channels, kept, ratio
        (share removed), score (what `judge` says).
    """
    before, whole = model.get_weights(), judge(model)
    rows = []
    for group in tqdm(structure.groups, desc="sensitivity", unit="group", leave=False):
        size = len(group.units)
        rows.append((group.name, size, size, 0.0, whole))
        order = group.units[np.argsort(scores[group.units], kind="stable")]
        for removed in dict.fromkeys(min(size - 1, round(ratio * size)) for ratio in ratios):
            if removed < 1:
                continue
            stays = np.ones(structure.count, bool)
            stays[order[:removed]] = False
            try:
                silence(model, structure, stays)
                score = judge(model)
            finally:
                model.set_weights(before)
            rows.append((group.name, size, size - removed, removed / size, score))
    return pd.DataFrame(rows, columns=list(COLUMNS))
