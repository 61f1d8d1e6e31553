"""The grey-scale chain of DICOM: from a stored value to the brightness that a radiographer sees.

Stored values pass through the modality table or slope (to the machine's units), then the VOI table or window
(to what should be displayed), then, for MONOCHROME1, the inversion (there, low values are bright). Each step
has a trap that silently changes the picture; they are named where they are met.

Every step depends on the stored value alone. So the chain is worked out once for each value that a film can
store, at most 65,536, and the pixels look up their brightness: a hundred times fewer values than the film has
pixels, and unused high bits cost nothing.

References:
    DICOM PS3.3, sections C.7.6.3 (stored values), C.11.1 (modality), C.11.2 (VOI), C.7.5.1.1.2 (padding).
"""

import math
from typing import Any

import numpy as np
import pydicom

from radlib.imaging.dicom.lookup_tables import highest, looked_up
from radlib.imaging.film_reasons import UnreadableImage

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
WINDOWED_BITS = 8  # films of so few bits were windowed before they were stored, whatever their tags say


def shown(stored: np.ndarray, dataset: pydicom.Dataset, *, packed: bool, window: int = 0) -> np.ndarray:
    """Return a film as it is meant to be looked at.

    Args:
        stored: (h, w) integers of 8 or 16 bits as decoded; bits beyond `BitsStored` may hold rubbish.
        dataset: The header.
        packed: Whether the values start at the lowest bit whatever `HighBit` says, as all JPEG codecs leave
            them.
        window: Which of several VOI tables or windows, from 0; a film with fewer shows its last.

    Returns:
        (h, w) float32 in [0, 1], padding black. Scaled by the range that values can reach, not by the film's
        own extremes: one bright marker must not darken all else.

    Raises:
        UnreadableImage: When the header makes no grey levels of the values.
    """
    container = 8 * stored.dtype.itemsize
    bits = min(int(dataset.BitsStored), container)
    if container > 16 or bits < 1:
        raise UnreadableImage("invalid_values")
    photometric = photometric_of(dataset)
    patterns = stored.astype(stored.dtype.newbyteorder("="), copy=False).view(f"u{stored.dtype.itemsize}")
    shift = 0 if packed else _shift(patterns, int(dataset.get("HighBit", bits - 1)) + 1 - bits, bits)
    brightness, padding = _table(dataset, bits, window, photometric)
    table, padded = (  # one entry per bit pattern
        np.tile(np.repeat(of_levels, 2**shift), 2 ** (container - bits - shift))
        for of_levels in (brightness, padding)
    )
    film = table.take(patterns, mode="clip")  # every pattern is in the table; this mode saves looking
    if _is_lost(film, patterns, table, padded):
        raise UnreadableImage("invalid_values")
    return film


def photometric_of(dataset: pydicom.Dataset) -> str:
    """Return what values mean, in upper case.

    Raises:
        UnreadableImage: Where it is not said which end is bright, or in words of no standard.
    """
    said = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    if said not in (*GREY, *COLOURS):
        raise UnreadableImage("not_grey" if said == "PALETTE COLOR" else "invalid_values")
    return said


def _shift(patterns: np.ndarray, claimed: int, bits: int) -> int:
    """Return how many bits lie below the stored ones: as `HighBit` says, unless the film has values there and none above.

    Some devices claim that 12 bits lie at the upper end of 16 and put them at the lower.
    """
    shift = min(max(claimed, 0), 8 * patterns.dtype.itemsize - bits)
    if not shift:
        return 0
    used = int(np.bitwise_or.reduce(patterns, axis=None))
    signed = patterns.view(f"i{patterns.dtype.itemsize}")
    at_the_lower_end = used < 2**bits or -(2 ** (bits - 1)) <= signed.min() <= signed.max() < 2 ** (bits - 1)
    return 0 if used % 2**shift and at_the_lower_end else shift


def _is_lost(film: np.ndarray, patterns: np.ndarray, table: np.ndarray, padded: np.ndarray) -> bool:
    """Tell whether stored values that differ have all become one level, by a table or a window that is not theirs."""
    if not padded.any():
        return bool(film.min() == film.max() and patterns.min() != patterns.max())
    present = np.zeros(len(table), bool)
    present[patterns.ravel()] = True
    picture = table[present & ~padded]
    if picture.size:
        return bool(picture.size > 1 and picture.min() == picture.max())
    return int(present.sum()) > 1  # all is padding


