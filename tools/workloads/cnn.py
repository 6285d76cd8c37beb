"""W4: a small convolutional network: 3 x 3 convolutions 1-16-32 with BatchNorm, ReLU, max-pooling, a linear layer."""

from collections.abc import Callable

from tools.workloads.mlp import labelled, trained

__all__ = ["cnn"]


def cnn(peer: str, size: int, batch: int = 64) -> Callable[[], object]:
    """One step of training on the same batch of square images."""
    if peer == "minigrad":
        from minigrad import nn
    else:
        from torch import nn
    layers, channels = [], 1
    for wider in (16, 32):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)]
        channels = wider
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * (size // 4) ** 2, 10))
    return trained(peer, model, *labelled((batch, 1, size, size), 10))
