"""The grey-scale chain of DICOM: from a stored value to the brightness that a radiographer sees.

Stored values pass through the modality table or slope (to the machine's units), then the VOI table or window
(to what should be displayed), then, for MONOCHROME1, the inversion (there, low values are bright). Each step
has a trap that silently changes the picture; they are named where they are met.

Every step depends on the stored value alone. So the chain is worked out once for each value that a film can
store, at most 65,536, and the pixels look up their brightness: pydicom's own functions do the arithmetic, on
a table a hundred times smaller than the film, and unused high bits cost nothing.

References:
    DICOM PS3.3, sections C.7.6.3 (stored values), C.11.1 (modality), C.11.2 (VOI), C.7.5.1.1.2 (padding).
"""

import math
from typing import Any

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing

from radlib.images import UnreadableImage

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
    shift = 0 if packed else min(max(int(dataset.get("HighBit", bits - 1)) + 1 - bits, 0), container - bits)
    table = _table(dataset, bits, window)
    table = np.tile(np.repeat(table, 2**shift), 2 ** (container - bits - shift))  # one entry per bit pattern
    patterns = stored.astype(stored.dtype.newbyteorder("="), copy=False).view(f"u{stored.dtype.itemsize}")
    return table.take(patterns, mode="clip")  # every pattern is in the table; this mode saves looking


def _table(dataset: pydicom.Dataset, bits: int, window: int) -> np.ndarray:
    """Return the brightness of each pattern of the stored bits, float32 (2**bits,) in [0, 1]."""
    signed = bool(dataset.get("PixelRepresentation", 0))
    half = 2 ** (bits - 1)
    levels = np.arange(2**bits, dtype=np.int32)
    levels = (levels ^ half) - half if signed else levels  # two's complement
    brightness = (
        _displayed(levels, dataset, window) if bits > WINDOWED_BITS else _scaled(levels, *_ends(levels))
    )
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        brightness = 1 - brightness
    brightness[_padding(levels, dataset)] = 0
    return brightness


def _displayed(levels: np.ndarray, dataset: pydicom.Dataset, window: int) -> np.ndarray:
    """Apply the modality and the VOI step.

    pydicom returns integers, float64 or its argument, as the header has it, and windows come back in the
    range that the modality step can reach: from whichever, the result is one dtype in one range.
    """
    low, high = _ends(levels)
    if dataset.get("ModalityLUTSequence"):
        values = _looked_up(levels, dataset.ModalityLUTSequence[0], "ModalityLUTSequence", dataset)
        low, high = 0.0, _highest(dataset.ModalityLUTSequence[0])
        _drop(
            dataset, "RescaleSlope", "RescaleIntercept"
        )  # the standard forbids both; pydicom would mix them
    elif _number(dataset, "RescaleSlope") is not None and _number(dataset, "RescaleIntercept") is not None:
        values = apply_modality_lut(levels, dataset)
        low, high = values[levels.argmin()], values[levels.argmax()]  # a negative slope turns them round
    else:
        values = levels
        _drop(dataset, "RescaleSlope", "RescaleIntercept")
    tables = [
        item for item in dataset.get("VOILUTSequence") or () if "LUTData" in item and "LUTDescriptor" in item
    ]
    if tables:  # before a window, if a film has both: it says more
        item = tables[min(window, len(tables) - 1)]
        values, low, high = _looked_up(values, item, "VOILUTSequence", dataset), 0.0, _highest(item)
    elif (index := _usable_window(dataset, window)) is not None:
        values = apply_windowing(values, dataset, index)
    else:
        low, high = min(low, high), max(low, high)
    return _scaled(values, low, high)


def _looked_up(
    values: np.ndarray, item: pydicom.Dataset, sequence: str, dataset: pydicom.Dataset
) -> np.ndarray:
    """Send values through a modality or VOI table.

    pydicom stores a value's place in the table with the width of the table's *entries*: a 12-bit film with an
    8-bit table wraps round, as do values far outside the table. So values are first limited to the table, which
    changes no result, and entries are handed over as 16-bit words.
    """
    entries, first = int(item.LUTDescriptor[0]) or 2**16, int(item.LUTDescriptor[1])
    places = np.clip(np.rint(values), first, first + entries - 1).astype(np.int64)
    words = item.LUTData[: 2 * entries]
    if isinstance(words, bytes) and len(words) < 2 * entries:  # 8-bit entries, one byte each
        words = np.frombuffer(words, np.uint8, entries).tolist()
    wide, holder = pydicom.Dataset(), pydicom.Dataset()
    wide.LUTDescriptor = [item.LUTDescriptor[0], first, 16]
    wide.add_new("LUTData", "OW" if isinstance(words, bytes) else "US", words)
    setattr(holder, sequence, [wide])
    holder.file_meta = dataset.file_meta
    return (apply_modality_lut if sequence == "ModalityLUTSequence" else apply_voi)(places, holder)


def _highest(item: pydicom.Dataset) -> float:
    """Return the greatest value that a table can give."""
    bits = int(item.LUTDescriptor[2])
    if not 1 <= bits <= 16:
        raise UnreadableImage("invalid_values")
    return float(2**bits - 1)


def _usable_window(dataset: pydicom.Dataset, window: int) -> int | None:
    """Return which window to apply; None if there is none: a width of zero or a missing centre means none."""
    centres, widths = (_numbers(dataset, name) for name in ("WindowCenter", "WindowWidth"))
    count = min(len(centres), len(widths))
    if not count:
        return None
    index = min(window, count - 1)
    narrowest = 1.0 if str(dataset.get("VOILUTFunction") or "LINEAR").upper() == "LINEAR" else 1e-9
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


def _drop(dataset: pydicom.Dataset, *names: str) -> None:
    """Take elements out that must have no effect: pydicom looks at whether they are there."""
    for name in names:
        if name in dataset:
            del dataset[name]


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
    return (levels >= low) & (levels <= high)
