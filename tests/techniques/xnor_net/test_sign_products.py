"""Counting bits: known answers, packing, the border, and every counter against plain arithmetic."""

import importlib.util

import numpy as np
import pytest

from radlib.foundation.errors import UsageError
from radlib.techniques.xnor_net import sign_products
from radlib.techniques.xnor_net.convolution_geometry import geometry
from radlib.techniques.xnor_net.sign_products import (
    COUNTERS,
    best_counter,
    dot_products,
    pack_kernel,
    pack_signs,
    scaled_products,
)

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "numba" and importlib.util.find_spec("numba") is None,
            reason="numba is not installed (extra 'binary')",
        ),
    )
    for name in COUNTERS
]


def by_arithmetic(images, kernel, where):
    """The convolution of signs, written as its definition: places outside of the image add nothing."""
    seen, weights = np.where(images >= 0, 1, -1), np.where(kernel >= 0, 1, -1)
    n, height, width, _ = images.shape
    found = np.zeros((n, *where.output, kernel.shape[-1]), int)
    for row, column in np.ndindex(*where.output):
        for y, x in np.ndindex(*kernel.shape[:2]):
            line = row * where.strides[0] + y * where.dilation[0] - where.before[0]
            pixel = column * where.strides[1] + x * where.dilation[1] - where.before[1]
            if 0 <= line < height and 0 <= pixel < width:
                found[:, row, column] += seen[:, line, pixel] @ weights[y, x]
    return found


def test_signs_are_packed_lowest_bit_first():
    values = np.array([0.5, -1, 0.0, -0.0, -1e-30, 3])  # the sign of zero, of either kind, is +1
    assert pack_signs(values).tolist() == [0b101101]
    long = -np.ones(130)
    long[[0, 63, 64, 129]] = 1
    assert pack_signs(long).tolist() == [1 | 1 << 63, 1, 1 << 1]
    assert pack_signs(long).dtype == np.uint64
    assert pack_signs(np.ones((2, 3, 65))).shape == (2, 3, 2)


@pytest.mark.parametrize(
    "shape", [(3, 2, 70, 5), (1, 1, 64, 7)]
)  # whole words of a 1 × 1 kernel lie otherwise
def test_kernels_are_packed_with_outputs_innermost(shape):
    kernel = np.random.default_rng(0).normal(size=shape)
    packed = pack_kernel(kernel)
    assert packed.shape == (*shape[:2], -(-shape[2] // 64), shape[3])
    assert packed.flags.c_contiguous
    assert np.array_equal(packed[-1, 0, :, 4], pack_signs(kernel[-1, 0, :, 4]))


@pytest.mark.parametrize("counter", INSTALLED)
def test_a_small_convolution_by_hand(counter):
    image = np.array([[1.0, -2.0], [-0.5, 3.0]])[None, :, :, None]  # signs + − / − +
    kernel = np.array([[1.0, 1, -1], [-1, 1, 1], [1, -1, 1]])[:, :, None, None]
    # each place sees the whole image: four of the kernel's nine weights
    expected = [
        [+1 * 1 + 1 * -1 + -1 * -1 + 1 * 1, -1 * 1 + 1 * -1 + 1 * -1 + -1 * 1],
        [+1 * 1 + -1 * -1 + 1 * -1 + 1 * 1, +1 * 1 + 1 * -1 + -1 * -1 + 1 * 1],
    ]
    where = geometry((2, 2), (3, 3))
    found = dot_products(image, pack_kernel(kernel), where, counter=counter)
    assert found[0, :, :, 0].tolist() == expected
    assert np.array_equal(found, by_arithmetic(image, kernel, where))


@pytest.mark.parametrize("counter", INSTALLED)
def test_outside_of_the_image_there_is_no_sign(counter):
    ones = np.ones((1, 4, 4, 3))
    found = dot_products(ones, pack_kernel(np.ones((3, 3, 3, 1))), geometry((4, 4), (3, 3)), counter=counter)
    places = np.array([[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]])
    assert np.array_equal(found[0, :, :, 0], 3 * places)  # neither for nor against


@pytest.mark.parametrize("counter", INSTALLED)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("sides", "kernel", "channels", "strides", "dilation"),
    [
        ((7, 9), (3, 3), 5, (1, 1), (1, 1)),
        ((8, 6), (3, 3), 64, (2, 2), (1, 1)),
        ((9, 9), (5, 3), 65, (1, 2), (1, 1)),
        ((9, 8), (3, 3), 3, (1, 1), (2, 3)),
        ((6, 6), (1, 1), 130, (2, 2), (1, 1)),
        ((3, 3), (3, 3), 1, (1, 1), (1, 1)),
    ],
)
def test_counting_is_arithmetic(counter, padding, sides, kernel, channels, strides, dilation):
    generator = np.random.default_rng(0)
    images = generator.normal(size=(2, *sides, channels)).astype(np.float32)
    weights = generator.normal(size=(*kernel, channels, 7)).astype(np.float32)
    where = geometry(sides, kernel, strides=strides, dilation=dilation, padding=padding)
    found = dot_products(images, pack_kernel(weights), where, counter=counter)
    assert found.dtype == np.int32
    assert found.shape == (2, *where.output, 7)
    assert np.array_equal(found, by_arithmetic(images, weights, where))


def test_all_counters_round_alike():
    generator = np.random.default_rng(1)
    images = generator.normal(size=(2, 6, 6, 40)).astype(np.float32)
    kernel = pack_kernel(generator.normal(size=(3, 3, 40, 9)))
    where = geometry((6, 6), (3, 3))
    scales, factors = (generator.random(n).astype(np.float32) for n in (9, (2, 6, 6)))
    expected = dot_products(images, kernel, where, counter="numpy").astype(np.float32) * scales
    expected = expected * factors[..., None]
    for counter in ("numpy", best_counter()):
        found = scaled_products(images, kernel, where, scales, factors, counter=counter)
        assert found.dtype == np.float32
        assert found.tobytes() == expected.tobytes()


def test_places_are_tensorflows():
    assert geometry((7, 8), (3, 3), strides=(2, 2)).output == (4, 4)
    assert geometry((7, 8), (3, 3), strides=(2, 2)).before == (1, 0)  # the odd pixel hangs over the far edge
    assert geometry((7, 8), (3, 3), padding="valid").output == (5, 6)
    assert geometry((2, 2), (3, 3), padding="valid").output == (0, 0)
    with pytest.raises(UsageError, match="'same' or 'valid', not 'full'"):
        geometry((7, 8), (3, 3), padding="full")


def test_without_numba_numpy_counts(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    sign_products._counting.cache_clear()
    try:
        assert best_counter() == "numpy"
        ones = np.ones((1, 2, 2, 1)), pack_kernel(np.ones((1, 1, 1, 1))), geometry((2, 2), (1, 1))
        assert dot_products(*ones).sum() == 4
        with pytest.raises(UsageError, match=r"radlib\[binary\]"):
            dot_products(*ones, counter="numba")
        with pytest.raises(UsageError, match="numba or numpy, not by 'abacus'"):
            dot_products(*ones, counter="abacus")
    finally:
        sign_products._counting.cache_clear()
