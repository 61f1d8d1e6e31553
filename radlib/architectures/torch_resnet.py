"""ResNet as torchvision builds it: what a PyTorch state dict of a ResNet fits.

The idea is that of `keras_networks`: a block adds a correction to its input. Three things differ from Keras's own networks and
matter to weights from elsewhere. Convolutions have no bias; maps are padded alike on both sides; and in ResNet50 the
3 × 3 convolution takes the stride and not the 1 × 1 before it ("version 1.5", which throws no pixel away unseen). There
are ResNet18 and 34 too, of blocks with two 3 × 3 convolutions, which Keras lacks.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from radlib.architectures.torch_layers import batch_norm, convolution, max_pool, prepared_film, relu
from radlib.foundation import backend
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range


def _resnet(
    name: str,
    input_shape: tuple[int, int, int],
    input_range: str,
    channels: int,
    width: float,
    block: Any,
    counts: Sequence[int],
) -> Any:
    first = max(8, 8 * round(8 * width))  # a multiple of 8, which vector units like
    film, x = prepared_film(name, input_shape, input_range, channels)
    x = relu(batch_norm(convolution(x, first, 7, "conv1", strides=2, padding=3), "bn1"), "relu")
    x = max_pool(x, 3, "maxpool", strides=2, padding=1)
    for stage, count in enumerate(counts, start=1):
        for number in range(count):
            strides = 2 if stage > 1 and number == 0 else 1
            x = block(x, first * 2 ** (stage - 1), f"layer{stage}.{number}", strides)
    return backend.keras().Model(film, x, name=name)


def _basic_block(x: Any, width: int, name: str, strides: int) -> Any:
    y = convolution(x, width, 3, f"{name}.conv1", strides=strides, padding=1)
    y = relu(batch_norm(y, f"{name}.bn1"), f"{name}.relu1")
    y = batch_norm(convolution(y, width, 3, f"{name}.conv2", padding=1), f"{name}.bn2")
    return _sum(x, y, width, name, strides)


def _bottleneck(x: Any, width: int, name: str, strides: int) -> Any:
    y = relu(batch_norm(convolution(x, width, 1, f"{name}.conv1"), f"{name}.bn1"), f"{name}.relu1")
    y = convolution(y, width, 3, f"{name}.conv2", strides=strides, padding=1)
    y = relu(batch_norm(y, f"{name}.bn2"), f"{name}.relu2")
    y = batch_norm(convolution(y, 4 * width, 1, f"{name}.conv3"), f"{name}.bn3")
    return _sum(x, y, 4 * width, name, strides)


def _sum(x: Any, y: Any, width: int, name: str, strides: int) -> Any:
    """Return the rectified sum; the input is brought to the correction's shape where they differ."""
    if strides > 1 or x.shape[-1] != width:
        x = convolution(x, width, 1, f"{name}.downsample.0", strides=strides)
        x = batch_norm(x, f"{name}.downsample.1")
    return relu(backend.keras().layers.Add(name=f"{name}.add")([x, y]), f"{name}.relu")


def _register(name: str, summary: str, block: Any, counts: Sequence[int], **facts: Any) -> None:
    """File a network: `counts` blocks in each of four stages."""

    def network(
        input_shape: tuple[int, int, int],
        *,
        input_range: Literal["unit", "symmetric", "bytes", "caffe", "torch"] = "torch",
        channels: Literal[1, 3] = 3,
        width: Annotated[float, Range(0, 8, open_low=True)] = 1.0,
    ) -> Any:
        return _resnet(name, input_shape, input_range, channels, width, block, counts)

    network.__name__ = network.__qualname__ = name
    network.__doc__ = f"""{name}: {summary}.

    Args:
        input_shape: Height, width in pixels, and one channel.
        input_range: What the film is brought to, a key of `inputs.INPUT_RANGES`; `unit` for weights trained on [0, 1].
        channels: 3 repeats the grey channel; 1 is for weights trained on grey films.
        width: Multiplies the channels of every layer, rounded to multiples of 8; torchvision's weights fit 1.

    References:
        He et al., Deep Residual Learning for Image Recognition, 2015, arXiv 1512.03385.
    """
    ARCHITECTURES.register(
        family="ResNet",
        paper="He et al., 2015, arXiv 1512.03385",
        input_range="torch",
        minimum_size=32,
        torch_head="fc",
        **facts,
    )(network)


BASIC = "residual blocks of two 3 × 3 convolutions"
_register("resnet18", f"{BASIC}, 18 layers deep, as in torchvision", _basic_block, (2, 2, 2, 2))
_register("resnet34", f"{BASIC}, 34 layers deep, as in torchvision", _basic_block, (3, 4, 6, 3), slow=True)
_register(
    "resnet50_v1_5",
    "residual bottleneck blocks, 50 layers deep, as in torchvision: the 3 × 3 takes the stride",
    _bottleneck,
    (3, 4, 6, 3),
    slow=True,
)
