"""NASNet: cells found by search on small images, stacked for large ones.

A controller network proposed the wiring of two cells (one keeps the size of its maps, one halves it), trained by
how well each proposal did; the best cells are repeated as often as the budget allows.
"""

from typing import Any

from radlib.architectures.inputs import keras_application
from radlib.foundation.registry import ARCHITECTURES


@ARCHITECTURES.register(
    application="NASNetMobile",
    family="NASNet",
    paper="Zoph et al., 2017, arXiv 1707.07012",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def nasnet_mobile(input_shape: tuple[int, int, int]) -> Any:
    """NASNetMobile: searched cells at a phone's budget.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Zoph et al., Learning Transferable Architectures for Scalable Image Recognition, 2017, arXiv 1707.07012.
    """
    return keras_application("nasnet_mobile", input_shape)


@ARCHITECTURES.register(
    application="NASNetLarge",
    family="NASNet",
    paper="Zoph et al., 2017, arXiv 1707.07012",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
)
def nasnet_large(input_shape: tuple[int, int, int]) -> Any:
    """NASNetLarge: the same cells, wider and more of them.

    Args:
        input_shape: Height, width in pixels, and one channel.

    References:
        Zoph et al., Learning Transferable Architectures for Scalable Image Recognition, 2017, arXiv 1707.07012.
    """
    return keras_application("nasnet_large", input_shape)
