"""Xception: Inception taken to its end, one spatial filter per channel.

Where Inception splits channels into a few groups, Xception filters each by itself and mixes them by 1 × 1
convolutions: depthwise separable convolutions in a deep residual network.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="Xception",
    family="Xception",
    paper="Chollet, 2016, arXiv 1610.02357",
    input_range="symmetric",
    minimum_size=71,
    slow=True,
)
def xception(input_shape: tuple[int, int, int]) -> Any:
    """Xception: separable convolutions with shortcuts, 36 layers deep.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2016, arXiv 1610.02357.
    """
    return keras_application("xception", input_shape)
