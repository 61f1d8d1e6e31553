"""VGG: the plain deep network, nothing but 3 × 3 convolutions and pooling.

Two stacked 3 × 3 convolutions see as far as one 5 × 5 with fewer parameters and one more non-linearity. Without
its dense layers VGG is 15 to 20 million parameters, and the classic patient of compression papers.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="VGG16",
    family="VGG",
    paper="Simonyan and Zisserman, 2014, arXiv 1409.1556",
    input_range="caffe",
    minimum_size=32,
)
def vgg16(input_shape: tuple[int, int, int]) -> Any:
    """VGG16: thirteen convolutions in five blocks.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014, arXiv 1409.1556.
    """
    return keras_application("vgg16", input_shape)


@ARCHITECTURES.register(
    application="VGG19",
    family="VGG",
    paper="Simonyan and Zisserman, 2014, arXiv 1409.1556",
    input_range="caffe",
    minimum_size=32,
    slow=True,
)
def vgg19(input_shape: tuple[int, int, int]) -> Any:
    """VGG19: sixteen convolutions in five blocks.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014, arXiv 1409.1556.
    """
    return keras_application("vgg19", input_shape)
