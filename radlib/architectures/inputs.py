"""The input contract: one grey channel in [0, 1] in, whatever the network was designed for inside.

Published weights expect what their authors fed them. VGG and ResNet took bytes minus the channel means of
ImageNet (Caffe's way), Inception, MobileNet and their kin [-1, 1], DenseNet standardised channels (Torch's way).
Each is one multiplication and one addition, done by a Rescaling layer after the grey channel is repeated.
"""

from collections.abc import Mapping
from typing import Any

from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES

Scale = float | tuple[float, float, float]

# name: (scale, offset) of x -> x * scale + offset for grey x in [0, 1]; three values are per channel
INPUT_RANGES: dict[str, tuple[Scale, Scale]] = {
    "unit": (1.0, 0.0),  # [0, 1] as it is
    "symmetric": (2.0, -1.0),  # [-1, 1]
    "bytes": (255.0, 0.0),  # [0, 255]; the network rescales by itself
    # blue, green, red minus the ImageNet means: the order matters to the means only, grey being thrice the same
    "caffe": (255.0, (-103.939, -116.779, -123.68)),
    "torch": (
        (1 / 0.229, 1 / 0.224, 1 / 0.225),
        (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225),
    ),
}


def film_input(name: str, input_shape: tuple[int, int, int]) -> Any:
    """Return the input of an architecture's feature extractor: `film`, float32 (n, h, w, 1) in [0, 1].

    Args:
        name: The architecture, for its smallest size and for messages.
        input_shape: Height, width in pixels, and channels.

    Raises:
        UsageError: When the shape has other than one channel or is too small.
    """
    smallest = ARCHITECTURES[name].facts["minimum_size"]
    if len(input_shape) != 3 or input_shape[2] != 1:
        raise UsageError(f"A network takes films of shape (height, width, 1), not {tuple(input_shape)}.")
    if min(input_shape[:2]) < smallest:
        raise UsageError(
            f"{name} needs films of at least {smallest} × {smallest} px, not "
            f"{input_shape[0]} × {input_shape[1]}; set image_size to {smallest} or more."
        )
    return backend.keras().Input(tuple(input_shape), name="film")


def three_channels(film: Any, input_range: str) -> Any:
    """Repeat the grey channel three times and bring it to one of `INPUT_RANGES`."""
    layers = backend.keras().layers
    scale, offset = INPUT_RANGES[input_range]
    colour = layers.Concatenate(name="repeat_channel")([film, film, film])  # (n, h, w, 3)
    return layers.Rescaling(_plain(scale), offset=_plain(offset), name="input_range")(colour)


def one_channel(film: Any, input_range: str) -> Any:
    """Bring the grey channel, left alone, to one of `INPUT_RANGES`.

    Raises:
        UsageError: For a range that has a value per colour.
    """
    scale, offset = INPUT_RANGES[input_range]
    if isinstance(scale, tuple) or isinstance(offset, tuple):
        plain = [name for name, pair in INPUT_RANGES.items() if not any(isinstance(v, tuple) for v in pair)]
        raise UsageError(
            f"input_range {input_range} has a value per colour and the network one channel; use {', '.join(plain)}."
        )
    return backend.keras().layers.Rescaling(scale, offset=offset, name="input_range")(film)


def input_record(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a network does with the grey levels first, in the terms of a preprocessing record.

    Args:
        name: A registered architecture.
        options: Those of its options that differ from the defaults.

    Returns:
        `layout`, `channels`, `range` (what black and white are before the next two), and `mean` and `std`, of each
        channel in the units of the range: x = (grey - mean) / std.
    """
    entry = ARCHITECTURES[name]
    complete = entry.complete(options)
    channels = complete.get("channels", entry.facts.get("channels", 3))
    factors = INPUT_RANGES[complete.get("input_range", entry.facts["input_range"])]
    scale, offset = (value if isinstance(value, tuple) else (value,) * channels for value in factors)
    return {
        "layout": "NHWC",
        "channels": channels,
        "range": [0.0, 1.0],
        "mean": [round(-o / s, 6) + 0.0 for s, o in zip(scale, offset, strict=True)],
        "std": [round(1 / s, 6) for s in scale],
    }


def keras_application(
    name: str, input_shape: tuple[int, int, int], options: Mapping[str, Any] | None = None
) -> Any:
    """Return a network of `keras.applications` as feature extractor of grey films, with random weights.

    Args:
        name: The registered architecture; its facts name the application and the range it expects.
        input_shape: Height, width in pixels, and one channel.
        options: Further arguments of the application, e.g. `{"alpha": 0.35}`.

    Returns:
        One flat Keras model: pruning and quantization-aware training cannot look into nested ones.
    """
    facts = ARCHITECTURES[name].facts
    film = film_input(name, input_shape)
    application = getattr(backend.keras().applications, facts["application"])
    return application(
        include_top=False,
        weights=None,
        input_tensor=three_channels(film, facts["input_range"]),
        input_shape=(*input_shape[:2], 3),
        **facts.get("application_options", {}),
        **(options or {}),
    )


def positive(name: str, value: float) -> float:
    """Return a multiplier of channels, refusing what is not above zero."""
    if not value > 0:
        raise UsageError(f"{name} multiplies the channels and must be above 0, not {value}.")
    return value


def _plain(value: Scale) -> Any:
    return list(value) if isinstance(value, tuple) else value
