"""GoogLeNet: the first Inception network, as torchvision builds it.

A module looks at the same map through 1 × 1, 3 × 3 and larger kernels and a max-pool side by side and joins what they
see; 1 × 1 convolutions before the large ones keep the work small (22 layers with 6 million weights). torchvision's form
differs from the paper's: batch norm (ε = 0.001) after every convolution, and 3 × 3 where the paper has 5 × 5. The two
auxiliary classifiers help training alone; a state dict may hold them, and they are passed over.
"""

from collections.abc import Sequence
from typing import Any, Literal

from radlib.architectures.torch_layers import batch_norm, convolution, max_pool, prepared_film, relu
from radlib.foundation import backend
from radlib.foundation.registry import ARCHITECTURES

EPSILON = 0.001
MODULES: dict[
    str, Sequence[int]
] = {  # 1 × 1; 3 × 3 reduced and itself; "5 × 5" reduced and itself; after the pool
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
POOLS = {"3a": ("maxpool2", 3), "4a": ("maxpool3", 3), "5a": ("maxpool4", 2)}  # before a module: name, size


@ARCHITECTURES.register(
    family="Inception",
    paper="Szegedy et al., 2014, arXiv 1409.4842",
    input_range="symmetric",
    minimum_size=32,
    slow=True,
    torch_head="fc",
    torch_passed_over=("aux1.", "aux2."),
)
def googlenet(
    input_shape: tuple[int, int, int],
    *,
    input_range: Literal["unit", "symmetric", "bytes", "caffe", "torch"] = "symmetric",
    channels: Literal[1, 3] = 3,
) -> Any:
    """googlenet: nine Inception modules, 22 layers deep, as in torchvision.

    Args:
        input_shape: Height, width in pixels, and one channel.
        input_range: What the film is brought to, a key of `inputs.INPUT_RANGES`. torchvision's published weights
            undo the ImageNet normalisation and see [-1, 1]; weights trained with `transform_input=False` saw `torch`.
        channels: 3 repeats the grey channel; 1 is for weights trained on grey films.

    References:
        Szegedy et al., Going Deeper with Convolutions, 2014, arXiv 1409.4842.
    """
    film, x = prepared_film("googlenet", input_shape, input_range, channels)
    x = _unit(x, 64, 7, "conv1", strides=2, padding=3)
    x = max_pool(x, 3, "maxpool1", strides=2, ceil_mode=True)
    x = _unit(_unit(x, 64, 1, "conv2"), 192, 3, "conv3", padding=1)
    for name, widths in MODULES.items():
        if name in POOLS:
            pool, size = POOLS[name]
            x = max_pool(x, size, pool, strides=2, ceil_mode=True)
        x = _inception(x, widths, f"inception{name}")
    return backend.keras().Model(film, x, name="googlenet")


def _inception(x: Any, widths: Sequence[int], name: str) -> Any:
    one, reduced3, three, reduced5, five, pooled = widths
    second = _unit(_unit(x, reduced3, 1, f"{name}.branch2.0"), three, 3, f"{name}.branch2.1", padding=1)
    third = _unit(_unit(x, reduced5, 1, f"{name}.branch3.0"), five, 3, f"{name}.branch3.1", padding=1)
    fourth = _unit(max_pool(x, 3, f"{name}.branch4.0", strides=1, padding=1), pooled, 1, f"{name}.branch4.1")
    joined = [_unit(x, one, 1, f"{name}.branch1"), second, third, fourth]
    return backend.keras().layers.Concatenate(name=f"{name}.join")(joined)


def _unit(x: Any, channels: int, size: int, name: str, *, strides: int = 1, padding: int = 0) -> Any:
    """Return convolution, batch norm and ReLU."""
    x = convolution(x, channels, size, f"{name}.conv", strides=strides, padding=padding)
    return relu(batch_norm(x, f"{name}.bn", EPSILON), f"{name}.relu")
