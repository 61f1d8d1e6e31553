"""PyTorch's layers in Keras: the same sums at the same places.

Two libraries that compute "a 3 × 3 convolution with stride 2" do not compute the same. PyTorch pads alike on both sides,
by a number that the network states; TensorFlow's `same` pads as little as gives the wanted size, the odd pixel last, so
on even maps its kernels stand one pixel further. A max-pool of PyTorch may round the size up (`ceil_mode`), and batch
norm's ε is the network's own. Each is said here by explicit padding and a `valid` operation. Layers bear the names of
PyTorch's modules, so that a state dict needs no translation, only other orders of axes (see `state_dicts`).
"""

from collections.abc import Sequence
from typing import Any

from radlib.architectures.inputs import INPUT_RANGES, film_input, one_channel, three_channels
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.names import check_known


def prepared_film(
    name: str, input_shape: tuple[int, int, int], input_range: str, channels: int
) -> tuple[Any, Any]:
    """Return the input of a network, and the film as its first convolution takes it.

    Args:
        name: The architecture.
        input_shape: Height, width in pixels, and one channel.
        input_range: A key of `INPUT_RANGES`.
        channels: 3 repeats the grey channel; 1 is for networks that were trained on grey films.

    Raises:
        UsageError: For another range or number of channels, or a range per colour on one channel.
    """
    check_known("input_range", input_range, INPUT_RANGES)
    if channels not in (1, 3):
        raise UsageError(f"channels is 1 or 3, not {channels}.")
    film = film_input(name, input_shape)
    return film, three_channels(film, input_range) if channels == 3 else one_channel(film, input_range)


def padded(x: Any, before: int, name: str, after: Sequence[int] | None = None) -> Any:
    """Return a map with zeros around it: `before` above and left, `after` (below, right; default `before`) behind."""
    below, right = (before, before) if after is None else after
    if not before and not below and not right:
        return x
    around = ((before, below), (before, right))
    return backend.keras().layers.ZeroPadding2D(around, name=f"{name}.padding")(x)


def convolution(
    x: Any, channels: int, size: int, name: str, *, strides: int = 1, padding: int = 0, bias: bool = False
) -> Any:
    """Return PyTorch's Conv2d; `padding` zeros on every side."""
    layers = backend.keras().layers
    same = strides == 1 and padding == size // 2 > 0  # here both libraries pad alike
    x = x if same else padded(x, padding, name)
    mode = "same" if same else "valid"
    return layers.Conv2D(channels, size, strides=strides, padding=mode, use_bias=bias, name=name)(x)


def batch_norm(x: Any, name: str, epsilon: float = 1e-5) -> Any:
    """Return PyTorch's BatchNorm2d: momentum 0.1 there is 0.9 here."""
    return backend.keras().layers.BatchNormalization(momentum=0.9, epsilon=epsilon, name=name)(x)


def relu(x: Any, name: str) -> Any:
    """Return the positive part."""
    return backend.keras().layers.ReLU(name=name)(x)


def max_pool(x: Any, size: int, name: str, *, strides: int, padding: int = 0, ceil_mode: bool = False) -> Any:
    """Return PyTorch's MaxPool2d of a map without negative values, for which zeros around it are as good as none.

    With `ceil_mode` the last window may reach over the edge: ⌈(n + 2p − size) / strides⌉ + 1 windows instead of
    ⌊…⌋ + 1. In the networks here it always begins inside the map.
    """
    after = [padding, padding]
    if ceil_mode:
        beyond = [n + 2 * padding - size for n in x.shape[1:3]]
        after = [padding - span // -strides * strides - span for span in beyond]
    x = padded(x, padding, name, after)
    return backend.keras().layers.MaxPooling2D(size, strides=strides, name=name)(x)
