"""Inception: several kernel sizes side by side, so that the network need not choose one.

Each module runs 1 × 1, 3 × 3 and factored larger convolutions on the same map and joins the results. The
Inception-ResNet adds the joined result to the module's input instead of passing it on alone.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="InceptionV3",
    family="Inception",
    paper="Szegedy et al., 2015, arXiv 1512.00567",
    input_range="symmetric",
    minimum_size=75,
    slow=True,
)
def inception_v3(input_shape: tuple[int, int, int]) -> Any:
    """InceptionV3: parallel kernels, large ones factored into rows and columns.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015, arXiv 1512.00567.
    """
    return keras_application("inception_v3", input_shape)


@ARCHITECTURES.register(
    application="InceptionResNetV2",
    family="Inception",
    paper="Szegedy et al., 2016, arXiv 1602.07261",
    input_range="symmetric",
    minimum_size=75,
    slow=True,
)
def inception_resnet_v2(input_shape: tuple[int, int, int]) -> Any:
    """InceptionResNetV2: Inception modules with shortcuts, 164 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Szegedy et al., Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, 2016,
        arXiv 1602.07261.
    """
    return keras_application("inception_resnet_v2", input_shape)
