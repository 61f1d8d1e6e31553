"""Random codes: the receiver's numbers to the last bit, and draws that follow the sender's distribution."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtri

from radlib.foundation.errors import SetupError
from radlib.techniques.miracle.random_codes import (
    UNITS,
    Blocks,
    candidate,
    candidates,
    decode_blocks,
    draw_index,
    encode_block,
    kl_divergence,
    log_weights,
    normal_table,
    pack_indices,
    unpack_indices,
)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        (0, [0, 0], [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]),
        (
            2**256 - 1,
            [2**64 - 1, 2**64 - 1],
            [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0],
        ),
        (
            0x082EFA98EC4E6C89_A4093822299F31D0_13198A2E03707344_243F6A8885A308D3,
            [0x452821E638D01377, 0xBE5466CF34E90C6C],
            [0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6],
        ),
    ],
)
def test_the_generator_gives_the_known_answers_of_its_authors(counter, key, words):
    """Random123, kat_vectors, philox4x64 with 10 rounds; NumPy raises the counter before it computes."""
    philox = np.random.Philox(key=np.array(key, np.uint64), counter=(counter - 1) % 2**256)
    assert philox.random_raw(4).tolist() == words


def test_the_table_is_the_one_that_files_were_written_with():
    table = normal_table()
    assert table.shape == (65_536,)
    assert table[[0, 1, 100, 20_000, 32_767, 32_768, 65_535]].tolist() == [
        -17715, -16696, -12128, -2087, 0, 0, 17715,
    ]  # fmt: skip
    assert (np.diff(table.astype(int)) >= 0).all()
    assert np.array_equal(table, -table[::-1])
    exact = UNITS * ndtri((np.arange(65_536) + 0.5) / 65_536)
    assert np.abs(np.abs(exact % 1) - 0.5).min() > 1e-5  # an error of 1e-9 deviations changes no entry


def test_another_table_is_refused(monkeypatch):
    monkeypatch.setattr("statistics.NormalDist.inv_cdf", lambda self, p: 1.001 * ndtri(p))
    normal_table.cache_clear()
    try:
        with pytest.raises(SetupError, match="another normal distribution"):
            normal_table()
    finally:
        normal_table.cache_clear()


def test_known_numbers_and_places():
    """Written down once: a change of these is a new version of the file format."""
    blocks = Blocks(weights=10, block_weights=4, bits=6, seed=7)
    assert (blocks.count, blocks.index_bytes) == (3, 3)
    assert blocks.order.tolist() == [1, 4, 0, 2, 3, 5, 9, 8, 7, 6, 10, 10]
    assert decode_blocks(blocks, np.array([0, 41, 63])).tolist() == [
        [8682, -4011, -3361, 4654],
        [-3900, -3775, 858, 128],
        [1722, -5291, 2058, -1027],
    ]


@pytest.mark.parametrize("block_weights", [1, 3, 16, 20, 33])
def test_one_candidate_is_drawn_as_among_all(block_weights):
    blocks = Blocks(100, block_weights, 7, 2**32 - 1)
    everything = candidates(blocks, 2)
    assert everything.shape == (128, block_weights)
    for index in (0, 1, 50, 127):
        assert np.array_equal(candidate(blocks, 2, index), everything[index])
    assert not np.array_equal(everything, candidates(blocks, 3))


def test_candidates_are_standard_normal():
    numbers = candidates(Blocks(64, 64, 12, 0), 0).astype(float) / UNITS
    rounded = (
        numbers.ravel()[::7] + np.random.default_rng(0).uniform(-0.5, 0.5, numbers.ravel()[::7].size) / UNITS
    )
    assert stats.kstest(rounded, "norm").pvalue > 0.01
    assert abs(np.corrcoef(numbers.T)[np.triu_indices(64, 1)]).max() < 0.08


def test_dealing_and_gathering_are_inverse():
    blocks = Blocks(50, 8, 4, 3)
    values = np.arange(50.0)
    dealt = blocks.dealt(values, fill=-1)
    assert dealt.shape == (7, 8)
    assert sorted(dealt.ravel()) == [-1] * 6 + values.tolist()
    assert not np.array_equal(dealt.ravel()[:50], values)
    assert np.array_equal(blocks.gathered(dealt), values)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.3, 0.2), (-2.0, 0.9), (0.4, 0.05)])
def test_the_kl_divergence_is_that_of_the_integral(mean, deviation):
    q, p = stats.norm(mean, deviation), stats.norm()
    expected, _ = integrate.quad(
        lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), mean - 9 * deviation, mean + 9 * deviation
    )
    assert kl_divergence(np.array(mean), np.array(deviation)) == pytest.approx(expected, abs=1e-8)


def test_weights_are_the_ratio_of_densities():
    generator = np.random.default_rng(0)
    numbers = candidates(Blocks(5, 5, 8, 1), 0)
    mean, deviation = generator.normal(size=5), generator.uniform(0.1, 1, 5)
    z = numbers / UNITS
    expected = (stats.norm.logpdf(z, mean, deviation) - stats.norm.logpdf(z)).sum(axis=1)
    found = log_weights(numbers, mean.astype(np.float32), deviation.astype(np.float32))
    assert np.allclose(found - found.max(), expected - expected.max(), atol=1e-3)


def test_an_index_is_drawn_as_often_as_its_weight_says():
    numbers = candidates(Blocks(2, 2, 3, 5), 0)
    logs = log_weights(numbers, np.array([0.5, -0.4]), np.array([0.6, 0.7]))
    expected = np.exp(logs - logs.max())
    expected /= expected.sum()
    generator = np.random.default_rng(0)
    counts = np.bincount([draw_index(logs, generator) for _ in range(20_000)], minlength=8)
    assert stats.chisquare(counts, 20_000 * expected).pvalue > 0.01
    assert stats.chisquare(counts, np.full(8, 20_000 / 8)).pvalue < 1e-6


def test_draws_are_as_good_as_the_distribution_itself():
    """Over many blocks with a KL of 0.7 of their bits, the chosen numbers have q's mean and deviation."""
    blocks = Blocks(3 * 400, 3, 10, 0)
    deviation = np.full(3, 0.25)
    mean = np.array([0.9, -0.9, 0.0])
    assert kl_divergence(mean, deviation).sum() / np.log(2) == pytest.approx(0.5 * blocks.bits, abs=1)
    chosen = np.stack([encode_block(blocks, b, mean, deviation)[1] for b in range(400)]) / UNITS
    assert np.allclose(chosen.mean(axis=0), mean, atol=0.05)
    assert np.allclose(chosen.std(axis=0), deviation, rtol=0.15)


def test_encoding_gives_the_candidate_of_its_index_and_repeats():
    blocks = Blocks(60, 6, 9, 11)
    mean, deviation = np.linspace(-1, 1, 6), np.full(6, 0.4)
    index, numbers = encode_block(blocks, 4, mean, deviation)
    assert encode_block(blocks, 4, mean, deviation)[0] == index
    assert np.array_equal(decode_blocks(blocks, [0, 0, 0, 0, index])[4], numbers)


def test_a_waiting_time_of_zero_is_no_infinity():
    class Zero:
        def standard_exponential(self, count):
            return np.zeros(count)

    assert draw_index(np.array([0.0, 3.0, 1.0]), Zero()) == 1


@pytest.mark.parametrize("bits", [1, 5, 8, 12, 16, 20])
def test_indices_are_packed_without_a_wasted_bit(bits):
    indices = np.random.default_rng(bits).integers(0, 2**bits, 37)
    packed = pack_indices(indices, bits)
    assert len(packed) == Blocks(37, 1, bits, 0).index_bytes == -(-37 * bits // 8)
    assert np.array_equal(unpack_indices(packed, bits, 37), indices)
    assert pack_indices(np.array([1, 2, 3]), 4) == bytes([0x12, 0x30])
