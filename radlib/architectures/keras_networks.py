"""The networks of Keras applications, each one row of a table.

**VGG** is the plain deep network, nothing but 3 × 3 convolutions and pooling. Two stacked 3 × 3 convolutions see as far as
one 5 × 5 with fewer parameters and one more non-linearity. Without its dense layers VGG is 15 to 20 million parameters,
and the classic patient of compression papers.

**ResNet**: layers that learn what to add to their input, so that depth does not hurt. A block's output is its input plus
a correction; gradients pass the sum unhindered. Version 2 normalises and activates before each convolution instead of
after, which leaves the sum itself untouched.

**Inception**: several kernel sizes side by side, so that the network need not choose one. Each module runs 1 × 1, 3 × 3
and factored larger convolutions on the same map and joins the results; the Inception-ResNet adds them to its input.
**Xception** takes this to its end: it filters each channel by itself and mixes them by 1 × 1 convolutions.

**DenseNet**: every layer adds a few maps (the growth rate, 32) to a common pool that all later layers read, so features
are reused instead of learned again. DenseNet121 is CheXNet's network (Rajpurkar et al., 2017, arXiv 1711.05225).

**NASNet**: cells found by search on small images, stacked for large ones. A controller network proposed the wiring of
two cells (one keeps the size of its maps, one halves it), trained by how well each proposal did.

**MobileNets** fit a phone, by factoring each convolution in two: a depthwise convolution filters every channel by itself,
a 1 × 1 convolution mixes them, about a ninth of the work. Version 2 adds shortcuts between thin layers (inverted
residuals), version 3 was found by search and re-weights channels. `alpha` makes all layers thinner or wider.

**EfficientNet**: depth, width and image size scaled together from one searched network. B0 is that network: inverted
residuals, channels re-weighted by squeeze and excitation. Version 2 searched again for training speed and uses full
convolutions in the early layers, where depthwise ones are slow.
"""

import re
from typing import Annotated, Any, NamedTuple

from radlib.architectures.inputs import keras_application, positive
from radlib.foundation.registry import ARCHITECTURES
from radlib.foundation.value_types import Range


class Paper(NamedTuple):
    """Where a network was published, and how its authors fed it."""

    family: str
    authors: str
    title: str
    year_and_id: str
    input_range: str
    minimum_size: int = 32


VGG = Paper(
    "VGG", "Simonyan and Zisserman", "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    "2014, arXiv 1409.1556", "caffe",
)  # fmt: skip
RESNET = Paper(
    "ResNet", "He et al.", "Deep Residual Learning for Image Recognition", "2015, arXiv 1512.03385", "caffe"
)
RESNET_V2 = Paper(
    "ResNet", "He et al.", "Identity Mappings in Deep Residual Networks", "2016, arXiv 1603.05027", "symmetric"
)  # fmt: skip
INCEPTION_V3 = Paper(
    "Inception", "Szegedy et al.", "Rethinking the Inception Architecture for Computer Vision", "2015, arXiv 1512.00567",
    "symmetric", 75,
)  # fmt: skip
INCEPTION_V4 = Paper(
    "Inception", "Szegedy et al.",
    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", "2016, arXiv 1602.07261",
    "symmetric", 75,
)  # fmt: skip
XCEPTION = Paper(
    "Xception", "Chollet", "Xception: Deep Learning with Depthwise Separable Convolutions", "2016, arXiv 1610.02357",
    "symmetric", 71,
)  # fmt: skip
DENSENET = Paper(
    "DenseNet", "Huang et al.", "Densely Connected Convolutional Networks", "2016, arXiv 1608.06993", "torch"
)
NASNET = Paper(
    "NASNet", "Zoph et al.", "Learning Transferable Architectures for Scalable Image Recognition",
    "2017, arXiv 1707.07012", "symmetric",
)  # fmt: skip
MOBILENET = Paper(
    "MobileNet", "Howard et al.",
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", "2017, arXiv 1704.04861",
    "symmetric",
)  # fmt: skip
MOBILENET_V2 = Paper(
    "MobileNet", "Sandler et al.", "MobileNetV2: Inverted Residuals and Linear Bottlenecks", "2018, arXiv 1801.04381",
    "symmetric",
)  # fmt: skip
MOBILENET_V3 = Paper(
    "MobileNet", "Howard et al.", "Searching for MobileNetV3", "2019, arXiv 1905.02244", "symmetric"
)
EFFICIENTNET = Paper(
    "EfficientNet", "Tan and Le", "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    "2019, arXiv 1905.11946", "bytes",
)  # fmt: skip
EFFICIENTNET_V2 = Paper(
    "EfficientNet", "Tan and Le", "EfficientNetV2: Smaller Models and Faster Training", "2021, arXiv 2104.00298", "torch"
)  # fmt: skip

