"""Sparse tensors as ids and gaps: streams worked by hand, and decoding without loss."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from radlib.foundation.errors import DataError
from radlib.techniques.deep_compression.sparse_tensors import decode_tensor, encode_tensor, gap_symbols


def test_gaps_and_fillers_worked_by_hand():
    # 4 bits: largest symbol 15. Position 0 is a gap of 1; 16 more is a filler and 1; 45 more two fillers and 15.
    assert gap_symbols(np.array([0, 16, 61, 62]), 4).tolist() == [1, 0, 1, 0, 0, 15, 1]
    assert gap_symbols(np.array([15]), 4).tolist() == [0, 1]
    assert gap_symbols(np.array([14]), 4).tolist() == [15]


def test_a_tensor_without_zeros_has_no_gaps():
    values = np.float32([[0.5, -1.0], [0.5, 2.0]])
    coded, costs = encode_tensor(values)
    assert (coded.gap_bits, coded.gaps, costs["gap_bits"]) == (0, b"", 0)
    assert coded.codebook.tolist() == [-1.0, 0.5, 2.0]
    assert costs["id_bits"] == 6  # 0.5 twice in one bit, the others in two
    assert decode_tensor(coded, 4).tolist() == values.ravel().tolist()


@pytest.mark.parametrize("density", [0.001, 0.02, 0.2, 0.9, 1.0])
@pytest.mark.parametrize("values", [1, 2, 32, 300])
def test_decoding_is_exact(density, values):
    generator = np.random.default_rng(values)
    codebook = generator.normal(size=values).astype(np.float32)
    tensor = np.where(generator.random(20_000) < density, generator.choice(codebook, 20_000), np.float32(0))
    coded, costs = encode_tensor(tensor)
    assert np.array_equal(decode_tensor(coded, tensor.size).view(np.uint32), tensor.view(np.uint32))
    assert costs["id_bits"] >= costs["id_entropy_bits"] - 1e-6
    assert costs["gap_bits"] >= costs["gap_entropy_bits"] - 1e-6


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.5, -2.0]), min_size=1, max_size=600))
@settings(deadline=None, max_examples=60)
def test_any_pattern_decodes(values):
    tensor = np.float32(values)
    found = encode_tensor(tensor)
    if not tensor.any():
        assert found is None
    else:
        assert decode_tensor(found[0], tensor.size).tolist() == values


def test_random_gaps_cost_what_theory_says():
    tensor = (np.random.default_rng(0).random(400_000) < 0.2).astype(np.float32)
    _, costs = encode_tensor(tensor)
    share = tensor.mean()
    entropy = -len(tensor) * (share * np.log2(share) + (1 - share) * np.log2(1 - share))
    assert costs["gap_bits"] == pytest.approx(entropy, rel=0.02)


def test_many_values_are_not_worth_a_codebook():
    assert encode_tensor(np.random.default_rng(0).normal(size=5000).astype(np.float32)) is None


def test_gaps_beyond_the_end_are_refused():
    coded, _ = encode_tensor(np.float32([0, 0, 1, 0, 2]))
    with pytest.raises(DataError, match="beyond its end"):
        decode_tensor(coded, 4)
