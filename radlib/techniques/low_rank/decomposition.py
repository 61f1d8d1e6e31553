"""Matrices and kernels as products of smaller ones, and how many components are worth keeping.

A matrix is cut off after its largest singular values (Eckart and Young, 1936). A convolution kernel is a tensor
of four modes; Tucker-2 gives its two channel modes a basis each and leaves the two spatial ones alone (Kim et
al., 2016). How many components carry signal is what variational Bayes can say in closed form: a component
survives when its singular value stands out of the noise that all of them share (Nakajima et al., 2013).

References:
    De Lathauwer, De Moor, Vandewalle (2000). On the best rank-1 and rank-(R1, …, RN) approximation of
        higher-order tensors. SIAM Journal on Matrix Analysis and Applications 21. (HOOI)
    Halko, Martinsson, Tropp (2011). Finding structure with randomness. SIAM Review 53, arXiv 0909.4061.
    Nakajima, Sugiyama, Babacan, Tomioka (2013). Global analytic solution of fully-observed variational Bayesian
        matrix factorization. Journal of Machine Learning Research 14.
    Kim et al. (2016). Compression of deep convolutional neural networks for fast and low power mobile
        applications. ICLR, arXiv 1511.06530.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from radlib.foundation.extras import pandas as pd

NOISE_TRIALS = 200  # levels of noise looked at before the best is refined: the objective has several valleys


@dataclass(frozen=True)
class Sketch:
    """How leading singular vectors are found from random projections instead of exactly.

    Attributes:
        oversampling: Columns drawn beyond the rank.
        power_iterations: Times the spectrum is sharpened before the basis is taken.
        seed: Of the draw.
    """

    oversampling: int = 10
    power_iterations: int = 2
    seed: int = 0


def evbmf_rank(singular_values: np.ndarray, shape: tuple[int, int]) -> int:
    """Return how many components of a matrix stand out of noise, by empirical variational Bayes.

    Args:
        singular_values: All of them, float (min(shape),), descending.
        shape: Of the matrix.

    Returns:
        The rank, 0 where all is noise; a single row or column counts as signal.
    """
    return int((np.asarray(singular_values, np.float64) > evbmf_bound(singular_values, shape)).sum())


def evbmf_bound(singular_values: np.ndarray, shape: tuple[int, int]) -> float:
    """Return the bound above which a singular value is signal, by empirical variational Bayes.

    The global solution is analytic but for the noise variance σ², which minimises a function of one bounded
    variable (Nakajima et al., 2013, theorem 2 and section 3); with L ≤ M the sides of the matrix, α = L/M and
    τ̄ = 2.5129 √α, a singular value counts above √(M σ² (1 + τ̄)(1 + α/τ̄)).

    The noise is what all components share. In a network trained for long from many films that is little; in one
    trained for a short time most of a kernel is still as it was drawn, and is counted as noise, though later layers
    have learnt to use it. Ranks are then far too low.

    Args:
        singular_values: All of them, float (min(shape),), descending.
        shape: Of the matrix.

    Example:
        >>> spectrum = [40.0, 11.0, 10.0, 9.0]  # one component above the noise of 4 × 100 numbers
        >>> 11 < evbmf_bound(spectrum, (4, 100)) < 40
        True
    """
    smaller, larger = min(shape), max(shape)
    alpha = smaller / larger
    tau_bar = 2.5129 * np.sqrt(alpha)
    threshold = (1 + tau_bar) * (1 + alpha / tau_bar)
    energies = np.asarray(singular_values, np.float64) ** 2 / larger
    if not energies.any() or smaller == 1:  # one component has no others to be told from
        return 0.0
    most = max(1, min(int(np.ceil(smaller / (1 + alpha))) - 1, smaller - 1))  # more cannot be told from noise
    highest = energies.sum() / smaller
    lowest = max(energies[most] / threshold, energies[most:].mean(), highest * 1e-12)

    def objective(log_variance: float) -> float:
        variance = np.exp(log_variance)
        x = np.maximum(energies / variance, 1e-12)
        signal, noise = x[x > threshold], x[x <= threshold]
        tau = (signal - (1 + alpha) + np.sqrt(np.maximum((signal - (1 + alpha)) ** 2 - 4 * alpha, 0))) / 2
        kept = signal - tau + np.log((tau + 1) / signal) + alpha * np.log(tau / alpha + 1)
        return float((noise - np.log(noise)).sum() + kept.sum())

    if lowest >= highest:
        variance = highest
    else:
        trials = np.linspace(np.log(lowest), np.log(highest), NOISE_TRIALS)
        best = int(np.argmin([objective(trial) for trial in trials]))
        around = trials[max(best - 1, 0)], trials[min(best + 1, NOISE_TRIALS - 1)]
        from scipy.optimize import minimize_scalar  # here: it costs half a second

        found = minimize_scalar(objective, bounds=around, method="bounded")
        variance = np.exp(min((found.x, trials[best]), key=objective))
    return float(np.sqrt(larger * variance * threshold))


def energy_rank(singular_values: np.ndarray, energy: float) -> int:
    """Return the smallest rank that keeps a share of the sum of squared singular values, at least 1."""
    cumulated = np.cumsum(np.asarray(singular_values, np.float64) ** 2)
    if not cumulated[-1]:
        return 1
    return min(int((cumulated < energy * cumulated[-1] * (1 - 1e-12)).sum()) + 1, len(cumulated))


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Return all singular values of a matrix, float64, descending."""
    return np.linalg.svd(np.asarray(matrix, np.float64), compute_uv=False)


