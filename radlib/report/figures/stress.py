"""What a network bears: how well it reads films that are changed ever more, one kind of change at a time."""

from typing import Any

import numpy as np

from radlib.report.figures.style import KINDS, MUTED, kind_of, new_axes, styled

RATES = {"sensitivity": "-", "specificity": (0, (4, 2))}


@styled
def stress_curves(table: Any, *, axes: Any = None) -> np.ndarray:
    """Draw AUROC above, sensitivity and specificity below, against the strength of change; a column per kind of change.

    Args:
        table: DataFrame with columns `label`, `chain`, `kind`, `strength`, and `auroc`, `sensitivity` and `specificity`
            with `_low` and `_high`, as `report.stress` returns it.
        axes: Two rows of Axes with a column per kind; None for a new figure.

    Returns:
        The Axes, (2, kinds).

    Example:
        >>> axes = stress_curves(report.stress(run))  # doctest: +SKIP
    """
    kinds = list(dict.fromkeys(table["kind"])) or ["none"]
    if axes is None:
        axes = new_axes(
            (2.4 * len(kinds) + 1.2, 5.2), 2, len(kinds), sharex=True, sharey="row", squeeze=False
        )
    axes = np.asarray(axes).reshape(2, len(kinds))
    if not len(table):
        axes[0, 0].text(
            0.5, 0.5, "nobody was asked", ha="center", color=MUTED, transform=axes[0, 0].transAxes
        )
        return axes
    for kind, (above, below) in zip(kinds, axes.T, strict=True):
        for name, rows in table[table["kind"] == kind].groupby("label", sort=False):
            colour = KINDS[kind_of(rows["chain"].iloc[0])]
            _curve(above, rows, "auroc", colour, "-", name)
            for rate, line in RATES.items():
                _curve(below, rows, rate, colour, line, rate if name == table["label"].iloc[0] else None)
        above.set_title(kind)
        below.set(xlabel="share of the full range", xticks=(0, 0.5, 1))
    axes[0, 0].set_ylabel("AUROC")
    axes[1, 0].set_ylabel("rate at the threshold")
    for ax in axes[:, 0]:
        ax.legend(loc="lower left")
    return axes


@styled
def dice_under_stress(table: Any, *, axes: Any = None) -> np.ndarray:
    """Draw mean Dice and its 5th percentile against the strength of change; a column per kind of change.

    Args:
        table: DataFrame with columns `label`, `chain`, `kind`, `strength`, and `dice` and `failing_dice` with `_low` and
            `_high`, as `outline_stress` returns it.
        axes: Axes, one per kind; None for a new figure.

    Returns:
        The Axes, (kinds,).

    Example:
        >>> axes = dice_under_stress(outline_stress(readings))  # doctest: +SKIP
    """
    kinds = list(dict.fromkeys(table["kind"])) or ["none"]
    if axes is None:
        axes = new_axes((2.4 * len(kinds) + 1.2, 3.2), 1, len(kinds), sharey="row", squeeze=False)
    axes = np.asarray(axes).ravel()
    for kind, ax in zip(kinds, axes, strict=True):
        for place, (name, rows) in enumerate(table[table["kind"] == kind].groupby("label", sort=False)):
            colour = KINDS[kind_of(rows["chain"].iloc[0])]
            _curve(ax, rows, "dice", colour, "-", name)
            _curve(
                ax,
                rows,
                "failing_dice",
                colour,
                RATES["specificity"],
                "5th percentile" if not place else None,
            )
        ax.set_title(kind)
        ax.set(xlabel="share of the full range", xticks=(0, 0.5, 1))
    axes[0].set_ylabel("Dice")
    axes[0].legend(loc="lower left")
    return axes


def _curve(ax: Any, rows: Any, name: str, colour: str, line: Any, label: str | None) -> None:
    """Draw one curve with its interval; the original, in black, lies on top."""
    over = 3 if colour == KINDS["original"] else 2
    ax.fill_between(
        rows["strength"], rows[f"{name}_low"].astype(float), rows[f"{name}_high"].astype(float),
        color=colour, alpha=0.12, lw=0, zorder=over - 1,
    )  # fmt: skip
    ax.plot(rows["strength"], rows[name], color=colour, ls=line, marker="o", ms=3.5, label=label, zorder=over)
