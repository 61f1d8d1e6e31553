"""Pictures of whether the winner, and its original, is of use: the decision curve, and precision at the place's prevalence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.report import figures
from radlib.report.readings import Readings, label_names
from radlib.report.usefulness import prevalence_of, stated_prevalence, winner_and_original
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

HALF, MOST = 0.5, 0.9  # sensitivities at which a picture is told in words


@dataclass(frozen=True)
class Curves:
    """Precision over sensitivity for one finding: its prevalence, and by variant the curve, its band, and its threshold's point."""

    finding: str
    prevalence: float
    curves: Mapping[str, pd.DataFrame]
    bands: Mapping[str, pd.DataFrame]
    marks: Mapping[str, tuple[float, float]]


def draw_usefulness(readings: Readings, panels: Callable[[int], Any], add: Callable) -> None:
    """Draw both pictures of the winner and its original, one panel per finding of which both answers occur.

    Args:
        readings: The files of the run.
        panels: Makes so many Axes.
        add: Keeps a picture, see `pictures.draw_figures`.
    """
    pair = winner_and_original(readings)
    if not pair:
        return
    first = readings.test[pair[-1].name]
    pair = [v for v in pair if np.array_equal(readings.test[v.name].image_id, first.image_id)]
    both = [
        column
        for column in range(len(label_names(pair[0])))
        if len(np.unique(first.y_true[~np.isnan(first.y_true[:, column]), column])) == 2
    ]
    if not both:
        return
    if not task_of(pair[0]).exclusive:  # of classes no probability decides
        _draw_decisions(readings, pair, both, panels, add)
    _draw_precision(readings, pair, both, panels, add)


def _known(answers: Predictions, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return answers, probabilities and patients of the films of which the answer to one finding is known."""
    known = ~np.isnan(answers.y_true[:, column])
    return answers.y_true[known, column], answers.y_prob[known, column], answers.patients[known]


def _draw_decisions(
    readings: Readings, pair: list[Variant], both: list[int], panels: Callable[[int], Any], add: Callable
) -> None:
    names = label_names(pair[0])

    def curves() -> Any:
        axes = panels(len(both))
        for ax, column in zip(axes, both, strict=False):
            found = {}
            for variant in pair:
                truth, prob, patients = _known(readings.test[variant.name], column)
                share = prevalence_of(readings, variant, truth)
                found[variant.label] = metrics.decision_curve(truth, prob, patients, share)
            figures.decision_curve(found, title=names[column], ax=ax)
        return axes

    listed = ", ".join(v.label for v in pair)
    add("decision_curve", curves, f"Net benefit over the probability from which films are called: {listed}.",
        "Of use is a network where its curve lies above calling every film (grey) and calling none (0). To the left a missed "
        f"finding weighs most. Shaded: 95 % interval of {pair[-1].label}.", len(both) == 1)  # fmt: skip


def _draw_precision(
    readings: Readings, pair: list[Variant], both: list[int], panels: Callable[[int], Any], add: Callable
) -> None:
    found = [precision_curves(readings, pair, column) for column in both]

    def curves() -> Any:
        axes = panels(len(found))
        for ax, one in zip(axes, found, strict=False):
            figures.precision_recall(
                one.curves, one.bands, one.prevalence, marks=one.marks, title=one.finding, ax=ax
            )
        return axes

    add("precision_recall", curves,
        "Precision, the share of calls that are right, over sensitivity. " + " ".join(map(curve_words, found)),
        _caption(task_of(pair[0]).exclusive, bool(stated_prevalence(readings, pair[0]))), len(found) == 1)  # fmt: skip


def _caption(exclusive: bool, stated: bool) -> str:
    points = (
        "A film is given its most probable class, so no point of a curve is its threshold."
        if exclusive
        else "Points: the threshold that goes with each file."
    )
    flatters = (
        "" if stated else " At the prevalence among the test films it flatters, where those are enriched."
    )
    return (
        f"Grey: the precision of calling every film, which is the prevalence.{flatters} {points} Shaded: 95 % bands, each "
        "sensitivity by itself; wide where few films are called."
    )


def precision_curves(readings: Readings, pair: list[Variant], column: int, prevalence: float = 0.0) -> Curves:
    """Return precision over sensitivity of variants for one finding.

    Args:
        readings: The files of the run.
        pair: The variants, see `usefulness.winner_and_original`.
        column: Of the finding.
        prevalence: Share of films with it, in (0, 1); 0: that at which the errors of the run are told.
    """
    curves, bands, marks, share = {}, {}, {}, 0.0
    for variant in pair:
        truth, prob, patients = _known(readings.test[variant.name], column)
        share = prevalence or prevalence_of(readings, variant, truth)
        thresholds = np.broadcast_to(readings.thresholds(variant), (len(label_names(variant)),))
        draws = readings.run.settings.bootstrap_draws
        curve = metrics.precision_curve(truth, prob, share)
        curves[variant.label] = curve
        bands[variant.label] = metrics.precision_band(truth, prob, patients, share, draws)
        at = np.nan if task_of(variant).exclusive else float(thresholds[column])  # of classes none decides
        marks[variant.label] = metrics.point_at(curve, at)
    return Curves(label_names(pair[0])[column], share, curves, bands, marks)


def curve_words(found: Curves) -> str:
    """Return what a panel shows, for who cannot see it: two heights of each curve, and the point of its threshold."""
    said = []
    for name, band in found.bands.items():
        heights = " and ".join(
            f"{np.interp(at, band['sensitivity'], band['precision']):.2f} at a sensitivity of {at:.2f}"
            for at in (HALF, MOST)
        )
        sensitivity, precision = found.marks[name]
        mark = "" if np.isnan(precision) else f", {precision:.2f} at its threshold’s {sensitivity:.2f}"
        said.append(f"{name} {heights}{mark}")
    return f"{found.finding}, at a prevalence of {100 * found.prevalence:.1f} %: {'; '.join(said)}."
