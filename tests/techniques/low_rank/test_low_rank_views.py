"""What is shown of low rank: leading components against drawn ones, and a network that is as before afterwards."""

import numpy as np
import pytest

from drawn import SIDE, small_network
from radlib.techniques.low_rank.low_rank import layers_for
from radlib.techniques.low_rank.low_rank_views import component_sweep, drawn_product_of, product_of

IMAGES = np.random.default_rng(0).random((3, SIDE, SIDE, 1), np.float32)


@pytest.mark.parametrize(("shape", "ranks"), [((12, 20), (4,)), ((3, 3, 8, 12), (3, 5))])
def test_no_drawn_directions_come_nearer_than_the_leading_ones(shape, ranks):
    generator = np.random.default_rng(0)
    kernel = generator.normal(size=shape)
    leading = np.linalg.norm(kernel - product_of(kernel, ranks))
    drawn = drawn_product_of(kernel, ranks, generator)
    assert drawn.shape == shape
    assert leading < np.linalg.norm(kernel - drawn) < np.linalg.norm(kernel)
    for mode, rank in zip((-2, -1), ranks, strict=False):  # no more directions than the factors have
        assert np.linalg.matrix_rank(np.moveaxis(drawn, mode, 0).reshape(shape[mode], -1)) == rank


def test_a_sweep_counts_weights_as_the_technique_does_and_leaves_the_network_as_it_was():
    network = small_network(filters=(8, 16, 32))
    found = layers_for(network, "tucker")
    before, answers = network.get_weights(), network.predict_on_batch(IMAGES)
    table = component_sweep(
        network,
        found,
        lambda model: -float(np.abs(model.predict_on_batch(IMAGES) - answers).max()),
        (0.3, 0.6, 1.0),
    )
    assert all(np.array_equal(a, b) for a, b in zip(before, network.get_weights(), strict=True))
    assert table["weights_share"].is_monotonic_increasing and table["weights_share"].iloc[-1] == 1
    left = sum(layer.weights - layer.saved(layer.ranks(0.3)) for layer in found)
    assert table["weights_share"].iloc[0] == left / sum(layer.weights for layer in found)
    assert table[["leading", "random"]].iloc[-1].eq(0).all()  # nothing gets smaller, so nothing is changed
    assert (table[["leading", "random"]].iloc[0] < 0).all()
