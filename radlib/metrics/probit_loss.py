"""How much worse, on a scale on which 0.998 to 0.991 is a lot and 0.73 to 0.72 is little?

Near 1 an AUROC is crowded: from 0.9984 to 0.9908 is 0.008, and nearly six times as many errors. If scores are normal,
AUROC = Φ(d′ / √2), so that Φ⁻¹(AUROC) is the distance between the two answers in units of their spread, and a loss on
this *probit* scale means the same wherever it happens: 0.106 is from 0.96 to 0.95, and from 0.9984 to 0.9977.

    loss = Φ⁻¹(A of the original) − Φ⁻¹(A of the variant),       upper bound = loss + z SE

SE by the delta method from DeLong's influences, clustered by patient. An AUROC of 1 has no finite probit; it is drawn
in by half a pair of one more patient, (m A + ½) / (m + 1), which also keeps a perfect sample from being certain.

References:
    Bamber (1975). The area above the ordinal dominance graph. Journal of Mathematical Psychology 12.
    Pepe (2003). The statistical evaluation of medical tests for classification and prediction, ch. 5.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.delong import Difference, mean_auroc_difference
from radlib.metrics.paired_tests import mean_of_differences

CONFIDENCE = 0.9  # one-sided, of the upper bound
_NORMAL = NormalDist()


def probit_difference(
    y_true: ArrayLike, prob_a: ArrayLike, prob_b: ArrayLike, patient_ids: ArrayLike
) -> Difference:
    """Return the probit of the AUROC of b minus that of a, on the same films.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n, labels); of several labels the mean AUROC counts.
        prob_a: Probabilities by the original, of the same shape.
        prob_b: Probabilities by the compressed network.
        patient_ids: Whose film it is, (n,).

    Returns:
        The difference, negative where b reads worse; NaN where no label has both answers.

    Example:
        >>> truth = (np.arange(200) % 2.0)[:, None]
        >>> score = truth + np.random.default_rng(0).normal(size=(200, 1))
        >>> found = probit_difference(truth, score, score, np.arange(200))
        >>> found.value, found.standard_error
        (0.0, 0.0)
    """
    chance = np.zeros_like(np.asarray(prob_a, dtype=np.float64))
    a, b = (_probit(mean_auroc_difference(y_true, chance, prob, patient_ids)) for prob in (prob_a, prob_b))
    influence = b.influence - a.influence
    return Difference(b.value - a.value, float(np.sqrt((influence**2).sum())), influence, b.patient_share)


def _probit(above_chance: Difference) -> Difference:
    patients = 1 / above_chance.patient_share
    area = ((above_chance.value + 0.5) * patients + 0.5) / (patients + 1)
    if not 0 < area < 1:
        return Difference(float("nan"), float("nan"), above_chance.influence, above_chance.patient_share)
    value = _NORMAL.inv_cdf(area)
    influence = above_chance.influence / _NORMAL.pdf(value)
    return Difference(value, float(np.sqrt((influence**2).sum())), influence, above_chance.patient_share)


def upper_loss(differences: Sequence[Difference], confidence: float = CONFIDENCE) -> float:
    """Return the upper bound of the loss of a chain, from its differences with one seed or several.

    Args:
        differences: See `probit_difference`, of the same films, one per seed.
        confidence: One-sided.

    Example:
        >>> change = Difference(-0.05, 0.03, np.full(9, 0.01), 0.1)
        >>> round(upper_loss([change]), 3)
        0.088
    """
    mean = mean_of_differences(differences)
    variance = mean.standard_error**2
    if len(differences) > 1:
        variance += float(np.var([one.value for one in differences], ddof=1)) / len(differences)
    return float(-mean.value + _NORMAL.inv_cdf(confidence) * np.sqrt(variance))
