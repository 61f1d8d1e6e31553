"""What each step of DICOM's grey-scale chain makes of each value that a film can store.

The modality step leads to the machine's units, the VOI step to what is to be displayed; then the range that the last
of them can reach becomes 0 to 1, MONOCHROME1 is turned round and padding becomes black. `grey_scale` sends the pixels
through these tables.

References:
    DICOM PS3.3, sections C.11.1 (modality), C.11.2 (VOI), C.7.5.1.1.2 (padding).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom

from radlib.imaging.dicom.lookup_tables import highest, looked_up
from radlib.imaging.film_reasons import UnreadableImage

FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
WINDOWED_BITS = 8  # films of so few bits were windowed before they were stored, whatever their tags say


@dataclass(frozen=True)
class GreyTables:
    """What each step of the chain makes of each pattern that a pixel can hold, one entry per pattern.

    Attributes:
        values: The stored bits as a number, int32.
        modality: In the machine's units; as `values` where there is no modality step.
        voi: What is to be displayed; as `modality` where there is neither table nor window.
        scaled: float32 in [0, 1], by the range that the last step can reach.
        grey: `scaled`, turned round for MONOCHROME1, padding black.
        padding: Which patterns are padding.
    """

    values: np.ndarray
    modality: np.ndarray
    voi: np.ndarray
    scaled: np.ndarray
    grey: np.ndarray
    padding: np.ndarray


def tables_of(dataset: pydicom.Dataset, bits: int, window: int, photometric: str) -> GreyTables:
    """Return what each step makes of each pattern of the stored bits, (2**bits,)."""
    signed = bool(dataset.get("PixelRepresentation", 0))
    half = 2 ** (bits - 1)
    values = np.arange(2**bits, dtype=np.int32)
    values = (values ^ half) - half if signed else values  # two's complement
    modality = voi = values
    ends = _ends(values)
    if bits > WINDOWED_BITS:
        modality, ends = _in_units(values, dataset)
        voi, ends = _displayed(modality, ends, dataset, window)
    scaled = _scaled(voi, *ends)
    grey = 1 - scaled if photometric == "MONOCHROME1" else scaled.copy()
    padding = _padding(values, dataset)
    grey[padding] = 0
    return GreyTables(values, modality, voi, scaled, grey, padding)


def _in_units(levels: np.ndarray, dataset: pydicom.Dataset) -> tuple[np.ndarray, tuple[float, float]]:
    """Apply the modality step; return the values, and the least and the greatest that it can give."""
    slope, intercept = (_number(dataset, name) for name in ("RescaleSlope", "RescaleIntercept"))
    big_endian = not dataset.original_encoding[1]
    if tables := _tables(dataset, "ModalityLUTSequence"):  # the standard forbids a slope beside it
        return looked_up(levels, tables[0], big_endian), (0.0, highest(tables[0], big_endian))
    if slope is not None and intercept is not None:
        values = slope * levels + intercept
        return values, _ends(values)  # a negative slope turns them round
    return levels, _ends(levels)


def _displayed(
    values: np.ndarray, ends: tuple[float, float], dataset: pydicom.Dataset, window: int
) -> tuple[np.ndarray, tuple[float, float]]:
    """Apply the VOI step; return the values, and the least and the greatest that the last step can give."""
    if tables := _tables(dataset, "VOILUTSequence"):  # before a window, if a film has both: it says more
        item, big_endian = tables[min(window, len(tables) - 1)], not dataset.original_encoding[1]
        return looked_up(values, item, big_endian), (0.0, highest(item, big_endian))
    if (index := _usable_window(dataset, window)) is not None:
        centre, width = (_numbers(dataset, name)[index] for name in ("WindowCenter", "WindowWidth"))
        return windowed(values, centre, width, _function(dataset)), (0.0, 1.0)
    return values, ends


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
