"""Films varied at random, as far as an `Augmentation` says: for training, for perturbed validation films, for stress.

Every film is resampled **once**, by the product of all its geometric changes: each further interpolation would blur it,
and blur is a cue that the network learns. What the changes are stands in `film_changes`. Nothing here needs TensorFlow.
"""

from collections.abc import Sequence

import numpy as np

from radlib.imaging import film_changes
from radlib.imaging.augmentation import NO_AUGMENTATION, Augmentation

_DRAWN = 28  # numbers per film, all drawn whether used or not: switching one change off leaves the others as they were
_EXPOSURE = 3  # its place among the kinds of change, in the order of the imaging chain


def augment(image: np.ndarray, augmentation: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Vary one film.

    Args:
        image: (h, w), uint8 or float32 in [0, 1].
        augmentation: How far to vary it.
        generator: Source of randomness.

    Returns:
        (h, w) float32 in [0, 1].
    """
    return _varied(image[None], augmentation, [generator])[0]


def augment_batch(
    images: np.ndarray,
    augmentation: Augmentation,
    seed: int,
    epoch: int,
    positions: Sequence[int] | np.ndarray,
) -> np.ndarray:
    """Vary a batch; each film's randomness depends on (seed, epoch, position) alone.

    A training that is resumed, or that shuffles into other batches, therefore sees the same films.

    Args:
        images: (n, h, w), uint8 or float32 in [0, 1].
        augmentation: How far to vary them.
        seed: Seed of the training.
        epoch: Number of the pass over the films.
        positions: (n,) place of each film in the training set, before shuffling.

    Returns:
        (n, h, w) float32 in [0, 1].
    """
    return _varied(
        images,
        augmentation,
        [np.random.default_rng((seed, epoch, int(position))) for position in positions],
    )


def augment_masks(
    masks: np.ndarray, augmentation: Augmentation, seed: int, epoch: int, positions: Sequence[int] | np.ndarray
) -> np.ndarray:  # fmt: skip
    """Move the masks of films as `augment_batch` moves the films: by the same draw, and nothing else is done to them.

    Args:
        masks: (n, h, w, labels), 1 or 0.
        augmentation: How far to vary them.
        seed: Seed of the training.
        epoch: Number of the pass over the films.
        positions: (n,) place of each film in the training set, before shuffling.

    Returns:
        (n, h, w, labels) uint8, 1 or 0: a pixel belongs where at least half of it came from inside.
    """
    return move_masks(
        masks, augmentation, [np.random.default_rng((seed, epoch, int(place))) for place in positions]
    )


def move_masks(
    masks: np.ndarray, augmentation: Augmentation, generators: Sequence[np.random.Generator]
) -> np.ndarray:
    """Move masks, (n, h, w, labels), as `augment` moves their films where it is given generators in the same state."""
    if augmentation == NO_AUGMENTATION or not len(masks):
        return masks.astype(np.uint8)
    drawn, _, kinds = _draw(augmentation, generators)
    moved = [
        _framed(masks[..., label].astype(np.float32), augmentation, drawn[:, :7], kinds[0])
        for label in range(masks.shape[-1])
    ]
    return (np.stack(moved, axis=-1) >= 0.5).astype(np.uint8)


def _draw(
    augmentation: Augmentation, generators: Sequence[np.random.Generator]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the numbers that each film draws, (n, drawn), its strength, (n,), and that of each kind of change, (kinds, n)."""
    drawn = np.stack([generator.uniform(-1.0, 1.0, _DRAWN) for generator in generators])
    least = augmentation.least_strength
    strength = least + (1 - least) * abs(drawn[:, 21])
    spared = [augmentation.spared] * 6
    spared[_EXPOSURE] = augmentation.spared_exposure
    changed = abs(drawn[:, 22:]) >= spared  # (n, kinds of change)
    return drawn, strength, (changed * strength[:, None]).T


def _varied(
    images: np.ndarray, augmentation: Augmentation, generators: Sequence[np.random.Generator]
) -> np.ndarray:
    """Vary films in the order of the imaging chain: position, sharpness, resolution, exposure, noise, storage."""
    films = (
        images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32)
    )
    if augmentation == NO_AUGMENTATION or not len(films):
        return films
    drawn, strength, kinds = _draw(augmentation, generators)
    framing, sharpness, resolution, exposure, grain, storage = kinds
    films = _framed(films, augmentation, drawn[:, :7], framing)
    films = _sharpened(films, augmentation, drawn[:, 7], sharpness)
    films = _coarsened(films, augmentation, drawn[:, 8:11], resolution)
    films = _exposed(films, augmentation, drawn[:, 11:14], exposure)
    if augmentation.erase:
        sides = abs(drawn[:, 14:16]) * strength[:, None] * augmentation.erase
        films = film_changes.erased(films, sides, (drawn[:, 16:18] + 1) / 2)
    if augmentation.noise:
        shape = films.shape[1:]
        drawn_noise = np.stack(
            [generator.standard_normal(shape, dtype=np.float32) for generator in generators]
        )
        deviation = augmentation.noise * grain * abs(drawn[:, 18])
        films = np.clip(films + drawn_noise * deviation.astype(np.float32)[:, None, None], 0.0, 1.0)
    if augmentation.jpeg:
        stored = storage > 0
        quality = 100 * (1 - augmentation.jpeg * storage * abs(drawn[:, 19]))
        films[stored] = film_changes.stored_as_jpeg(films[stored], quality[stored])
    return films


