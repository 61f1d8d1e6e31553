"""Networks that give features at every pixel, for tasks that ask where: U-Nets, a W-Net, and a student.

A *U-Net* (Ronneberger, Fischer and Brox, 2015) halves the film level by level while it looks at ever more of it, then doubles it
back; at each level what was seen on the way down is laid beside what comes up (a *skip*), since where an edge runs is known only
to those who saw the pixels. *unet_mobilenet_v2* (M2U-Net; Laibacher et al., 2019) goes down through MobileNetV2, whose ImageNet
weights know edges already. *w_net* (LWNet; Galdran et al., 2022) is two tiny U-Nets, the second of which sees the film and what
the first made of it. *outline_student* goes down by strides and up by sums, and has twelve thousand weights.

Doubling is by resizing to the nearest pixel, which int8 kernels do without loss, or by a transposed convolution, which learns it.

References:
    Ronneberger, Fischer, Brox (2015). U-Net: convolutional networks for biomedical image segmentation. MICCAI, arXiv 1505.04597.
    Laibacher, Weyde, Jalali (2019). M2U-Net. CVPR Workshops, arXiv 1811.07738.
    Galdran et al. (2022). State-of-the-art retinal vessel segmentation with minimalistic models. Scientific Reports 12, 6174
        (the little W-Net, arXiv 2009.01907).
"""

from functools import partial
from typing import Annotated, Any, Literal

from radlib.architectures.inputs import film_input, three_channels
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range

Depth = Annotated[int, Range(1, 6)]
Channels = Annotated[int, Range(4, 256)]
Doubling = Literal["resize", "transpose"]
outliner = partial(ARCHITECTURES.register, family="outlines", input_range="unit", channels=1, minimum_size=16)
SKIPS = ("block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu")


@outliner(paper="Ronneberger, Fischer and Brox, 2015, arXiv 1505.04597", slow=True)
def unet(
    input_shape: tuple[int, int, int], *, depth: Depth = 4, width: Channels = 64, doubling: Doubling = "resize"
) -> Any:  # fmt: skip
    """unet: two convolutions a level, down and up again, with a skip at each; 29 million parameters at depth 4, width 64.

    Args:
        input_shape: Height, width in pixels, both multiples of 2 to the power of the depth, and one channel.
        depth: How often the film is halved.
        width: Channels of the first level; each further one has twice as many.
        doubling: How maps grow again: `resize` to the nearest pixel, or `transpose`, a transposed convolution.
    """
    film = halved_film("unet", input_shape, 2**depth)
    return backend.keras().Model(film, _u(film, depth, width, doubling, ""), name="unet")


@outliner(paper="ours, after Galdran et al., 2020, arXiv 2009.01907")
def w_net(input_shape: tuple[int, int, int], *, depth: Depth = 2, width: Channels = 8) -> Any:
    """w_net: two small U-Nets in a row, the second of which sees the film beside a map of the first; 56,000 parameters.

    Args:
        input_shape: Height, width in pixels, both multiples of 2 to the power of the depth, and one channel.
        depth: How often each of the two halves the film.
        width: Channels of the first level; each further one has twice as many.
    """
    layers, film = backend.keras().layers, halved_film("w_net", input_shape, 2**depth)
    first = _u(film, depth, width, "resize", "first_")
    guess = layers.Conv2D(1, 1, activation="sigmoid", name="first_guess")(first)
    both = layers.Concatenate(name="film_and_guess")([film, guess])
    return backend.keras().Model(film, _u(both, depth, width, "resize", "second_"), name="w_net")


@outliner(
    paper="Laibacher et al., 2018, arXiv 1811.07738",
    input_range="symmetric",
    channels=3,
    minimum_size=32,
    encoder="out_relu",
)
def unet_mobilenet_v2(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0.1, 2.0)] = 0.35, width: Channels = 16
) -> Any:  # fmt: skip
    """unet_mobilenet_v2: down through MobileNetV2, whose expanded maps are the skips; up by separable convolutions.

    Args:
        input_shape: Height, width in pixels, both multiples of 32, and one channel.
        alpha: Multiplies the channels of MobileNetV2.
        width: Channels at the size of the film; each level below has twice as many, up to eight times.
    """
    keras, film = backend.keras(), halved_film("unet_mobilenet_v2", input_shape, 32)
    down = keras.applications.MobileNetV2(
        include_top=False,
        weights=None,
        alpha=alpha,
        input_tensor=three_channels(film, "symmetric"),
        input_shape=(*input_shape[:2], 3),
    )
    x = doubled(climbed(down, width, lowest=1), width, "resize", "up0")
    return keras.Model(film, x, name="unet_mobilenet_v2")


