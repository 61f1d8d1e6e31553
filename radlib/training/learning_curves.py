"""What learning curves say: which epoch is kept, when to stop waiting, whether the network learnt at all.

The epoch that is kept reads best: highest validation AUROC, averaged over the labels. The validation loss would also
judge how bold the probabilities are, which a threshold mends afterwards, and can be lowest in an epoch that reads poorly.
But an AUROC on a few hundred films takes few values, and at 1.000 in many epochs: differences within one `STEP` are noise,
and among epochs of one step the lowest loss decides. Steps give every pair of epochs the same order whenever they
are compared, so that the weights of one epoch need to be kept, not of all that might still turn out best.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib.foundation.extras import pandas as pd

STEP = 0.005  # of AUROC: half of the loss that a study calls one by default
FLAT = 0.1  # share of the loss: less is how far the mean over a few hundred varied films goes up and down by itself
NO_GAIN = 0.02  # share of the loss: what a network with an AUROC of 0.6 gains
MEASURED = ("val_auroc", "val_dice", "val_box_score")  # what epochs are chosen by, by kind of question
NEAR_CHANCE = 0.05  # AUROC from one half


def merit(row: Mapping[str, float]) -> tuple[float, float]:
    """Return what epochs are compared by, more is better: AUROC in whole steps, then the loss; NaN is worst.

    Args:
        row: `val_auroc` (of outlines `val_dice`, of boxes `val_box_score`) and `val_loss` of one epoch; an AUROC that is undefined leaves the choice
            to the loss.
    """
    loss = row["val_loss"]
    measured = next((value for name, value in row.items() if name in MEASURED), None)
    steps = -1 if measured is None or math.isnan(measured) else round(measured / STEP)
    return steps, -math.inf if loss is None or math.isnan(loss) else -loss


def best_position(rows: "Sequence[Mapping[str, float]] | pd.DataFrame") -> int:
    """Return the position of the epoch that is kept; of equals the last, which has seen more.

    Args:
        rows: One per epoch, or the table of them.
    """
    rows = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    merits = [merit(row) for row in rows]
    return max(range(len(rows)), key=lambda n: (merits[n], n))


def epochs_waited(rows: Sequence[Mapping[str, float]], first: int = 0) -> int:
    """Return for how many epochs nothing has become better: neither what is kept nor the validation loss.

    A lucky early AUROC on few films must not end a training whose loss still falls.

    Args:
        rows: One per epoch.
        first: Epochs at the beginning, in which the learning rate warms up, that do not count.
    """
    waited, best, lowest = 0, (-math.inf, -math.inf), math.inf
    for number, row in enumerate(rows):
        loss = -merit(row)[1]
        better = merit(row) > best or loss < lowest
        best, lowest = max(best, merit(row)), min(lowest, loss)
        waited = 0 if better or number < first else waited + 1
    return waited


def never_fell(history: Mapping[str, Any]) -> bool:
    """Tell whether the training loss stayed where one that gives every film the same answer would have it.

    So it does with a learning rate of zero, when an untrained network may order the films well by luck. A loss that
    still comes down steeply, as in the first epochs of many, is on its way and not meant.

    Args:
        history: `epoch`, `loss` and `chance_loss`, a value per epoch, see `training.fit`; one epoch alone, or a network
            trained elsewhere, cannot tell.
    """
    losses = np.asarray(history["loss"], np.float64)
    if len(losses) < 2 or "chance_loss" not in history or np.asarray(history["epoch"])[0] == 0:
        return False
    falling = losses[1:].min() < losses[0] * (1 - FLAT)
    return bool(not falling and losses.min() > np.asarray(history["chance_loss"])[0] * (1 - NO_GAIN))


def judge_fit(history: "pd.DataFrame", *, tolerance: float = 0.1) -> str:
    """Say in one sentence whether a network learnt, under- or overfitted, from its learning curves.

    Not learnt: the training loss never fell, or no epoch tells the answers apart. Overfitted: after the kept epoch
    the training loss fell and the validation loss ends more than `tolerance` above its lowest. Underfitted: the best
    epoch is one of the last, and the training loss was still falling by more than `tolerance` over the last third.

    Args:
        history: `epoch`, `loss`, `val_loss` and `val_auroc`, one row per epoch.
        tolerance: A share of the loss.
    """
    if history["epoch"].iloc[-1] == 0:
        return "Neither: the network was trained elsewhere, and is taken as its weights file brings it."
    losses, validation = history["loss"].to_numpy(), history["val_loss"].to_numpy()
    kept, last = best_position(history), len(history) - 1
    auroc = history["val_auroc"].iloc[kept]
    if never_fell(history):
        return (
            "Not learnt: the training loss never fell below what the same answer for every film would cost; raise the "
            "learning rate, and look at the films and their labels."
        )
    if auroc < 0.5 + NEAR_CHANCE:
        return (
            f"Not learnt: in no epoch did the validation AUROC rise above {auroc:.3f}, and a coin has 0.5; look at the "
            "films and their labels before anything else."
        )
    rose = validation[-1] > np.nanmin(validation) * (1 + tolerance)
    if kept < last and rose and losses[-1] < losses[kept]:
        return (
            f"Overfitted after epoch {kept + 1}: the validation loss rose while the training loss went on falling, so the "
            "weights of that epoch were kept"
            + ("; more variation or fewer weights may help." if not kept else ".")
        )
    if kept == 0 and last > 0:
        return (
            f"Unsteady: the first of {last + 1} epochs read best and was kept, so what came after it taught nothing that "
            "holds; a lower learning rate may help."
        )
    before = losses[max(0, last - len(losses) // 3)]
    if last >= 2 and kept >= last - 1 and losses[-1] < before * (1 - tolerance):
        return "Underfitted: the training loss was still falling when training ended; more epochs may help."
    return "Neither: the training loss had levelled off and the validation loss had not risen again."
