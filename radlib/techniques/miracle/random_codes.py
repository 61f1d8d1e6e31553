r"""Random codes: a block of numbers told by which of many shared random candidates it resembles (Havasi et al., 2019).

Sender and receiver can draw the same K = 2^C candidates z_0 … z_{K−1} of a block from a standard normal p. To
send a draw of its own distribution q, the sender weighs each candidate by a_k = q(z_k) / p(z_k), draws k with
probability a_k / Σ a, and sends k alone: C bits, however many numbers the block has. The draw is as good as one
of q while KL(q ‖ p) stays below C ln 2 nats.

What a receiver must reproduce is fixed here and does not hang on any library's own sampler:

| what | how |
|---|---|
| words | Philox4x64-10 (Salmon et al., 2011), key (seed, block); its 64-bit outputs cut into four 16-bit words, low first |
| number i of candidate k | word k·B + i of the block's stream, B numbers a block, through the table |
| table | word w means round(4096 · Φ⁻¹((w + ½) / 65,536)), an integer; in units of 1/4096 of a standard deviation |
| order | weight n of the network stands at the place that word n (64 bits) of key (seed, 2^64 − 1) has when sorted |

The counter is raised before each use, so that a stream begins with counter 1. Rounding the table to 1/4096 makes
it independent of how well a machine computes Φ⁻¹, and its checksum is compared before any use.

References:
    Havasi, Peharz, Hernández-Lobato (2019). Minimal random code learning: getting bits back from compressed model
        parameters. ICLR, arXiv 1810.00440.
    Salmon, Moraes, Dror, Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC '11.
"""

import functools
import statistics
import zlib
from dataclasses import dataclass

import numpy as np

from radlib.foundation.errors import SetupError

UNITS = 4096  # of the table, per standard deviation
TABLE_CHECKSUM = 0x546C8CB1
MOST_BITS = 20  # of an index: a million candidates for every block
_ORDER_KEY = 2**64 - 1
_WORDS = 16  # 16-bit words in one output of Philox


