"""Canonical Huffman codes: frequent symbols get short codes, and the lengths alone say which.

Huffman (1952) joins the two rarest symbols again and again; a code is *canonical* (Schwartz and Kallick, 1964)
when codes of one length are consecutive numbers in the order of the symbols, so a decoder needs the lengths
only. Lengths are limited to 15 bits by package-merge (Larmore and Hirschberg, 1990), which is Huffman's own
code where the limit does not bind. Where only one symbol occurs it takes one bit.

Bits are written from the most significant of each byte on; the last byte is filled with zeros.
"""

from collections.abc import Sequence

import numpy as np

from radlib.foundation.errors import DataError

LONGEST = 15  # bits of a code; a length fits in four bits
_MORE_BYTES = 3  # read beyond the last one, so that a window of 15 bits always exists


def code_lengths(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the length of each symbol's code in bits, uint8, 0 for symbols that do not occur.

    The lengths l minimise `Σ n_s l_s` where `Σ 2^(−l_s) = 1` (Huffman, 1952) and no l_s exceeds 15: of one coin of value
    2^(−l) per symbol and length, packed in pairs from the smallest up, the cheapest are taken (Larmore and Hirschberg,
    1990, package-merge).

    Args:
        counts: How often each symbol occurs, n, int (symbols,); at most 2¹⁵ of them occur.

    Returns:
        Lengths in 0…15; a symbol that is alone has 1.

    Example:
        >>> code_lengths([5, 2, 1, 1]).tolist()
        [1, 2, 3, 3]
    """
    counts = np.asarray(counts, np.int64)
    lengths = np.zeros(len(counts), np.uint8)
    present = np.flatnonzero(counts)
    if len(present) < 2:
        lengths[present] = 1
        return lengths
    if len(present) > 1 << LONGEST:
        raise DataError(f"A code of at most {LONGEST} bits has no room for {len(present)} symbols.")
    leaves = sorted((int(counts[symbol]), (int(symbol),)) for symbol in present)
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(LONGEST):
        merged = sorted([*leaves, *packages], key=lambda package: package[0])
        packages = [
            (first[0] + second[0], first[1] + second[1])
            for first, second in zip(merged[::2], merged[1::2], strict=False)
        ]
    for _, symbols in packages[: len(present) - 1]:  # each symbol once per level it takes part in
        np.add.at(lengths, list(symbols), 1)
    return lengths


def canonical_codes(lengths: np.ndarray) -> np.ndarray:
    """Return the codes, uint16 (symbols,), that belong to lengths; a code's lowest bits are its bits.

    Raises:
        DataError: When the lengths are those of no Huffman code.
    """
    lengths = np.asarray(lengths, np.int64)
    codes = np.zeros(len(lengths), np.uint16)
    occurring = lengths[lengths > 0]
    if len(occurring) == 0 or occurring.tolist() == [1]:
        return codes
    if lengths.max() > LONGEST or (1 << (LONGEST - occurring)).sum() != 1 << LONGEST:
        raise DataError("The code lengths belong to no Huffman code; the file is damaged.")
    code = 0
    for length in range(1, LONGEST + 1):
        code <<= 1
        for symbol in np.flatnonzero(lengths == length):
            codes[symbol] = code
            code += 1
    return codes


def encode(symbols: np.ndarray, lengths: np.ndarray) -> tuple[bytes, int]:
    """Return the coded symbols and their number of bits.

    Args:
        symbols: int (n,), each below the number of lengths.
        lengths: Of the codes, as `code_lengths` gives them for these symbols.
    """
    bits_each = np.asarray(lengths, np.int64)[symbols]
    codes = canonical_codes(lengths)[symbols]
    ends = np.cumsum(bits_each)
    total = int(ends[-1]) if len(ends) else 0
    bits = np.zeros(total, np.uint8)
    for place in range(LONGEST):  # the bit `place` from the front of every code that has one
        having = np.flatnonzero(bits_each > place)
        shift = (bits_each[having] - 1 - place).astype(np.uint16)
        bits[(ends - bits_each)[having] + place] = (codes[having] >> shift) & 1
    return np.packbits(bits).tobytes(), total


def decode(content: bytes, lengths: np.ndarray, count: int) -> np.ndarray:
    """Return the symbols of a coded stream, uint16 (count,).

    What code starts at every bit of the stream is looked up for all bits at once; then one pass follows the
    chain of those that are real.

    Args:
        content: As `encode` returns it.
        lengths: Of the codes.
        count: How many symbols there are.

    Raises:
        DataError: When the stream does not hold just so many.
    """
    lengths = np.asarray(lengths, np.uint8)
    codes = canonical_codes(lengths)
    symbol_at, length_at = np.zeros(1 << LONGEST, np.uint16), np.zeros(1 << LONGEST, np.uint8)
    for symbol in np.flatnonzero(lengths):
        free = LONGEST - int(lengths[symbol])
        span = slice(int(codes[symbol]) << free, (int(codes[symbol]) + 1) << free)
        symbol_at[span], length_at[span] = symbol, lengths[symbol]
    windows = _windows(content)
    steps, position, starts = length_at[windows].tobytes(), 0, []
    try:
        for _ in range(count):
            starts.append(position)
            position += steps[position]
    except IndexError:
        position = len(steps) + 1
    if -(-position // 8) != len(content):
        raise DataError("A coded stream does not hold the symbols it should; the file is damaged.")
    return symbol_at[windows[starts]]


def entropy_bits(counts: Sequence[int] | np.ndarray) -> float:
    """Return the empirical entropy of a stream, in bits for all of its symbols (Shannon, 1948).

    Args:
        counts: How often each symbol occurs.
    """
    counts = np.asarray(counts, np.float64)
    counts = counts[counts > 0]
    return float((counts * np.log2(counts.sum() / counts)).sum()) if len(counts) else 0.0


def pack_lengths(lengths: np.ndarray) -> bytes:
    """Return code lengths at four bits each, the first in the high half of the first byte."""
    padded = np.zeros(-(-len(lengths) // 2) * 2, np.uint8)
    padded[: len(lengths)] = lengths
    return (padded[::2] << 4 | padded[1::2]).tobytes()


def unpack_lengths(content: bytes, count: int) -> np.ndarray:
    """Return `count` code lengths, uint8, from what `pack_lengths` wrote."""
    packed = np.frombuffer(content, np.uint8)
    return np.stack([packed >> 4, packed & 15], axis=1).ravel()[:count]


def _windows(content: bytes) -> np.ndarray:
    """Return the 15 bits that begin at each bit of a stream, uint16 (8 · bytes,), zeros beyond its end."""
    data = np.frombuffer(content + bytes(_MORE_BYTES), np.uint8).astype(np.uint32)
    threes = data[:-3] << 16 | data[1:-2] << 8 | data[2:-1]
    shifts = np.arange(24 - LONGEST, 24 - LONGEST - 8, -1, dtype=np.uint32)
    return ((threes[:, None] >> shifts) & (1 << LONGEST) - 1).astype(np.uint16).ravel()
