"""Will the test films be able to answer? Said before they are opened, from validation films and head counts alone.

Of the test films only how many patients have the finding is used, and how many have not. The standard error is that of
each network's winner on validation films as they are, scaled to as many patients (`metrics.power`): where test films are
harder, as perturbed ones are, it is larger, and the forecast promises too much.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.films import Films
from radlib.evaluation.answers import Predictions
from radlib.runs.settings import Settings
from radlib.runs.variants import Variant, variant_name


def forecast(
    settings: Settings,
    test: Films,
    variants: Sequence[Variant],
    winners: Mapping[str, str],
    validation: Mapping[str, Predictions],
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
        `standard_error` to be expected, `chance_if_lossless`, `patients_needed` for 80 %, and `not_excluded`, the share
        of patients that may be lost entirely without one of them being among these. None where undefined.
    """
    found = {}
    ids = np.asarray(test.patient_ids)
    there = _patients(np.asarray(test.labels, np.float64), ids)
    for network, chain in winners.items():
        pairs = [
            (validation[variant_name(network, "", v.seed)], validation[v.name])
            for v in variants
            if (v.network, v.chain_text) == (network, chain) and v.chain
        ]
        if not pairs or not len(there):
            continue
        tests = [
            metrics.paired_test(a.y_true, a.y_prob, b.y_prob, a.patients, settings.margin) for a, b in pairs
        ]
        pooled = metrics.pooled_test(tests)
        here = _patients(pairs[0][0].y_true, pairs[0][0].patients)
        error = (
            pooled.standard_error * float(np.sqrt(_spread(there) / _spread(here))) if len(here) else np.nan
        )
        patients = float(there.min()) * len(there)
        known = (error, patients, settings.margin)
        row = {
            "margin": settings.margin,
            "patients": float(there.min()),
            "standard_error": error,
            "chance_if_lossless": metrics.chance_if_lossless(*known),
            "patients_needed": metrics.patients_needed(*known) / len(there),
            "not_excluded": metrics.not_excluded(float(there.min())),
        }
        defined = {name: value if np.isfinite(value) else None for name, value in row.items()}
        found[network] = {"chain": chain, **defined}
    return found


def _patients(y_true: np.ndarray, patient_ids: np.ndarray) -> np.ndarray:
    """Return how many patients have each finding and how many have not, (labels, 2); labels with one answer are left out."""
    counts = np.array([
        [len(np.unique(patient_ids[column == answer])) for answer in (1, 0)] for column in y_true.T
    ])  # fmt: skip
    return counts[counts.min(axis=1) > 0] if counts.size else counts


def _spread(patients: np.ndarray) -> float:
    """Return what the variance of a mean AUROC goes with: 1/m + 1/n, mean over labels."""
    return float((1 / patients).sum(axis=1).mean())
