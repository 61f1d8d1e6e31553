"""What an index can say, for reading: how like its posterior a block is that was sent in ever more bits."""

from collections.abc import Sequence

import numpy as np

from radlib.foundation.extras import pandas as pd
from radlib.techniques.miracle.random_codes import UNITS, Blocks, candidates, draw_index, log_weights


def index_sweep(
    mean: np.ndarray, deviation: np.ndarray, bits: Sequence[int], *, draws: int = 40, seed: int = 0
) -> "pd.DataFrame":
    """Return how far from its posterior a block arrives when its index has so many bits.

    A true draw is one posterior variance from the mean, on average over its weights. Below the posterior's distance to the prior, in
    bits, none of the candidates looks like it.

    Args:
        mean: Of the block's posterior, in standard deviations of the prior, (B,).
        deviation: Likewise, (B,).
        bits: Of the index, each at least 0.
        draws: Blocks sent for each number of bits, with candidates of their own.
        seed: Of candidates and draws.

    Returns:
        One row per number of bits: `bits`, and `distance`, the mean of `((z − mean) / deviation)²` of what was sent.

    Example:
        >>> table = index_sweep(np.full(4, 1.0), np.full(4, 0.3), [0, 12])
        >>> bool(table["distance"].iloc[1] < table["distance"].iloc[0])
        True
    """
    mean, deviation = np.asarray(mean, float), np.asarray(deviation, float)
    rows = []
    for width in bits:
        blocks = Blocks(len(mean) * draws, len(mean), width, seed)
        generator, squares = np.random.default_rng([seed, width]), []
        for block in range(draws):
            numbers = candidates(blocks, block)
            sent = numbers[draw_index(log_weights(numbers, mean, deviation), generator)] / UNITS
            squares.append(float((((sent - mean) / deviation) ** 2).mean()))
        rows.append({"bits": width, "distance": float(np.mean(squares))})
    return pd.DataFrame(rows)
