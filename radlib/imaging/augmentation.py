"""Random variation of training films: position, exposure and noise, as two hospitals would differ.

A network reads the films of one X-ray room almost perfectly and loses a tenth of its accuracy in the next,
where films are framed, exposed and digitised differently. Varying exactly those things while training is the
cheapest cure. Every film is resampled **once**, by the product of all its geometric changes: each further
interpolation would blur it, and blur is a cue that the network learns.

Nothing here needs TensorFlow, so that notebooks and the perturbed validation films use the same code.

References:
    Simard, Steinkraus, Platt (2003). Best practices for convolutional neural networks applied to visual
        document analysis. ICDAR.
    Geirhos et al. (2019). ImageNet-trained CNNs are biased towards texture; increasing shape bias improves
        accuracy and robustness. ICLR. arXiv 1811.12231.
    DeVries, Taylor (2017). Improved regularization of convolutional neural networks with cutout.
        arXiv 1708.04552.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from PIL import Image

from radlib.foundation.errors import UsageError
from radlib.foundation.value_types import Range, accepted

LARGEST = 360  # half-range of anything: a whole turn


@dataclass(frozen=True)
class Augmentation:
    """How far a training film may be varied; every number is a half-range, and 0 switches it off.

    Additive changes are drawn uniformly from [-a, a]. Factors (zoom, stretch, contrast, gamma) are drawn
    log-uniformly from [1/(1+a), 1+a], so that larger and smaller are equally frequent. Each film also draws one
    strength in [0, 1] that scales all its changes: with ten independent changes hardly any film would
    otherwise be nearly as it was, and the network would read unchanged films less well than changed ones.

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
        erase: Largest side of one rectangle painted in the film's mean grey, fraction of the side.
        horizontal_flip: Mirror half of the films. Off: it moves the heart to the other side.
    """

    rotation_degrees: float = 12.0
    shift: float = 0.15
    zoom: float = 0.4
    stretch: float = 0.3
    shear_degrees: float = 7.0
    brightness: float = 0.3
    contrast: float = 1.0
    gamma: float = 1.0
    blur: float = 0.0
    sharpen: float = 0.0
    noise: float = 0.04
    erase: float = 0.0
    horizontal_flip: bool = False

    def __post_init__(self) -> None:
        for name, value in self.to_dict().items():
            if value < 0:
                raise UsageError(
                    f"The augmentation's {name!r} is a half-range and cannot be negative: {value}."
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


UNSHARP_RADIUS = 0.006  # standard deviation of the unsharp mask's blur, fraction of the side

_FIELDS = [field.name for field in dataclasses.fields(Augmentation)]
_NOTHING: dict[str, Any] = dict.fromkeys(_FIELDS, 0.0) | {"horizontal_flip": False}
NO_AUGMENTATION = Augmentation(**_NOTHING)


def augment(image: np.ndarray, augmentation: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Vary one film.

    The order is that of the imaging chain: position, then sharpness, then exposure (contrast, brightness,
    gamma), then noise.
    What comes into view from outside is black, as the part of a film that the collimator covered.

    Args:
        image: (h, w), uint8 or float32 in [0, 1].
        augmentation: How far to vary it.
        generator: Source of randomness. The numbers are drawn whether used or not: switching one kind of
            change off leaves the others as they were.

    Returns:
        (h, w) float32 in [0, 1].
    """
    film = image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else image.astype(np.float32)
    drawn = generator.uniform(-1.0, 1.0, 16).tolist()
    grain = generator.standard_normal(film.shape, dtype=np.float32) if augmentation.noise else None
    sharpness = generator.uniform(-1.0, 1.0)  # drawn after the grain: older runs keep their films
    strength = abs(drawn[15])
    drawn = [number * strength for number in drawn[:12]] + drawn[12:]
    film = _move(film, augmentation, drawn[:7])
    film = _sharpen(film, augmentation, sharpness * strength)
    film = _expose(film, augmentation, drawn[7:10])
    if augmentation.erase:
        film = _erase(film, augmentation.erase, drawn[10:14])
    if grain is not None:
        film = film + np.float32(augmentation.noise * strength * abs(drawn[14])) * grain
    return np.clip(film, 0.0, 1.0)


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
    varied = np.empty(images.shape, np.float32)
    for row, (image, position) in enumerate(zip(images, positions, strict=True)):
        generator = np.random.default_rng((seed, epoch, int(position)))
        varied[row] = augment(image, augmentation, generator)
    return varied


