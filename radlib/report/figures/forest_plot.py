"""A forest: what compression changed in each finding or group of patients, with interval, count and verdict."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.foundation.human_units import known
from radlib.report.figures.style import MUTED, new_axes, styled

COLOURS = {"inferior": "#A83A00", "non-inferior": "#1D6B45", "cannot tell": "#6B5A10"}
TOO_SMALL = "too few"


@styled
def forest(table: Any, panels: Mapping[str, tuple[str, float]], *, axes: Any = None) -> np.ndarray:
    """Draw differences with their intervals, a row per finding or group and a panel per measure.

    Args:
        table: DataFrame with columns `name`, `count` (text, stands beside the name), and per panel
            `difference<suffix>` with `_low` and `_high` (NaN where nothing can be said), and `verdict<suffix>`.
        panels: Title -> (suffix of the columns, margin: the largest loss that counts as none, shaded).
        axes: One Axes per panel; None for a new figure.

    Returns:
        The Axes, (panels,).

    Example:
        >>> import pandas as pd
        >>> row = {"name": "sex F", "count": "20 of 90", "difference": -0.1, "difference_low": -0.15,
        ...        "difference_high": -0.05, "verdict": "inferior"}
        >>> len(forest(pd.DataFrame([row]), {"AUROC": ("", 0.01)}))
        1
    """
    if axes is None:
        size = (4.0 + 2.4 * len(panels), 1.25 + 0.3 * max(len(table), 1))
        axes = new_axes(size, 1, len(panels), sharey=True, squeeze=False)
    axes = np.ravel(axes)
    if not len(table):
        axes[0].text(0.5, 0.5, "nothing to compare", ha="center", color=MUTED, transform=axes[0].transAxes)
        return axes
    for ax, (title, (suffix, margin)) in zip(axes, panels.items(), strict=True):
        ax.axvspan(-margin, 0, color="#EEF3EE", lw=0, zorder=0)
        ax.axvline(-margin, color=MUTED, lw=0.9, ls=(0, (4, 3)))
        ax.axvline(0, color="black", lw=0.9)
        names = [f"difference{suffix}{end}" for end in ("", "_low", "_high")]
        for place, (*ends, verdict) in enumerate(
            zip(*(table[name] for name in names), table[f"verdict{suffix}"], strict=True)
        ):
            colour = COLOURS.get(verdict, MUTED)
            if known(ends[0]) and known(ends[1]):
                ax.plot(ends[1:], [place, place], color=colour, lw=1.5)
                ax.plot(ends[0], place, "s", color=colour, ms=5, mec="white", mew=0.7)
            else:
                ax.text(0, place, TOO_SMALL, fontsize=7.5, color=MUTED, va="center", ha="center",
                        bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("variant − original", fontsize=9)
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=5)
    labels = [f"{name}   {count}" for name, count in zip(table["name"], table["count"], strict=True)]
    axes[0].set_yticks(range(len(table)), labels)
    axes[0].set_ylim(len(table) - 0.4, -0.6)
    return axes
