"""Figures of outlines: films with what was drawn on them, and the Dice of every film."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib.report.figures.style import BY_HAND, BY_NETWORK, LINES, new_axes, styled


@styled
def film_outlines(
    images: np.ndarray,
    truth: np.ndarray | None = None,
    drawn: np.ndarray | None = None,
    titles: Sequence[str] = (),
    *,
    columns: int = 4,
) -> Any:
    """Draw films with the outline by hand in blue and that of a network in orange, dashed.

    Args:
        images: Grey in [0, 1], (n, s, s).
        truth: Masks, 1 or 0, (n, s, s); None for none.
        drawn: Of the network, likewise.
        titles: A title each.
        columns: Films side by side.

    Example:
        >>> mask = np.zeros((1, 8, 8))
        >>> mask[0, 2:6, 2:6] = 1
        >>> len(film_outlines(mask / 2, mask, titles=["a square"])[0].collections)
        1
    """
    rows = -(-len(images) // columns)
    axes = np.ravel(new_axes((2.3 * columns, 2.5 * rows), rows, columns, squeeze=False))
    for ax in axes:
        ax.set_axis_off()
    for place, (ax, image) in enumerate(zip(axes, images, strict=False)):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        for masks, colour, style in ((truth, BY_HAND, "-"), (drawn, BY_NETWORK, "--")):
            mask = np.zeros((2, 2)) if masks is None else np.asarray(masks[place], np.float64)
            if np.ptp(mask):
                ax.contour(mask, [0.5], colors=[colour], linestyles=[style], linewidths=1.4)
        if place < len(titles):
            ax.set_title(titles[place], fontsize=9)
    return axes


@styled
def dice_of_films(dice: Mapping[str, np.ndarray], *, ax: Any = None) -> Any:
    """Draw the Dice of every film from the worst to the best, a line for each network.

    Args:
        dice: By what a network is called, (n,) each; the first is drawn in black.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = dice_of_films({"original": np.array([0.9, 0.5, 0.8])})
        >>> ax.lines[0].get_ydata().tolist()
        [0.5, 0.8, 0.9]
    """
    ax = new_axes((7.2, 3.8)) if ax is None else ax
    for place, (name, values) in enumerate(dice.items()):
        share = 100 * (np.arange(len(values)) + 1) / max(len(values), 1)
        colour = "black" if place == 0 else BY_NETWORK if place == 1 else None
        ax.plot(share, np.sort(values), LINES[place % len(LINES)], color=colour, lw=1.8, label=name)
    ax.axvline(5, color="#888888", lw=0.8, ls=(0, (4, 3)))
    ax.annotate("one film in twenty", (5, 0.02), (4, 0), xycoords=ax.get_xaxis_transform(),
                textcoords="offset points", fontsize=8.5, color="#555555")  # fmt: skip
    ax.set(xlabel="films, from the worst outline to the best, %", ylabel="Dice of the film", xlim=(0, 100))
    ax.legend(loc="lower right")
    return ax
