"""Many questions at once: one of them looks good or bad by luck, so their p-values are adjusted together.

*Holm* bounds the chance of any wrong claim among them. *Benjamini and Hochberg* bound the share of wrong ones among
those that are made, and find more.

References:
    Holm (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.
    Benjamini, Hochberg (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B 57.
"""

import numpy as np
from numpy.typing import ArrayLike


def holm(p_values: ArrayLike) -> np.ndarray:
    """Return Holm's adjusted p-values; what is NaN was not tested and does not count.

    Args:
        p_values: Of all that is asked together, (tests,).

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p_values, adjusted, order = _ordered(p_values)
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Return p-values adjusted for the share of false discoveries; what is NaN was not tested and does not count.

    Args:
        p_values: Of all that is asked together, (tests,).

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.04, 0.04]
    """
    p_values, adjusted, order = _ordered(p_values)
    steps = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1) if len(order) else steps
    return adjusted


def _ordered(p_values: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the p-values, a place of NaN for each adjusted one, and the positions of those tested, smallest first."""
    p_values = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    return p_values, np.full(p_values.shape, np.nan), order
