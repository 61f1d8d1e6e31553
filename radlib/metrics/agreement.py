"""Do two networks say the same about each film, not only on average?

Equal AUROCs leave room for two networks that disagree on every film. *Lin's concordance coefficient* is the
correlation of two readings times how near they lie to the diagonal:

    concordance = 2 cov(x, y) / (var x + var y + (mean x − mean y)²)

*Limits of agreement* hold 95 % of the differences. They are the differences' own quantiles (Bland and Altman, 1999):
mean ± 1.96 standard deviations hold 95 % of normal ones only, and probabilities change little on most films and a lot on few.

Inside the networks, the *signal-to-noise ratio* says how loud a layer's output is against what compression added to
it, 10 log₁₀(Σ x² / Σ (y − x)²) dB; every halving of the error is worth 6 dB. *Linear CKA* asks whether films that
are alike to one network are alike to the other, and survives another number of channels. It is taken without bias:
of few films with many features the plain form comes near 1 for noise.

References:
    Lin (1989). A concordance correlation coefficient to evaluate reproducibility. Biometrics 45.
    Bland, Altman (1999). Measuring agreement in method comparison studies. Statistical Methods in Medical Research 8.
    Kornblith et al. (2019). Similarity of neural network representations revisited. ICML, arXiv 1905.00414.
    Song et al. (2012). Feature selection via dependence maximization. JMLR 13 (the estimate without bias).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.metrics.bootstrap import mean_draws, percentile_interval

BEYOND = 0.025  # share of the differences beyond each limit, at most
FEWEST_FILMS = 4  # the unbiased estimate of CKA divides by n − 3


def concordance(
    first: ArrayLike, second: ArrayLike, counts: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Return Lin's concordance coefficient of two readings of the same films, with its 95 % interval.

    Args:
        first: (n,) numbers, e.g. the original's probabilities.
        second: (n,) numbers of the same films.
        counts: Draws of patients, (draws, n), see `bootstrap.patient_draws`; None for no interval.

    Returns:
        (value, low, high), in [−1, 1]; 1 only where all pairs are equal. NaN where neither reading varies.

    Example:
        >>> concordance([1, 2, 3, 4], [1, 2, 3, 4])[0], round(concordance([1, 2, 3, 4], [2, 3, 4, 5])[0], 3)
        (1.0, 0.714)
    """
    x, y = _pair(first, second)
    value = _concordance(*(column.mean() if len(x) else np.nan for column in _moments(x, y)))
    if counts is None:
        return float(value), np.nan, np.nan
    drawn = _concordance(*(mean_draws(column, counts) for column in _moments(x, y)))
    return float(value), *percentile_interval(drawn)


def agreement_of_labels(first: ArrayLike, second: ArrayLike, counts: np.ndarray) -> list[dict[str, float]]:
    """Return `concordance` and `limits_of_agreement` of every label, from one pass over the draws.

    Args:
        first: (n, labels) numbers.
        second: (n, labels) numbers of the same films.
        counts: Draws of patients, (draws, n).

    Returns:
        Per label `concordance` and `bias`, each with `_low` and `_high`, `limit_low`, `limit_high`.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (first, second))
    moments = [_moments(*pair) for pair in zip(x.T, y.T, strict=True)]
    stacked = np.stack([column for parts in moments for column in parts], axis=1)  # (n, 5 labels)
    drawn = mean_draws(np.concatenate([stacked, y - x], axis=1), counts)
    found = []
    for label in range(x.shape[1]):
        value, _, _ = concordance(x[:, label], y[:, label])
        ends = percentile_interval(_concordance(*drawn[:, 5 * label : 5 * label + 5].T))
        bias = percentile_interval(drawn[:, stacked.shape[1] + label])
        row = {"concordance": value, "concordance_low": ends[0], "concordance_high": ends[1]}
        row |= limits_of_agreement(x[:, label], y[:, label])
        found.append(row | {"bias_low": bias[0], "bias_high": bias[1]})
    return found


def _moments(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what the coefficient needs the means of, about a common centre so that nothing cancels."""
    centre = (x.mean() + y.mean()) / 2 if len(x) else 0.0
    x, y = x - centre, y - centre
    return x, y, x * x, y * y, x * y


def _concordance(x: Any, y: Any, xx: Any, yy: Any, xy: Any) -> np.ndarray:
    spread = (xx - x * x) + (yy - y * y) + (x - y) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 1e-15, 2 * (xy - x * y) / spread, np.nan)