# name, Keras's name of it, paper, its first line
TABLE = (
    ("vgg16", "VGG16", VGG, "VGG16: thirteen convolutions in five blocks."),
    ("vgg19", "VGG19", VGG, "VGG19: sixteen convolutions in five blocks."),
    ("resnet50", "ResNet50", RESNET, "ResNet50: residual bottleneck blocks, 50 layers deep."),
    ("resnet101", "ResNet101", RESNET, "ResNet101: residual bottleneck blocks, 101 layers deep."),
    ("resnet152", "ResNet152", RESNET, "ResNet152: residual bottleneck blocks, 152 layers deep."),
    ("resnet50_v2", "ResNet50V2", RESNET_V2, "ResNet50 V2: normalisation before each convolution, 50 layers deep."),
    ("resnet101_v2", "ResNet101V2", RESNET_V2, "ResNet101 V2: normalisation before each convolution, 101 layers deep."),
    ("resnet152_v2", "ResNet152V2", RESNET_V2, "ResNet152 V2: normalisation before each convolution, 152 layers deep."),
    ("inception_v3", "InceptionV3", INCEPTION_V3, "InceptionV3: parallel kernels, large ones factored into rows and columns."),
    ("inception_resnet_v2", "InceptionResNetV2", INCEPTION_V4,
     "InceptionResNetV2: Inception modules with shortcuts, 164 layers deep."),
    ("xception", "Xception", XCEPTION, "Xception: separable convolutions with shortcuts, 36 layers deep."),
    ("densenet121", "DenseNet121", DENSENET, "DenseNet121: four dense blocks, 121 layers deep."),
    ("densenet169", "DenseNet169", DENSENET, "DenseNet169: four dense blocks, 169 layers deep."),
    ("densenet201", "DenseNet201", DENSENET, "DenseNet201: four dense blocks, 201 layers deep."),
    ("nasnet_mobile", "NASNetMobile", NASNET, "NASNetMobile: searched cells at a phone's budget."),
    ("nasnet_large", "NASNetLarge", NASNET, "NASNetLarge: the same cells, wider and more of them."),
    ("mobilenet", "MobileNet", MOBILENET, "MobileNet: a plain stack of depthwise separable convolutions."),
    ("mobilenet_v2", "MobileNetV2", MOBILENET_V2,
     "MobileNetV2: inverted residuals, thin layers joined by shortcuts and widened inside."),
    ("mobilenet_v3_small", "MobileNetV3Small", MOBILENET_V3,
     "MobileNetV3 small: found by search for the latency of a phone, channels re-weighted."),
    ("mobilenet_v3_large", "MobileNetV3Large", MOBILENET_V3, "MobileNetV3 large: the same search with a larger budget."),
    ("efficientnet_b0", "EfficientNetB0", EFFICIENTNET, "EfficientNetB0: the smallest of the family."),
    ("efficientnet_v2_b0", "EfficientNetV2B0", EFFICIENTNET_V2, "EfficientNetV2 B0: the smallest of the second version."),
)  # fmt: skip
QUICK = ("vgg16", "mobilenet", "mobilenet_v2", "mobilenet_v3_small")  # to build; all others are slow
UNPREPARED = (
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_v2_b0",
)  # whose own rescaling is left out
PUBLISHED_ALPHAS = {
    "mobilenet": "0.25, 0.5, 0.75 and 1",
    "mobilenet_v2": "0.35, 0.5, 0.75, 1, 1.3 and 1.4",
    "mobilenet_v3_small": "0.75 and 1",
    "mobilenet_v3_large": "0.75 and 1",
}
DENSENET_PLACES = (  # Keras's layer, torchvision's module, where layers are counted from 2 there and blocks from 1 here
    (r"conv1/conv", "features.conv0"),
    (r"conv1/bn", "features.norm0"),
    (r"conv(\d)_block(\d+)_0_bn", "features.denseblock{0}.denselayer{1}.norm1"),
    (r"conv(\d)_block(\d+)_1_conv", "features.denseblock{0}.denselayer{1}.conv1"),
    (r"conv(\d)_block(\d+)_1_bn", "features.denseblock{0}.denselayer{1}.norm2"),
    (r"conv(\d)_block(\d+)_2_conv", "features.denseblock{0}.denselayer{1}.conv2"),
    (r"pool(\d)_bn", "features.transition{0}.norm"),
    (r"pool(\d)_conv", "features.transition{0}.conv"),
    (r"bn", "features.norm5"),
)


def torch_name(layer: str) -> str:
    """Return what torchvision calls a layer of Keras's DenseNet, e.g. `features.denseblock1.denselayer2.conv1`."""
    for pattern, name in DENSENET_PLACES:
        if found := re.fullmatch(pattern, layer):
            numbers = found.groups()
            return name.format(*(int(n) - 1 if k == 0 else int(n) for k, n in enumerate(numbers)))
    return layer


def _register(name: str, application: str, paper: Paper, summary: str) -> None:
    """File a row of the table as a function that builds the network, with the facts and the words of its paper."""

    def fixed(input_shape: tuple[int, int, int]) -> Any:
        return keras_application(name, input_shape)

    def scaled(
        input_shape: tuple[int, int, int], *, alpha: Annotated[float, Range(0, 64, open_low=True)] = 1.0
    ) -> Any:
        return keras_application(name, input_shape, {"alpha": positive("alpha", alpha)})

    function, arguments = fixed, ["    input_shape: Height, width in pixels, and one channel."]
    if alphas := PUBLISHED_ALPHAS.get(name):
        function = scaled
        arguments += [
            f"    alpha: Multiplies the channels of every layer; ImageNet weights exist for {alphas}."
        ]
    reference = f"    {paper.authors}, {paper.title}, {paper.year_and_id}."
    function.__doc__ = "\n".join([summary, "", "Args:", *arguments, "", "References:", reference])
    function.__name__ = function.__qualname__ = name
    facts: dict[str, Any] = {"slow": True} if name not in QUICK else {}
    if name in UNPREPARED:
        facts["application_options"] = {"include_preprocessing": False}
    if paper is DENSENET:  # Keras builds it with an epsilon of 1.001e-5
        facts |= {"torch_head": "classifier", "torch_name": torch_name, "torch_epsilon": 1e-5}
    ARCHITECTURES.register(
        application=application,
        family=paper.family,
        paper=f"{paper.authors}, {paper.year_and_id}",
        input_range=paper.input_range,
        minimum_size=paper.minimum_size,
        **facts,
    )(function)


for row in TABLE:
    _register(*row)
