"""One tensor with few different values and many zeros, as four short byte strings.

After Han et al. (2016): the values form a codebook; each weight that is not zero is a cluster id; where it
stands is told by the gap to the one before it. Ids and gaps are two streams with a Huffman code each, since a
common gap says nothing about the value behind it.

A gap d ≥ 1 is the symbol d. Where d is larger than the largest symbol c = 2^b − 1, fillers (symbol 0) stand
before it, each for c places; Han's filler is a zero weight that takes up an id as well, ours lives in the gap
stream alone. b is chosen per tensor, 4 to 8 bits, as what makes the gaps and their table shortest. A tensor
without zeros has no gaps at all (b = 0).
"""

from dataclasses import dataclass

import numpy as np

from radlib.foundation.errors import DataError
from radlib.techniques.deep_compression import huffman

GAP_BITS = (4, 5, 6, 7, 8)
MOST_VALUES = 4096  # of a codebook; a tensor with more gains nothing


@dataclass(frozen=True)
class CodedTensor:
    """A coded tensor, flat.

    Attributes:
        count: Weights that are not zero.
        gap_bits: b above; 0 when there are no zeros.
        gap_count: Symbols of the gap stream, fillers included.
        codebook: float32 (k,), ascending.
        id_lengths: Code length of each id, uint8 (k,).
        gap_lengths: Code length of each gap symbol, uint8 (2^b,), empty when b is 0.
        ids: The coded ids; empty when k is 1.
        gaps: The coded gaps.
    """

    count: int
    gap_bits: int
    gap_count: int
    codebook: np.ndarray
    id_lengths: np.ndarray
    gap_lengths: np.ndarray
    ids: bytes
    gaps: bytes

    @property
    def tables(self) -> bytes:
        """Both tables of code lengths, four bits a symbol."""
        return huffman.pack_lengths(self.id_lengths) + huffman.pack_lengths(self.gap_lengths)

    @property
    def size_bytes(self) -> int:
        """Bytes of everything but the few numbers that tell the parts apart."""
        return 4 * len(self.codebook) + len(self.tables) + len(self.ids) + len(self.gaps)


def encode_tensor(values: np.ndarray) -> tuple[CodedTensor, dict[str, float]] | None:
    """Return a tensor coded without loss, and what its streams cost against their entropy.

    Args:
        values: float32, any shape; negative zeros lose their sign.

    Returns:
        The coded tensor and `id_bits`, `id_entropy_bits`, `gap_bits`, `gap_entropy_bits` (of the whole stream);
        None when the tensor has more than 4,096 different values, or no other one than zero.
    """
    flat = values.ravel()
    positions = np.flatnonzero(flat)
    codebook, ids = np.unique(flat[positions], return_inverse=True)
    if not 0 < len(codebook) <= MOST_VALUES:
        return None
    id_counts = np.bincount(ids, minlength=len(codebook))
    id_lengths = huffman.code_lengths(id_counts)
    id_bytes, id_bits = huffman.encode(ids, id_lengths) if len(codebook) > 1 else (b"", 0)
    bits, symbols, gap_lengths = _shortest_gaps(positions) if len(positions) < len(flat) else _NO_GAPS
    gap_bytes, gap_total = huffman.encode(symbols, gap_lengths)
    coded = CodedTensor(
        len(positions), bits, len(symbols), codebook, id_lengths, gap_lengths, id_bytes, gap_bytes
    )
    return coded, {
        "id_bits": id_bits,
        "id_entropy_bits": huffman.entropy_bits(id_counts),
        "gap_bits": gap_total,
        "gap_entropy_bits": huffman.entropy_bits(np.bincount(symbols)),
    }


def decode_tensor(coded: CodedTensor, size: int) -> np.ndarray:
    """Return the weights of a coded tensor, float32 (size,).

    Raises:
        DataError: When the parts do not make a tensor of that size.
    """
    if max(coded.count, coded.gap_count) > size:  # before any time or memory is spent on them
        raise DataError("A coded tensor claims more weights than its layer has; the file is damaged.")
    several = len(coded.codebook) > 1
    if several:
        ids = huffman.decode(coded.ids, coded.id_lengths, coded.count)
    else:
        ids = np.zeros(coded.count, np.uint16)
    if coded.gap_bits:
        symbols = huffman.decode(coded.gaps, coded.gap_lengths, coded.gap_count)
        steps = np.where(symbols == 0, (1 << coded.gap_bits) - 1, symbols).astype(np.int64)
        positions = (np.cumsum(steps) - 1)[symbols > 0]
    else:
        positions = np.arange(size)
    if len(positions) != coded.count or (coded.count and positions[-1] >= size):
        raise DataError("The gaps of a coded tensor lead beyond its end; the file is damaged.")
    values = np.zeros(size, np.float32)
    values[positions] = coded.codebook[ids]
    return values


def gap_symbols(positions: np.ndarray, gap_bits: int) -> np.ndarray:
    """Return the gap stream of ascending positions, uint16: fillers (0) and gaps below 2^`gap_bits`."""
    before = np.diff(positions, prepend=-1) - 1  # zeros before each weight
    largest = (1 << gap_bits) - 1
    fillers = before // largest
    symbols = np.zeros(len(positions) + int(fillers.sum()), np.uint16)
    symbols[np.arange(len(positions)) + np.cumsum(fillers)] = before % largest + 1
    return symbols


def _shortest_gaps(positions: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the gap bits with the fewest bits of stream and table, their symbols, and code lengths."""
    best: tuple[int, int, np.ndarray, np.ndarray] | None = None
    for gap_bits in GAP_BITS:
        symbols = gap_symbols(positions, gap_bits)
        counts = np.bincount(symbols, minlength=1 << gap_bits)
        lengths = huffman.code_lengths(counts)
        cost = int((counts * lengths).sum()) + 4 * len(lengths)
        if best is None or cost < best[0]:
            best = cost, gap_bits, symbols, lengths
    assert best is not None  # GAP_BITS is not empty
    return best[1:]


_NO_GAPS = (0, np.zeros(0, np.uint16), np.zeros(0, np.uint8))
