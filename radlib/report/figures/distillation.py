"""Figures of 12_distil: what a label and a teacher ask of one film, how students learn, and what the temperature brought."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import GROUPS, KINDS, MUTED, new_axes, styled
from radlib.training.learning_curves import best_position

LINES = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (1, 1)))


@styled
def film_losses(logits: Any, losses: Mapping[str, Any], *, teacher: float, ax: Any = None) -> Any:
    """Draw what one film costs a student over what the student might answer, each curve above its own lowest point.

    Args:
        logits: Of the student, the second answer's over the first's, (n,).
        losses: {name: loss at each of them, nats, (n,)}; the first, of the label, is black.
        teacher: The teacher's logit.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = film_losses([0.0, 1.0, 2.0], {"label": [0.7, 0.3, 0.1], "teacher": [0.2, 0.1, 0.2]}, teacher=1.0)
    """
    ax = new_axes((6.4, 3.7)) if ax is None else ax
    for number, (name, values) in enumerate(losses.items()):
        colour = "black" if number == 0 else GROUPS[(number - 1) % len(GROUPS)]
        values = np.asarray(values, float)
        ax.plot(logits, values - values.min(), color=colour, ls=LINES[number % len(LINES)], label=name)
    ax.axvline(teacher, color=MUTED, lw=0.9)
    ax.annotate("teacher", (teacher, 1), (4, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="left", va="top", color=MUTED)  # fmt: skip
    ax.set(xlabel="student's logit (0: undecided)", ylabel="loss above its lowest, nats", ylim=(-0.1, 4.2))
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return ax


@styled
def students_learning(histories: Mapping[str, Any], *, ax: Any = None) -> Any:
    """Draw the AUROC of students on validation films over the epochs; a ring is the epoch that was kept.

    Their losses have different scales and are not drawn on one axis: a teacher's part is multiplied by the square of the
    temperature.

    Args:
        histories: {name: DataFrame with `epoch` and `val_auroc`}; the first is the student alone.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = students_learning({"alone": pd.DataFrame({"epoch": [1, 2], "val_auroc": [0.6, 0.7], "val_loss": [0.6, 0.5]})})
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    for number, (name, history) in enumerate(histories.items()):
        colour = "black" if number == 0 else KINDS["distilled"]
        marker = "s" if number == 0 else "o"
        ax.plot(history["epoch"], history["val_auroc"], color=colour, marker=marker, ms=3.5, label=name)
        if history["val_auroc"].notna().any():
            best = history.iloc[best_position(history)]
            ax.plot(best["epoch"], best["val_auroc"], "o", ms=11, mfc="none", mec=colour)
    ax.set(xlabel="epoch", ylabel="AUROC, validation films")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower right")
    return ax


@styled
def temperature_differences(table: Any, *, ax: Any = None) -> Any:
    """Draw what a teacher brought at each temperature: the AUROC less that of the student alone, with its interval.

    Args:
        table: DataFrame with `temperature` and `difference` with `_low` and `_high`.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = [{"temperature": 4.0, "difference": 0.02, "difference_low": -0.01, "difference_high": 0.05}]
        >>> ax = temperature_differences(pd.DataFrame(rows))
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    spans = np.abs(table[["difference_low", "difference_high"]].to_numpy().T - table["difference"].to_numpy())
    ax.errorbar(
        table["temperature"], table["difference"], yerr=spans, fmt="o", color=KINDS["distilled"], capsize=4
    )
    ax.axhline(0, color="black", lw=0.9, ls=(0, (4, 3)))
    ax.set_xscale("log", base=2)
    ax.set_xticks(table["temperature"], [f"{t:g}" for t in table["temperature"]])
    ax.minorticks_off()
    ax.margins(x=0.12)
    ax.set(xlabel="temperature", ylabel="AUROC less that\nof the student alone")
    return ax
