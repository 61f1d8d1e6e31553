"""Do two networks say the same about each film, not only on average?

Equal AUROCs leave room for two networks that disagree on every film. *Lin's concordance coefficient* is the
correlation of two readings times how near they lie to the diagonal:

    concordance = 2 cov(x, y) / (var x + var y + (mean x − mean y)²)

*Limits of agreement* hold 95 % of the differences. They are the differences' own quantiles (Bland and Altman, 1999):
mean ± 1.96 standard deviations hold 95 % of normal ones only, and probabilities change little on most films and a lot on few.

How sure is the coefficient? 1 − concordance is the mean squared difference over the spread, a ratio of means, so that each film
moves it by (d² − ratio · its spread) / spread (Deville, 1999). With these it has the interval that a mean of numbers that are
never negative has, on the scale of logarithms and with the patient who moves it most counted once more (`value_intervals`):
resampling holds too seldom, on the side that flatters, where few films differ much.

Inside the networks, the *signal-to-noise ratio* says how loud a layer's output is against what compression added to
it, 10 log₁₀(Σ x² / Σ (y − x)²) dB; every halving of the error is worth 6 dB. *Linear CKA* asks whether films that
are alike to one network are alike to the other, and survives another number of channels. It is taken without bias:
of few films with many features the plain form comes near 1 for noise.

References:
    Lin (1989). A concordance correlation coefficient to evaluate reproducibility. Biometrics 45.
    Deville (1999). Variance estimation for complex statistics and estimators: linearization and residual techniques. Survey
        Methodology 25.
    Bland, Altman (1999). Measuring agreement in method comparison studies. Statistical Methods in Medical Research 8.
    Kornblith et al. (2019). Similarity of neural network representations revisited. ICML, arXiv 1905.00414.
    Song et al. (2012). Feature selection via dependence maximization. JMLR 13 (the estimate without bias).
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.metrics.estimates import exact_tail
from radlib.metrics.value_intervals import signed_interval, value_interval

BEYOND = 0.025  # share of the differences beyond each limit, at most
VARYING = 1e-15  # spread below which readings do not vary
ENDS = ("", "_low", "_high")
FEWEST_FILMS = 4  # the unbiased estimate of CKA divides by n − 3


def concordance(
    first: ArrayLike, second: ArrayLike, patient_ids: ArrayLike | None = None
) -> tuple[float, float, float]:
    """Return Lin's concordance coefficient of two readings of the same films, with its 95 % interval.

    Args:
        first: (n,) numbers, e.g. the original's probabilities.
        second: (n,) numbers of the same films.
        patient_ids: Whose film it is, (n,); None for no interval.

    Returns:
        (value, low, high), in [−1, 1]; 1 only where all pairs are equal. NaN where neither reading varies.

    Example:
        >>> concordance([1, 2, 3, 4], [1, 2, 3, 4])[0], round(concordance([1, 2, 3, 4], [2, 3, 4, 5])[0], 3)
        (1.0, 0.714)
    """
    x, y = _pair(first, second)
    apart = (x - y) ** 2
    deviations = x - x.mean() if len(x) else x, y - y.mean() if len(y) else y
    shift = float(x.mean() - y.mean()) if len(x) else 0.0
    spreads = deviations[0] ** 2 + deviations[1] ** 2 + shift**2 + 2 * shift * (deviations[0] - deviations[1])
    spread = float(spreads.mean()) if len(x) else 0.0
    if spread <= VARYING:
        return np.nan, np.nan, np.nan
    ratio = float(apart.mean()) / spread
    if patient_ids is None:
        return 1 - ratio, np.nan, np.nan
    if ratio:
        moved = 1 + (apart / ratio - spreads) / spread  # in shares of the ratio, however small that is
        low, high = (ratio * end for end in value_interval(moved, patient_ids, shares=False))
    else:  # one more of those unseen may lie as far apart as probabilities can
        low, high = 0.0, exact_tail(len(np.unique(np.asarray(patient_ids)))) / spread
    return 1 - ratio, max(1 - high, -1.0), 1 - low


def agreement_of_labels(
    first: ArrayLike, second: ArrayLike, patient_ids: ArrayLike
) -> list[dict[str, float]]:
    """Return `concordance` and `limits_of_agreement` of every label.

    Args:
        first: (n, labels) numbers.
        second: (n, labels) numbers of the same films.
        patient_ids: Whose film it is, (n,).

    Returns:
        Per label `concordance` and `bias`, each with `_low` and `_high`, `limit_low`, `limit_high`.
    """
    found = []
    for x, y in zip(np.asarray(first).T, np.asarray(second).T, strict=True):
        ends = dict(zip(ENDS, concordance(x, y, patient_ids), strict=True))
        found.append(
            {f"concordance{end}": value for end, value in ends.items()}
            | limits_of_agreement(x, y, patient_ids)
        )
    return found


def limits_of_agreement(
    first: ArrayLike, second: ArrayLike, patient_ids: ArrayLike | None = None
) -> dict[str, float]:
    """Return limits between which at least 95 % of the differences second − first lie, and their mean.

    Args:
        first: (n,) numbers in [0, 1].
        second: (n,) numbers of the same films.
        patient_ids: Whose film it is, (n,); None for no interval.

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
    low, high = (np.nan, np.nan) if patient_ids is None else signed_interval(difference, patient_ids)
    return {"bias": bias, "bias_low": low, "bias_high": high, "limit_low": below, "limit_high": above}


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