def _table(
    dataset: pydicom.Dataset, bits: int, window: int, photometric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the brightness of each pattern of the stored bits, float32 (2**bits,) in [0, 1], and which are padding."""
    signed = bool(dataset.get("PixelRepresentation", 0))
    half = 2 ** (bits - 1)
    levels = np.arange(2**bits, dtype=np.int32)
    levels = (levels ^ half) - half if signed else levels  # two's complement
    brightness = (
        _displayed(levels, dataset, window) if bits > WINDOWED_BITS else _scaled(levels, *_ends(levels))
    )
    if photometric == "MONOCHROME1":
        brightness = 1 - brightness
    padding = _padding(levels, dataset)
    brightness[padding] = 0
    return brightness, padding


def _displayed(levels: np.ndarray, dataset: pydicom.Dataset, window: int) -> np.ndarray:
    """Apply the modality and the VOI step, and scale by the range that the last of them can reach."""
    low, high = _ends(levels)
    slope, intercept = (_number(dataset, name) for name in ("RescaleSlope", "RescaleIntercept"))
    big_endian = not dataset.original_encoding[1]
    if tables := _tables(dataset, "ModalityLUTSequence"):  # the standard forbids a slope beside it
        values = looked_up(levels, tables[0], big_endian)
        low, high = 0.0, highest(tables[0], big_endian)
    elif slope is not None and intercept is not None:
        values = slope * levels + intercept
        low, high = _ends(values)  # a negative slope turns them round
    else:
        values = levels
    if tables := _tables(dataset, "VOILUTSequence"):  # before a window, if a film has both: it says more
        item = tables[min(window, len(tables) - 1)]
        values, low, high = looked_up(values, item, big_endian), 0.0, highest(item, big_endian)
    elif (index := _usable_window(dataset, window)) is not None:
        centre, width = (_numbers(dataset, name)[index] for name in ("WindowCenter", "WindowWidth"))
        values, low, high = windowed(values, centre, width, _function(dataset)), 0.0, 1.0
    return _scaled(values, low, high)


def _tables(dataset: pydicom.Dataset, sequence: str) -> list[pydicom.Dataset]:
    items = dataset.get(sequence) or ()
    return [item for item in items if "LUTData" in item and "LUTDescriptor" in item]


def windowed(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    """Look at values through a window, PS3.3 C.11.2.1.2 and C.11.2.1.3.

    Args:
        values: In the units of the modality step.
        centre: Of the window, in the same units.
        width: Its width; at least 1 for LINEAR, above 0 for the others.
        function: LINEAR, LINEAR_EXACT or SIGMOID.

    Returns:
        float64 in [0, 1].
    """
    values = values.astype(np.float64)
    if function == "SIGMOID":
        return 1 / (1 + np.exp((-4 * (values - centre) / width).clip(-700, 700)))
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    if width == 0:
        return (values > centre).astype(np.float64)
    return ((values - centre) / width + 0.5).clip(0, 1)


def _function(dataset: pydicom.Dataset) -> str:
    """Return the function of the window; what is none counts as not written."""
    said = str(dataset.get("VOILUTFunction") or "").strip().upper()
    return said if said in FUNCTIONS else "LINEAR"


def _usable_window(dataset: pydicom.Dataset, window: int) -> int | None:
    """Return which window to apply; None if there is none: a width of zero or a missing centre means none."""
    centres, widths = (_numbers(dataset, name) for name in ("WindowCenter", "WindowWidth"))
    count = min(len(centres), len(widths))
    if not count:
        return None
    index = min(window, count - 1)
    narrowest = 1.0 if _function(dataset) == "LINEAR" else 1e-9
    return index if math.isfinite(centres[index]) and narrowest <= widths[index] < math.inf else None


def _numbers(dataset: pydicom.Dataset, name: str) -> list[float]:
    """Return DICOM's none, one or several numbers; an empty one among several is not a number."""
    value: Any = dataset.get(name)
    if value is None or value == "":
        return []
    several = isinstance(value, pydicom.multival.MultiValue | list | tuple)
    return [math.nan if number in (None, "") else float(number) for number in (value if several else [value])]


def _number(dataset: pydicom.Dataset, name: str) -> float | None:
    numbers = _numbers(dataset, name)
    return numbers[0] if len(numbers) == 1 else None


def _ends(levels: np.ndarray) -> tuple[float, float]:
    return float(levels.min()), float(levels.max())


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values as float32, `low` as 0 and `high` as 1."""
    if high == low or not np.isfinite([low, high]).all():
        raise UnreadableImage("invalid_values")
    scaled = (values.astype(np.float64) - low) / (high - low)
    if not np.isfinite(scaled).all():
        raise UnreadableImage("invalid_values")
    return scaled.clip(0, 1).astype(np.float32)


def _padding(levels: np.ndarray, dataset: pydicom.Dataset) -> np.ndarray:
    """Return which values mean "no picture here": the padding value, or all up to the range limit."""
    value = _number(dataset, "PixelPaddingValue")
    if value is None:
        return np.zeros(levels.shape, bool)
    limit = _number(dataset, "PixelPaddingRangeLimit")
    low, high = sorted((value, value if limit is None else limit))
    if low > levels.max() and levels.min() < 0:  # a negative value that was written as an unsigned one
        low, high = low - 2**16, high - 2**16
    elif high < 0 <= levels.min():  # and the other way round
        low, high = low + 2**16, high + 2**16
    return (levels >= low) & (levels <= high)
