"""What sharing values does to a kernel before anything is trained, for reading: by k-means, and by values evenly spaced."""

import numpy as np

from radlib.techniques.deep_compression.codebooks import cluster_weights


def with_shared_values(kernel: np.ndarray, values: int) -> np.ndarray:
    """Return a kernel whose weights are the values of a codebook found by k-means; zeros stay zero.

    Args:
        kernel: float32, any shape.
        values: At most so many beside zero.

    Example:
        >>> with_shared_values(np.array([0.0, 1.0, 1.2, 5.0]), 2).round(2).tolist()
        [0.0, 1.1, 1.1, 5.0]
    """
    alive = kernel != 0
    shared = np.zeros_like(kernel)
    if alive.any():
        codebook, ids = cluster_weights(kernel[alive], values)
        shared[alive] = codebook[ids]
    return shared


def with_even_values(kernel: np.ndarray, values: int) -> np.ndarray:
    """Return a kernel whose weights are the nearest of values spread evenly from the smallest to the largest.

    Args:
        kernel: float32, any shape; zeros stay zero.
        values: So many, at least 2.

    Example:
        >>> with_even_values(np.array([0.0, 1.0, 1.2, 5.0]), 3).tolist()
        [0.0, 1.0, 1.0, 5.0]
    """
    alive = kernel != 0
    even = np.zeros_like(kernel)
    if alive.any():
        low, high = kernel[alive].min(), kernel[alive].max()
        step = max(float(high - low) / (values - 1), 1e-30)
        even[alive] = low + np.round((kernel[alive] - low) / step) * step
    return even
