"""What differs between two X-ray rooms, done to many films at once: place, sharpness, resolution, exposure, noise, storage.

Each function takes films, float32 (n, h, w) in [0, 1], and how far each of them is changed, (n,), and returns new films.
Whatever can be said of a whole batch is said once: a small film costs more in calls of Python than in arithmetic. How
far is decided in `augmentation`.

References:
    Simard, Steinkraus, Platt (2003). Best practices for convolutional neural networks applied to visual
        document analysis. ICDAR.
    DeVries, Taylor (2017). Improved regularization of convolutional neural networks with cutout.
        arXiv 1708.04552.
"""

import io

import numpy as np
from PIL import Image

UNSHARP_RADIUS = 0.006  # standard deviation of the unsharp mask's blur, fraction of the longer side
REACH = 3.0  # standard deviations after which a Gaussian is cut; its tail of denormal numbers would cost most of the time
FILTERS = (
    Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS,
)  # fmt: skip


def moved(
    films: np.ndarray,
    *,
    turn: np.ndarray,
    right: np.ndarray,
    down: np.ndarray,
    zoom: np.ndarray,
    stretch: np.ndarray,
    slant: np.ndarray,
    mirror: np.ndarray,
) -> np.ndarray:
    """Turn, shift, zoom, stretch, shear and mirror films by one resampling each: each further one would blur.

    What comes into view from outside is black, as the part of a film that the collimator covered.

    Args:
        films: (n, h, w).
        turn: About the centre, radians.
        right: Shift, fraction of the width.
        down: Shift, fraction of the height.
        zoom: Magnification.
        stretch: Ratio of the magnifications of width and height.
        slant: Shear of the vertical axis, as a tangent.
        mirror: Whether left and right change places.
    """
    height, width = films.shape[1:]
    rows = sources(
        height,
        width,
        turn=turn,
        right=right,
        down=down,
        zoom=zoom,
        stretch=stretch,
        slant=slant,
        mirror=mirror,
    )
    out = np.empty_like(films)
    for film, row, place in zip(films, rows.tolist(), out, strict=True):
        if row == [1, 0, 0, 0, 1, 0]:
            place[:] = film
        else:
            place[:] = Image.fromarray(film).transform(
                (width, height), Image.Transform.AFFINE, row, Image.Resampling.BILINEAR, fillcolor=0
            )
    return out


def sources(
    height: int,
    width: int,
    *,
    turn: np.ndarray,
    right: np.ndarray,
    down: np.ndarray,
    zoom: np.ndarray,
    stretch: np.ndarray,
    slant: np.ndarray,
    mirror: np.ndarray,
) -> np.ndarray:
    """Return where each new pixel (x, y) of films moved so comes from: (a x + b y + c, d x + e y + f), rows of six, (n, 6).

    Pillow asks so: the inverse of turn @ slant @ scale, written out. The rest is as for `moved`.

    Args:
        height: Of the films, pixels.
        width: Of the films, pixels.
        turn: See `moved`, as all that follow.
        right: Likewise.
        down: Likewise.
        zoom: Likewise.
        stretch: Likewise.
        slant: Likewise.
        mirror: Likewise.
    """
    across, along = zoom * np.sqrt(stretch), zoom / np.sqrt(stretch)
    across = np.where(mirror, -across, across)
    cosine, sine = np.cos(turn), np.sin(turn)
    a, b = (cosine + slant * sine) / across, (sine - slant * cosine) / across
    d, e = -sine / along, cosine / along
    x, y = width / 2, height / 2
    from_x, from_y = x + right * width, y + down * height
    return np.stack([a, b, x - a * from_x - b * from_y, d, e, y - d * from_x - e * from_y], axis=1)


