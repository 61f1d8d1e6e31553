"""Codebooks: a layer's weights as few shared values, found by k-means on a line.

Lloyd's algorithm (1957; 1982) alternates between giving each weight to its nearest centroid and moving each
centroid to the mean of its weights. On a line a cluster is a stretch of the sorted weights, so its mean is a
difference of running sums, and a pass costs a search per centroid instead of one look at every weight.

Centroids start evenly spread between the smallest and the largest weight: large weights matter most and are
few, so starting at random or by density leaves none near them (Han et al., 2016, section 3.2).

References:
    Lloyd (1982). Least squares quantization in PCM. IEEE Transactions on Information Theory 28.
    Han, Mao, Dally (2016). Deep compression. ICLR, arXiv 1510.00149.
    Chou, Lookabaugh, Gray (1989). Entropy-constrained vector quantization. IEEE Transactions on Acoustics,
        Speech, and Signal Processing 37.
"""

import numpy as np

PASSES = 1000  # far above what Lloyd's algorithm takes on a line before nothing moves


def cluster_weights(
    weights: np.ndarray, clusters: int, *, rate_weight: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return a codebook and which of its values stands for each weight.

    Args:
        weights: float32 (n,), n ≥ 1.
        clusters: How many values at most.
        rate_weight: What a bit of the code is worth, as a share of the mean squared error of plain k-means (0).
            Above 0 a weight goes to the value with the least `distance² + λ · bits`, where a value used by the
            share p of the weights takes −log₂ p bits (Chou et al., 1989); rare values become rarer.

    Returns:
        Codebook float32 (k,), ascending, k ≤ `clusters`, every value in use; and ids uint16 (n,). Weights of no
        more than `clusters` different values are kept exactly.
    """
    ordered = np.sort(weights.astype(np.float64).ravel())
    distinct = np.flatnonzero(np.diff(ordered, prepend=-np.inf))
    if len(distinct) <= clusters:
        return _ids(weights, ordered[distinct], np.zeros(len(distinct)))
    start = np.linspace(ordered[0], ordered[-1], clusters)
    centroids, offsets = lloyd(ordered, start, 0.0)
    if rate_weight:
        error = squared_error(weights, centroids.astype(np.float32)) / len(ordered)
        centroids, offsets = lloyd(ordered, centroids, rate_weight * error)
    return _ids(weights, centroids, offsets)


def squared_error(weights: np.ndarray, codebook: np.ndarray) -> float:
    """Return the sum of squared distances from weights to their nearest value of an ascending codebook."""
    values, centroids = weights.ravel().astype(np.float64), codebook.astype(np.float64)
    nearest = np.searchsorted(_borders(centroids, np.zeros(len(centroids))), values)
    return float(((values - centroids[nearest]) ** 2).sum())


def _ids(weights: np.ndarray, centroids: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the codebook in float32 with values that are in use, and the id of each weight."""
    ids = np.searchsorted(_borders(centroids, offsets), weights.ravel().astype(np.float64))
    codebook, merged = np.unique(centroids.astype(np.float32), return_inverse=True)  # two may meet in float32
    used, ids = np.unique(merged[ids], return_inverse=True)
    return codebook[used], ids.astype(np.uint16)


def _borders(centroids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return where the next cluster begins: a weight at x goes to the least `(x − centroid)² + offset`.

    Ascending: where a cluster loses everywhere its borders would cross, and it is left without weights.
    """
    gaps = np.diff(centroids)
    return np.maximum.accumulate((centroids[1:] + centroids[:-1]) / 2 + np.diff(offsets) / (2 * gaps))


def lloyd(ordered: np.ndarray, centroids: np.ndarray, bit_cost: float) -> tuple[np.ndarray, np.ndarray]:
    """Move centroids until no weight changes its cluster: k-means on a line (Lloyd, 1982).

    In turns each weight w goes to the cluster `k = argmin (w − C_k)² + λ · (−log₂ p_k)`, p_k being the share of the
    weights that C_k stands for, and each `C_k` becomes the mean of its weights (Chou et al., 1989, equation 8; λ = 0 is
    plain k-means, as in Han et al., 2016, equation 2).

    Args:
        ordered: Weights, ascending, float64 (n,).
        centroids: Where they start, ascending, float64 (k,).
        bit_cost: λ, in squared weights per bit.

    Returns:
        The centroids that have any weights, and the cost of each one's code, squared weights.

    Example:
        >>> lloyd(np.array([0.0, 1.0, 10.0, 11.0]), np.array([0.0, 11.0]), 0.0)[0].tolist()
        [0.5, 10.5]
    """
    running = np.concatenate([[0.0], np.cumsum(ordered)])
    offsets, before = np.zeros(len(centroids)), None
    for _ in range(PASSES):
        inner = np.searchsorted(ordered, _borders(centroids, offsets), side="right")
        edges = np.concatenate([[0], inner, [len(ordered)]])
        if before is not None and np.array_equal(edges, before):
            break
        counts = np.diff(edges)
        if bit_cost:  # an empty cluster has no code; without one it can wait for weights where it is
            used = counts > 0
            edges, centroids, counts = edges[np.r_[True, used]], centroids[used], counts[used]
        before = edges
        means = np.diff(running[edges]) / np.maximum(counts, 1)
        centroids = np.where(counts > 0, means, centroids)
        offsets = -bit_cost * np.log2(counts / len(ordered)) if bit_cost else np.zeros(len(centroids))
    kept = np.diff(edges) > 0
    return centroids[kept], offsets[kept]
