r"""Train a small residual network in PyTorch and export it, as a team that works in PyTorch would.

    .venv-import/bin/python examples/train_torch.py films.npz resnet_torch.pt2
    radlib import resnet_torch.pt2 --study breast_ultrasound --beside --labels benign,malignant \
        --answers logits --layout NCHW --mean 0.5 --std 0.25

It needs PyTorch and NumPy and nothing of radlib. It takes grey films channels first, (g − 0.5) / 0.25, and ends in
logits: the three answers that `radlib import` is given.
"""

import argparse

import numpy as np
import torch
from torch import nn

MEAN, STD = 0.5, 0.25


class Block(nn.Module):
    """Two convolutions and a shortcut around them (He et al., 2016, arXiv 1512.03385)."""

    def __init__(self, before: int, channels: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip
        self.shortcut = nn.Identity()
        if stride > 1 or before != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(before, channels, 1, stride), nn.BatchNorm2d(channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return feature maps (n, channels, h / stride, w / stride)."""
        return torch.relu(self.body(maps) + self.shortcut(maps))


def network(width: int, outputs: int) -> nn.Module:
    """Return a residual network with twice the channels at every halving of the side."""
    stages = [Block(width * 2 ** max(k - 1, 0), width * 2**k, 2 if k else 1) for k in range(4)]
    stem = nn.Sequential(nn.Conv2d(1, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * width, outputs))
    return nn.Sequential(stem, *stages, head)


def given(films: np.ndarray) -> torch.Tensor:
    """Return stored films, uint8 (n, h, w), as the network takes them, (n, 1, h, w)."""
    return torch.from_numpy((films[:, None] / np.float32(255) - np.float32(MEAN)) / np.float32(STD))


def train(model: nn.Module, films: torch.Tensor, labels: torch.Tensor, options: argparse.Namespace) -> None:
    """Train with Adam on mirrored and shifted films, both classes weighted alike."""
    weights = len(labels) / (2 * torch.bincount(labels, minlength=2).float())
    loss = nn.CrossEntropyLoss(weights)
    optimizer = torch.optim.Adam(model.parameters(), options.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    for _ in range(options.epochs):
        model.train()
        for batch in torch.randperm(len(films)).split(options.batch_size):
            seen = torch.roll(films[batch], torch.randint(-4, 5, (2,)).tolist(), (2, 3))
            seen = seen.flip(3) if torch.rand(()) < 0.5 else seen
            optimizer.zero_grad()
            loss(model(seen), labels[batch]).backward()
            optimizer.step()
        schedule.step()


def main() -> None:
    """Train, say how the network reads the validation films, and export it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("films")
    parser.add_argument("target")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=0.0005)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    with np.load(options.films) as stored:
        films = {name: given(stored[f"{name}_films"]) for name in ("training", "validation")}
        labels = {name: torch.from_numpy(stored[f"{name}_labels"]) for name in films}
    model = network(options.width, int(labels["training"].max()) + 1)
    train(model, films["training"], labels["training"], options)
    model.eval()
    with torch.no_grad():
        right = (model(films["validation"]).argmax(1) == labels["validation"]).float().mean()
    print(f"{right:.1%} of {len(labels['validation'])} validation films")
    torch.export.save(torch.export.export(model, (films["training"][:1],)), options.target)


if __name__ == "__main__":
    main()
