"""Where a network looks, asked without gradients: cover a part of the film and watch the probability.

A LiteRT file has no gradients to draw heat maps from. Covering needs none: a dark grey square moves over the film,
and each place is marked with how far the probability falls while it is covered (Zeiler and Fergus, 2014).

The square is as dark as lung, the 25th percentile of the film, so that it takes a shadow away. The film's mean is
brighter than lung: a square of it looks like a shadow itself, and raises the probability wherever it lies on one.

References:
    Zeiler, Fergus (2014). Visualizing and understanding convolutional networks. ECCV, arXiv 1311.2901.
"""

from collections.abc import Sequence

import numpy as np

from radlib.formats.predictors import Predictor

LUNG_PERCENTILE = 25
AT_ONCE = 64  # covered films, so that a small device has room for them
BLACK = 2 / 255  # margins that a film was padded or collimated with are no darker


def occlusion(
    model: Predictor, film: np.ndarray, *, output: int = -1, patch: float = 0.15, stride: float = 0.05
) -> np.ndarray:
    """Return how far a probability falls when a place of the film is covered.

    Args:
        model: An opened variant.
        film: (h, w), uint8 or float32 in [0, 1].
        output: Which output is watched; the last is the finding of a yes-or-no question.
        patch: Side of the covering square, fraction of the film's.
        stride: How far it moves between two readings, fraction of the film's side.

    Returns:
        float32 (h, w): the mean fall over all squares that covered a pixel; positive where the place speaks for
        the finding.
    """
    film = film.astype(np.float32) / np.float32(255) if film.dtype == np.uint8 else film.astype(np.float32)
    height, width = film.shape
    sides = max(1, round(height * patch)), max(1, round(width * patch))
    tops = _starts(height, sides[0], max(1, round(height * stride)))
    lefts = _starts(width, sides[1], max(1, round(width * stride)))
    places = [(slice(top, top + sides[0]), slice(left, left + sides[1])) for top in tops for left in lefts]
    grey = lung_grey(film)
    whole = model.predict(film[None, ..., None])[0, output]
    answers = [
        model.predict(_covered(film, places[start : start + AT_ONCE], grey))[:, output]
        for start in range(0, len(places), AT_ONCE)
    ]
    fall = whole - np.concatenate(answers)
    total, times = np.zeros_like(film), np.zeros_like(film)
    for place, change in zip(places, fall, strict=True):
        total[place] += change
        times[place] += 1
    return total / times


def _covered(film: np.ndarray, places: Sequence[tuple[slice, slice]], grey: float) -> np.ndarray:
    """Return the film with each place covered, float32 (places, h, w, 1)."""
    covered = np.repeat(film[None], len(places), axis=0)
    for copy, place in zip(covered, places, strict=True):
        copy[place] = grey
    return covered[..., None]


def lung_grey(film: np.ndarray) -> float:
    """Return a grey as dark as lung: the 25th percentile of the film, without its black margins.

    Args:
        film: (h, w), float32 in [0, 1]. When more than half of it is black, all of it counts.
    """
    exposed = film[film > BLACK]
    return float(np.percentile(exposed if 2 * exposed.size >= film.size else film, LUNG_PERCENTILE))


def _starts(length: int, side: int, step: int) -> list[int]:
    """Return where squares begin along one axis, so that the last one ends at the edge."""
    return sorted({*range(0, length - side, step), length - side})
