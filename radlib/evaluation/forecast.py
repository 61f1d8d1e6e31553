"""Will the test films be able to answer? Said before they are opened, from validation films and head counts alone.

Of the test films only how many patients have the finding is used, and how many have not. The standard error is that of
each network's winner on validation films as they are, scaled to as many patients (`metrics.power`): where test films are
harder, as perturbed ones are, it is larger, and the forecast promises too much.

What is promised is the whole claim. Of outlines that is mean *and* 5th percentile, whose power is drawn (`metrics.chance_of_both`); how many
patients would do is then not said, since it would have to be drawn for each number of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films
from radlib.evaluation.outlined import Outlined
from radlib.runs.settings import Settings
from radlib.runs.variants import Variant, variant_name

OF_OUTLINES = "mean and 5th percentile of Dice"


def forecast(
    settings: Settings,
    test: Films,
    variants: Sequence[Variant],
    winners: Mapping[str, str],
    validation: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Return, by network, what the test films could show of its winner.

    Args:
        settings: Of the run: the margin.
        test: The test films; their answers are counted, no network is asked.
        variants: Those of the run.
        winners: The chain that was chosen for each network.
        validation: Answers to the validation films, by name.

    Returns:
        Per network with a compressed winner: `chain`, `margin`, `patients` of the rarer answer in the test films,
        `standard_error` to be expected, `chance_if_lossless` of what `claim` says (of outlines; else of the measure that networks are
        compared by), `patients_needed` for 80 % (not of outlines), and `not_excluded`, the share
        of patients that may be lost entirely without one of them being among these. None where undefined.
    """
    found = {}
    ids = np.asarray(test.patient_ids)
    count = COUNTS[test.task.record]
    there = count(np.asarray(test.labels, np.float64), ids)
    for network, chain in winners.items():
        pairs = [
            (validation[variant_name(network, "", v.seed)], validation[v.name])
            for v in variants
            if (v.network, v.chain_text) == (network, chain) and v.chain
        ]
        if not pairs or not len(there):
            continue
        pooled = metrics.pooled_test([before.tested(after, settings.margin) for before, after in pairs])
        first = pairs[0][0]
        here = count(first.asked()[0], first.patients)
        error = (
            pooled.standard_error * float(np.sqrt(_spread(there) / _spread(here))) if len(here) else np.nan
        )
        patients = float(there.min()) * len(there)
        known = (error, patients, settings.margin)
        if isinstance(first, Outlined):
            chance, needed = _both(pairs, int(there.min()), settings.margin), np.nan
        else:
            chance = metrics.chance_if_lossless(*known)
            needed = metrics.patients_needed(*known) / len(there)
        row = {
            "margin": settings.margin,
            "patients": float(there.min()),
            "standard_error": error,
            "chance_if_lossless": chance,
            "patients_needed": needed,
            "not_excluded": metrics.not_excluded(float(there.min())),
        }
        defined = {name: value if np.isfinite(value) else None for name, value in row.items()}
        of = {"claim": OF_OUTLINES} if isinstance(first, Outlined) else {}
        found[network] = {"chain": chain, **of, **defined}
    return found


def _both(pairs: Sequence[tuple[Outlined, Outlined]], patients: int, margin: float) -> float:
    """Return how often outlines without loss would be shown as good in mean and 5th percentile, seeds pooled."""
    before, after = (np.stack([pair[place].values for pair in pairs]) for place in (0, 1))
    return metrics.chance_of_both(before, after, pairs[0][0].patients, patients, margin)


def _patients(y_true: np.ndarray, patient_ids: np.ndarray) -> np.ndarray:
    """Return how many patients have each finding and how many have not, (labels, 2); labels with one answer are left out."""
    counts = np.array([
        [len(np.unique(patient_ids[column == answer])) for answer in (1, 0)] for column in y_true.T
    ])  # fmt: skip
    return counts[counts.min(axis=1) > 0] if counts.size else counts


def _all_patients(measured: np.ndarray, patient_ids: np.ndarray) -> np.ndarray:
    """Return how many patients there are, twice, (1, 2): every film is asked, whether anything is outlined or boxed in it or not."""
    count = len(np.unique(patient_ids[: len(measured)]))
    return np.full((1 if count else 0, 2), count)


def _spread(patients: np.ndarray) -> float:
    """Return what the variance of a mean AUROC goes with: 1/m + 1/n, mean over labels."""
    return float((1 / patients).sum(axis=1).mean())


COUNTS: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "probabilities": _patients,
    "masks": _all_patients,
    "boxes": _all_patients,
}