@dataclass(frozen=True)
class Blocks:
    """How the weights of a network are dealt into blocks.

    Attributes:
        weights: How many there are, n.
        block_weights: Weights in a block, B; the last block may have fewer.
        bits: Of a block's index, C.
        seed: Of candidates and order, 0…2^32 − 1.
    """

    weights: int
    block_weights: int
    bits: int
    seed: int

    @property
    def count(self) -> int:
        """Number of blocks."""
        return -(-self.weights // self.block_weights)

    @property
    def index_bytes(self) -> int:
        """Bytes of all indices, packed."""
        return -(-self.count * self.bits // 8)

    @functools.cached_property
    def order(self) -> np.ndarray:
        """Which weight stands at each place of the blocks: int64 (count · B,); n where the last block has none."""
        places = np.argsort(_philox(self.seed, _ORDER_KEY).random_raw(self.weights), kind="stable")
        spare = self.count * self.block_weights - self.weights
        return np.concatenate([places, np.full(spare, self.weights)])

    def dealt(self, values: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """Return values of all weights (n,) as blocks (count, B); `fill` where the last block has none."""
        return np.append(values, values.dtype.type(fill))[self.order].reshape(self.count, self.block_weights)

    def gathered(self, blocks: np.ndarray) -> np.ndarray:
        """Return blocks (count, B) as values of all weights (n,)."""
        values = np.empty(self.weights + 1, blocks.dtype)
        values[self.order] = blocks.ravel()
        return values[: self.weights]


@functools.cache
def normal_table() -> np.ndarray:
    """Return what each 16-bit word means, in 1/4096 of a standard deviation: int16 (65,536,), ascending.

    Raises:
        SetupError: When this machine computes another table.
    """
    quantile = statistics.NormalDist().inv_cdf  # of Python itself: a device that decodes has no SciPy
    table = np.rint([UNITS * quantile((word + 0.5) / 65_536) for word in range(65_536)]).astype("<i2")
    if zlib.crc32(table.tobytes()) != TABLE_CHECKSUM:
        raise SetupError("Python computes another normal distribution here than elsewhere; install it again.")
    table.setflags(write=False)
    return table


def candidates(blocks: Blocks, block: int) -> np.ndarray:
    """Return all candidates of a block, int16 (2^C, B), in 1/4096 of a standard deviation."""
    count = 2**blocks.bits * blocks.block_weights
    words = _philox(blocks.seed, block).random_raw(-(-count // 4)).astype("<u8", copy=False).view("<u2")
    return normal_table()[words[:count]].reshape(-1, blocks.block_weights)


def candidate(blocks: Blocks, block: int, index: int) -> np.ndarray:
    """Return one candidate of a block, int16 (B,), without drawing those before it."""
    counter, start = divmod(index * blocks.block_weights, _WORDS)
    stop = start + blocks.block_weights
    words = _philox(blocks.seed, block, counter).random_raw(-(-stop // 4)).astype("<u8", copy=False)
    return normal_table()[words.view("<u2")[start:stop]]


def decode_blocks(blocks: Blocks, indices: np.ndarray) -> np.ndarray:
    """Return the chosen candidates of all blocks, int16 (count, B), in 1/4096 of a standard deviation."""
    return np.stack([candidate(blocks, block, int(index)) for block, index in enumerate(indices)])


def log_weights(numbers: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return ln q(z_k) − ln p(z_k) of each candidate up to a constant, float64 (K,).

    Args:
        numbers: Candidates, int16 (K, B), in 1/4096 of p's standard deviation.
        mean: Of q, in p's standard deviations, (B,).
        deviation: Of q, likewise, (B,); 1 with mean 0 is p itself, whose weight is the same for all candidates.
    """
    z = numbers.astype(np.float32) / np.float32(UNITS)
    precision = 1 / np.square(deviation, dtype=np.float64)
    linear, square = (precision * mean).astype(np.float32), (0.5 - 0.5 * precision).astype(np.float32)
    return ((z * square + linear) * z).sum(axis=1, dtype=np.float64)


def draw_index(log_weights: np.ndarray, generator: np.random.Generator) -> int:
    """Return k with probability exp(log_weights[k]) / Σ exp(log_weights), by the Gumbel-max trick."""
    waiting = np.maximum(generator.standard_exponential(len(log_weights)), np.finfo(np.float64).tiny)
    return int(np.argmax(log_weights - np.log(waiting)))


def encode_block(
    blocks: Blocks, block: int, mean: np.ndarray, deviation: np.ndarray
) -> tuple[int, np.ndarray]:
    """Return the index drawn for a block, and the candidate that it stands for: the whole encoder.

    Of the candidates `z_k ~ p`, k < K = 2^C, which the receiver can draw as well, k is sent with probability
    `a_k / Σ a`, where `a_k = q(z_k) / p(z_k)` (Havasi et al., 2019, algorithm 1).

    Args:
        blocks: The layout.
        block: Number of the block.
        mean: Of the block's distribution, in standard deviations of the prior, (B,).
        deviation: Likewise, (B,).

    Returns:
        The index, 0…2^C − 1, and int16 (B,). The same arguments give the same draw.

    Example:
        >>> blocks = Blocks(weights=4, block_weights=4, bits=8, seed=0)
        >>> index, sent = encode_block(blocks, 0, np.array([1.0, -1.0, 0.5, 0.0]), np.full(4, 0.3))
        >>> bool((candidate(blocks, 0, index) == sent).all())  # what the receiver makes of the index
        True
    """
    numbers = candidates(blocks, block)
    index = draw_index(
        log_weights(numbers, mean, deviation), np.random.default_rng([blocks.seed, block, 0xC0DE])
    )
    return index, numbers[index]


def kl_divergence(mean: np.ndarray, deviation: np.ndarray | np.floating) -> np.ndarray:
    """Return KL(N(mean, deviation²) ‖ N(0, 1)) of each number, nats: ½ (m² + s² − 1 − ln s²)."""
    return 0.5 * (np.square(mean) + np.square(deviation) - 1) - np.log(deviation)


def pack_indices(indices: np.ndarray, bits: int) -> bytes:
    """Return indices one after the other, each as `bits` bits, highest first, padded to whole bytes."""
    each = (np.asarray(indices, np.int64)[:, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(each.astype(np.uint8)).tobytes()


def unpack_indices(packed: bytes, bits: int, count: int) -> np.ndarray:
    """Return the indices that `pack_indices` packed, int64 (count,)."""
    each = np.unpackbits(np.frombuffer(packed, np.uint8), count=count * bits).reshape(count, bits)
    return each.astype(np.int64) @ (1 << np.arange(bits - 1, -1, -1, dtype=np.int64))


def _philox(seed: int, stream: int, counter: int = 0) -> np.random.Philox:
    return np.random.Philox(key=np.array([seed, stream], np.uint64), counter=counter)
