"""DenseNet: every layer sees the maps of all layers before it.

A layer adds a few maps (the growth rate, 32) to a common pool that all later layers read, so features are reused
instead of learned again. DenseNet121 is CheXNet's network (Rajpurkar et al., 2017, arXiv 1711.05225).
"""

import re
from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES

PLACES = (  # Keras's layer, torchvision's module, where layers are counted from 2 there and blocks from 1 here
    (r"conv1/conv", "features.conv0"),
    (r"conv1/bn", "features.norm0"),
    (r"conv(\d)_block(\d+)_0_bn", "features.denseblock{0}.denselayer{1}.norm1"),
    (r"conv(\d)_block(\d+)_1_conv", "features.denseblock{0}.denselayer{1}.conv1"),
    (r"conv(\d)_block(\d+)_1_bn", "features.denseblock{0}.denselayer{1}.norm2"),
    (r"conv(\d)_block(\d+)_2_conv", "features.denseblock{0}.denselayer{1}.conv2"),
    (r"pool(\d)_bn", "features.transition{0}.norm"),
    (r"pool(\d)_conv", "features.transition{0}.conv"),
    (r"bn", "features.norm5"),
)


def torch_name(layer: str) -> str:
    """Return what torchvision calls a layer of Keras's DenseNet, e.g. `features.denseblock1.denselayer2.conv1`."""
    for pattern, name in PLACES:
        if found := re.fullmatch(pattern, layer):
            numbers = found.groups()
            return name.format(*(int(n) - 1 if k == 0 else int(n) for k, n in enumerate(numbers)))
    return layer


@ARCHITECTURES.register(
    application="DenseNet121",
    family="DenseNet",
    paper="Huang et al., 2016, arXiv 1608.06993",
    input_range="torch",
    minimum_size=32,
    slow=True,
    torch_head="classifier",
    torch_name=torch_name,
    torch_epsilon=1e-5,  # Keras builds it with 1.001e-5
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
    torch_head="classifier",
    torch_name=torch_name,
    torch_epsilon=1e-5,  # Keras builds it with 1.001e-5
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
    torch_head="classifier",
    torch_name=torch_name,
    torch_epsilon=1e-5,  # Keras builds it with 1.001e-5
)
def densenet201(input_shape: tuple[int, int, int]) -> Any:
    """DenseNet201: four dense blocks, 201 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Huang et al., Densely Connected Convolutional Networks, 2016, arXiv 1608.06993.
    """
    return keras_application("densenet201", input_shape)
