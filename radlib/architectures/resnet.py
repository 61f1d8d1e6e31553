"""ResNet: layers that learn what to add to their input, so that depth does not hurt.

A block's output is its input plus a correction; gradients pass the sum unhindered. Version 2 normalises and
activates before each convolution instead of after, which leaves the sum itself untouched.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="ResNet50",
    family="ResNet",
    paper="He et al., 2015, arXiv 1512.03385",
    input_range="caffe",
    minimum_size=32,
    slow=True,
)
def resnet50(input_shape: tuple[int, int, int]) -> Any:
    """ResNet50: residual bottleneck blocks, 50 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Deep Residual Learning for Image Recognition, 2015, arXiv 1512.03385.
    """
    return keras_application("resnet50", input_shape)


@ARCHITECTURES.register(
    application="ResNet101",
    family="ResNet",
    paper="He et al., 2015, arXiv 1512.03385",
    input_range="caffe",
    minimum_size=32,
    slow=True,
)
def resnet101(input_shape: tuple[int, int, int]) -> Any:
    """ResNet101: residual bottleneck blocks, 101 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Deep Residual Learning for Image Recognition, 2015, arXiv 1512.03385.
    """
    return keras_application("resnet101", input_shape)


@ARCHITECTURES.register(
    application="ResNet152",
    family="ResNet",
    paper="He et al., 2015, arXiv 1512.03385",
    input_range="caffe",
    minimum_size=32,
    slow=True,
)
def resnet152(input_shape: tuple[int, int, int]) -> Any:
    """ResNet152: residual bottleneck blocks, 152 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Deep Residual Learning for Image Recognition, 2015, arXiv 1512.03385.
    """
    return keras_application("resnet152", input_shape)


@ARCHITECTURES.register(
    application="ResNet50V2",
    family="ResNet",
    paper="He et al., 2016, arXiv 1603.05027",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def resnet50_v2(input_shape: tuple[int, int, int]) -> Any:
    """ResNet50 V2: normalisation before each convolution, 50 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Identity Mappings in Deep Residual Networks, 2016, arXiv 1603.05027.
    """
    return keras_application("resnet50_v2", input_shape)


@ARCHITECTURES.register(
    application="ResNet101V2",
    family="ResNet",
    paper="He et al., 2016, arXiv 1603.05027",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def resnet101_v2(input_shape: tuple[int, int, int]) -> Any:
    """ResNet101 V2: normalisation before each convolution, 101 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Identity Mappings in Deep Residual Networks, 2016, arXiv 1603.05027.
    """
    return keras_application("resnet101_v2", input_shape)


@ARCHITECTURES.register(
    application="ResNet152V2",
    family="ResNet",
    paper="He et al., 2016, arXiv 1603.05027",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def resnet152_v2(input_shape: tuple[int, int, int]) -> Any:
    """ResNet152 V2: normalisation before each convolution, 152 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        He et al., Identity Mappings in Deep Residual Networks, 2016, arXiv 1603.05027.
    """
    return keras_application("resnet152_v2", input_shape)
