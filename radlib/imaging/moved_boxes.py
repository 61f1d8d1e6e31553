"""Boxes moved as their films are, by the same draw: what is turned is the ellipse in the box, not the box.

The box around a turned box grows with every turn, up to half as large again, and a network would learn boxes that are too large.
What lies in a box, an opacity or a nodule, is round rather than square, so that the box around the turned *ellipse* is nearer to
what a person would draw again (Kalra et al., 2021). With half sides h and the film moved by x → A x + c, that box has the half sides

    hᵢ′ = √( Σⱼ (Aᵢⱼ hⱼ)² )

A box that is mostly pushed out of the film is none any more.

References:
    Kalra, Stoppi, Brown, Agarwal, Kadambi (2021). Towards rotation invariance in object detection. ICCV, arXiv 2109.13488.
"""

from collections.abc import Sequence

import numpy as np

from radlib.imaging import film_changes
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation
from radlib.imaging.varied_films import framing

LEAST_SEEN = 0.35  # share of a box that must still lie in the film


def augment_boxes(
    boxes: np.ndarray, augmentation: Augmentation, seed: int, epoch: int, positions: Sequence[int] | np.ndarray, *, side: int
) -> np.ndarray:  # fmt: skip
    """Move the boxes of films as `augment_batch` moves the films, by the same draw; grey levels move none.

    Args:
        boxes: Number of the label, left, top, width and height, pixels, (n, most, 5); rows of NaN are none.
        augmentation: How far films are varied.
        seed: Seed of the training.
        epoch: Number of the pass over the films.
        positions: (n,) place of each film in the training set, before shuffling.
        side: Of the films, pixels.

    Returns:
        (n, most, 5), cut at the film's edges; NaN where a box is none any more.
    """
    if augmentation == NO_AUGMENTATION or not len(boxes):
        return boxes.copy()
    sources = film_changes.sources(side, side, **framing(augmentation, seed, epoch, positions))
    return moved(boxes, sources, side)


def moved(boxes: np.ndarray, sources: np.ndarray, side: int) -> np.ndarray:
    """Return boxes where the ellipses in them come to lie.

    Args:
        boxes: As for `augment_boxes`.
        sources: Where each new pixel of a film comes from, (n, 6), see `film_changes.sources`.
        side: Of the films, pixels.

    Example:
        >>> shifted = np.array([[1.0, 0, -10, 0, 1, 0]])  # each new pixel comes from ten to its left
        >>> moved(np.array([[[0, 5.0, 5.0, 20.0, 10.0]]]), shifted, 64)[0, 0].tolist()
        [0.0, 15.0, 5.0, 20.0, 10.0]
    """
    forward = np.linalg.inv(sources.reshape(-1, 2, 3)[:, :, :2])  # (n, 2, 2)
    offset = sources.reshape(-1, 2, 3)[:, :, 2]
    half = boxes[..., 3:] / 2  # (n, most, 2)
    centre = boxes[..., 1:3] + half - offset[:, None]
    centre = np.einsum("nij,nmj->nmi", forward, centre)
    reach = np.sqrt(np.einsum("nij,nmj->nmi", forward**2, half**2))
    low, high = np.clip(centre - reach, 0, side), np.clip(centre + reach, 0, side)
    seen = np.prod(high - low, axis=-1) / np.maximum(np.prod(2 * reach, axis=-1), 1e-9)
    out = np.concatenate([boxes[..., :1], low, high - low], axis=-1)
    out[~(seen >= LEAST_SEEN)] = np.nan
    return out