def _move(film: np.ndarray, augmentation: Augmentation, drawn: Sequence[float]) -> np.ndarray:
    """Turn, shift, zoom, stretch, shear and mirror by one resampling."""
    height, width = film.shape
    angle = math.radians(augmentation.rotation_degrees * drawn[0])
    right = augmentation.shift * drawn[1] * width
    down = augmentation.shift * drawn[2] * height
    zoom = (1 + augmentation.zoom) ** drawn[3]
    stretch = (1 + augmentation.stretch) ** (drawn[4] / 2)
    slant = math.tan(math.radians(augmentation.shear_degrees * drawn[5]))
    wider, higher = zoom * stretch, zoom / stretch
    if augmentation.horizontal_flip and drawn[6] < 0:
        wider = -wider
    # Pillow asks where each new pixel comes from: the inverse of turn @ slant @ scale, written out.
    cosine, sine = math.cos(angle), math.sin(angle)
    a, b = (cosine + slant * sine) / wider, (sine - slant * cosine) / wider
    d, e = -sine / higher, cosine / higher
    if (a, b, d, e, right, down) == (1, 0, 0, 1, 0, 0):
        return film
    x, y = width / 2, height / 2
    rows = (a, b, x - a * (x + right) - b * (y + down), d, e, y - d * (x + right) - e * (y + down))
    moved = Image.fromarray(film).transform(
        (width, height), Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR, fillcolor=0
    )
    return np.asarray(moved)


def _sharpen(film: np.ndarray, augmentation: Augmentation, drawn: float) -> np.ndarray:
    """Blur for negative, sharpen for positive numbers, the more the larger.

    The texture of a film tells a network the detector, the resizer and the JPEG quality, and with them the
    hospital or even the class, before it tells anything about the lung.
    """
    if drawn < 0 and augmentation.blur:
        return _blurred(film, -drawn * augmentation.blur)
    if drawn > 0 and augmentation.sharpen:
        detail = film - _blurred(film, UNSHARP_RADIUS)
        return np.clip(film + np.float32(drawn * augmentation.sharpen) * detail, 0.0, 1.0)
    return film


def _blurred(film: np.ndarray, deviation: float) -> np.ndarray:
    """Return the film blurred with a Gaussian; its standard deviation is a fraction of the longer side."""
    from scipy.ndimage import gaussian_filter  # here: it costs half a second, and not every user augments

    return gaussian_filter(film, deviation * max(film.shape), truncate=3.0)


def _expose(film: np.ndarray, augmentation: Augmentation, drawn: Sequence[float]) -> np.ndarray:
    """Change contrast about the mean, then brightness, then gamma."""
    if augmentation.contrast or augmentation.brightness:
        contrast = np.float32((1 + augmentation.contrast) ** drawn[0])
        mean = film.mean(dtype=np.float32)
        brightness = np.float32(augmentation.brightness * drawn[1])
        film = np.clip(film * contrast + (mean * (1 - contrast) + brightness), 0.0, 1.0)
    if augmentation.gamma:
        film = film ** np.float32((1 + augmentation.gamma) ** drawn[2])
    return film


def _erase(film: np.ndarray, largest: float, drawn: Sequence[float]) -> np.ndarray:
    """Paint one rectangle in the film's mean grey, so that no single spot decides."""
    height, width = film.shape
    largest = min(largest, 1.0)
    rows, columns = round(abs(drawn[0]) * largest * height), round(abs(drawn[1]) * largest * width)
    top, left = round((drawn[2] + 1) / 2 * (height - rows)), round((drawn[3] + 1) / 2 * (width - columns))
    film = film.copy()
    film[top : top + rows, left : left + columns] = film.mean()
    return film
