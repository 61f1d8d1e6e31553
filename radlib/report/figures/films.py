"""Figures of 01_explore: what the films look like, and of whom they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from radlib.metrics.calibration import wilson_interval
from radlib.report.figures.bars import grouped_bars
from radlib.report.figures.style import ACCENT, GROUPS, MUTED, new_axes, styled


@styled
def film_grid(
    images: Sequence,
    titles: Sequence[str] | None = None,
    boxes: Sequence | None = None,
    *,
    columns: int = 4,
    size: float = 2.1,
    axes: Any = None,
) -> np.ndarray:
    """Draw films side by side.

    Args:
        images: Arrays (h, w) or (h, w, 1), uint8 in [0, 255] or float in [0, 1].
        titles: One short line per film.
        boxes: Per film a list of (x, y, width, height) in its pixels; findings marked by a reader.
        columns: Films in one row.
        size: Side of one film, inches.
        axes: Array of Axes to draw into; None for a new figure.

    Returns:
        The Axes, (rows, columns).

    Example:
        >>> film_grid(np.zeros((3, 8, 8)), ["a", "b", "c"], [[], [(1, 1, 3, 3)], []], columns=3).shape
        (1, 3)
    """
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    if axes is None:
        axes = new_axes(
            (size * columns, (size + (0.3 if titles is not None else 0.06)) * rows),
            rows,
            columns,
            squeeze=False,
        )
    axes = np.atleast_2d(axes)
    for place, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if place < len(images):
            _draw_film(ax, images[place])
            if titles is not None:
                ax.set_title(titles[place], fontsize=9, fontweight="normal", pad=4)
            for box in boxes[place] if boxes is not None else ():
                _draw_box(ax, box)
    return axes


def _draw_film(ax: Any, image: Any) -> None:
    image = np.asarray(image)
    image = image[..., 0] if image.ndim == 3 else image
    ax.imshow(image, cmap="gray", vmin=0, vmax=255 if image.dtype == np.uint8 else 1)


def _draw_box(ax: Any, box: Any) -> None:
    from matplotlib.patches import Rectangle

    x, y, width, height = box
    ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor="#FFB000", linewidth=1.4))


@styled
def class_counts(counts: Any, *, ax: Any = None) -> Any:
    """Draw how many films each class has.

    Args:
        counts: Series of counts by class, or DataFrame with a row per class and a column per split.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = class_counts(pd.Series({"normal": 30, "pneumonia": 70}))
    """
    table = counts.to_frame("films") if getattr(counts, "ndim", 2) == 1 else counts
    ax = new_axes((7.0, 1.0 + 0.32 * table.size)) if ax is None else ax
    grouped_bars(ax, table, GROUPS)
    for bars in ax.containers:
        ax.bar_label(bars, fmt="{:,.0f}", padding=4, fontsize=9)
    ax.set_xlim(0, max(float(table.to_numpy().max()), 1) * 1.12)
    ax.set_xlabel("films")
    if table.shape[1] > 1:
        ax.legend(loc="lower right")
    return ax


@styled
def ages_and_views(index: Any, label: str, *, axes: Any = None) -> np.ndarray:
    """Draw the patients' ages by answer, and how often each view and sex has the finding.

    Args:
        index: DataFrame with a column `label` (1, 0, NaN) and any of `age` (years), `view`, `sex`.
        label: The label column.
        axes: Two Axes; None for a new figure.

    Returns:
        The two Axes: ages, and shares with Wilson's 95 % interval.

    Example:
        >>> import pandas as pd
        >>> films = pd.DataFrame({"opacity": [0, 1, 1], "age": [3, 40, 71], "view": ["PA", "AP", "AP"]})
        >>> axes = ages_and_views(films, "opacity")
    """
    axes = new_axes((9.0, 3.2), 1, 2) if axes is None else axes
    _draw_ages(axes[0], index, label)
    _draw_shares(axes[1], index, label)
    return axes


def _draw_ages(ax: Any, index: Any, label: str) -> None:
    import seaborn

    ages: Any = index["age"].dropna() if "age" in index else []
    if not len(ages):
        ax.set(title="Ages", xlabel="age, years", ylabel="films")
        ax.text(0.5, 0.5, "no ages given", ha="center", transform=ax.transAxes, color=MUTED)
        return
    answers = index[label].map({0: f"no {label}", 1: label})
    bins = np.arange(0, max(100, float(ages.max())) + 5, 5)
    colours = {label: GROUPS[1], f"no {label}": GROUPS[0]}  # the first lies on top
    look = {"palette": colours, "hue_order": list(colours), "alpha": 0.65, "linewidth": 0}
    seaborn.histplot(x=index["age"], hue=answers, bins=bins, ax=ax, **look)
    ax.get_legend().set_title("")
    ax.set(
        title="Ages", xlabel="age, years", ylabel="films", ylim=(0, 1.4 * ax.get_ylim()[1])
    )  # room for the key


def _draw_shares(ax: Any, index: Any, label: str) -> None:
    names, shares, ends = [], [], []
    for column in ("view", "sex"):
        for value, films in index.dropna(subset=[label]).groupby(column) if column in index else ():
            positives, count = films[label].sum(), len(films)
            names.append(f"{value} ({count:,})")
            shares.append(positives / count)
            ends.append(wilson_interval(positives, count))
    ax.set(title=f"Share with {label}", xlim=(0, 1), xlabel="share of films, 95 % interval")
    if not names:
        ax.text(0.5, 0.5, "no view or sex given", ha="center", transform=ax.transAxes, color=MUTED)
        return
    for place, (low, high) in enumerate(ends):
        ax.plot([low, high], [place, place], color=GROUPS[0], lw=1.6)
    ax.plot(shares, range(len(shares)), "o", color=GROUPS[0])
    ax.axvline(index[label].mean(), color=ACCENT, lw=1, ls=(0, (4, 3)))
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)


@styled
def pixel_statistics(pixels: Any, groups: Any, *, axes: Any = None) -> np.ndarray:
    """Draw the grey levels of each group of films, and how bright its films are on average.

    A group that is brighter or wider than another, such as the films of another official folder, is one that
    a network can tell without looking at the lungs.

    Args:
        pixels: uint8 (n, h, w).
        groups: Which group each film belongs to, (n,).
        axes: Two Axes; None for a new figure.

    Returns:
        The two Axes: share of pixels per grey level, and mean brightness of the films.

    Example:
        >>> axes = pixel_statistics(np.zeros((2, 4, 4), np.uint8), ["training", "test"])
    """
    import seaborn

    axes = new_axes((9.0, 3.0), 1, 2) if axes is None else axes
    pixels, groups = np.asarray(pixels), np.asarray(groups)
    colours = dict(zip(dict.fromkeys(groups), GROUPS * 3, strict=False))
    for name, colour in colours.items():
        chosen = pixels[groups == name]
        shares = np.bincount(chosen.ravel() // 4, minlength=64) / chosen.size
        axes[0].plot(np.arange(64) * 4 + 2, shares * 100, color=colour, label=str(name))
    means = pixels.reshape(len(pixels), -1).mean(axis=1)
    steps = {"element": "step", "fill": False, "stat": "density", "common_norm": False, "legend": False}
    seaborn.histplot(x=means, hue=groups, bins=np.arange(0, 256, 8), palette=colours, ax=axes[1], **steps)
    axes[0].set(title="Grey levels", xlabel="grey level", ylabel="% of pixels")
    axes[1].set(title="Brightness of the films", xlabel="mean grey level of a film", ylabel="density")
    axes[0].legend()
    return axes
