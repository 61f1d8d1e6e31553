"""State dicts as torchvision writes them: names and shapes of each network, with values drawn by NumPy.

Written from the published module trees, not from radlib's code, so that both can be held against each other.
"""

import numpy as np

Shapes = dict[str, tuple[int, ...]]


def norm(name: str, channels: int) -> Shapes:
    return {f"{name}.{kind}": (channels,) for kind in ("weight", "bias", "running_mean", "running_var")}


def resnet(blocks: list[int], bottleneck: bool, outputs: int, channels: int = 3) -> Shapes:
    shapes = {"conv1.weight": (64, channels, 7, 7), **norm("bn1", 64)}
    width_in = 64
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        width_out = 4 * width if bottleneck else width
        for block in range(count):
            name = f"layer{stage + 1}.{block}"
            sizes = [(1, width_in, width), (3, width, width), (1, width, width_out)]
            if not bottleneck:
                sizes = [(3, width_in, width), (3, width, width)]
            for number, (size, before, after) in enumerate(sizes, 1):
                shapes[f"{name}.conv{number}.weight"] = (after, before, size, size)
                shapes |= norm(f"{name}.bn{number}", after)
            if block == 0 and (stage or bottleneck):
                shapes[f"{name}.downsample.0.weight"] = (width_out, width_in, 1, 1)
                shapes |= norm(f"{name}.downsample.1", width_out)
            width_in = width_out
    return {**shapes, "fc.weight": (outputs, width_in), "fc.bias": (outputs,)}


def googlenet(outputs: int) -> Shapes:
    shapes: Shapes = {}

    def unit(name: str, before: int, after: int, size: int) -> None:
        shapes[f"{name}.conv.weight"] = (after, before, size, size)
        shapes.update(norm(f"{name}.bn", after))

    unit("conv1", 3, 64, 7)
    unit("conv2", 64, 64, 1)
    unit("conv3", 64, 192, 3)
    modules = [
        ("3a", 192, 64, 96, 128, 16, 32, 32), ("3b", 256, 128, 128, 192, 32, 96, 64), ("4a", 480, 192, 96, 208, 16, 48, 64),
        ("4b", 512, 160, 112, 224, 24, 64, 64), ("4c", 512, 128, 128, 256, 24, 64, 64),
        ("4d", 512, 112, 144, 288, 32, 64, 64), ("4e", 528, 256, 160, 320, 32, 128, 128),
        ("5a", 832, 256, 160, 320, 32, 128, 128), ("5b", 832, 384, 192, 384, 48, 128, 128),
    ]  # fmt: skip
    for name, before, one, reduced3, three, reduced5, five, pooled in modules:
        unit(f"inception{name}.branch1", before, one, 1)
        unit(f"inception{name}.branch2.0", before, reduced3, 1)
        unit(f"inception{name}.branch2.1", reduced3, three, 3)
        unit(f"inception{name}.branch3.0", before, reduced5, 1)
        unit(f"inception{name}.branch3.1", reduced5, five, 3)
        unit(f"inception{name}.branch4.1", before, pooled, 1)
    for name, before in (("aux1", 512), ("aux2", 528)):
        unit(f"{name}.conv", before, 128, 1)
        shapes.update({f"{name}.fc1.weight": (1024, 2048), f"{name}.fc1.bias": (1024,)})
        shapes.update({f"{name}.fc2.weight": (outputs, 1024), f"{name}.fc2.bias": (outputs,)})
    return {**shapes, "fc.weight": (outputs, 1024), "fc.bias": (outputs,)}


def vgg16(outputs: int, units: int = 4096) -> Shapes:
    shapes: Shapes = {}
    places = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    for place, before, after in zip(places, widths, widths[1:], strict=False):
        shapes |= {f"features.{place}.weight": (after, before, 3, 3), f"features.{place}.bias": (after,)}
    for place, before, after in ((0, 512 * 49, units), (3, units, units), (6, units, outputs)):
        shapes |= {f"classifier.{place}.weight": (after, before), f"classifier.{place}.bias": (after,)}
    return shapes


def densenet121(outputs: int) -> Shapes:
    shapes = {"features.conv0.weight": (64, 3, 7, 7), **norm("features.norm0", 64)}
    width = 64
    for block, count in enumerate((6, 12, 24, 16), 1):
        for layer in range(1, count + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            shapes |= norm(f"{name}.norm1", width)
            shapes[f"{name}.conv1.weight"] = (128, width, 1, 1)
            shapes |= norm(f"{name}.norm2", 128)
            shapes[f"{name}.conv2.weight"] = (32, 128, 3, 3)
            width += 32
        if block < 4:
            name = f"features.transition{block}"
            shapes |= norm(f"{name}.norm", width)
            shapes[f"{name}.conv.weight"] = (width // 2, width, 1, 1)
            width //= 2
    return {
        **shapes,
        **norm("features.norm5", width),
        "classifier.weight": (outputs, width),
        "classifier.bias": (outputs,),
    }


def layout(name: str, outputs: int) -> Shapes:
    """Return names and shapes of one of radlib's networks of PyTorch, without counters of batches."""
    return {
        "resnet18": lambda: resnet([2, 2, 2, 2], False, outputs),
        "resnet34": lambda: resnet([3, 4, 6, 3], False, outputs),
        "resnet50_v1_5": lambda: resnet([3, 4, 6, 3], True, outputs),
        "googlenet": lambda: googlenet(outputs),
        "vgg16_dense": lambda: vgg16(outputs),
        "densenet121": lambda: densenet121(outputs),
    }[name]()


NETWORKS = ("resnet18", "resnet34", "resnet50_v1_5", "googlenet", "vgg16_dense", "densenet121")


def drawn(shapes: Shapes, seed: int = 0) -> dict[str, np.ndarray]:
    """Return values for a layout, float32, such that a film's signal neither dies nor grows on its way through."""
    generator = np.random.default_rng(seed)
    values = {}
    for name, shape in shapes.items():
        if len(shape) > 1:
            fan_in = int(np.prod(shape[1:]))
            drawn = generator.standard_normal(shape, dtype=np.float32) * np.float32(np.sqrt(2 / fan_in))
        elif name.endswith("running_var"):
            drawn = generator.uniform(0.5, 1.5, shape)
        elif name.endswith("weight"):
            drawn = generator.uniform(0.5, 1.0, shape)
        else:
            drawn = generator.normal(0, 0.1, shape)
        values[name] = drawn.astype(np.float32)
    return values


def chexnet_names(tensors: dict[str, np.ndarray], *, old_spelling: bool = True) -> dict[str, np.ndarray]:
    """Return a DenseNet121's tensors under the names of the CheXNet reproductions of 2017."""
    named = {}
    for name, values in tensors.items():
        if old_spelling:
            for kind in ("norm", "conv"):
                for number in "12":
                    name = (
                        name.replace(f".{kind}{number}.", f".{kind}.{number}.")
                        if "denselayer" in name
                        else name
                    )
        named[f"module.densenet121.{name.replace('classifier.', 'classifier.0.')}"] = values
    return named
