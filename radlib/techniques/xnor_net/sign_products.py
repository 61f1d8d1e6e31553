"""Dot products of signs: 64 at a time, by comparing and counting bits.

A vector of ±1 is stored as bits, 1 for +1. Two of them agree where XNOR is 1, so that with n places their dot
product is `n − 2 · popcount(a XOR b)` (Rastegari et al., 2016, section 3.2): one XOR and one count stand for 64
multiplications and additions. A convolution is such a product at every place.

Outside of the image there is no sign, and zero is none either: a place of the kernel that hangs over the edge
counts neither for nor against, as the zeros around a real-valued image do. So n is the channels times the places
inside, and products at the border are exactly those of a convolution of ±1 padded with zeros. The sign of 0 is +1.

Bits are counted by compiled code where numba is installed (see `compiled_sign_products`), else by NumPy; both give
the same integers, on one thread. Stock LiteRT has no such kernel: it runs these layers as floating-point numbers.

References:
    Rastegari, Ordonez, Redmon, Farhadi (2016). XNOR-Net: ImageNet classification using binary convolutional
        neural networks. ECCV, arXiv 1603.05279.
"""

import functools
import importlib.util
from collections.abc import Callable

import numpy as np

from radlib.foundation.errors import UsageError
from radlib.techniques.xnor_net.convolution_geometry import Geometry, geometry

COUNTERS = ("numba", "numpy")  # the faster first
_WORD = 64


def pack_signs(values: np.ndarray) -> np.ndarray:
    """Return the signs along the last axis as bits: 1 where a value is at least 0.

    Args:
        values: Real numbers (..., channels).

    Returns:
        uint64 (..., words), 64 channels a word, the first in the lowest bit; what is left of the last word is 0.
    """
    channels = values.shape[-1]
    words = -(-channels // _WORD)
    # contiguous: of axes that were turned, as those of a kernel, `packbits` gives turned bytes, which no view takes
    stored = np.ascontiguousarray(np.packbits(values >= 0, axis=-1, bitorder="little"))
    if channels % _WORD:
        whole = np.zeros((*values.shape[:-1], 8 * words), np.uint8)
        whole[..., : stored.shape[-1]] = stored
        stored = whole
    return stored.view("<u8").astype(np.uint64, copy=False)


def pack_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return the signs of a kernel (height, width, inputs, outputs) as bits, uint64 (height, width, words, outputs).

    Outputs stand innermost, so that one word of the image meets all of them in a row.
    """
    return np.ascontiguousarray(np.moveaxis(pack_signs(np.moveaxis(kernel, 2, -1)), -1, 2))


def dot_products(
    images: np.ndarray, kernel: np.ndarray, where: Geometry, *, counter: str | None = None
) -> np.ndarray:
    """Return the convolution of the signs of images with the signs of a kernel, exactly.

    Args:
        images: Real numbers (n, h, w, channels).
        kernel: Bits, as `pack_kernel` returns them, of as many channels.
        where: As `geometry` returns it.
        counter: One of `COUNTERS`; None takes the first that is installed.

    Returns:
        int32 (n, *where.output, outputs).

    Raises:
        UsageError: For an unknown counter, or one that is not installed.
    """
    ones = np.ones(kernel.shape[-1], np.float32)
    return scaled_products(images, kernel, where, ones, counter=counter).astype(np.int32)


def scaled_products(
    images: np.ndarray,
    kernel: np.ndarray,
    where: Geometry,
    scales: np.ndarray,
    factors: np.ndarray | None = None,
    *,
    counter: str | None = None,
) -> np.ndarray:
    """Return `(dot product · α) · K`, rounded to float32 after each multiplication.

    Args:
        images: Real numbers (n, h, w, channels); only their signs count.
        kernel: Bits, as `pack_kernel` returns them.
        where: As `geometry` returns it.
        scales: α of each output, float32 (outputs,).
        factors: K of each place, float32 (n, *where.output); None for 1.
        counter: As for `dot_products`.

    Returns:
        float32 (n, *where.output, outputs).
    """
    if factors is None:
        factors = np.ones((len(images), *where.output), np.float32)
    count = _counting(counter or best_counter())
    return count(pack_signs(images), kernel, images.shape[-1], where, scales, factors)


def best_counter() -> str:
    """Return the fastest of `COUNTERS` that is installed."""
    return "numba" if importlib.util.find_spec("numba") else "numpy"


def prepare() -> None:
    """Compile what counts, so that the first convolution need not wait for it."""
    dot_products(np.ones((1, 1, 1, 1)), pack_kernel(np.ones((1, 1, 1, 1))), geometry((1, 1), (1, 1)))


@functools.cache
def _counting(counter: str) -> Callable[..., np.ndarray]:
    if counter not in COUNTERS:
        raise UsageError(f"Bits are counted by {' or '.join(COUNTERS)}, not by {counter!r}.")
    if counter == "numpy":
        return _count_by_numpy
    if importlib.util.find_spec("numba") is None:
        raise UsageError("numba is not installed; pip install 'radlib[binary]', or count by 'numpy'.")
    from radlib.techniques.xnor_net.compiled_sign_products import compiled_counter

    return compiled_counter()


def _count_by_numpy(
    bits: np.ndarray,
    kernel: np.ndarray,
    channels: int,
    where: Geometry,
    scales: np.ndarray,
    factors: np.ndarray,
) -> np.ndarray:
    """Count with `numpy.bitwise_count`, all places of one image at a time for each place of the kernel."""
    products = np.zeros((len(bits), *where.output, kernel.shape[-1]), np.int32)
    sides = bits.shape[1:3]
    for image, found in zip(bits, products, strict=True):
        for place in np.ndindex(*kernel.shape[:2]):
            # first and last output whose look at this place of the kernel stays inside the image
            offset = [p * d - b for p, d, b in zip(place, where.dilation, where.before, strict=True)]
            first = [max(0, -(o // s)) for o, s in zip(offset, where.strides, strict=True)]
            last = [
                min(n, (side - 1 - o) // s + 1)
                for n, side, o, s in zip(where.output, sides, offset, where.strides, strict=True)
            ]
            if last[0] <= first[0] or last[1] <= first[1]:
                continue
            seen = image[
                tuple(
                    slice(f * s + o, (e - 1) * s + o + 1, s)
                    for f, e, s, o in zip(first, last, where.strides, offset, strict=True)
                )
            ]  # (rows, columns, words)
            part = found[first[0] : last[0], first[1] : last[1]]
            part += channels
            for word, weights in enumerate(kernel[place]):
                part -= 2 * np.bitwise_count(seen[..., word, None] ^ weights).astype(np.int32)
    return (products.astype(np.float32) * scales) * factors[..., None]
