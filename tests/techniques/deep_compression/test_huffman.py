"""Huffman codes against codes worked out by hand, by another algorithm, and by entropy."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from radlib.foundation.errors import DataError
from radlib.techniques.deep_compression.huffman import (
    LONGEST,
    canonical_codes,
    code_lengths,
    decode,
    encode,
    entropy_bits,
    pack_lengths,
    unpack_lengths,
)


def huffman_total(counts):
    """Total bits of Huffman's own algorithm: the sum of all joined pairs (no limit of length)."""
    heap = [int(count) for count in counts if count]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total


def test_lengths_of_an_example_worked_by_hand():
    # a 45, b 13, c 12, d 16, e 9, f 5 (Cormen et al., Introduction to Algorithms, section 16.3)
    assert code_lengths([45, 13, 12, 16, 9, 5]).tolist() == [1, 3, 3, 3, 4, 4]


def test_canonical_codes_of_rfc_1951():
    # RFC 1951, section 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) of A…H
    codes = canonical_codes(np.array([3, 3, 3, 3, 3, 2, 4, 4]))
    assert [f"{code:b}" for code in codes] == ["10", "11", "100", "101", "110", "0", "1110", "1111"]


def test_a_stream_worked_by_hand():
    lengths = np.array([1, 2, 2])  # codes 0, 10, 11
    content, bits = encode(np.array([0, 1, 2, 0, 1]), lengths)
    assert (content, bits) == (bytes([0b01011010]), 8)
    assert decode(content, lengths, 5).tolist() == [0, 1, 2, 0, 1]


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=40).filter(lambda c: sum(v > 0 for v in c) > 1))
@settings(deadline=None, max_examples=80)
def test_lengths_are_as_short_as_huffmans(counts):
    lengths = code_lengths(counts).astype(int)
    assert (lengths * counts).sum() == huffman_total(counts)
    assert ((lengths > 0) == (np.array(counts) > 0)).all()


def test_lengths_are_limited_where_huffman_has_no_limit():
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths = code_lengths(fibonacci).astype(int)
    assert lengths.max() == LONGEST
    assert (2.0**-lengths).sum() == 1  # complete
    assert huffman_total(fibonacci) < (lengths * fibonacci).sum() < 1.001 * huffman_total(fibonacci)


@given(st.lists(st.integers(0, 12), max_size=200))
@settings(deadline=None, max_examples=80)
def test_decoding_gives_what_was_encoded(symbols):
    symbols = np.array(symbols, np.int64)
    lengths = code_lengths(np.bincount(symbols, minlength=13))
    content, bits = encode(symbols, lengths)
    assert len(content) == -(-bits // 8)
    assert decode(content, lengths, len(symbols)).tolist() == symbols.tolist()
    assert unpack_lengths(pack_lengths(lengths), 13).tolist() == lengths.tolist()


def test_a_symbol_alone_takes_a_bit():
    lengths = code_lengths([0, 7, 0])
    assert lengths.tolist() == [0, 1, 0]
    assert decode(*encode(np.array([1] * 7), lengths)[:1], lengths, 7).tolist() == [1] * 7


def test_coded_bits_lie_between_entropy_and_a_percent_above():
    symbols = np.minimum(np.random.default_rng(0).geometric(0.15, 200_000), 31)
    counts = np.bincount(symbols)
    _, bits = encode(symbols, code_lengths(counts))
    assert entropy_bits(counts) < bits < 1.01 * entropy_bits(counts)


def test_entropy_of_known_streams():
    assert entropy_bits([5, 5]) == 10
    assert entropy_bits([8, 4, 2, 2]) == 16 * 1.75
    assert entropy_bits([9]) == entropy_bits([]) == 0


@pytest.mark.parametrize("lengths", [[1, 1, 1], [1, 2], [2], [3, 3, 3]])
def test_lengths_of_no_code_are_refused(lengths):
    with pytest.raises(DataError, match="no Huffman code"):
        canonical_codes(np.array(lengths))


def test_a_stream_with_other_symbols_than_told_is_refused():
    lengths = np.array([1, 2, 2])
    content, _ = encode(np.arange(3).repeat(20), lengths)
    for count in (0, 30, 70, 10_000):
        with pytest.raises(DataError, match="does not hold"):
            decode(content, lengths, count)
