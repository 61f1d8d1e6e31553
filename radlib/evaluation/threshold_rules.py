"""The rule by which a study turns probabilities into decisions, applied to the answers that it chooses by.

See `metrics.operating_points` for what each rule promises. A promised sensitivity needs a number of patients; where
there are fewer, a network has no threshold, and a sentence says how many are missing.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.runs.settings import Settings
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant


def rule_of(settings: Settings) -> metrics.ThresholdRule:
    """Return the rule by which a run chooses its thresholds."""
    return metrics.ThresholdRule(
        settings.threshold_rule,
        settings.threshold_sensitivity,
        settings.threshold_assurance,
        settings.missed_cost,
        settings.prevalence,
    )


def rule_numbers(settings: Settings, fixed: bool) -> dict[str, dict[str, Any]]:
    """Return what the file of choices adds where thresholds are not Youden's: `threshold_rule`, its numbers."""
    rule = rule_of(settings)
    plain = fixed or rule.name == "youden"
    return {} if plain else {"threshold_rule": dataclasses.asdict(rule)}


def operating_points(predictions: Any, variant: Variant, rule: metrics.ThresholdRule) -> list[float | None]:
    """Return a threshold per label, None where none can be chosen or where none is asked; of outlines and boxes the fixed one."""
    task = task_of(variant)
    if task.fixed_rule:
        return [task.fixed_threshold] * len(task.labels)
    points = [metrics.operating_point(*known[:2], rule, known[2]) for known in _known(predictions)]
    return [None if math.isnan(point) else point for point in points]


def why_none(predictions: Predictions, rule: metrics.ThresholdRule) -> list[str]:
    """Return per label why it has no threshold by a rule; empty where it has one."""
    return [metrics.choose_threshold(*known[:2], rule, known[2])[1] for known in _known(predictions)]


def _known(predictions: Predictions) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (labels, probabilities, patients) of each label, without the films whose label is unknown."""
    for truth, prob in zip(predictions.y_true.T, predictions.y_prob.T, strict=True):
        known = ~np.isnan(truth)
        yield truth[known], prob[known], predictions.patients[known]
