"""By which rule thresholds were chosen, how far the films they were chosen on flatter, and why some have none."""

import numpy as np

from radlib import metrics
from radlib.evaluation.threshold_rules import rule_of, why_none
from radlib.report import wording as w
from radlib.report.readings import Readings, label_names
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

CLASSES = "the classes exclude each other, so a film is given the most probable one, without threshold"
DRAWS = 100  # of patients, behind the optimism


def rule_words(readings: Readings) -> str:
    """Return by what thresholds were chosen; empty where classes exclude each other and the likeliest one wins."""
    if any(task_of(variant).exclusive for variant in readings.variants):
        return ""
    return rule_of(readings.run.settings).words


def chosen_on(readings: Readings) -> str:
    """Return on which films thresholds were chosen."""
    films = readings.selection.get("films", readings.run.settings.operating_point_films)
    copied = ", copied with other exposure and framing" if films == "perturbed" else ""
    return f"validation films{copied}"


def decided_at(readings: Readings, variant: Variant) -> str:
    """Return by what a variant decides, in one sentence; empty where nothing does."""
    points = readings.thresholds(variant)
    if task_of(variant).exclusive:
        return f"{CLASSES[0].upper()}{CLASSES[1:]}."
    if np.isnan(points).all():
        return ""
    how = f"chosen on {chosen_on(readings)}, by {rule_of(readings.run.settings).words}"
    if len(points) > 1:
        return (
            f"Each finding is decided at a threshold of its own, {how}; they stand in the table “Each label”."
        )
    short, full = w.decimals(points[0]), w.threshold(points[0])
    exactly = "" if float(short) == points[0] else f" (in full {full})"
    return f"A film is called at a probability of {short} or more{exactly}, a threshold {how}."


def threshold_lines(readings: Readings) -> tuple[str, ...]:
    """Return sentences on the thresholds of the winner, or of the first variant; none where nothing was chosen.

    Args:
        readings: Of the run.
    """
    winner = readings.selection.get("winner")
    named = [v for v in readings.variants if v.name in readings.selection.get("variants", {})]
    chosen = next((v for v in named if v.name == winner), next(iter(named), None))
    on_validation = readings.selection.get("films") == "validation"
    if chosen is None or task_of(chosen).exclusive or chosen.name not in readings.validation:
        return ()
    return (*(_flattering(readings, chosen) if on_validation else ()), *why_none_lines(readings, chosen))


def _flattering(readings: Readings, variant: Variant) -> tuple[str, ...]:
    """Return by how much both rates are better on the films that the threshold was chosen on."""
    rule, answers = rule_of(readings.run.settings), readings.validation[variant.name]
    if rule.name == "half":
        return ()
    found = []
    for truth, prob, threshold in zip(
        answers.y_true.T, answers.y_prob.T, readings.thresholds(variant), strict=True
    ):
        known = ~np.isnan(truth)
        if not np.isnan(threshold):
            patients = answers.patients[known]
            found.append(metrics.optimism(truth[known], prob[known], patients, rule=rule, draws=DRAWS))
    sides = [np.array([one[name] for one in found]) for name in ("sensitivity", "specificity")]
    if not found or any(np.isnan(values).all() for values in sides):
        return ()
    sensitivity, specificity = (float(np.nanmean(values)) for values in sides)
    mean = f", mean over {w.plural(len(found), 'finding')}" if len(found) > 1 else ""
    return (
        f"The films that a threshold was chosen on flatter it: {variant.label} reads them with {w.signed(sensitivity)} "
        f"sensitivity and {w.signed(specificity)} specificity against other patients{mean} (0.632 bootstrap, Efron and "
        "Tibshirani, 1997). The test films had no part in this choice.",
    )


def why_none_lines(readings: Readings, variant: Variant) -> tuple[str, ...]:
    """Return which labels have no threshold, and why; what was chosen by perturbed films is not asked again."""
    without = np.isnan(readings.thresholds(variant))
    if not without.any() or task_of(variant).exclusive or variant.name not in readings.validation:
        return ()
    reasons = why_none(readings.validation[variant.name], rule_of(readings.run.settings))
    said = [
        f"{label}: {reason}"
        for label, reason, none in zip(label_names(variant), reasons, without, strict=True)
        if none and reason
    ]
    return (f"No threshold, so no decisions, for {variant.label}. {' '.join(said)}",) if said else ()