def limits_of_agreement(
    first: ArrayLike, second: ArrayLike, counts: np.ndarray | None = None
) -> dict[str, float]:
    """Return limits between which at least 95 % of the differences second − first lie, and their mean.

    Args:
        first: (n,) numbers.
        second: (n,) numbers of the same films.
        counts: Draws of patients, (draws, n); None for no interval.

    Returns:
        `bias` (the mean difference) with `bias_low` and `bias_high`, `limit_low`, `limit_high`. NaN of fewer than two.

    Example:
        >>> found = limits_of_agreement([0.0, 0.0], [0.1, 0.3])
        >>> round(found["bias"], 3), round(found["limit_high"], 3)
        (0.2, 0.3)
    """
    x, y = _pair(first, second)
    difference = y - x
    bias = float(difference.mean()) if len(x) else np.nan
    below, above = np.nan, np.nan
    if len(x) > 1:  # of two neighbouring differences the outer one, so that never less than 95 % lie between
        below = float(np.quantile(difference, BEYOND, method="lower"))
        above = float(np.quantile(difference, 1 - BEYOND, method="higher"))
    low, high = (np.nan, np.nan) if counts is None else percentile_interval(mean_draws(difference, counts))
    return {
        "bias": bias,
        "bias_low": low,
        "bias_high": high,
        "limit_low": below,
        "limit_high": above,
    }


def signal_to_noise_db(reference: ArrayLike, other: ArrayLike) -> float:
    """Return how loud a signal is against its error, dB; infinite where there is none, NaN without a signal.

    Example:
        >>> round(signal_to_noise_db([1.0, 1.0], [1.1, 0.9]), 6), signal_to_noise_db([1.0], [1.0])
        (20.0, inf)
    """
    reference, other = (np.asarray(values, dtype=np.float64) for values in (reference, other))
    return decibels(float((reference**2).sum()), float(((other - reference) ** 2).sum()))


def decibels(signal: float, noise: float) -> float:
    """Return 10 log₁₀(signal / noise) of two energies; see `signal_to_noise_db`."""
    if signal <= 0:
        return np.nan
    return float(10 * np.log10(signal / noise)) if noise > 0 else np.inf


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Return how alike two representations of the same films are, whatever the number of their features.

    Args:
        first: (n, p) features of n films.
        second: (n, q) features of the same films.

    Returns:
        About 0 for unrelated ones (it may fall below), 1 for representations that a rotation and a scale turn into each
        other; NaN of fewer than four films, or where all films are alike.

    Example:
        >>> films = np.random.default_rng(0).normal(size=(20, 3))
        >>> round(linear_cka(films, -2 * films[:, ::-1]), 6)
        1.0
    """
    a, b = (np.asarray(values, dtype=np.float64).reshape(len(values), -1) for values in (first, second))
    if len(a) != len(b):
        raise UsageError(f"{len(a)} and {len(b)} films cannot be paired; give features of the same films.")
    if len(a) < FEWEST_FILMS:
        return np.nan
    grams = [_gram(features) for features in (a, b)]
    own = [_dependence(gram, gram) for gram in grams]
    if min(own) <= 1e-20:
        return np.nan
    return _dependence(*grams) / float(np.sqrt(own[0] * own[1]))


def _gram(features: np.ndarray) -> np.ndarray:
    """Return inner products of films, (n, n), scaled to about 1 and without those of a film with itself."""
    features = features - features.mean(axis=0)
    features = features / max(float(np.abs(features).max(initial=0)), 1e-30)
    gram = features @ features.T
    np.fill_diagonal(gram, 0)
    return gram


def _dependence(a: np.ndarray, b: np.ndarray) -> float:
    """Return the unbiased estimate of how two sets of inner products depend on each other (Song et al., 2012)."""
    n = len(a)
    both = (a * b).sum() + a.sum() * b.sum() / ((n - 1) * (n - 2)) - 2 * (a.sum(0) @ b.sum(0)) / (n - 2)
    return float(both / (n * (n - 3)))


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, y = (np.asarray(values, dtype=np.float64).ravel() for values in (first, second))
    if len(x) != len(y):
        raise UsageError(f"{len(x)} and {len(y)} readings cannot be paired; give readings of the same films.")
    return x, y
