"""Figures of 02_train: did it learn, does it tell the answers apart, does 80 % mean 80 %?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib import metrics
from radlib.foundation.human_units import auroc_text
from radlib.report.figures.style import (
    ACCENT,
    GROUPS,
    MUTED,
    TRAINING,
    VALIDATION,
    new_axes,
    number_axis,
    styled,
    wrapped,
)
from radlib.training.learning_curves import best_position

CURVES = ("#000000", "#0072B2", "#D55E00", "#009E73", "#AA4499", "#3399CC", "#B07C00")
WIDE = 4  # times the least loss; from there on the axis is logarithmic


@styled
def learning_curves(history: Any, *, kept: str = "best", axes: Any = None) -> np.ndarray:
    """Draw loss and AUROC over the epochs, training beside validation, and mark the epoch that was kept.

    Losses stand on a logarithmic axis where they differ much: one early spike would flatten everything after it.

    Args:
        history: DataFrame with columns `epoch`, `loss`, `val_loss`, and `auroc`, `val_auroc`, `chance_loss` (what the
            best answer that is the same for all films would cost in training) if measured.
        kept: Whose weights were kept: the `best` epoch's, as in a training from the start, or the `last`, as after a compression.
        axes: Two Axes; None for a new figure.

    Returns:
        The two Axes: loss, AUROC.

    Example:
        >>> import pandas as pd
        >>> axes = learning_curves(pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.5], "val_loss": [0.7, 0.6]}))
    """
    axes = new_axes((6.4, 5.2), 2, 1, sharex=True) if axes is None else axes
    measured = history["val_loss"].notna().any()
    best = history["epoch"].iloc[best_position(history) if kept == "best" else -1] if measured else None
    losses: list[float] = []
    for ax, measure, title in zip(axes, ("loss", "auroc"), ("Loss", "AUROC"), strict=True):
        for column, colour, name in (
            (measure, TRAINING, "training"),
            (f"val_{measure}", VALIDATION, "validation"),
        ):
            if column in history and history[column].notna().any():
                ax.plot(history["epoch"], history[column], color=colour, label=name, marker="o", ms=3)
                if measure == "loss":
                    losses += history[column].dropna().tolist()
        if best is not None:
            ax.axvline(best, color=MUTED, lw=0.9, ls=(0, (4, 3)))
        if measure == "loss" and "chance_loss" in history:
            ax.axhline(
                history["chance_loss"].iloc[0], color=MUTED, lw=0.9, ls=":", label="one answer for all"
            )
        ax.set_title(title)
        ax.xaxis.get_major_locator().set_params(integer=True)
        if ax.lines[:-1] if best is not None else ax.lines:
            ax.legend(
                frameon=True, framealpha=0.9, edgecolor="none"
            )  # the line of the kept epoch may pass behind
    axes[-1].set_xlabel("epoch")
    if losses and max(losses) > WIDE * min(losses) > 0:
        number_axis(axes[0].yaxis, losses)
    if best is not None:
        axes[0].annotate("kept", (best, 1), (-4, -2), xycoords=("data", "axes fraction"),
                         textcoords="offset points", rotation=90, ha="right", va="top", fontsize=8, color=MUTED)  # fmt: skip
    return axes


def _key(ax: Any, named: Mapping[str, Any], corner: str) -> None:
    """Name the curves in a free corner, or below the picture where long names would cover it."""
    if len(named) * max(len(name) for name in named) > 80:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=8)
    else:
        ax.legend(loc=corner, fontsize=8)


def _by_name(scores: Any, name: str) -> dict:
    return dict(scores) if isinstance(scores, Mapping) else {name: scores}


@styled
def roc(
    y_true: Any, scores: Any, patient_ids: Any = None, *, threshold: float | None = None, draws: int = 300,
    title: str = "", ax: Any = None,
) -> Any:  # fmt: skip
    """Draw the ROC curve with its 95 % band by bootstrap over patients.

    Args:
        y_true: Labels, 1 or 0, (n,).
        scores: Scores, (n,), or name -> scores of several networks on the same films.
        patient_ids: Whose film it is, (n,); None takes each film as a patient.
        threshold: Operating point of the first network, drawn as a point.
        draws: Draws of patients behind the band.
        title: Heading, e.g. the label's name.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = roc([0, 0, 1, 1], {"original": [0.1, 0.4, 0.35, 0.8]}, draws=20)
    """
    ax = new_axes((4.6, 4.5)) if ax is None else ax
    patient_ids = np.arange(len(y_true)) if patient_ids is None else patient_ids
    named = _by_name(scores, "AUROC")
    ax.plot([0, 1], [0, 1], color="#BBBBBB", lw=0.9)
    for place, (name, score) in enumerate(named.items()):
        colour = CURVES[place % len(CURVES)]
        if place == 0 or len(named) <= 2:
            band = metrics.roc_band(y_true, score, patient_ids, draws)
            ax.fill_between(
                band["false_positive_rate"], band["low"], band["high"], color=colour, alpha=0.12, lw=0
            )
        false_positive, true_positive, _ = metrics.roc_curve(y_true, score)
        interval = metrics.auroc_interval(y_true, score, patient_ids)
        label = f"{wrapped(name, 30)}  {auroc_text(metrics.auroc(y_true, score), *interval)}"
        ax.plot(false_positive, true_positive, color=colour, label=label, lw=1.8 if place == 0 else 1.2)
    if threshold is not None and not np.isnan(threshold):
        at = metrics.scores(y_true, next(iter(named.values())), threshold)
        ax.plot(1 - at["specificity"], at["sensitivity"], "o", color=CURVES[0], ms=7, mec="white", zorder=5)
        ax.annotate("operating point", (1 - at["specificity"], at["sensitivity"]), (10, -16),
                    textcoords="offset points", fontsize=9, color=CURVES[0])  # fmt: skip
    ax.set(
        xlabel="1 − specificity", ylabel="sensitivity", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), title=title
    )
    ax.set_aspect("equal")
    _key(ax, named, "lower right")
    return ax


@styled
def calibration(y_true: Any, probabilities: Any, *, bins: int = 10, title: str = "", ax: Any = None) -> Any:
    """Draw the share of films with the finding against the predicted probability, in bins of equal number.

    On the diagonal the probabilities mean what they say; above it the network is too cautious, below too sure.

    Args:
        y_true: Labels, 1 or 0, (n,).
        probabilities: Probabilities, (n,), or name -> probabilities of several networks on the same films.
        bins: How many bins at most.
        title: Heading, e.g. the label's name.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = calibration([0, 0, 1, 1], [0.2, 0.4, 0.6, 0.9], bins=2)
    """
    ax = new_axes((4.6, 4.5)) if ax is None else ax
    ax.plot([0, 1], [0, 1], color="#BBBBBB", lw=0.9)
    named = _by_name(probabilities, "network")
    for place, (name, prob) in enumerate(named.items()):
        table = metrics.reliability(y_true, prob, bins)
        colour = CURVES[place % len(CURVES)]
        if place == 0 or len(named) <= 2:
            ax.vlines(table["predicted"], table["low"], table["high"], color=colour, lw=1, alpha=0.6)
        error = metrics.expected_calibration_error(y_true, prob, bins)
        label = f"{wrapped(name, 30)}  error {error:.3f}"
        ax.plot(table["predicted"], table["observed"], "o-", color=colour, ms=4, lw=1.2, label=label)
    ax.set(xlabel="predicted probability", ylabel="share of films with the finding", title=title)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    _key(ax, named, "upper left")
    return ax


@styled
def probability_histogram(
    y_true: Any, probabilities: Any, *, threshold: float | None = None, ax: Any = None
) -> Any:
    """Draw how the probabilities of films with and without the finding are spread, with the threshold.

    Args:
        y_true: Labels, 1 or 0, (n,).
        probabilities: Probabilities, (n,).
        threshold: The operating point.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = probability_histogram([0, 0, 1, 1], [0.2, 0.4, 0.6, 0.9], threshold=0.5)
    """
    import seaborn

    ax = new_axes((6.4, 2.8)) if ax is None else ax
    answers = np.where(np.asarray(y_true) == 1, "with the finding", "without")
    colours = {"with the finding": GROUPS[1], "without": GROUPS[0]}  # the first lies on top
    look = {"palette": colours, "hue_order": list(colours), "alpha": 0.65, "linewidth": 0}
    seaborn.histplot(x=np.asarray(probabilities), hue=answers, bins=np.linspace(0, 1, 41), ax=ax, **look)
    if threshold is not None and not np.isnan(threshold):
        ax.axvline(threshold, color=ACCENT, lw=1.2, ls=(0, (4, 3)))
        ax.annotate("threshold", (threshold, 1), (4, -10), xycoords=("data", "axes fraction"),
                    textcoords="offset points", fontsize=9, color=CURVES[0])  # fmt: skip
    ax.set(xlabel="predicted probability", ylabel="films", xlim=(0, 1))
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "borderaxespad": 0.2}
    seaborn.move_legend(ax, title="", **place)
    return ax