def climbed(down: Any, width: int, *, lowest: int) -> Any:
    """Return features of MobileNetV2 on its way up again, as far as a level: 1 is half, 2 a quarter of the film's side.

    Args:
        down: MobileNetV2, whose expanded maps are the skips.
        width: Channels at the size of the film; each level below has twice as many, up to eight times.
        lowest: The level.
    """
    x = down.get_layer("out_relu").output
    for level, skip in reversed(list(enumerate(SKIPS, start=1))[lowest - 1 :]):
        x = doubled(x, width * min(2**level, 8), "resize", f"up{level}")
        x = backend.keras().layers.Concatenate(name=f"up{level}_skip")([down.get_layer(skip).output, x])
        x = separable(x, width * min(2**level, 8), f"up{level}_mix")
    return x


@outliner(paper="ours, after Ronneberger et al., 2015, arXiv 1505.04597")
def outline_student(input_shape: tuple[int, int, int], *, width: Channels = 8) -> Any:
    """outline_student: three levels by strides, up again by sums in place of skips laid beside; 12,000 parameters.

    Args:
        input_shape: Height, width in pixels, both multiples of 8, and one channel.
        width: Channels of the first level; the second and third have twice and three times as many.
    """
    layers, film = backend.keras().layers, halved_film("outline_student", input_shape, 8)
    x = convolution(film, width, "stem")
    seen = [x]
    for level in (1, 2, 3):
        x = convolution(x, width * min(level + 1, 3), f"down{level}", strides=2)
        seen.append(x)
    for level in (2, 1, 0):
        x = doubled(x, seen[level].shape[-1], "resize", f"up{level}")
        x = layers.Add(name=f"up{level}_sum")([seen[level], x])
    return backend.keras().Model(film, convolution(x, width, "last"), name="outline_student")


def halved_film(name: str, input_shape: tuple[int, int, int], multiple: int) -> Any:
    """Return the input of a network whose sides are halved so often that they must be multiples of a number."""
    film = film_input(name, input_shape)
    if any(side % multiple for side in input_shape[:2]):
        raise UsageError(
            f"{name} halves films until {multiple} pixels are one, so {input_shape[0]} × {input_shape[1]} does not go: set "
            f"image_size to a multiple of {multiple}."
        )
    return film


def _u(x: Any, depth: int, width: int, doubling: str, name: str) -> Any:
    """Return features at the size of x, after going down and up again so many levels."""
    layers, seen = backend.keras().layers, []
    for level in range(depth):
        x = _twice(x, width * 2**level, f"{name}down{level}")
        seen.append(x)
        x = layers.MaxPooling2D(name=f"{name}down{level}_pool")(x)
    x = _twice(x, width * 2**depth, f"{name}bottom")
    for level in reversed(range(depth)):
        x = doubled(x, width * 2**level, doubling, f"{name}up{level}")
        x = layers.Concatenate(name=f"{name}up{level}_skip")([seen[level], x])
        x = _twice(x, width * 2**level, f"{name}up{level}")
    return x


def _twice(x: Any, channels: int, name: str) -> Any:
    return convolution(convolution(x, channels, f"{name}_first"), channels, f"{name}_second")


def doubled(x: Any, channels: int, doubling: str, name: str) -> Any:
    """Return a map of twice the sides with so many channels."""
    layers = backend.keras().layers
    if doubling == "transpose":
        return layers.Conv2DTranspose(channels, 2, strides=2, name=f"{name}_double")(x)
    x = layers.UpSampling2D(2, name=f"{name}_double")(x)
    return convolution(x, channels, f"{name}_narrow", kernel_size=1)


def convolution(x: Any, channels: int, name: str, kernel_size: int = 3, strides: int = 1) -> Any:
    """Return x after a convolution, batch norm and a rectifier."""
    layers = backend.keras().layers
    x = layers.Conv2D(
        channels, kernel_size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))


def separable(x: Any, channels: int, name: str) -> Any:
    """Return x after a convolution of each channel by itself and one across channels."""
    layers = backend.keras().layers
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depth_conv")(x)
    x = layers.ReLU(name=f"{name}_depth_relu")(layers.BatchNormalization(name=f"{name}_depth_norm")(x))
    return convolution(x, channels, name, kernel_size=1)
