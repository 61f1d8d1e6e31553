"""Figures of the insides of networks: noise by layer, stored weights, feature maps and filters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from radlib.report.figures.style import GROUPS, KINDS, MUTED, new_axes, styled, wrapped

LOUDEST_DB = 80.0  # above it only rounding of float32 remains
ZEROS_FROM = 0.1  # share of weights at zero from which their bar is drawn as a line
ZERO_LINE_POINTS = 2.0
MANY = 26  # layers whose names still fit below an axis


@styled
def layer_noise(layers: Any, *, names: Mapping[str, str] | None = None, axes: Any = None) -> np.ndarray:
    """Draw signal-to-noise ratio and CKA of every layer against the original's, from input to output.

    Args:
        layers: DataFrame with columns `variant`, `layer`, `signal_to_noise_db` and `cka`, as `layers.csv` has them.
        names: Variant -> what it is called; those not named are left out.
        axes: Two Axes; None for a new figure.

    Returns:
        The two Axes.

    Example:
        >>> import pandas as pd
        >>> rows = {"variant": ["a", "a"], "layer": ["c", "d"], "signal_to_noise_db": [40, 30], "cka": [1, 0.99]}
        >>> len(layer_noise(pd.DataFrame(rows)))
        2
    """
    axes = new_axes((9.0, 4.6), 2, 1, sharex=True) if axes is None else axes
    names = dict(zip(layers["variant"], layers["variant"], strict=True)) if names is None else names
    order = _order(layers[layers["variant"].isin(list(names))])
    if not (order and names):
        axes[0].text(
            0.5, 0.5, "nothing was looked into", ha="center", color=MUTED, transform=axes[0].transAxes
        )
        return axes
    for place, (variant, name) in enumerate(names.items()):
        rows = layers[layers["variant"] == variant].set_index("layer").reindex(order)
        look = {
            "color": GROUPS[place % len(GROUPS)],
            "marker": "os^D"[place // len(GROUPS) % 4],
            "ms": 3,
            "lw": 1.2,
        }
        look["linestyle"] = ("-", "--", ":", "-.")[place // len(GROUPS) % 4]
        decibels = rows["signal_to_noise_db"].to_numpy(float)
        for ax, values in zip(
            axes, (decibels.clip(max=LOUDEST_DB), rows["cka"].to_numpy(float)), strict=True
        ):
            known = np.flatnonzero(~np.isnan(values))
            ax.plot(
                known, values[known], color=look["color"], lw=0.6, alpha=0.5
            )  # leads over what was not compared
            ax.plot(values, **look, label=name)
    axes[0].set_ylabel("signal to noise, dB")
    axes[1].set_ylabel("linear CKA")
    long = max(map(len, names.values())) > 20
    axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2 if long else 4)
    few = len(order) <= MANY
    ticks = range(len(order)) if few else range(0, len(order), max(1, len(order) // 8))
    axes[1].set_xticks(list(ticks), [order[t] for t in ticks], rotation=35, ha="right", fontsize=7)
    axes[1].set_xlim(-0.5, len(order) - 0.5)
    return axes


def _order(layers: Any) -> list[str]:
    """Return the layers of several variants from input to output; what one lacks stands where another has it.

    Every variant lists its layers in order, yet a file may lack some, and the first listed must not push what it lacks
    behind its last.
    """
    order: list[str] = []
    listed = [rows["layer"].tolist() for _, rows in layers.groupby("variant", sort=False)]
    for names in sorted(listed, key=len, reverse=True):
        place = 0
        for name in names:
            if name not in order:
                order.insert(place, name)
            place = order.index(name) + 1
    return order


@styled
def stored_weights(
    rows: Mapping[str, Mapping[str, Any]], *, layers: Sequence[str] | None = None
) -> np.ndarray:
    """Draw how the weights of some layers lie in several files, one row per file and one column per layer.

    Args:
        rows: Name of a file -> layer -> `edges` and `counts`, as `stored_weights.histogram` makes them.
        layers: Which layers; None for all of the first file.

    Returns:
        The Axes, (files, layers).

    Example:
        >>> floats = {"conv": {"edges": [-1, 0, 1], "counts": [3, 4]}}
        >>> stored_weights({"original": floats, "int8": floats}).shape
        (2, 1)
    """
    from matplotlib.ticker import LogLocator, NullLocator

    layers = list(next(iter(rows.values()))) if layers is None else list(layers)
    axes = new_axes((2.3 * len(layers) + 0.4, 1.75 * len(rows) + 0.3), len(rows), len(layers), squeeze=False)
    for line, (name, spread) in enumerate(rows.items()):
        for ax, layer in zip(axes[line], layers, strict=True):
            if layer in spread:
                edges, counts = np.asarray(spread[layer]["edges"]), np.asarray(spread[layer]["counts"], float)
                color = KINDS["quantized" if line else "original"]
                ax.stairs(np.maximum(counts, 0.5), edges, fill=True, baseline=0.5, alpha=0.85, color=color)
                _mark_zeros(ax, edges, counts, color)
                ax.set_yscale("log")
                ax.yaxis.set_major_locator(LogLocator())
                ax.yaxis.set_minor_locator(NullLocator())
            else:
                ax.text(0.5, 0.5, "not there", ha="center", va="center", transform=ax.transAxes, color=MUTED)
            if line == 0:
                ax.set_title(layer, fontsize=8)
            ax.tick_params(labelsize=7)
        axes[line, 0].set_ylabel(name, fontsize=9)
    return axes


def _mark_zeros(ax: Any, edges: np.ndarray, counts: np.ndarray, color: str) -> None:
    """Draw the bar at zero as a line of its own and write its share, where many weights are zero.

    One bar of 255 is narrower than a pixel, so that the zeros of a pruned network, most of its weights, would not be
    seen; a line is as wide at any resolution.
    """
    zero = int(np.searchsorted(edges, 0.0, side="right")) - 1
    share = counts[zero] / max(counts.sum(), 1) if 0 <= zero < len(counts) else 0.0
    if share < ZEROS_FROM:
        return
    ax.vlines(0, 0.5, counts[zero], color=color, lw=ZERO_LINE_POINTS)
    ax.annotate(f"{100 * share:.0f} % zeros", (0, counts[zero]), (5, -2), textcoords="offset points",
                fontsize=7, va="top", color="#333333")  # fmt: skip


@styled
def channel_rows(rows: Mapping[str, Any], *, film: Any = None, size: float = 0.95) -> np.ndarray:
    """Draw the same channels of several networks below one another, each channel on one grey scale.

    Args:
        rows: Name -> pictures of the channels, (h, w, channels). Rows of equal shape, whose names end in the same
            line, share their scale.
        film: What was shown to the networks, (h, w); drawn at the left of the first row.
        size: Side of one picture, inches.

    Returns:
        The Axes, (rows, channels + 1); the first column holds the names.

    Example:
        >>> channel_rows({"original": np.zeros((4, 4, 3)), "int8": np.ones((4, 4, 3))}).shape
        (2, 4)
    """
    pictures = {name: np.asarray(maps, np.float32) for name, maps in rows.items()}
    columns = max(maps.shape[-1] for maps in pictures.values())
    axes = new_axes((size * (columns + 1.5), size * len(rows) + 0.1), len(rows), columns + 1, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for line, (name, maps) in enumerate(pictures.items()):
        axes[line, 0].text(
            1.0, 0.5, name, ha="right", va="center", fontsize=8, transform=axes[line, 0].transAxes
        )
        alike = [
            other for key, other in pictures.items()
            if other.shape == maps.shape and key.split("\n")[1:] == name.split("\n")[1:]
        ]  # fmt: skip
        for channel in range(maps.shape[-1]):
            low = min(float(other[..., channel].min()) for other in alike)
            high = max(float(other[..., channel].max()) for other in alike)
            axes[line, channel + 1].imshow(
                maps[..., channel], cmap="gray", vmin=low, vmax=max(high, low + 1e-6), interpolation="nearest",
                aspect="auto" if maps.shape[0] > 4 * maps.shape[1] else "equal",
            )  # fmt: skip
    if film is not None:
        inset = axes[0, 0].inset_axes((0.0, 0.28, 0.75, 0.75))
        inset.imshow(np.asarray(film), cmap="gray")
        inset.set_axis_off()
        axes[0, 0].texts[0].set_y(0.1)
    return axes


@styled
def heat_map_row(
    film: Any, maps: Mapping[str, Any], boxes: Sequence = (), *, size: float = 2.0
) -> np.ndarray:
    """Draw heat maps of several networks over one film, each on its own scale.

    Args:
        film: (h, w), uint8 or float.
        maps: Heading -> (rows, columns), any grid.
        boxes: (x, y, width, height) each, in pixels of the film.
        size: Side of one film, inches.

    Returns:
        The Axes, (maps + 1,); the first shows the film alone.

    Example:
        >>> len(heat_map_row(np.zeros((8, 8)), {"original": np.eye(4), "int8": np.eye(4)}, [(1, 1, 3, 3)]))
        3
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    lines = max((wrapped(name, 20).count("\n") for name in maps), default=0) + 1
    axes = np.ravel(
        new_axes((size * (len(maps) + 1), size + 0.15 + 0.15 * lines), 1, len(maps) + 1, squeeze=False)
    )
    height, width = np.asarray(film).shape
    warm = LinearSegmentedColormap.from_list("warm", [(0.9, 0.45, 0, 0.0), (0.9, 0.45, 0, 0.85)])
    for ax, (title, heat) in zip(axes, {"film": None, **maps}.items(), strict=True):
        ax.imshow(film, cmap="gray", extent=(0, width, height, 0))
        if heat is not None:
            heat = np.clip(np.asarray(heat, float), 0, None)
            ax.imshow(heat, cmap=warm, vmin=0, vmax=max(float(heat.max()), 1e-9), extent=(0, width, height, 0),
                      interpolation="bilinear")  # fmt: skip
        for left, top, wide, high in boxes:
            ax.add_patch(Rectangle((left, top), wide, high, fill=False, ec="#56B4E9", lw=1.1))
        ax.set_title(wrapped(title, 20), fontsize=8)
        ax.set_axis_off()
    return axes
