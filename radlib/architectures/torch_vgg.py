"""VGG with its dense layers, as torchvision builds it: what a PyTorch state dict of a VGG16 fits.

Keras's VGG16 (`keras_networks`) ends before them; weights from elsewhere hold them, and most of their parameters.
"""

from typing import Annotated, Any, Literal

from radlib.architectures.torch_layers import convolution, prepared_film, relu
from radlib.foundation import backend
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range


@ARCHITECTURES.register(
    family="VGG",
    paper="Simonyan and Zisserman, 2014, arXiv 1409.1556",
    input_range="torch",
    minimum_size=32,
    slow=True,
    torch_head="classifier.6",
)
def vgg16_dense(
    input_shape: tuple[int, int, int],
    *,
    dense_units: Annotated[int, Range(1, 65_536)] = 4096,
    input_range: Literal["unit", "symmetric", "bytes", "caffe", "torch"] = "torch",
    channels: Literal[1, 3] = 3,
) -> Any:
    """vgg16_dense: VGG16 with its two dense layers before the last, as in torchvision.

    The first dense layer sees the whole of the last map; as a convolution of the map's size it is the same sum (Long et
    al., 2015, arXiv 1411.4038). At 224 pixels that map is 7 × 7. At other sizes torchvision averages it to 7 × 7 first,
    which is linear, and is multiplied into the kernel when weights are loaded.

    Args:
        input_shape: Height, width in pixels, and one channel.
        dense_units: Width of the two dense layers.
        input_range: What the film is brought to, a key of `inputs.INPUT_RANGES`; `unit` for weights trained on [0, 1].
        channels: 3 repeats the grey channel; 1 is for weights trained on grey films.

    References:
        Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014, arXiv 1409.1556.
    """
    layers = backend.keras().layers
    film, x = prepared_film("vgg16_dense", input_shape, input_range, channels)
    number = 0  # of the module in torchvision's `features`: convolution, ReLU, …, pool
    for width, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            x = convolution(x, width, 3, f"features.{number}", padding=1, bias=True)
            x = relu(x, f"features.{number + 1}")
            number += 2
        x = layers.MaxPooling2D(2, name=f"features.{number}")(x)
        number += 1
    x = layers.Conv2D(dense_units, tuple(x.shape[1:3]), activation="relu", name="classifier.0")(x)
    x = layers.Conv2D(dense_units, 1, activation="relu", name="classifier.3")(x)
    return backend.keras().Model(film, x, name="vgg16_dense")