def truncated_svd(
    matrix: np.ndarray, rank: int, sketch: Sketch | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return two factors whose product is the nearest matrix of a rank; each takes the root of the spectrum.

    Of `W = U S Vᵀ` the k largest singular values stay: `W ≈ (U_k S_k^½)(S_k^½ V_kᵀ)` (Eckart and Young, 1936; Denton
    et al., 2014, section 3.2).

    Args:
        matrix: (rows, columns).
        rank: 1…min(rows, columns).
        sketch: How to find the singular vectors from random projections; None finds them exactly.

    Returns:
        (rows, rank) and (rank, columns), float64.

    Example:
        >>> left, right = truncated_svd(np.array([[3.0, 0.0], [0.0, 2.0]]), 1)
        >>> np.abs(left @ right).round(9).tolist()
        [[3.0, 0.0], [0.0, 0.0]]
    """
    matrix = np.asarray(matrix, np.float64)
    if sketch is None:
        left, spectrum, right = np.linalg.svd(matrix, full_matrices=False)
    else:
        basis = range_finder(matrix, rank, sketch)
        inner, spectrum, right = np.linalg.svd(basis.T @ matrix, full_matrices=False)
        left = basis @ inner
    root = np.sqrt(spectrum[:rank])
    return left[:, :rank] * root, root[:, None] * right[:rank]


def sketch_table(
    matrix: np.ndarray, rank: int, power_iterations: Sequence[int] = (0, 1, 2)
) -> "pd.DataFrame":
    """Return how well, and how fast, a matrix is cut off after its leading components by each way.

    Returns:
        One row per way, the exact one first: way, error_share (of the norm, lost), time_ms.
    """
    ways: list[tuple[str, Sketch | None]] = [("exact", None)]
    ways += [
        (f"random, {count} power iterations", Sketch(power_iterations=count)) for count in power_iterations
    ]
    rows = []
    for name, sketch in ways:
        begun = time.perf_counter()
        left, right = truncated_svd(matrix, rank, sketch)
        seconds = time.perf_counter() - begun
        lost = np.linalg.norm(matrix - left @ right) / np.linalg.norm(matrix)
        rows.append({"way": name, "error_share": float(lost), "time_ms": 1000 * seconds})
    return pd.DataFrame(rows)


def range_finder(matrix: np.ndarray, rank: int, sketch: Sketch) -> np.ndarray:
    """Return an orthonormal basis that nearly spans a matrix's leading columns (Halko et al., algorithm 4.4).

    Returns:
        (rows, min(rank + oversampling, rows, columns)).
    """
    columns = min(rank + sketch.oversampling, *matrix.shape)
    drawn = np.random.default_rng(sketch.seed).normal(size=(matrix.shape[1], columns))
    basis, _ = np.linalg.qr(matrix @ drawn)
    for _ in range(sketch.power_iterations):
        back, _ = np.linalg.qr(matrix.T @ basis)
        basis, _ = np.linalg.qr(matrix @ back)
    return basis


def unfold(kernel: np.ndarray, mode: int) -> np.ndarray:
    """Return a tensor as a matrix with one row per index of a mode."""
    return np.moveaxis(kernel, mode, 0).reshape(kernel.shape[mode], -1)


def tucker2(
    kernel: np.ndarray, ranks: tuple[int, ...], *, sweeps: int = 5, sketch: Sketch | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a convolution kernel as a smaller one between two bases of channels.

    `K[y, x, s, t] ≈ Σ_ab C[y, x, a, b] U[s, a] V[t, b]`. Both bases start from the unfoldings (truncated HOSVD)
    and are refined in turns (HOOI), each the best one for the other (Kim et al., 2016, equation 2).

    Args:
        kernel: (height, width, inputs, outputs).
        ranks: Components of the inputs and of the outputs.
        sweeps: Turns of the refinement.
        sketch: How to find singular vectors from random projections; None finds them exactly.

    Returns:
        Core (height, width, rank, rank), input basis (inputs, rank), output basis (outputs, rank), float64, the
        bases with orthonormal columns.

    Example:
        >>> kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5))
        >>> core, inputs, outputs = tucker2(kernel, (4, 5))  # of full rank, so that nothing is lost
        >>> np.allclose(np.einsum("yxab,sa,tb->yxst", core, inputs, outputs), kernel)
        True
    """
    kernel = np.asarray(kernel, np.float64)
    inputs, outputs = (_leading(unfold(kernel, mode), ranks[mode - 2], sketch) for mode in (2, 3))
    for _ in range(sweeps):
        inputs = _leading(unfold(kernel @ outputs, 2), ranks[0], sketch)
        outputs = _leading(unfold(_project_inputs(kernel, inputs), 3), ranks[1], sketch)
    return _project_inputs(kernel, inputs) @ outputs, inputs, outputs


def _project_inputs(kernel: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return a kernel with its input channels expressed in a basis: (h, w, rank, outputs)."""
    return np.einsum("yxst,sa->yxat", kernel, basis, optimize=True)


def _leading(matrix: np.ndarray, rank: int, sketch: Sketch | None) -> np.ndarray:
    """Return the leading left singular vectors of a matrix, (rows, rank)."""
    if sketch is not None:
        basis = range_finder(matrix, rank, sketch)
        inner, _, _ = np.linalg.svd(basis.T @ matrix, full_matrices=False)
        return (basis @ inner)[:, :rank]
    if matrix.shape[0] > matrix.shape[1]:
        return np.linalg.svd(matrix, full_matrices=False)[0][:, :rank]
    _, vectors = np.linalg.eigh(matrix @ matrix.T)  # few rows, many columns: the small side suffices
    return vectors[:, ::-1][:, :rank]
