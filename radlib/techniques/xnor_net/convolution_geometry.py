"""Where a convolution looks, by TensorFlow's rules: places, strides and what hangs over the edge."""

from dataclasses import dataclass

from radlib.foundation.errors import UsageError


@dataclass(frozen=True)
class Geometry:
    """Where a convolution looks.

    Attributes:
        strides: Pixels from one place to the next, (down, across).
        dilation: Pixels between neighbours in the kernel, (down, across).
        before: How far the kernel hangs over the upper and the left edge.
        output: Places, (down, across).
    """

    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    output: tuple[int, ...]


def geometry(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    *,
    strides: tuple[int, ...] = (1, 1),
    dilation: tuple[int, ...] = (1, 1),
    padding: str = "same",
) -> Geometry:
    """Return where a convolution looks, by TensorFlow's rules.

    Args:
        image: Height and width, pixels.
        kernel: Height and width of the kernel.
        strides: Pixels from one place to the next.
        dilation: Pixels between neighbours in the kernel.
        padding: `same` (as many places as pixels over the stride) or `valid` (the kernel stays inside).

    Raises:
        UsageError: For another padding.
    """
    if padding not in ("same", "valid"):
        raise UsageError(f"padding is 'same' or 'valid', not {padding!r}.")
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    if padding == "valid":
        output = [max(0, (side - r) // s + 1) for side, r, s in zip(image, reach, strides, strict=True)]
        return Geometry(tuple(strides), tuple(dilation), (0, 0), tuple(output))
    output = [-(-side // s) for side, s in zip(image, strides, strict=True)]
    around = [
        max(0, (o - 1) * s + r - side) for o, s, r, side in zip(output, strides, reach, image, strict=True)
    ]
    return Geometry(tuple(strides), tuple(dilation), (around[0] // 2, around[1] // 2), tuple(output))
