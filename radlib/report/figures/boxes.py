"""Figures of boxes: films with what was marked on them, and the free-response curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib.report.figures.style import BY_HAND, BY_NETWORK, LINES, new_axes, styled


@styled
def film_boxes(
    images: np.ndarray,
    marked: Sequence[np.ndarray] = (),
    drawn: Sequence[np.ndarray] = (),
    titles: Sequence[str] = (),
    *,
    columns: int = 4,
) -> Any:
    """Draw films with the boxes by hand in blue and those of a network in orange, dashed.

    Args:
        images: Grey in [0, 1], (n, s, s).
        marked: Of each film, left, top, width, height in pixels, (boxes, 4); rows of NaN are none.
        drawn: Of the network, likewise, or with the score before them, (boxes, 5), which is written beside the box.
        titles: A title each.
        columns: Films side by side.

    Example:
        >>> axes = film_boxes(np.zeros((1, 8, 8)), [np.array([[1, 2, 3, 4]])], [np.array([[0.9, 1, 2, 3, 3]])])
        >>> len(axes[0].patches), axes[0].texts[0].get_text()
        (2, '0.90')
    """
    rows = -(-len(images) // columns)
    axes = np.ravel(new_axes((2.3 * columns, 2.5 * rows), rows, columns, squeeze=False))
    for ax in axes:
        ax.set_axis_off()
    for place, (ax, image) in enumerate(zip(axes, images, strict=False)):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        for films, colour, style in ((marked, BY_HAND, "-"), (drawn, BY_NETWORK, "--")):
            for box in films[place] if place < len(films) else ():
                if not np.isnan(box[0]):
                    _frame(ax, box, colour, style)
        if place < len(titles):
            ax.set_title(titles[place], fontsize=9)
    return axes


@styled
def froc_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, most: float = 2.0, ax: Any = None
) -> Any:
    """Draw free-response curves: which share of the boxes by hand is found for how many false marks a film.

    Args:
        curves: By what a network is called, false marks a film and sensitivity as `metrics.froc_curve` returns them; the first is
            drawn in black.
        most: False marks a film at which the picture ends.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> ax = froc_curves({"original": (np.array([0, 0.5]), np.array([0, 0.8]))})
        >>> ax.lines[0].get_ydata().tolist()
        [0.0, 0.8, 0.8]
    """
    ax = new_axes((5.6, 4.2)) if ax is None else ax
    for place, (name, (false, sensitivity)) in enumerate(curves.items()):
        colour = "black" if place == 0 else BY_NETWORK if place == 1 else None
        ends = np.append(false, max(most, false[-1])), np.append(sensitivity, sensitivity[-1])
        style = LINES[place % len(LINES)]
        ax.plot(*ends, style, color=colour, lw=1.8, label=name, drawstyle="steps-post")
    ax.set(
        xlabel="false marks a film",
        ylabel="share of the boxes by hand that are found",
        xlim=(0, most),
        ylim=(0, 1),
    )
    ax.legend(loc="lower right")
    return ax


def _frame(ax: Any, box: np.ndarray, colour: str, style: str) -> None:
    """Draw one box, and its score above it where it has one."""
    from matplotlib.patches import Rectangle

    *score, left, top, width, height = box
    place = (left - 0.5, top - 0.5)  # a pixel's middle is its number there
    ax.add_patch(Rectangle(place, width, height, fill=False, ec=colour, ls=style, lw=1.4))
    if score:
        ax.annotate(f"{score[0]:.2f}", place, (0, 2), textcoords="offset points", color=colour, fontsize=7)
