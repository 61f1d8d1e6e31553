"""What a graph costs, and which channels stay within a budget."""

import numpy as np
import pytest

from radlib.architectures import counting
from radlib.architectures.networks import build_network
from radlib.foundation.errors import UsageError
from radlib.runs.tasks import binary
from radlib.techniques.pruning.surgery.budget import MEASURES, choose, chunk_size, cost, read_costs
from radlib.techniques.pruning.surgery.importance import importance
from radlib.techniques.pruning.surgery.structure import read_structure
from surgery_networks import (
    dense_block,
    network,
    residual,
    units_of,
)

TASK = binary("opacity")


def test_the_work_of_a_hand_worked_graph():
    # stem 3 × 3 × 1 → 16 at 64 pixels; inside and b 3 × 3 × 16 → 16; c the same; 2 answers
    model = network(residual)
    structure = read_structure(model)
    full = 64 * 9 * (1 * 16 + 3 * 16 * 16) + 16 * 2
    costs, stays = read_costs(structure), np.ones(structure.count, bool)
    assert cost(costs, stays, "macs") == full == counting.macs(model)
    stays[units_of(structure, "inside_conv")[:10]] = False  # 6 of 16 stay between the two
    assert cost(costs, stays, "macs") == 64 * 9 * (16 + 2 * 16 * 6 + 16 * 16) + 32
    stays[units_of(structure, "b_conv")[:4]] = False  # 12 of 16 along the shortcut
    assert cost(costs, stays, "macs") == 64 * 9 * (12 + 2 * 12 * 6 + 12 * 16) + 32


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("scope", ["global", "layer"])
def test_a_budget_is_met_as_nearly_as_chunks_allow(measure, scope):
    model = build_network("student_separable", {}, TASK, (32, 32, 1))
    structure = read_structure(model)
    scores, costs = importance(model, structure, "l1"), read_costs(structure)
    whole = cost(costs, np.ones(structure.count, bool), measure)
    for share in (0.3, 0.5, 0.8):
        stays = choose(structure, scores, measure=measure, budget=share, scope=scope)
        assert share - 0.05 < cost(costs, stays, measure) / whole <= share
        same = choose(structure, scores, measure=measure, budget=share * whole, scope=scope)
        np.testing.assert_array_equal(same, stays)
        for group in structure.groups:
            kept = stays[group.units].sum()
            assert kept > 0
            assert kept % chunk_size(len(group.units), 8) == 0
            left, gone = scores[group.units[stays[group.units]]], scores[group.units[~stays[group.units]]]
            assert not len(gone) or left.min() >= gone.max()


def test_layers_shrink_alike_when_told_to():
    model = build_network("student_separable", {}, TASK, (32, 32, 1))
    structure = read_structure(model)
    stays = choose(structure, importance(model, structure, "l1"), budget=0.4, scope="layer")
    shares = [stays[g.units].mean() for g in structure.groups if len(g.units) >= 32]
    assert max(shares) - min(shares) <= 8 / 32


@pytest.mark.parametrize(
    ("channels", "size"),
    [(3, 1), (8, 2), (16, 4), (24, 4), (31, 4), (32, 8), (100, 8), (2048, 8)],
)
def test_small_layers_shrink_in_smaller_steps(channels, size):
    assert chunk_size(channels, 8) == size


def test_a_budget_out_of_reach_says_the_nearest():
    model = network(residual)
    structure = read_structure(model)
    scores = importance(model, structure, "l1")
    with pytest.raises(UsageError, match=r"cannot be met: the nearest that can is ([\d,]+)") as refusal:
        choose(structure, scores, budget=0.001)
    nearest = int(str(refusal.value).split("nearest that can is ")[1].split(" ")[0].replace(",", ""))
    stays = choose(structure, scores, budget=nearest)
    assert cost(read_costs(structure), stays, "macs") == nearest
    assert all(stays[g.units].sum() == 4 for g in structure.groups)  # one chunk of 16 channels
    for budget in (1.0, 1e12, 0, -3):
        with pytest.raises(UsageError, match=f"below the {counting.macs(model):,} multiply-accumulates"):
            choose(structure, scores, budget=budget)


def test_growth_stays_unless_it_may_go():
    model = network(dense_block)
    structure = read_structure(model)
    scores = importance(model, structure, "l1")
    stays = choose(structure, scores, budget=0.6)
    shares = {g.name: stays[g.units].mean() for g in structure.groups}
    assert all(shares[f"growth{n}"] == 1 for n in (1, 2, 3))
    assert min(shares[f"bottleneck{n}_conv"] for n in (1, 2, 3)) < 0.6
    with pytest.raises(UsageError, match="set keep_growth to false"):
        choose(structure, scores, budget=0.1)
    assert not choose(structure, scores, budget=0.1, keep_growth=False).all()
