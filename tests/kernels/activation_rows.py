"""Inputs for the kernels and the fused ops of GELU and SiLU."""

import numpy as np

from minigrad.ops.fused.activation import gelu__erf, gelu__tanh, silu
from tests.kernels.matrices import matrices


def one(rng):
    for x in matrices(rng):
        yield (4 * x.ravel(),)
    yield (np.array([np.nan, 0, -0.0, 1e-30, 100, -100, 1e15, -1e15, np.inf], np.float32),)


def two(rng):
    yield from zip(matrices(rng), matrices(rng), strict=True)


def cases(rng):
    for shape in ((), (7,), (2, 3, 4), (0, 3), (3, 20_000)):
        yield (rng.normal(size=shape).astype(np.float32) * 4,), {}
    yield (rng.normal(size=(4, 6)).astype(np.float32).T[::2],), {}


ROWS = {
    "activation.gelu_erf": one,
    "activation.gelu_tanh": one,
    "activation.silu": one,
    "activation.activation_backward": two,
}
FUSED = {"gelu__erf": (gelu__erf, cases), "gelu__tanh": (gelu__tanh, cases), "silu": (silu, cases)}
