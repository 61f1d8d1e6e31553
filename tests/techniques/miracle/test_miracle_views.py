"""What an index of ever more bits can say of a block."""

import numpy as np

from radlib.techniques.miracle.miracle_views import index_sweep
from radlib.techniques.miracle.random_codes import kl_divergence

MEAN, DEVIATION = np.array([1.2, -0.8, 0.3, 0.0]), np.array([0.3, 0.4, 0.6, 1.0])


def test_without_an_index_a_block_is_a_draw_of_the_prior_and_with_enough_bits_one_of_the_posterior():
    table = index_sweep(MEAN, DEVIATION, [0, 14], draws=200).set_index("bits")["distance"]
    of_prior = float(((1 + MEAN**2) / DEVIATION**2).mean())
    assert kl_divergence(MEAN, DEVIATION).sum() / np.log(2) < 10
    assert abs(table[0] - of_prior) < 0.3 * of_prior
    assert abs(table[14] - 1) < 0.2


def test_a_posterior_that_is_the_prior_needs_no_bit():
    table = index_sweep(np.zeros(8), np.ones(8), [0, 6], draws=100)
    assert (table["distance"] - 1).abs().max() < 0.2
