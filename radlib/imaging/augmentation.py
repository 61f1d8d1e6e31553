"""Random variation of training films: framing, exposure, detail and noise, as two hospitals would differ.

A network reads the films of one X-ray room almost perfectly and loses a tenth of its accuracy in the next,
where films are framed, exposed and digitised differently. Varying exactly those things while training is the
cheapest cure. Every film is resampled **once**, by the product of all its geometric changes: each further
interpolation would blur it, and blur is a cue that the network learns. What the changes are stands in `film_changes`.

Nothing here needs TensorFlow, so that notebooks and the perturbed validation films use the same code.

References:
    Geirhos et al. (2019). ImageNet-trained CNNs are biased towards texture; increasing shape bias improves
        accuracy and robustness. ICLR. arXiv 1811.12231.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.foundation.value_types import Range, accepted
from radlib.imaging import film_changes

LARGEST = 360  # half-range of anything: a whole turn
REVISION = 2  # raised when the same ranges and seed would vary films otherwise


@dataclass(frozen=True)
class Augmentation:
    """How far a training film may be varied; every number is a half-range, and 0 switches it off.

    Additive changes are drawn uniformly from [-a, a]. Factors (zoom, stretch, contrast, gamma) are drawn
    log-uniformly from [1/(1+a), 1+a], so that larger and smaller are equally frequent. Each film also draws one
    strength in [`least_strength`, 1] that scales all its changes.

    Attributes:
        rotation_degrees: Turn about the centre, degrees.
        shift: Displacement along each axis, fraction of the side.
        zoom: Magnification, 0.2 = a factor in [0.83, 1.2].
        stretch: Change of the ratio of width to height, 0.2 = a factor in [0.83, 1.2].
        shear_degrees: Slant of the vertical axis, degrees.
        brightness: Added to every pixel, fraction of the grey scale.
        contrast: Multiplies the distance from the film's mean, 0.2 = a factor in [0.83, 1.2].
        gamma: Exponent of the grey value, 0.2 = an exponent in [0.83, 1.2].
        blur: Largest standard deviation of a Gaussian blur, fraction of the side. Half of the films are
            blurred, the other half sharpened, as detectors and resizers differ in what detail they keep.
        sharpen: Largest gain of an unsharp mask: film + gain * (film - blurred film).
        noise: Largest standard deviation of white noise, fraction of the grey scale.
        coarsen: Largest loss of resolution, 0.5 = down to 1/1.5 of the side and back, by filters drawn for each
            film: archives and resizers differ in both.
        jpeg: Largest loss of JPEG quality, 0.6 = a film is stored and read with a quality of 40 to 100.
        erase: Largest side of one rectangle painted in the film's mean grey, fraction of the side.
        least_strength: Least share of its ranges that a film is varied by, in [0, 1]; 1 varies every film fully.
        horizontal_flip: Mirror half of the films. Off: it moves the heart to the other side.
    """

    rotation_degrees: float = 10.0
    shift: float = 0.1
    zoom: float = 0.4
    stretch: float = 0.25
    shear_degrees: float = 5.0
    brightness: float = 0.3
    contrast: float = 1.0
    gamma: float = 1.0
    blur: float = 0.012
    sharpen: float = 0.8
    noise: float = 0.05
    coarsen: float = 0.5
    jpeg: float = 0.7
    erase: float = 0.0
    least_strength: float = 1.0
    horizontal_flip: bool = False

    def __post_init__(self) -> None:
        for name, value in self.to_dict().items():
            if value < 0:
                raise UsageError(
                    f"The augmentation's {name!r} is a half-range and cannot be negative: {value}."
                )
        for name in ("least_strength", "jpeg"):
            if getattr(self, name) > 1:
                raise UsageError(
                    f"The augmentation's {name!r} is a share and cannot exceed 1: {getattr(self, name)}."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, for a manifest."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the record from `to_dict`, or from settings; missing fields have their defaults.

        Raises:
            UsageError: For a key that is no field (the message lists the fields), or a value that is no half-range.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        if unknown := sorted(set(values) - set(known)):
            raise UsageError(
                f"Augmentation has no {', '.join(repr(name[:60]) for name in unknown[:5])}; it has: {', '.join(known)}."
            )
        for name, value in values.items():
            try:
                accepted(bool if name == "horizontal_flip" else Annotated[float, Range(0, LARGEST)], value)
            except ValueError as wanted:
                raise UsageError(
                    f"The augmentation's {name!r} takes {wanted}, not {str(value)[:60]!r}."
                ) from None
        return cls(**values)


_FIELDS = [field.name for field in dataclasses.fields(Augmentation)]
_NOTHING: dict[str, Any] = dict.fromkeys(_FIELDS, 0.0) | {"horizontal_flip": False}
NO_AUGMENTATION = Augmentation(**_NOTHING)
_DRAWN = 22  # numbers per film, all drawn whether used or not: switching one change off leaves the others as they were


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


def _varied(
    images: np.ndarray, augmentation: Augmentation, generators: Sequence[np.random.Generator]
) -> np.ndarray:
    """Vary films in the order of the imaging chain: position, sharpness, resolution, exposure, noise, storage."""
    films = (
        images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32)
    )
    if augmentation == NO_AUGMENTATION or not len(films):
        return films
    drawn = np.stack([generator.uniform(-1.0, 1.0, _DRAWN) for generator in generators])  # (n, drawn)
    least = augmentation.least_strength
    strength = least + (1 - least) * abs(drawn[:, -1])
    films = _framed(films, augmentation, drawn[:, :7], strength)
    films = _detected(films, augmentation, drawn[:, 7:11], strength)
    films = _exposed(films, augmentation, drawn[:, 11:14], strength)
    if augmentation.erase:
        sides = abs(drawn[:, 14:16]) * strength[:, None] * augmentation.erase
        films = film_changes.erased(films, sides, (drawn[:, 16:18] + 1) / 2)
    if augmentation.noise:
        shape = films.shape[1:]
        grain = np.stack([generator.standard_normal(shape, dtype=np.float32) for generator in generators])
        deviation = augmentation.noise * strength * abs(drawn[:, 18])
        films = np.clip(films + grain * deviation.astype(np.float32)[:, None, None], 0.0, 1.0)
    if augmentation.jpeg:
        films = film_changes.stored_as_jpeg(
            films, 100 * (1 - augmentation.jpeg * strength * abs(drawn[:, 19]))
        )
    return films


def _framed(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Put films elsewhere in their frame by seven drawn numbers each."""
    mirror = (drawn[:, 6] < 0) & augmentation.horizontal_flip
    geometry = ("rotation_degrees", "shift", "zoom", "stretch", "shear_degrees")
    if not mirror.any() and not any(getattr(augmentation, name) for name in geometry):
        return films
    by = drawn[:, :6] * strength[:, None]
    return film_changes.moved(
        films,
        turn=np.radians(augmentation.rotation_degrees * by[:, 0]),
        right=augmentation.shift * by[:, 1],
        down=augmentation.shift * by[:, 2],
        zoom=(1 + augmentation.zoom) ** by[:, 3],
        stretch=(1 + augmentation.stretch) ** by[:, 4],
        slant=np.tan(np.radians(augmentation.shear_degrees * by[:, 5])),
        mirror=mirror,
    )


def _detected(
    films: np.ndarray, augmentation: Augmentation, drawn: np.ndarray, strength: np.ndarray
) -> np.ndarray:
    """Change what a detector and a resizer keep of films, by four drawn numbers each."""
    if augmentation.blur or augmentation.sharpen:
        films = film_changes.sharpened(
            films, drawn[:, 0] * strength, largest_blur=augmentation.blur, largest_gain=augmentation.sharpen
        )
    if augmentation.coarsen:
        factor = (1 + augmentation.coarsen * strength) ** abs(drawn[:, 1])
        there, back = ((drawn[:, 2:4] + 1) / 2 * len(film_changes.FILTERS)).astype(int).T
        last = len(film_changes.FILTERS) - 1  # a draw may be rounded up to the end of its range
        films = film_changes.coarsened(films, factor, np.minimum(there, last), np.minimum(back, last))
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
