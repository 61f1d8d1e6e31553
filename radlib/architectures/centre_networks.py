"""Networks that give features at every fourth pixel, for tasks that ask for boxes: where a centre lies needs no single pixel.

As in the U-Nets of `outliners`, a film is halved while ever more of it is seen, and doubled back with what was seen on the way down: a
centre is found in what a coarse map knows, and put into place by a finer one (Lin et al., 2017). They stop at a quarter of the film's
side, as CenterNet does (Zhou et al., 2019): a sixteenth of the work of an outline.

References:
    Zhou, Wang, Krähenbühl (2019). Objects as points. arXiv 1904.07850.
    Lin, Dollár, Girshick, He, Hariharan, Belongie (2017). Feature pyramid networks for object detection. CVPR, arXiv 1612.03144.
"""

from functools import partial
from typing import Annotated, Any

from radlib.architectures.inputs import three_channels
from radlib.architectures.outliners import Channels, climbed, convolution, doubled, halved_film
from radlib.foundation import backend
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range

finder = partial(ARCHITECTURES.register, family="boxes")


@finder(
    paper="Zhou et al., 2019, arXiv 1904.07850; Sandler et al., 2018, arXiv 1801.04381",
    input_range="symmetric",
    channels=3,
    minimum_size=32,
    encoder="out_relu",
)
def centre_mobilenet_v2(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0.1, 2.0)] = 0.35, width: Channels = 16
) -> Any:  # fmt: skip
    """centre_mobilenet_v2: down through MobileNetV2 as unet_mobilenet_v2, and up to a quarter of the film's side.

    Args:
        input_shape: Height, width in pixels, both multiples of 32, and one channel.
        alpha: Multiplies the channels of MobileNetV2.
        width: A quarter of the channels at a quarter of the film's side; each level below has twice as many, up to eight times it.
    """
    keras, film = backend.keras(), halved_film("centre_mobilenet_v2", input_shape, 32)
    down = keras.applications.MobileNetV2(
        include_top=False,
        weights=None,
        alpha=alpha,
        input_tensor=three_channels(film, "symmetric"),
        input_shape=(*input_shape[:2], 3),
    )
    return keras.Model(film, climbed(down, width, lowest=2), name="centre_mobilenet_v2")


@finder(
    paper="ours, after Zhou et al., 2019, arXiv 1904.07850",
    input_range="unit",
    channels=1,
    minimum_size=16,
)
def centre_student(input_shape: tuple[int, int, int], *, width: Channels = 8) -> Any:
    """centre_student: four levels by strides, two back by sums; 14,000 parameters.

    Args:
        input_shape: Height, width in pixels, both multiples of 16, and one channel.
        width: Channels of the first level; the second has twice, the others three times as many.
    """
    layers, film = backend.keras().layers, halved_film("centre_student", input_shape, 16)
    x, seen = film, []
    for level in (1, 2, 3, 4):
        x = convolution(x, width * min(level, 3), f"down{level}", strides=2)
        seen.append(x)
    for level in (3, 2):
        x = doubled(x, seen[level - 1].shape[-1], "resize", f"up{level}")
        x = layers.Add(name=f"up{level}_sum")([seen[level - 1], x])
    return backend.keras().Model(film, convolution(x, 2 * width, "last"), name="centre_student")
