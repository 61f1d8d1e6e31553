"""torchvision's networks as plain calls of `torch.nn.functional`, from a state dict: an opinion independent of radlib."""

import torch
from torch.nn import functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def prepared(films, range_name: str) -> torch.Tensor:
    """Return grey films (n, h, w, 1) in [0, 1] as three channels (n, 3, h, w)."""
    grey = torch.from_numpy(films).permute(0, 3, 1, 2).repeat(1, 3, 1, 1)
    mean, std = (MEAN, STD) if range_name == "torch" else ((0.5,) * 3, (0.5,) * 3)
    return (grey - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]


class Network:
    """A state dict and the layers that read it; every method is one line of torchvision's modules."""

    def __init__(self, tensors):
        self.t = {name: torch.from_numpy(values) for name, values in tensors.items()}

    def conv(self, x, name, **options):
        return F.conv2d(x, self.t[f"{name}.weight"], self.t.get(f"{name}.bias"), **options)

    def norm(self, x, name, eps=1e-5):
        stats = [self.t[f"{name}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *stats, training=False, eps=eps)

    def linear(self, x, name):
        return F.linear(x, self.t[f"{name}.weight"], self.t[f"{name}.bias"])

    def unit(self, x, name, **options):
        return F.relu(self.norm(self.conv(x, f"{name}.conv", **options), f"{name}.bn", eps=0.001))

    def resnet(self, x, blocks, bottleneck):
        x = F.relu(self.norm(self.conv(x, "conv1", stride=2, padding=3), "bn1"))
        x = F.max_pool2d(x, 3, 2, 1)
        for stage, count in enumerate(blocks, 1):
            for block in range(count):
                name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
                y = x
                if bottleneck:
                    y = F.relu(self.norm(self.conv(y, f"{name}.conv1"), f"{name}.bn1"))
                    y = F.relu(
                        self.norm(self.conv(y, f"{name}.conv2", stride=stride, padding=1), f"{name}.bn2")
                    )
                    y = self.norm(self.conv(y, f"{name}.conv3"), f"{name}.bn3")
                else:
                    y = F.relu(
                        self.norm(self.conv(y, f"{name}.conv1", stride=stride, padding=1), f"{name}.bn1")
                    )
                    y = self.norm(self.conv(y, f"{name}.conv2", padding=1), f"{name}.bn2")
                if f"{name}.downsample.0.weight" in self.t:
                    x = self.norm(self.conv(x, f"{name}.downsample.0", stride=stride), f"{name}.downsample.1")
                x = F.relu(x + y)
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), "fc")

    def inception(self, x, name):
        second = self.unit(self.unit(x, f"{name}.branch2.0"), f"{name}.branch2.1", padding=1)
        third = self.unit(self.unit(x, f"{name}.branch3.0"), f"{name}.branch3.1", padding=1)
        fourth = self.unit(F.max_pool2d(x, 3, 1, 1, ceil_mode=True), f"{name}.branch4.1")
        return torch.cat([self.unit(x, f"{name}.branch1"), second, third, fourth], 1)

    def googlenet(self, x):
        x = F.max_pool2d(self.unit(x, "conv1", stride=2, padding=3), 3, 2, ceil_mode=True)
        x = self.unit(self.unit(x, "conv2"), "conv3", padding=1)
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self.inception(self.inception(x, "inception3a"), "inception3b")
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        for letter in "abcde":
            x = self.inception(x, f"inception4{letter}")
        x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        x = self.inception(self.inception(x, "inception5a"), "inception5b")
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), "fc")

    def vgg16(self, x):
        for place in (0, 2, "pool", 5, 7, "pool", 10, 12, 14, "pool", 17, 19, 21, "pool", 24, 26, 28, "pool"):
            x = (
                F.max_pool2d(x, 2)
                if place == "pool"
                else F.relu(self.conv(x, f"features.{place}", padding=1))
            )
        x = F.adaptive_avg_pool2d(x, 7).flatten(1)
        x = F.relu(self.linear(F.relu(self.linear(x, "classifier.0")), "classifier.3"))
        return self.linear(x, "classifier.6")

    def densenet121(self, x):
        x = F.relu(self.norm(self.conv(x, "features.conv0", stride=2, padding=3), "features.norm0"))
        x = F.max_pool2d(x, 3, 2, 1)
        for block, count in enumerate((6, 12, 24, 16), 1):
            for layer in range(1, count + 1):
                name = f"features.denseblock{block}.denselayer{layer}"
                y = self.conv(F.relu(self.norm(x, f"{name}.norm1")), f"{name}.conv1")
                y = self.conv(F.relu(self.norm(y, f"{name}.norm2")), f"{name}.conv2", padding=1)
                x = torch.cat([x, y], 1)
            if block < 4:
                name = f"features.transition{block}"
                x = F.avg_pool2d(self.conv(F.relu(self.norm(x, f"{name}.norm")), f"{name}.conv"), 2)
        x = F.relu(self.norm(x, "features.norm5"))
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), "classifier")


FORWARD = {
    "resnet18": lambda net, x: net.resnet(x, [2, 2, 2, 2], False),
    "resnet34": lambda net, x: net.resnet(x, [3, 4, 6, 3], False),
    "resnet50_v1_5": lambda net, x: net.resnet(x, [3, 4, 6, 3], True),
    "googlenet": lambda net, x: net.googlenet(x),
    "vgg16_dense": lambda net, x: net.vgg16(x),
    "densenet121": lambda net, x: net.densenet121(x),
}
RANGE = {"googlenet": "symmetric"}  # all others `torch`


def logits(name: str, tensors, films):
    """Return what PyTorch answers to films before the last activation, float32 (n, outputs)."""
    with torch.no_grad():
        return FORWARD[name](Network(tensors), prepared(films, RANGE.get(name, "torch"))).numpy()


def record(path) -> None:
    """Write what PyTorch answers to drawn films with drawn weights, for tests without PyTorch."""
    import json

    import numpy as np

    from torchvision_layouts import NETWORKS, drawn, layout

    films = np.random.default_rng(1).random((2, 64, 64, 1), dtype=np.float32)
    found = {name: logits(name, drawn(layout(name, 14)), films).round(6).tolist() for name in NETWORKS}
    path.write_text(
        json.dumps({"torch": torch.__version__, "logits": found}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    from pathlib import Path

    record(Path(__file__).parent / "golden" / "torchvision_logits.json")
