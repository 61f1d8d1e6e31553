"""Boxes as points: what a network is asked for is the centre of each box, how large it is, and where in its cell it lies.

No boxes are proposed, sorted and thrown away. The film is laid out in cells of `STRIDE` × `STRIDE` pixels, and a network gives one
number per cell in each of a few maps, all of them shares in [0, 1] (Zhou, Wang and Krähenbühl, 2019):

    heat of each label      1 in the cell that holds a box's centre, falling off around it like a bell
    width, height           of the box whose centre lies here, as shares of the film's side
    right, down             where in the cell the centre lies, as shares of the cell

*Encoding* (`maps_of`): a cell beside the centre is nearly right, since a box shifted a little still covers most of itself: shifted
along one side of length w by d it keeps an overlap of (w − d) / (w + d), which is `LEAST_OVERLAP` at r = w (1 − o) / (1 + o). So the
bell has a standard deviation of (2 r + 1) / 6 cells, of its own along each side (Law and Deng, 2018); where two bells meet, the higher
counts. *Decoding* (`boxes_of`): a cell whose heat none of its eight neighbours exceeds is a *peak*, and a peak is a box. That is all,
and it needs neither the network's file nor its runtime: a file stays one that any device can run.

References:
    Zhou, Wang, Krähenbühl (2019). Objects as points. arXiv 1904.07850.
    Law, Deng (2018). CornerNet: detecting objects as paired keypoints. ECCV, arXiv 1808.01244.
"""

import numpy as np

from radlib.foundation.errors import DataError

STRIDE = 4  # pixels along a cell's side
PLACES = ("width", "height", "right", "down")  # the maps behind those of heat, shared by all labels
MOST = 20  # boxes that are kept of a label and film
FAINTEST = 0.02  # heat of a peak that is kept at all; whoever draws boxes asks for more
LEAST_OVERLAP = 0.7


def maps_of(boxes: np.ndarray, labels: int, side: int) -> np.ndarray:
    """Return what a network should answer, float32 (n, cells, cells, labels + 4).

    Args:
        boxes: Number of the label, left, top, width and height in pixels of each box, (n, most, 5); rows of NaN are none.
        labels: How many there are.
        side: Of the square that the network sees, pixels.

    Example:
        >>> maps = maps_of(np.array([[[0, 6.0, 8.0, 12.0, 8.0], [np.nan] * 5]]), 1, 32)
        >>> maps.shape, np.argwhere(maps[0, ..., 0] == 1).tolist(), maps[0, 3, 3, 1:].tolist()
        ((1, 8, 8, 5), [[3, 3]], [0.375, 0.25, 0.0, 0.0])
    """
    cells = side // STRIDE
    maps = np.zeros((len(boxes), cells, cells, labels + len(PLACES)), np.float32)
    along = np.arange(cells)
    for film, row in np.argwhere(~np.isnan(boxes[..., 0])):
        label, left, top, width, height = boxes[film, row]
        x, y = (left + width / 2) / STRIDE, (top + height / 2) / STRIDE
        column, line = (int(np.clip(np.floor(at), 0, cells - 1)) for at in (x, y))
        bell = np.outer(_bell(along - line, height / STRIDE), _bell(along - column, width / STRIDE))
        heat = maps[film, ..., int(label)]
        np.maximum(heat, bell, out=heat)
        maps[film, line, column, labels:] = np.clip(
            [width / side, height / side, x - column, y - line], 0, 1
        )  # of two centres in one cell the later one counts
    return maps


def boxes_of(maps: np.ndarray, labels: int, *, least: float = FAINTEST, most: int = MOST) -> np.ndarray:
    """Return the boxes that maps speak of, float64 (n, labels, most, 5): score, left, top, width and height in pixels.

    A 3 × 3 window picks the peaks; of equal neighbours, which the few levels of an int8 file make, the first counts. Boxes come by
    falling score, and end at the film's edges; rows of NaN are none.

    Args:
        maps: As `maps_of` describes them, (n, cells, cells, labels + 4).
        labels: How many there are.
        least: Heat of the faintest peak that counts.
        most: Boxes of a label and film that are kept.

    Example:
        >>> wanted = np.array([[[0, 6.0, 8.0, 12.0, 8.0]]])
        >>> boxes_of(maps_of(wanted, 1, 32), 1, most=1)[0, 0].tolist()
        [[1.0, 6.0, 8.0, 12.0, 8.0]]
    """
    maps = np.asarray(maps, np.float64)
    found = np.full((len(maps), labels, most, 5), np.nan)
    for label in range(labels):
        heat = maps[..., label]
        scores = np.where(_peaks(heat) & (heat >= least), heat, -1.0).reshape(len(maps), -1)
        places = np.argsort(-scores, axis=1, kind="stable")[:, :most]  # (n, most or all cells)
        for film, chosen in enumerate(places):
            cells = chosen[scores[film, chosen] > 0]
            found[film, label, : len(cells)] = boxes_at(maps[film], labels, label, cells)
    return found


def boxes_at(maps: np.ndarray, labels: int, label: int, cells: np.ndarray) -> np.ndarray:
    """Return the boxes whose centres lie in some cells, whether peaks or not, float64 (k, 5), as `boxes_of` has them.

    Args:
        maps: Of one film, float64 (cells, cells, labels + 4).
        labels: How many there are.
        label: Which of them.
        cells: Numbers of cells, counted along the rows, (k,).
    """
    side = len(maps) * STRIDE
    lines, columns = np.divmod(cells, maps.shape[1])
    width, height, right, down = maps[lines, columns, labels:].T
    centre = (columns + right) * STRIDE, (lines + down) * STRIDE
    ends = [
        np.clip(at + sign * length * side / 2, 0, side)
        for sign in (-1, 1)
        for at, length in zip(centre, (width, height), strict=True)
    ]
    corners = (ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1])
    return np.stack([maps[lines, columns, label], *corners], axis=1)


def by_label(boxes: np.ndarray, labels: int) -> np.ndarray:
    """Return boxes sorted out by their label, float64 (n, labels, MOST, 4): left, top, width, height; rows of NaN are none.

    Args:
        boxes: As for `maps_of`.
        labels: How many there are.

    Raises:
        DataError: When a film has more boxes of a label than are kept.
    """
    sorted_out = np.full((len(boxes), labels, MOST, 4), np.nan)
    for label in range(labels):
        own = boxes[..., 0] == label
        if (most := own.sum(axis=1).max(initial=0)) > MOST:
            raise DataError(
                f"A film has {most} boxes of one label, and at most {MOST} are kept; leave that film out."
            )
        for film in np.flatnonzero(own.any(axis=1)):
            sorted_out[film, label, : own[film].sum()] = boxes[film, own[film], 1:]
    return sorted_out


def _bell(away: np.ndarray, length: float) -> np.ndarray:
    """Return a bell along one side of a box of this length, cells, at whole cells away from its centre's."""
    radius = length * (1 - LEAST_OVERLAP) / (1 + LEAST_OVERLAP)
    return np.exp(-(away**2) / (2 * ((2 * radius + 1) / 6) ** 2)).astype(np.float32)


def _peaks(heat: np.ndarray) -> np.ndarray:
    """Return where no neighbour is higher, nor as high and earlier, bool (n, cells, cells)."""
    around = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-1.0)
    lines, columns = heat.shape[1:]
    peak = np.ones(heat.shape, bool)
    for down in range(3):
        for right in range(3):
            other = around[:, down : down + lines, right : right + columns]
            if (down, right) < (1, 1):
                peak &= heat > other
            elif (down, right) > (1, 1):
                peak &= heat >= other
    return peak
