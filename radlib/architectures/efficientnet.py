"""EfficientNet: depth, width and image size scaled together from one searched network.

B0 is that network: inverted residuals as in MobileNetV2, channels re-weighted by squeeze and excitation. Version 2
searched again for training speed and uses full convolutions in the early layers, where depthwise ones are slow.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="EfficientNetB0",
    family="EfficientNet",
    paper="Tan and Le, 2019, arXiv 1905.11946",
    input_range="bytes",
    minimum_size=32,
    slow=True,
)
def efficientnet_b0(input_shape: tuple[int, int, int]) -> Any:
    """EfficientNetB0: the smallest of the family.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019, arXiv 1905.11946.
    """
    return keras_application("efficientnet_b0", input_shape)


@ARCHITECTURES.register(
    application="EfficientNetV2B0",
    application_options={"include_preprocessing": False},
    family="EfficientNet",
    paper="Tan and Le, 2021, arXiv 2104.00298",
    input_range="torch",
    minimum_size=32,
    slow=True,
)
def efficientnet_v2_b0(input_shape: tuple[int, int, int]) -> Any:
    """EfficientNetV2 B0: the smallest of the second version.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Tan and Le, EfficientNetV2: Smaller Models and Faster Training, 2021, arXiv 2104.00298.
    """
    return keras_application("efficientnet_v2_b0", input_shape)
