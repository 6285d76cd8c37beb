"""W4: a small convolutional network: 3 x 3 convolutions 1-16-32 with BatchNorm, ReLU, max-pooling, a linear layer."""

from itertools import pairwise
from typing import Any

import numpy as np

from tools.workloads.floor import convolution, linear, products
from tools.workloads.start import labelled, side, weights
from tools.workloads.training import trained

__all__ = ["cnn"]

CHANNELS = (1, 16, 32)
ORDER = ("NHWC", "HWIO", "NHWC")  # of images, kernels and results for JAX


def cnn(peer: str, size: int, batch: int = 64) -> Any:
    """One step of training on the same batch of square images."""
    features = CHANNELS[-1] * (size // 4) ** 2
    if peer == "gemm":
        return products([
            *convolution(batch * size**2, *CHANNELS[:2], 3, to_x=False),
            *convolution(batch * (size // 2) ** 2, *CHANNELS[1:], 3),
            *linear(batch, features, 10),
        ])  # fmt: skip
    x, y = labelled((batch, 1, size, size), 10)
    if peer.startswith("jax"):
        return of_jax(peer, size, x, y)
    nn = side(peer).library.nn
    layers = []
    for channels, wider in pairwise(CHANNELS):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)]
    return trained(peer, nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 10)), x, y)


def of_jax(peer: str, size: int, x: Any, y: Any) -> Any:
    """The same with jit. Images are NHWC, which XLA convolves no slower than NCHW; weights are turned to that at first.

    'jax' pools by `reduce_window`, as the libraries on top of it do; 'jax tuned' by a reshape and a maximum, which is
    several times faster on a CPU where windows do not overlap. BatchNorm's running statistics are kept, as elsewhere.
    """
    import jax
    from jax import lax

    from tools.workloads.with_jax import cross_entropy, training

    def pooled(x: Any) -> Any:
        if peer == "jax tuned":
            n, height, width, channels = x.shape
            return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))
        return lax.reduce_window(x, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss(p: Any, buffers: Any, x: Any, y: Any) -> Any:
        kept = {}
        for conv, norm in (("0", "1"), ("4", "5")):
            x = lax.conv_general_dilated(x, p[f"{conv}.weight"], (1, 1), "SAME", dimension_numbers=ORDER)
            x += p[f"{conv}.bias"]
            mean, var, m = x.mean((0, 1, 2)), x.var((0, 1, 2)), x[..., 0].size
            kept[f"{norm}.mean"] = 0.9 * buffers[f"{norm}.mean"] + 0.1 * mean
            kept[f"{norm}.var"] = 0.9 * buffers[f"{norm}.var"] + 0.1 * var * m / (m - 1)
            x = (x - mean) * (p[f"{norm}.weight"] * lax.rsqrt(var + 1e-5)) + p[f"{norm}.bias"]
            x = pooled(jax.nn.relu(x))
        return cross_entropy(x.reshape(len(x), -1) @ p["9.weight"].T + p["9.bias"], y), kept

    return training(loss, *state(size // 4), (x.transpose(0, 2, 3, 1), y))


def state(edge: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Parameters and buffers for images with channels last, by the names that a Sequential gives them."""
    p, buffers = {}, {}
    for conv, norm, i, o in (("0", "1", *CHANNELS[:2]), ("4", "5", *CHANNELS[1:])):
        p |= weights({f"{conv}.weight": (o, i, 3, 3), f"{conv}.bias": (o,)})
        p |= weights({f"{norm}.weight": (o,), f"{norm}.bias": (o,)})
        p[f"{conv}.weight"] = p[f"{conv}.weight"].transpose(2, 3, 1, 0)
        buffers |= {f"{norm}.mean": np.zeros(o, np.float32), f"{norm}.var": np.ones(o, np.float32)}
    p |= weights({"9.weight": (10, CHANNELS[-1] * edge**2), "9.bias": (10,)})
    p["9.weight"] = p["9.weight"].reshape(10, -1, edge, edge).transpose(0, 2, 3, 1).reshape(10, -1)
    return p, buffers