def _framed(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Put films elsewhere in their frame by seven drawn numbers each."""
    how = _moves(augmentation, drawn, strength)
    geometry = ("rotation_degrees", "shift", "zoom", "stretch", "shear_degrees")
    if not how["mirror"].any() and not any(getattr(augmentation, name) for name in geometry):
        return films
    return film_changes.moved(films, **how)


def framing(
    augmentation: Augmentation, seed: int, epoch: int, positions: Sequence[int] | np.ndarray
) -> dict[str, np.ndarray]:
    """Return how far `augment_batch` moves each film, (n,) each, as `film_changes.moved` takes it; arguments as there."""
    drawn, _, kinds = _draw(
        augmentation, [np.random.default_rng((seed, epoch, int(place))) for place in positions]
    )
    return _moves(augmentation, drawn[:, :7], kinds[0])


def _moves(augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray) -> dict[str, np.ndarray]:
    by = drawn[:, :6] * strength[:, None]
    return {
        "turn": np.radians(augmentation.rotation_degrees * by[:, 0]),
        "right": augmentation.shift * by[:, 1],
        "down": augmentation.shift * by[:, 2],
        "zoom": (1 + augmentation.zoom) ** by[:, 3],
        "stretch": (1 + augmentation.stretch) ** by[:, 4],
        "slant": np.tan(np.radians(augmentation.shear_degrees * by[:, 5])),
        "mirror": (drawn[:, 6] < 0) & augmentation.horizontal_flip,
    }


def _sharpened(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Blur or sharpen films, by one drawn number each."""
    if not (augmentation.blur or augmentation.sharpen):
        return films
    return film_changes.sharpened(
        films, drawn * strength, largest_blur=augmentation.blur, largest_gain=augmentation.sharpen
    )


def _coarsened(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Take resolution from films, by three drawn numbers each."""
    chosen = np.flatnonzero(strength)
    if not (augmentation.coarsen and len(chosen)):
        return films
    factor = (1 + augmentation.coarsen * strength[chosen]) ** abs(drawn[chosen, 0])
    last = len(film_changes.FILTERS) - 1  # a draw may be rounded up to the end of its range
    there, back = np.minimum(((drawn[chosen, 1:] + 1) / 2 * (last + 1)).astype(int), last).T
    films = films.copy()
    films[chosen] = film_changes.coarsened(films[chosen], factor, there, back)
    return films


def _exposed(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Expose films otherwise, by three drawn numbers each."""
    if not (augmentation.contrast or augmentation.brightness or augmentation.gamma):
        return films
    by = drawn * strength[:, None]
    return film_changes.exposed(
        films,
        contrast=(1 + augmentation.contrast) ** by[:, 0],
        brightness=augmentation.brightness * by[:, 1],
        gamma=(1 + augmentation.gamma) ** by[:, 2],
    )
