"""Figures of whether a network is of use: the decision curve, and precision over sensitivity."""

import math
from collections.abc import Mapping
from typing import Any

from radlib.report.figures.style import MUTED, new_axes, styled, wrapped
from radlib.report.figures.training import CURVES

BELOW = 0.12  # of the highest net benefit: how far below 0 the picture reaches


@styled
def decision_curve(tables: Mapping[str, Any], *, title: str = "", ax: Any = None) -> Any:
    """Draw net benefit over the probability from which a film is called, beside calling all and calling none.

    Args:
        tables: Name -> what `metrics.decision_curve` returned; the interval of the last is shaded.
        title: Heading, e.g. the finding.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> row = {"probability": [0.1, 0.5], "net_benefit": [0.3, 0.2], "call_all": [0.25, -0.2]}
        >>> ends = {"net_benefit_low": [0.2, 0.1], "net_benefit_high": [0.35, 0.3]}
        >>> ax = decision_curve({"original": pd.DataFrame(row | ends)})
    """
    ax = new_axes((4.6, 4.5)) if ax is None else ax
    top = 0.0
    for place, (name, table) in enumerate(tables.items()):
        colour = CURVES[place % len(CURVES)]
        if place == len(tables) - 1:
            ends = (table["net_benefit_low"], table["net_benefit_high"])
            ax.fill_between(table["probability"], *ends, color=colour, alpha=0.12, lw=0)
        style = "-" if place == 0 else (0, (5, 2))
        ax.plot(
            table["probability"],
            table["net_benefit"],
            color=colour,
            lw=1.6,
            ls=style,
            label=wrapped(name, 30),
        )
        top = max(top, table["net_benefit_high"].max())
    table = next(iter(tables.values()))
    ax.plot(table["probability"], table["call_all"], color=MUTED, lw=1.2, label="calling every film")
    ax.axhline(0, color="black", lw=0.9)
    top = top or 1.0
    ax.set(
        title=title, xlabel="probability from which a film is called", ylabel="net benefit, findings per film",
        xlim=(0, 1), ylim=(-BELOW * top, 1.08 * top),
    )  # fmt: skip
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=8)
    return ax


@styled
def precision_recall(
    curves: Mapping[str, Any], bands: Mapping[str, Any], prevalence: float, *,
    marks: Mapping[str, tuple[float, float]] | None = None, title: str = "", ax: Any = None
) -> Any:  # fmt: skip
    """Draw which share of the calls is right over the sensitivity, with bands, beside calling every film.

    Args:
        curves: Name -> what `metrics.precision_curve` returned.
        bands: Name -> what `metrics.precision_band` returned.
        prevalence: At which both were made: the precision of who calls every film, or any film at random.
        marks: Name -> sensitivity and precision at its threshold, drawn as a point; none where NaN.
        title: Heading, e.g. the finding.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> curve = pd.DataFrame({"sensitivity": [0.5, 1.0], "precision": [0.8, 0.3]})
        >>> band = curve.assign(low=[0.6, 0.2], high=[0.9, 0.4])
        >>> ax = precision_recall({"original": curve}, {"original": band}, 0.1, marks={"original": (0.5, 0.8)})
    """
    ax = new_axes((4.6, 4.5)) if ax is None else ax
    for place, (name, curve) in enumerate(curves.items()):
        colour, band = CURVES[place % len(CURVES)], bands[name]
        ax.fill_between(band["sensitivity"], band["low"], band["high"], color=colour, alpha=0.12, lw=0)
        style = "-" if place == 0 else (0, (5, 2))
        ax.plot(
            curve["sensitivity"], curve["precision"], color=colour, lw=1.6, ls=style, label=wrapped(name, 30)
        )
        at = (marks or {}).get(name, (math.nan, math.nan))
        if not math.isnan(at[1]):
            ax.plot(
                *at, marker="os"[place % 2], color=colour, ms=(9, 7)[place % 2], mec="white", ls="", zorder=5
            )
    ax.axhline(prevalence, color=MUTED, lw=1.2, label=f"calling every film, {100 * prevalence:.1f} %")
    ax.set(
        title=title, xlabel="sensitivity", ylabel="precision: share of calls that are right",
        xlim=(-0.01, 1.01), ylim=(-0.01, 1.03),
    )  # fmt: skip
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=8)
    return ax
