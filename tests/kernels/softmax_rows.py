"""Inputs for the kernels and the fused ops of softmax."""

import numpy as np

from minigrad.ops.fused.softmax import log_softmax, softmax
from tests.kernels.matrices import matrices

INF = np.float32(np.inf)


def one(rng):
    for x in matrices(rng):
        yield (x,)
    yield (np.array([[INF, 0, 1], [-INF, -INF, -INF], [1e30, 1e38, -1e38], [np.nan, 0, 1]], np.float32),)


def of_softmax(rng):
    for g, x in zip(matrices(rng), matrices(rng), strict=True):
        e = np.exp(x - x.max(axis=1, keepdims=True, initial=0))
        yield g, e / e.sum(axis=1, keepdims=True)


def of_logarithm(rng):
    for g, y in of_softmax(rng):
        yield g, np.log(y)


def cases(rng):
    for shape, axis in (((3, 5), -1), ((2, 3, 4), 1), ((7,), 0), ((4, 130), 0), ((0, 3), 1)):
        yield (rng.normal(size=shape).astype(np.float32) * 4,), {"axis": axis}


ROWS = {
    "softmax.softmax": one,
    "softmax.softmax_backward": of_softmax,
    "softmax.log_softmax": one,
    "softmax.log_softmax_backward": of_logarithm,
}
FUSED = {"softmax": (softmax, cases), "log_softmax": (log_softmax, cases)}
