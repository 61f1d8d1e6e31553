"""Figures of agreement: every film's probability by a variant against that by its original."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib import metrics
from radlib.foundation.human_units import known, signed
from radlib.report.figures.style import KINDS, MUTED, new_axes, styled, wrapped

COLUMNS = 4
TICKS = (0, 0.25, 0.5, 0.75, 1)


@styled
def confidence_clouds(
    prob_original: Any,
    prob_variants: Mapping,
    y_true: Any,
    *,
    statistics: Mapping | None = None,
    columns: int = COLUMNS,
    finding: str = "",
    axes: Any = None,
) -> Any:
    """Draw each film's probability by a variant against that by the original; on the diagonal nothing changed.

    Between the dashed lines lie 95 % of the differences; the number is Lin's
    concordance coefficient.

    Args:
        prob_original: Probabilities, (n,).
        prob_variants: Name of a variant -> probabilities of the same films, (n,).
        y_true: Labels, 1 or 0, (n,).
        statistics: Name -> `concordance`, `concordance_low`, `concordance_high`, `limit_low`, `limit_high`, as a row
            of `report.agreement` has them; None works them out without interval.
        columns: At most so many side by side.
        finding: What label 1 is, for the legend.
        axes: One Axes per variant; None for a new figure.

    Returns:
        The Axes, (variants,); of no variant one that says so.

    References:
        Drawn, without a number, by Garifulla et al., 2022, Sensors 22(1), 219.

    Example:
        >>> axes = confidence_clouds([0.1, 0.9], {"int8": [0.15, 0.88]}, [0, 1])
    """
    count = len(prob_variants)
    columns = max(min(count, columns), 1)
    rows = max(-(-count // columns), 1)
    if axes is None:
        axes = new_axes((2.6 * columns + 0.6, 3.2 * rows + 0.5), rows, columns, squeeze=False)
    axes = np.ravel(axes)
    y_true, original = np.asarray(y_true), np.asarray(prob_original)
    for ax, (name, prob) in zip(axes, prob_variants.items(), strict=False):
        found = (statistics or {}).get(name) or _statistics(original, np.asarray(prob))
        _cloud(ax, original, np.asarray(prob), y_true, found, finding or "the finding")
        ax.set_title(wrapped(name), fontsize=9, pad=27)
        ax.text(0, 1.02, _words(found), fontsize=7.5, color="#333333", va="bottom", transform=ax.transAxes)
    for ax in axes[count:]:
        ax.set_axis_off()
    if not count:
        axes[0].text(0.5, 0.5, "no variant beside the original", ha="center", transform=axes[0].transAxes)
    for place, ax in enumerate(axes[:count]):
        ax.set_xlabel("original" if place + columns >= count else "")
        ax.set_ylabel("variant" if place % columns == 0 else "")
    if count:
        handles = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
        look = {"loc": "outside lower center", "ncols": 2 if columns < COLUMNS else 4, "markerscale": 3}
        axes[0].figure.legend(handles.values(), handles.keys(), **look)
    return axes[: max(count, 1)]


def _cloud(
    ax: Any, original: np.ndarray, prob: np.ndarray, y_true: np.ndarray, found: Mapping, finding: str
) -> None:
    """Draw one point per film, the diagonal, and the limits that hold 95 % of the differences."""
    ax.plot([0, 1], [0, 1], color="#BBBBBB", lw=0.9, label="unchanged")
    for limit in (found["limit_low"], found["limit_high"]):
        if known(limit):
            ends = [limit, 1 + limit]
            ax.plot([0, 1], ends, color=MUTED, lw=0.8, ls=(0, (4, 3)), label="95 % of films")
    for answer, colour in ((0, KINDS["quantized"]), (1, KINDS["pruned"])):
        chosen = y_true == answer
        said = f"film with{'' if answer else 'out'} {finding}"
        ax.plot(original[chosen], prob[chosen], ".", color=colour, ms=3, alpha=0.5, label=said)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=TICKS, yticks=TICKS)
    ax.set_xticklabels([f"{tick:g}" for tick in TICKS])
    ax.set_yticklabels([f"{tick:g}" for tick in TICKS])


def _statistics(original: np.ndarray, prob: np.ndarray) -> dict[str, float]:
    value = metrics.concordance(original, prob)
    return {"concordance": value[0], **metrics.limits_of_agreement(original, prob)}


def _words(found: Mapping) -> str:
    value, low, high = (found.get(f"concordance{end}", np.nan) for end in ("", "_low", "_high"))
    text = f"concordance {value:.3f}" if known(value) else "concordance undefined"
    if known(low) and known(high):
        text += f" [{low:.3f}, {high:.3f}]"
    limits = f"\n95 % within {signed(found['limit_low'], 2)} to {signed(found['limit_high'], 2)}"
    return text + (limits if known(found["limit_high"]) else "")
