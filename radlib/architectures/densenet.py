"""DenseNet: every layer sees the maps of all layers before it.

A layer adds a few maps (the growth rate, 32) to a common pool that all later layers read, so features are reused
instead of learned again. DenseNet121 is CheXNet's network (Rajpurkar et al., 2017, arXiv 1711.05225).
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="DenseNet121",
    family="DenseNet",
    paper="Huang et al., 2016, arXiv 1608.06993",
    input_range="torch",
    minimum_size=32,
    slow=True,
)
def densenet121(input_shape: tuple[int, int, int]) -> Any:
    """DenseNet121: four dense blocks, 121 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Huang et al., Densely Connected Convolutional Networks, 2016, arXiv 1608.06993.
    """
    return keras_application("densenet121", input_shape)


@ARCHITECTURES.register(
    application="DenseNet169",
    family="DenseNet",
    paper="Huang et al., 2016, arXiv 1608.06993",
    input_range="torch",
    minimum_size=32,
    slow=True,
)
def densenet169(input_shape: tuple[int, int, int]) -> Any:
    """DenseNet169: four dense blocks, 169 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Huang et al., Densely Connected Convolutional Networks, 2016, arXiv 1608.06993.
    """
    return keras_application("densenet169", input_shape)


@ARCHITECTURES.register(
    application="DenseNet201",
    family="DenseNet",
    paper="Huang et al., 2016, arXiv 1608.06993",
    input_range="torch",
    minimum_size=32,
    slow=True,
)
def densenet201(input_shape: tuple[int, int, int]) -> Any:
    """DenseNet201: four dense blocks, 201 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Huang et al., Densely Connected Convolutional Networks, 2016, arXiv 1608.06993.
    """
    return keras_application("densenet201", input_shape)
