"""Students of our own: networks small enough to train in a minute on two cores.

They are teaching networks and pupils for distillation (Hinton et al., 2015, arXiv 1503.02531): few layers, each a
convolution, batch normalisation (Ioffe and Szegedy, 2015, arXiv 1502.03167) and a ReLU, which LiteRT folds into
one operation. Channels are multiples of 8, which integer kernels and structured pruning like, and nearly all
parameters sit in convolution kernels, which magnitude pruning reaches.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal

from radlib.architectures.inputs import film_input, positive
from radlib.foundation import backend
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range

student = partial(
    ARCHITECTURES.register,
    family="students",
    paper="ours, after Simonyan and Zisserman, 2014, arXiv 1409.1556",
    input_range="unit",
    channels=1,
    minimum_size=16,
)
Width = Annotated[float, Range(0, 64, open_low=True)]
Strides = Literal[1, 2]


@student()
def student_tiny(input_shape: tuple[int, int, int], *, width: Width = 1.0) -> Any:
    """student_tiny: three convolutions, about 5,000 parameters at width 1.

    Args:
        input_shape: Height, width in pixels, and one channel.
        width: Multiplies the channels of every layer, rounded to multiples of 8.
    """
    return _plain_stack("student_tiny", input_shape, [8, 16, 24], width)


@student()
def student_small(
    input_shape: tuple[int, int, int], *, width: Width = 1.0, first_strides: Strides = 2
) -> Any:
    """student_small: four convolutions, about 30,000 parameters at width 1.

    Args:
        input_shape: Height, width in pixels, and one channel.
        width: Multiplies the channels of every layer, rounded to multiples of 8.
        first_strides: Of the first convolution; 1 keeps all of a small film and costs four times as much.
    """
    return _plain_stack("student_small", input_shape, [16, 24, 32, 64], width, first_strides)


@student(paper="ours, after He et al., 2015, arXiv 1512.03385")
def student_residual(
    input_shape: tuple[int, int, int],
    *,
    width: Width = 1.0,
    blocks: Annotated[int, Range(1, 8)] = 1,
    first_strides: Strides = 1,
) -> Any:
    """student_residual: four stages of residual blocks, about 120,000 parameters at width 1.

    Args:
        input_shape: Height, width in pixels, and one channel.
        width: Multiplies the channels of every layer, rounded to multiples of 8.
        blocks: In each stage; each is two convolutions whose sum with their input goes on.
        first_strides: Of the first convolution; 1 keeps all of a small film, 2 costs a quarter.
    """
    film = film_input("student_residual", input_shape)
    x = _convolution(film, _channels(16, width), name="stem", strides=first_strides)
    for stage, channels in enumerate((16, 32, 48, 64), start=1):
        for number in range(1, blocks + 1):
            strides = 2 if stage > 1 and number == 1 else 1
            x = _residual(x, _channels(channels, width), name=f"stage{stage}_block{number}", strides=strides)
    return backend.keras().Model(film, x, name="student_residual")


@student(paper="ours, after Howard et al., 2017, arXiv 1704.04861")
def student_separable(input_shape: tuple[int, int, int], *, width: Width = 1.0) -> Any:
    """student_separable: six depthwise separable convolutions, about 50,000 parameters at width 1.

    Args:
        input_shape: Height, width in pixels, and one channel.
        width: Multiplies the channels of every layer, rounded to multiples of 8.
    """
    film = film_input("student_separable", input_shape)
    x = _convolution(film, _channels(16, width), name="stem", strides=2)
    blocks = [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1)]  # channels, stride
    for number, (channels, strides) in enumerate(blocks, start=1):
        x = _depthwise(x, name=f"block{number}_depthwise", strides=strides)
        x = _convolution(x, _channels(channels, width), name=f"block{number}_mix", kernel_size=1)
    return backend.keras().Model(film, x, name="student_separable")


def _plain_stack(
    name: str,
    input_shape: tuple[int, int, int],
    channels: Sequence[int],
    width: float,
    first_strides: Strides = 2,
) -> Any:
    """Return 3 × 3 convolutions, each but the second on half the size of the one before; the first may halve, too."""
    keras = backend.keras()
    film = film_input(name, input_shape)
    x = _convolution(film, _channels(channels[0], width), name="block1", strides=first_strides)
    for number, count in enumerate(channels[1:], start=2):
        x = _convolution(x, _channels(count, width), name=f"block{number}")
        if number < len(channels):  # the last map keeps its size, so that small opacities keep theirs
            x = keras.layers.MaxPooling2D(name=f"block{number}_pool")(x)
    return keras.Model(film, x, name=name)


def _convolution(x: Any, channels: int, *, name: str, kernel_size: int = 3, strides: int = 1) -> Any:
    layers = backend.keras().layers
    x = layers.Conv2D(
        channels, kernel_size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))


def _residual(x: Any, channels: int, *, name: str, strides: int) -> Any:
    """Return relu(x + two convolutions of x); where shapes differ, x is brought along by one of 1 × 1."""
    layers = backend.keras().layers
    y = _convolution(x, channels, name=f"{name}_first", strides=strides)
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_second_conv")(y)
    y = layers.BatchNormalization(name=f"{name}_second_norm")(y)
    if strides > 1 or x.shape[-1] != channels:
        x = layers.Conv2D(channels, 1, strides=strides, use_bias=False, name=f"{name}_shortcut_conv")(x)
        x = layers.BatchNormalization(name=f"{name}_shortcut_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([x, y]))


def _depthwise(x: Any, *, name: str, strides: int) -> Any:
    layers = backend.keras().layers
    x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))


def _channels(count: int, width: float) -> int:
    """Return the channels of a layer, a multiple of 8 of at least 8."""
    return max(8, 8 * round(count * positive("width", width) / 8))
