"""The same counting of bits as machine code, compiled by numba when it is first asked for.

The processor's own instruction counts the bits of a word. Outputs stand innermost in memory, so that a processor
with wide registers compares one word of the image with those of several outputs at once (eight with AVX-512).
One thread; the interpreter's lock is released.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from radlib.techniques.xnor_net.convolution_geometry import Geometry


@functools.cache
def compiled_counter() -> Callable[..., np.ndarray]:
    """Return what `sign_products` calls to count: compiled once in a process, in about a second."""
    count = _compile()

    def counter(
        bits: np.ndarray,
        kernel: np.ndarray,
        channels: int,
        where: Geometry,
        scales: np.ndarray,
        factors: np.ndarray,
    ) -> np.ndarray:
        products = np.empty((len(bits), *where.output, kernel.shape[-1]), np.float32)
        count(
            np.ascontiguousarray(bits),
            kernel,
            channels,
            (*where.strides, *where.dilation, *where.before),
            np.ascontiguousarray(scales, np.float32),
            np.ascontiguousarray(factors, np.float32),
            products,
        )
        return products

    return counter


def _compile() -> Any:
    import numba
    from numba.extending import intrinsic

    @intrinsic
    def bits_set(typing: Any, word: Any) -> Any:
        """Count the bits of a word, with the processor's instruction."""

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.ctpop(arguments[0])

        return word(word), emit

    def count(bits, kernel, channels, steps, scales, factors, products):
        down, across, apart_down, apart_across, above, left = steps
        images, height, width, words = bits.shape
        kernel_height, kernel_width, _, outputs = kernel.shape
        _, rows, columns, _ = products.shape
        differing = np.empty(outputs, np.uint64)
        for image in range(images):
            for row in range(rows):
                for column in range(columns):
                    differing[:] = 0
                    places = 0
                    for y in range(kernel_height):
                        line = row * down + y * apart_down - above
                        if line < 0 or line >= height:
                            continue
                        for x in range(kernel_width):
                            pixel = column * across + x * apart_across - left
                            if pixel < 0 or pixel >= width:
                                continue
                            places += 1
                            for word in range(words):
                                seen = bits[image, line, pixel, word]
                                weights = kernel[y, x, word]
                                for output in range(outputs):
                                    differing[output] += bits_set(seen ^ weights[output])
                    most = places * channels
                    factor = factors[image, row, column]
                    for output in range(outputs):
                        product = np.float32(most - 2 * np.int64(differing[output]))
                        products[image, row, column, output] = (product * scales[output]) * factor

    return numba.njit(nogil=True)(count)
