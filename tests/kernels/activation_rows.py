"""Inputs for the kernels and the fused ops of ReLU, GELU and SiLU."""

import numpy as np

from minigrad.ops.fused.activation import gelu__erf, gelu__tanh, relu, silu
from tests.kernels.matrices import matrices


def one(rng):
    for x in matrices(rng):
        yield (4 * x.ravel(),)
    yield (np.array([np.nan, 0, -0.0, 1e-30, 100, -100, 1e15, -1e15, np.inf], np.float32),)


def two(rng):
    yield from zip(matrices(rng), matrices(rng), strict=True)


def gradients(rng):
    for g, y in two(rng):
        yield g.ravel(), y.ravel()
    odd = np.array([np.nan, np.inf, -np.inf, 2, -0.0], np.float32)
    yield np.repeat(odd, 5), np.tile(np.array([np.nan, np.inf, 0, 1, -0.0], np.float32), 5)


def cases(rng):
    for shape in ((), (7,), (2, 3, 4), (0, 3), (3, 20_000)):
        yield (rng.normal(size=shape).astype(np.float32) * 4,), {}
    yield (rng.normal(size=(4, 6)).astype(np.float32).T[::2],), {}
    yield (np.moveaxis(rng.normal(size=(2, 5, 4, 3)).astype(np.float32), -1, 1),), {}


ROWS = {
    "activation.gelu_erf": one,
    "activation.gelu_tanh": one,
    "activation.silu": one,
    "activation.relu": one,
    "activation.relu_backward": gradients,
    "activation.activation_backward": two,
}
FUSED = {
    "gelu__erf": (gelu__erf, cases),
    "gelu__tanh": (gelu__tanh, cases),
    "silu": (silu, cases),
    "relu": (relu, cases),
}
