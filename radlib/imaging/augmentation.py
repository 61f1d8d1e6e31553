"""Random variation of training films: framing, exposure, detail and noise, as two hospitals would differ.

A network reads the films of one X-ray room almost perfectly and loses a tenth of its accuracy in the next,
where films are framed, exposed and digitised differently. Varying exactly those things while training is the
cheapest cure. How far is said here; films are varied in `varied_films`.

References:
    Geirhos et al. (2019). ImageNet-trained CNNs are biased towards texture; increasing shape bias improves
        accuracy and robustness. ICLR. arXiv 1811.12231.
"""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from radlib.foundation.errors import UsageError
from radlib.foundation.value_types import Range, Share, accepted

Turn = Annotated[float, Range(0, 360)]
Slant = Annotated[float, Range(0, 90, open_high=True)]
Change = Annotated[float, Range(0, 100)]  # of a factor, or a gain
REVISION = 3  # raised when the same ranges and seed would vary films otherwise


@dataclass(frozen=True)
class Augmentation:
    """How far a training film may be varied; every number is a half-range, and 0 switches it off.

    Additive changes are drawn uniformly from [-a, a]. Factors (zoom, stretch, contrast, gamma) are drawn
    log-uniformly from [1/(1+a), 1+a], so that larger and smaller are equally frequent. Each film also draws one
    strength in [`least_strength`, 1] that scales all its changes, and for each kind of change (framing, sharpness,
    resolution, exposure, noise, storage) whether it is spared it: a network that never meets a film as it is,
    neither moved nor noisy nor stored once more, reads it worse than a changed one. Exposure spares nobody unless told:
    it is what two rooms differ in most, and a share of films as exposed is enough to learn the room by.

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
        spared: Share of films that any other kind of change leaves as they are, drawn for each kind by itself.
        spared_exposure: Share of films whose exposure (brightness, contrast, gamma) is left as it is.
        horizontal_flip: Mirror half of the films. Off: it moves the heart to the other side.
    """

    rotation_degrees: Turn = 10.0
    shift: Share = 0.1
    zoom: Change = 0.4
    stretch: Change = 0.25
    shear_degrees: Slant = 5.0
    brightness: Share = 0.3
    contrast: Change = 1.0
    gamma: Change = 1.0
    blur: Share = 0.012
    sharpen: Change = 0.8
    noise: Share = 0.05
    coarsen: Change = 0.5
    jpeg: Share = 0.7
    erase: Share = 0.0
    least_strength: Share = 1.0
    spared: Share = 0.3
    spared_exposure: Share = 0.0
    horizontal_flip: bool = False

    def __post_init__(self) -> None:
        for name, value in self.to_dict().items():
            _checked(name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, for a manifest."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild the record from `to_dict`, or from settings; missing fields have their defaults.

        Raises:
            UsageError: For a key that is no field (the message lists the fields), or a value out of its range.
        """
        known = list(AUGMENTATION_ANNOTATIONS)
        if unknown := sorted(set(values) - set(known)):
            raise UsageError(
                f"Augmentation has no {', '.join(repr(name[:60]) for name in unknown[:5])}; it has: {', '.join(known)}."
            )
        return cls(**{name: _checked(name, value) for name, value in values.items()})


AUGMENTATION_ANNOTATIONS: dict[str, Any] = typing.get_type_hints(Augmentation, include_extras=True)


def _checked(name: str, value: Any) -> Any:
    """Return a field's value as its annotation wants it."""
    try:
        return accepted(AUGMENTATION_ANNOTATIONS[name], value)
    except ValueError as wanted:
        raise UsageError(f"The augmentation's {name!r} takes {wanted}, not {str(value)[:60]!r}.") from None


_NOTHING: dict[str, Any] = dict.fromkeys(AUGMENTATION_ANNOTATIONS, 0.0) | {"horizontal_flip": False}
NO_AUGMENTATION = Augmentation(**_NOTHING)
