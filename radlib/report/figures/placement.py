"""Labels beside their points, without overlap.

Direct labels beat a legend, but twenty variants crowd together. Each label tries places around its point, near
ones first, and takes the first that covers nothing; crowded points choose first. A thin line joins a label
that had to move away.
"""

from typing import Any

import numpy as np

# Pixels at 100 dpi from the point to the label's edge.
RADII = (9, 15, 24, 34, 46, 60, 76, 94, 114, 136, 160, 186, 214, 244)
ANGLES = np.radians([0, 180, 35, -35, 145, -145, 65, -65, 115, -115, 90, -90])


def place_labels(
    ax: Any, x: Any, y: Any, texts: list[str], colours: list[str], obstacles: Any = (), unnamed: Any = ()
) -> list[Any]:
    """Write one label per point so that labels cover neither each other nor the points.

    Args:
        ax: Axes whose limits and scales are final.
        x: Data coordinates of the points, (n,).
        y: Data coordinates of the points, (n,).
        texts: Labels.
        colours: Of the labels.
        obstacles: Boxes (left, bottom, right, top) in data coordinates to stay clear of, e.g. interval bars.
        unnamed: Points without a label, (m, 2) data coordinates, that labels must not cover either.

    Returns:
        The annotations, in the order of the points.
    """
    figure = ax.figure
    figure.draw_without_rendering()  # fixes the layout, so that pixels mean something
    renderer = figure.canvas.get_renderer()
    points = ax.transData.transform(np.column_stack([x, y]))  # (n, 2) pixels
    frame = ax.get_window_extent(renderer)
    dots = ax.transData.transform(np.reshape(unnamed, (-1, 2)))
    taken = [_box(px, py, 5, 5) for px, py in (*points, *dots)]
    taken += [_to_pixels(ax, box) for box in obstacles]
    crowding = [np.sum(np.hypot(*(points - p).T) < 80) for p in points]
    labels: list[Any] = [None] * len(texts)
    for i in sorted(range(len(texts)), key=lambda i: (-crowding[i], points[i][0], points[i][1])):
        width, height = _text_size(ax, texts[i], renderer)
        centre, distance = _best_place(points[i], width, height, taken, frame)
        labels[i] = _write(ax, points[i], centre, distance, texts[i], colours[i])
        taken.append(_box(centre[0], centre[1], width / 2 + 2, height / 2 + 1))
    return labels


def _box(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    return np.array([x - half_width, y - half_height, x + half_width, y + half_height])


def _to_pixels(ax: Any, box: Any) -> np.ndarray:
    left, bottom, right, top = box
    (x0, y0), (x1, y1) = ax.transData.transform([(left, bottom), (right, top)])
    return np.array([x0 - 1, y0, x1 + 1, y1])


def _text_size(ax: Any, text: str, renderer: Any) -> tuple[float, float]:
    probe = ax.text(0, 0, text, fontsize=9, fontweight=_weight(text))
    extent = probe.get_window_extent(renderer)
    probe.remove()
    return extent.width, extent.height


def _weight(text: str) -> str:
    return "bold" if text == "original" else "normal"


def _best_place(
    point: np.ndarray, width: float, height: float, taken: list, frame: Any
) -> tuple[np.ndarray, float]:
    """Return the centre of the first free place, else of the one that covers least, and its distance."""
    best, least = None, np.inf
    others = np.array(taken)
    for radius in RADII:
        for angle in ANGLES:
            direction = np.array([np.cos(angle), np.sin(angle)])
            reach = radius + abs(direction[0]) * width / 2 + abs(direction[1]) * height / 2
            centre = point + direction * reach
            box = _box(centre[0], centre[1], width / 2 + 2, height / 2 + 1)
            outside = max(frame.x0 - box[0], box[2] - frame.x1, frame.y0 - box[1], box[3] - frame.y1, 0)
            overlap = np.clip(
                np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0, None
            )
            cost = overlap.prod(axis=1).sum() + 50 * outside
            if cost < least:
                best, least = (centre, radius), cost
            if cost == 0:
                return centre, radius
    return best


def _write(ax: Any, point: np.ndarray, centre: np.ndarray, distance: float, text: str, colour: str) -> Any:
    from matplotlib.patheffects import withStroke

    pixels_per_point = ax.figure.dpi / 72
    offset = (centre - point) / pixels_per_point
    line = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 0, "shrinkB": 3}
    return ax.annotate(
        text,
        ax.transData.inverted().transform(point),
        xytext=offset,
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        fontsize=9,
        fontweight=_weight(text),
        color=colour,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        arrowprops=line if distance > 15 else None,
    )
