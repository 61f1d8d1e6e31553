"""What a few labelled films of another place would buy: the threshold chosen on some patients there, and asked on the rest.

A threshold is frozen where the network was trained. Another hospital can label thirty films of its own and choose anew; whether that
helps can be seen where a whole test is from another place. Of its patients n are drawn, as many with the finding among them as there
are in all; the threshold is chosen on those by the rule, and *all others* are asked at it. Done for many draws, the mean over them is
what the site may expect, and the range of the draws is the luck of which patients it happened to label (Monte Carlo
cross-validation; Picard and Cook, 1984). A draw whose patients cannot carry the rule keeps the frozen threshold, as a site would.

References:
    Picard, Cook (1984). Cross-validation of regression models. JASA 79. Steyerberg (2019). Clinical Prediction Models, ch. 20.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.discrimination import scores
from radlib.metrics.operating_points import ThresholdRule, operating_point

SIZES = (10, 20, 30, 50, 100, 200)
RATES = ("sensitivity", "specificity")
RANGE = (0.05, 0.95)  # of the draws


def site_films(
    y_true: ArrayLike, y_prob: ArrayLike, patient_ids: ArrayLike, threshold: float, *,
    sizes: Sequence[int] = SIZES, rule: str | ThresholdRule = "youden", draws: int = 200, seed: int = 0
) -> list[dict[str, float | int]]:  # fmt: skip
    """Return what thresholds bring that are chosen on some patients of a place, on all others of it.

    Args:
        y_true: Labels of one finding, 1, 0 or NaN for unknown, (n,).
        y_prob: Probabilities, (n,), in [0, 1].
        patient_ids: Whose film it is, (n,).
        threshold: The frozen one.
        sizes: How many patients are labelled; those that would leave fewer than half of the patients to ask are left out.
        rule: See `operating_point`.
        draws: How many draws of patients.
        seed: Of the draws.

    Returns:
        One row per size: `patients_labelled`, `chosen` (share of draws that could carry the rule), and `sensitivity` and
        `specificity` of the other patients, mean over the draws, with `_5th` and `_95th`, percentiles of the draws. First
        that of the frozen threshold, of 0 patients, which has no draws to range over.

    Example:
        >>> truth, prob = np.arange(200) % 2, np.where(np.arange(200) % 2, 0.4, 0.1)
        >>> frozen, ten = site_films(truth, prob, np.arange(200), 0.5, sizes=[10])
        >>> frozen["sensitivity"], ten["sensitivity"], ten["specificity"]
        (0.0, 1.0, 1.0)
    """
    truth, prob = np.asarray(y_true, dtype=np.float64), np.asarray(y_prob, dtype=np.float64)
    known = ~np.isnan(truth)
    truth, prob = truth[known], prob[known]
    names, patient = np.unique(np.asarray(patient_ids)[known], return_inverse=True)
    rows = [
        {
            "patients_labelled": 0,
            "chosen": 0.0,
            **_with_range([scores(truth, prob, threshold)] * (len(truth) > 0)),
        }
    ]
    generator = np.random.default_rng(seed)
    for size in (size for size in sizes if 2 * size <= len(names)):
        found, chosen = [], 0
        for _ in range(draws):
            labelled = np.isin(patient, _drawn(truth, patient, size, generator))
            anew = operating_point(truth[labelled], prob[labelled], rule, patient[labelled])
            chosen += not np.isnan(anew)
            found.append(scores(truth[~labelled], prob[~labelled], threshold if np.isnan(anew) else anew))
        rows.append({"patients_labelled": size, "chosen": chosen / draws, **_with_range(found)})
    return rows


def _drawn(truth: np.ndarray, patient: np.ndarray, size: int, generator: np.random.Generator) -> np.ndarray:
    """Return patients, of those with the finding the share that all have, and at least one of either where there are any."""
    ill = np.unique(patient[truth == 1])
    well = np.setdiff1d(patient, ill)
    share = len(ill) / (len(ill) + len(well))
    first = int(np.clip(round(share * size), min(1, len(ill)), size - min(1, len(well))))
    return np.concatenate(
        [
            generator.choice(group, count, replace=False)
            for group, count in ((ill, first), (well, size - first))
        ]
    )


def _with_range(found: Sequence[dict[str, float]]) -> dict[str, float]:
    row: dict[str, float] = {}
    for name in RATES:
        values = np.array([scored[name] for scored in found], dtype=np.float64)
        values = values[~np.isnan(values)]
        row[name] = float(values.mean()) if len(values) else np.nan
        low, high = np.quantile(values, RANGE) if len(values) > 1 else (np.nan, np.nan)
        row |= {f"{name}_5th": float(low), f"{name}_95th": float(high)}
    return row
