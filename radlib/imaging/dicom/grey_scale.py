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

from collections.abc import Sequence

import numpy as np
import pydicom

from radlib.imaging.dicom.grey_tables import tables_of
from radlib.imaging.film_reasons import UnreadableImage

GREY = ("MONOCHROME1", "MONOCHROME2")
STEPS = ("values", "modality", "voi", "scaled", "grey")  # see `grey_tables.GreyTables`
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
ROWS_AT_ONCE = 128


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
    return films_of(stored, dataset, ("grey",), packed=packed, window=window)["grey"]


def films_of(
    stored: np.ndarray,
    dataset: pydicom.Dataset,
    steps: Sequence[str] = STEPS,
    *,
    packed: bool,
    window: int = 0,
) -> dict[str, np.ndarray]:
    """Return a film after steps of the chain, (h, w) each; arguments as of `shown`, `steps` of `STEPS`."""
    container = 8 * stored.dtype.itemsize
    bits = min(int(dataset.BitsStored), container)
    if container > 16 or bits < 1:
        raise UnreadableImage("invalid_values")
    photometric = photometric_of(dataset)
    patterns = words_of(stored)
    shift = 0 if packed else _shift(patterns, int(dataset.get("HighBit", bits - 1)) + 1 - bits, bits)
    tables = tables_of(dataset, bits, window, photometric)

    def spread(of_values: np.ndarray) -> np.ndarray:  # one entry per bit pattern
        return np.tile(np.repeat(of_values, 2**shift), 2 ** (container - bits - shift))

    films = {}
    for step in steps:
        films[step] = _looked_up(spread(getattr(tables, step)), patterns)
    if "grey" in films and _is_lost(films["grey"], patterns, spread(tables.grey), spread(tables.padding)):
        raise UnreadableImage("invalid_values")
    return films


def _looked_up(table: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Return the table's entry of each pattern, by blocks of rows: NumPy makes eight bytes of each index that it takes."""
    film = np.empty(patterns.shape, table.dtype)
    for start in range(0, len(film), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        film[rows] = table.take(
            patterns[rows], mode="clip"
        )  # every pattern is there; this mode saves looking
    return film


def words_of(stored: np.ndarray) -> np.ndarray:
    """Return stored values as the unsigned words that they are, in this machine's byte order."""
    return stored.astype(stored.dtype.newbyteorder("="), copy=False).view(f"u{stored.dtype.itemsize}")


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
