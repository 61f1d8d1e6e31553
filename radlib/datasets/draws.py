"""Drawing a share of the patients so that every answer keeps its share.

For one yes-or-no question, patients are drawn within each answer. With several labels there is no such stratum:
a patient may have any of 2¹⁴ combinations. Then patients are dealt out one by one, those with the rarest label
first, each to the part that still lacks most of it.

References:
    Sechidis, Tsoumakas and Vlahavas (2011). On the stratification of multi-label data. ECML PKDD, LNCS 6913,
        145-158. (Iterative stratification; here over patients, with both parts' sizes as wanted.)
"""

import hashlib

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.runs.tasks import Task


def drawn_groups(
    index: "pd.DataFrame", groups: "pd.Series", task: Task, fraction: float, seed: str
) -> "pd.Series":
    """Choose a share of the patients that are still in training.

    Args:
        index: With `split` and the labels.
        groups: Per film the name of the films that must stay together; a label is a group's when any of its
            films has it.
        task: Says which columns are labels.
        fraction: The share, of patients with each label and of all.
        seed: Names the draw. A group's place in it is a digest of seed and name, so that the order of films
            plays no part, and another film moves few.

    Returns:
        bool per film: whether its group was chosen.
    """
    training = index["split"] == "training"
    answers = (index.loc[training, list(task.labels)] == 1).groupby(groups[training]).any()
    places = [hashlib.sha256(f"{seed}/{group}".encode()).digest() for group in answers.index]
    answers = answers.iloc[sorted(range(len(places)), key=places.__getitem__)]
    draw = _deal if len(task.labels) > 1 else _first_of_each
    chosen = answers.index[draw(answers.to_numpy(), fraction)]
    return groups.isin(chosen) & training


def _first_of_each(answers: np.ndarray, fraction: float) -> np.ndarray:
    """Choose the first patients with the label and the first without it; bool (n, 1) -> bool (n,)."""
    chosen = np.zeros(len(answers), bool)
    for answer in (False, True):
        members = np.flatnonzero(answers[:, 0] == answer)
        chosen[members[: round(fraction * len(members))]] = True
    return chosen


def _deal(answers: np.ndarray, fraction: float) -> np.ndarray:
    """Deal patients out to two parts by iterative stratification.

    Args:
        answers: bool (n, labels), in the order of the draw.
        fraction: Share of the first part.

    Returns:
        bool (n,): whether a patient is in the first part.
    """
    share = np.array([fraction, 1 - fraction])
    wanted = share[:, None] * answers.sum(axis=0)  # (2, labels): how many each part still lacks
    places = share * len(answers)  # (2,)
    part = np.full(len(answers), -1)
    while (part < 0).any():
        left = answers[part < 0].sum(axis=0)
        if left.any():
            rarest = int(np.where(left > 0, left, len(answers) + 1).argmin())
            members, lacking = np.flatnonzero((part < 0) & answers[:, rarest]), wanted[:, rarest]
        else:
            members, lacking = np.flatnonzero(part < 0), places
        for member in members:  # `lacking` is a view: it changes with every patient dealt
            chosen = 0 if (lacking[0], places[0]) > (lacking[1], places[1]) else 1
            part[member] = chosen
            wanted[chosen] -= answers[member]
            places[chosen] -= 1
    return part == 0