def blurred(films: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Blur films with Gaussians of these standard deviations, each a fraction of the longer side.

    A Gaussian is separable and a film is small: rows and columns are multiplied by one matrix each.
    """
    height, width = films.shape[1:]
    pixels = np.maximum(deviation * max(height, width), 1e-3)
    return _bells(height, pixels) @ films @ _bells(width, pixels).transpose(0, 2, 1)


def sharpened(
    films: np.ndarray, amount: np.ndarray, *, largest_blur: float, largest_gain: float
) -> np.ndarray:
    """Blur films for negative amounts and sharpen them for positive ones, the more the larger.

    The texture of a film tells a network the detector and the resizer, and with them the hospital or even the class,
    before it tells anything about the lung.

    Args:
        films: (n, h, w).
        amount: In [-1, 1].
        largest_blur: Standard deviation of the blur at -1, fraction of the longer side.
        largest_gain: Gain of the unsharp mask at 1: film + gain * (film - blurred film).
    """
    soft = np.flatnonzero(amount < 0) if largest_blur else np.array([], int)
    hard = np.flatnonzero(amount > 0) if largest_gain else np.array([], int)
    out = films.copy()
    if soft.size:
        out[soft] = blurred(films[soft], -amount[soft] * largest_blur)
    if hard.size:
        chosen = films[hard]
        detail = chosen - blurred(chosen, np.array([UNSHARP_RADIUS]))
        out[hard] = np.clip(chosen + _each(amount[hard] * largest_gain) * detail, 0.0, 1.0)
    return out


def coarsened(films: np.ndarray, factor: np.ndarray, there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Shrink films by factors of at least 1 and bring them back: archives and resizers differ in both.

    Args:
        films: (n, h, w).
        factor: Side before divided by side between.
        there: Number of the filter in `FILTERS` that shrinks.
        back: Number of the filter that enlarges.
    """
    height, width = films.shape[1:]
    out = np.empty_like(films)
    for film, ratio, first, second, place in zip(films, factor, there, back, out, strict=True):
        small = (max(1, round(width / ratio)), max(1, round(height / ratio)))
        coarse = Image.fromarray(film).resize(small, FILTERS[first])
        place[:] = coarse.resize((width, height), FILTERS[second])
    return np.clip(out, 0.0, 1.0)


def exposed(films: np.ndarray, contrast: np.ndarray, brightness: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Multiply the distance from each film's mean by `contrast`, add `brightness`, and raise to the power `gamma`."""
    mean = films.mean(axis=(1, 2), dtype=np.float32, keepdims=True)
    films = films * _each(contrast) + (mean * (1 - _each(contrast)) + _each(brightness))
    return np.clip(films, 0.0, 1.0) ** _each(gamma)


def erased(films: np.ndarray, sides: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Paint one rectangle of each film in its mean grey, so that no single spot decides.

    Args:
        films: (n, h, w).
        sides: (n, 2) height and width of the rectangle, fractions of the film's.
        corners: (n, 2) where its upper left corner lies, 0 to 1 of where it may.
    """
    size = np.array(films.shape[1:])
    extent = np.rint(sides.clip(0, 1) * size).astype(int)
    start = np.rint(corners * (size - extent)).astype(int)
    films = films.copy()
    for film, (top, left), (rows, columns) in zip(films, start, extent, strict=True):
        film[top : top + rows, left : left + columns] = film.mean()
    return films


def stored_as_jpeg(films: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Store films as JPEG of these qualities, 1 to 100, and read them again."""
    grey = np.rint(films * np.float32(255)).astype(np.uint8)
    out = np.empty_like(films)
    for film, number, place in zip(
        grey, np.rint(quality).clip(1, 100).astype(int).tolist(), out, strict=True
    ):
        stored = io.BytesIO()
        Image.fromarray(film).save(stored, "JPEG", quality=number)
        place[:] = Image.open(stored)
    return out / np.float32(255)


def _bells(side: int, deviation: np.ndarray) -> np.ndarray:
    """Return matrices, (n, side, side) float32, whose rows are Gaussians about each pixel, mirrored at the edges."""
    apart = np.arange(2 * side, dtype=np.float32)
    wide = np.asarray(deviation, np.float32)[:, None]
    bell = np.where(apart > np.floor(REACH * wide + 0.5), 0, np.exp(-np.minimum((apart / wide) ** 2, 50) / 2))
    row, column = np.ogrid[:side, :side]
    whole = bell[:, abs(row - column)] + bell[:, row + column + 1] + bell[:, 2 * side - 1 - row - column]
    return whole / whole.sum(axis=2, keepdims=True)


def _each(values: np.ndarray) -> np.ndarray:
    """Return one number per film as float32 (n, 1, 1)."""
    return np.asarray(values, np.float32)[:, None, None]
