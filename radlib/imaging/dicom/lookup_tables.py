"""Modality and VOI tables of DICOM: from a value to an entry, whatever a device wrote into the descriptor.

A table says how many entries it has, which value the first stands for, and how many bits an entry has. The first value
is where devices differ: the standard has it signed where values are, but a file of implicit types does not say so, and
some write -1024 as 64512. Read wrongly, all values lie on one side of the table and the film is black. So of the two
readings that one counts which the film's values meet.

References:
    DICOM PS3.3, sections C.11.1.1.1 (modality) and C.11.2.1.1 (VOI); PS3.5, section 6.2 (US, SS and OW).
"""

import numpy as np
import pydicom

from radlib.imaging.film_reasons import UnreadableImage

WORDS = (
    2**16
)  # a count of 0 means so many entries, and a negative number is so much less than an unsigned one


def looked_up(values: np.ndarray, item: pydicom.Dataset, big_endian: bool) -> np.ndarray:
    """Send values through a table: those before it are its first entry, those beyond it its last.

    Args:
        values: Numbers of any shape, all that the step before can give.
        item: With `LUTDescriptor` and `LUTData`.
        big_endian: Whether the file is.

    Raises:
        UnreadableImage: When the table has no entries, or fewer than it says.
    """
    entries = _entries(item, big_endian)
    first = _first_value(item, len(entries), float(values.min()), float(values.max()))
    places = np.clip(np.rint(values) - first, 0, len(entries) - 1).astype(np.int64)
    return entries[places]


def highest(item: pydicom.Dataset, big_endian: bool) -> float:
    """Return the greatest value that a table can give, by its bits; more where its entries are greater."""
    bits = int(item.LUTDescriptor[2])
    if not 1 <= bits <= 16:
        raise UnreadableImage("invalid_values")
    greatest = int(_entries(item, big_endian).max())
    return float(2 ** max(bits, greatest.bit_length()) - 1)


def _entries(item: pydicom.Dataset, big_endian: bool) -> np.ndarray:
    """Return the entries of a table, int64."""
    count, content = int(item.LUTDescriptor[0]) % WORDS or WORDS, item.LUTData
    if isinstance(content, bytes):
        kind: np.dtype = np.dtype(">u2" if big_endian else "<u2")
        if len(content) < count * kind.itemsize:  # 8-bit entries, one byte each
            kind = np.dtype("u1")
        found = np.frombuffer(content, kind, min(count, len(content) // kind.itemsize)).astype(np.int64)
    else:
        found = np.atleast_1d(np.asarray(content, np.int64))[:count] % WORDS
    if len(found) < count:
        raise UnreadableImage("damaged")
    return found


def _first_value(item: pydicom.Dataset, count: int, low: float, high: float) -> int:
    """Return which value the first entry stands for, of the readings with and without sign that one which values meet."""
    written = int(item.LUTDescriptor[1])
    other = written - WORDS if written >= WORDS // 2 else written + WORDS if written < 0 else written

    def met(first: int) -> float:
        return min(high, first + count - 1) - max(low, first)

    return other if met(other) > max(met(written), -1) and met(written) <= 0 else written
