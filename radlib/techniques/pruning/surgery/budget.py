"""Choose which channels go, so that a network meets a budget of work or size.

Channels leave in chunks, so that layers keep round widths (kernels compute several channels at once and pad
the rest). Within a group the least important chunk goes first; between groups the chunks are sorted by their
mean importance, or by their share of the group when all layers are to shrink alike. As many chunks go as the
budget needs, found by bisection; then the most important ones that still fit come back. What the network
would cost is computed from shapes alone, without building it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radlib.architectures.counting import BYTES_PER_FLOAT32, KERNELS
from radlib.foundation.errors import NotApplicable, UsageError
from radlib.techniques.pruning.surgery.structure import Group, Structure

if TYPE_CHECKING:
    from scipy import sparse

MEASURES = {"macs": "multiply-accumulates", "parameters": "parameters", "bytes": "bytes as float32"}


@dataclass(frozen=True)
class Costs:
    """What a network costs as a function of who stays: a sum of products of numbers of channels.

    Attributes:
        members: How often each unit lies along each axis, sparse (axes, units).
        fixed: Channels along each axis that must stay, (axes,).
        pairs: The two axes that each weight shrinks along, int (weights, 2); the last axis is always 1 long.
        factors: The product of a weight's other sides, times MACs per value or 1, {measure: (weights,)}.
    """

    members: "sparse.csr_matrix"
    fixed: np.ndarray
    pairs: np.ndarray
    factors: dict[str, np.ndarray]


@dataclass(frozen=True)
class Chunk:
    """Channels of a group that leave together; lower ranks go first, higher starts before lower ones."""

    rank: float
    group: str
    start: int
    units: np.ndarray


def read_costs(structure: Structure) -> Costs:
    """Return the costs of a network as a function of its units."""
    axes: dict[tuple[str, str], list[int]] = {}
    rows, columns, fixed = [], [], []
    for number, slot in enumerate(structure.slots):
        axes.setdefault((slot.layer, slot.weight), []).append(number)
        columns += slot.units[slot.units >= 0].tolist()
        rows += [number] * int((slot.units >= 0).sum())
        fixed.append(int((slot.units < 0).sum()))
    one = len(structure.slots)
    from scipy import sparse  # here: it costs half a second

    members = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(one + 1, structure.count))
    pairs, others, uses = [], [], []
    for (layer, weight), shape in structure.shapes.items():
        shrinking = axes.get((layer, weight), [])
        places = [structure.slots[number].axis for number in shrinking]
        pairs.append((*shrinking, one, one)[:2])
        others.append(float(np.prod([side for axis, side in enumerate(shape) if axis not in places])))
        uses.append(structure.positions.get(layer, 0) if weight in KERNELS else 0)
    counts = np.array(others)
    factors = {
        "macs": counts * np.array(uses),
        "parameters": counts,
        "bytes": counts * BYTES_PER_FLOAT32,
    }
    return Costs(members, np.array([*fixed, 1.0]), np.array(pairs).reshape(-1, 2), factors)


def cost(costs: Costs, stays: np.ndarray, measure: str) -> int:
    """Return what the network costs with only these units.

    Args:
        costs: From `read_costs`.
        stays: Whether each unit stays, bool (units,).
        measure: One of `MEASURES`.
    """
    lengths = costs.members @ stays.astype(float) + costs.fixed
    return round(float((costs.factors[measure] * lengths[costs.pairs].prod(axis=1)).sum()))


def choose(
    structure: Structure,
    scores: np.ndarray,
    *,
    measure: str = "macs",
    budget: float = 0.5,
    scope: str = "global",
    round_to: int = 8,
    smallest_share: float = 0.1,
    keep_growth: bool = True,
) -> np.ndarray:
    """Choose the units that stay.

    Args:
        structure: Of the network.
        scores: Importance of each unit, (structure.count,); larger is more important.
        measure: What the budget limits: `macs`, `parameters` or `bytes` (of all weights as float32).
        budget: The limit: at most 1 is a share of what the network has, more is an absolute number.
        scope: `global` lets groups compete, `layer` shrinks all groups by the same share.
        round_to: Channels of a group stay in multiples of this; of a quarter of the group in small ones.
        smallest_share: At least this share of each group stays, in [0, 1].
        keep_growth: Leave the growth of dense blocks as it is; their bottlenecks shrink instead.

    Returns:
        Whether each unit stays, bool (structure.count,). The budget is met, as nearly as chunks allow.

    Raises:
        UsageError: When the budget cannot be met, with the nearest that can; or nothing would have to go.
    """
    costs = read_costs(structure)
    whole = cost(costs, np.ones(structure.count, bool), measure)
    limit = budget * whole if budget <= 1 else budget
    if not 0 < limit < whole:
        refusal = NotApplicable if budget > 1 else UsageError  # a share is a mistake in any network
        raise refusal(
            f"The budget must be above 0 and below the {whole:,} {MEASURES[measure]} that the network has, "
            f"not {limit:,.0f}; give a share below 1 or a smaller number."
        )
    groups = [group for group in structure.groups if not (keep_growth and group.growth)]
    chunks = [c for group in groups for c in _chunks(group, scores, scope, round_to, smallest_share)]
    chunks.sort(key=lambda chunk: (chunk.rank, -chunk.start))

    def without(count: int) -> np.ndarray:
        left = np.ones(structure.count, bool)
        for chunk in chunks[:count]:
            left[chunk.units] = False
        return left

    lowest = cost(costs, without(len(chunks)), measure)
    if lowest > limit:
        advice = " or set keep_growth to false" if len(groups) < len(structure.groups) else ""
        raise NotApplicable(
            f"{limit:,.0f} {MEASURES[measure]} cannot be met: the nearest that can is {lowest:,} "
            f"({lowest / whole:.1%} of {whole:,}); raise the budget{advice}."
        )
    fewest, most = 0, len(chunks)  # the answer lies in (fewest, most]
    while most - fewest > 1:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if cost(costs, without(middle), measure) <= limit else (middle, most)
    return _filled(chunks[:most], without(most), costs, measure, limit)


def chunk_size(channels: int, round_to: int) -> int:
    """Return by how many channels a group of so many shrinks at a time.

    `round_to`, or in groups of less than four times that the largest power of two within a quarter of them:
    a layer of 16 channels would otherwise have one choice.
    """
    if channels >= 4 * round_to:
        return round_to
    return min(round_to, 2 ** max(0, int(np.log2(max(1, channels // 4)))))


def _chunks(
    group: Group, scores: np.ndarray, scope: str, round_to: int, smallest_share: float
) -> list[Chunk]:
    """Return all chunks of a group that may go."""
    size, step = len(group.units), chunk_size(len(group.units), round_to)
    order = group.units[np.argsort(-scores[group.units], kind="stable")]
    first = min(size, max(step, math.ceil(smallest_share * size / step) * step))
    found = []
    for start in range(first, size, step):
        units = order[start : start + step]
        rank = float(scores[units].mean()) if scope == "global" else -start / size
        found.append(Chunk(rank, group.name, start, units))
    return found


def _filled(
    removed: Sequence[Chunk], stays: np.ndarray, costs: Costs, measure: str, limit: float
) -> np.ndarray:
    """Bring back the most important chunks that still fit, in each group from the inside out."""
    closed: set[str] = set()  # groups whose next chunk did not fit: those after it must wait, too
    for chunk in reversed(removed):
        trial = stays.copy()
        trial[chunk.units] = True
        if chunk.group not in closed and cost(costs, trial, measure) <= limit:
            stays = trial
        else:
            closed.add(chunk.group)
    return stays
