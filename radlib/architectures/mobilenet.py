"""MobileNets: networks that fit a phone, by factoring each convolution in two.

A depthwise convolution filters every channel by itself, a 1 × 1 convolution mixes them: about a ninth of the
work of a 3 × 3 convolution. Version 2 adds shortcuts between thin layers (inverted residuals), version 3 was
found by search and re-weights channels. `alpha` makes all layers thinner or wider.
"""

from typing import Annotated, Any

from radlib.architectures.inputs import keras_application, positive
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range


@ARCHITECTURES.register(
    application="MobileNet",
    family="MobileNet",
    paper="Howard et al., 2017, arXiv 1704.04861",
    input_range="symmetric",
    minimum_size=32,
)
def mobilenet(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0, 64, open_low=True)] = 1.0
) -> Any:
    """MobileNet: a plain stack of depthwise separable convolutions.

    Args:
        input_shape: Height, width in pixels, and one channel.
        alpha: Multiplies the channels of every layer; ImageNet weights exist for 0.25, 0.5, 0.75 and 1.

    References:
        Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017,
        arXiv 1704.04861.
    """
    return keras_application("mobilenet", input_shape, {"alpha": positive("alpha", alpha)})


@ARCHITECTURES.register(
    application="MobileNetV2",
    family="MobileNet",
    paper="Sandler et al., 2018, arXiv 1801.04381",
    input_range="symmetric",
    minimum_size=32,
)
def mobilenet_v2(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0, 64, open_low=True)] = 1.0
) -> Any:
    """MobileNetV2: inverted residuals, thin layers joined by shortcuts and widened inside.

    Args:
        input_shape: Height, width in pixels, and one channel.
        alpha: Multiplies the channels of every layer; ImageNet weights exist for 0.35, 0.5, 0.75, 1, 1.3 and 1.4.

    References:
        Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018, arXiv 1801.04381.
    """
    return keras_application("mobilenet_v2", input_shape, {"alpha": positive("alpha", alpha)})


@ARCHITECTURES.register(
    application="MobileNetV3Small",
    application_options={"include_preprocessing": False},
    family="MobileNet",
    paper="Howard et al., 2019, arXiv 1905.02244",
    input_range="symmetric",
    minimum_size=32,
)
def mobilenet_v3_small(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0, 64, open_low=True)] = 1.0
) -> Any:
    """MobileNetV3 small: found by search for the latency of a phone, channels re-weighted.

    Args:
        input_shape: Height, width in pixels, and one channel.
        alpha: Multiplies the channels of every layer; ImageNet weights exist for 0.75 and 1.

    References:
        Howard et al., Searching for MobileNetV3, 2019, arXiv 1905.02244.
    """
    return keras_application("mobilenet_v3_small", input_shape, {"alpha": positive("alpha", alpha)})


@ARCHITECTURES.register(
    application="MobileNetV3Large",
    application_options={"include_preprocessing": False},
    family="MobileNet",
    paper="Howard et al., 2019, arXiv 1905.02244",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def mobilenet_v3_large(
    input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0, 64, open_low=True)] = 1.0
) -> Any:
    """MobileNetV3 large: the same search with a larger budget.

    Args:
        input_shape: Height, width in pixels, and one channel.
        alpha: Multiplies the channels of every layer; ImageNet weights exist for 0.75 and 1.

    References:
        Howard et al., Searching for MobileNetV3, 2019, arXiv 1905.02244.
    """
    return keras_application("mobilenet_v3_large", input_shape, {"alpha": positive("alpha", alpha)})
