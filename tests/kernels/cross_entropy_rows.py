"""Inputs for the kernel and the fused op of cross-entropy."""

import numpy as np

from minigrad.ops.fused.cross_entropy import cross_entropy
from tests.kernels.matrices import matrices


def inputs(rng):
    for x in matrices(rng):
        n, c = x.shape
        labels = rng.integers(0, c, n)
        yield x, labels, np.full(1, 1 / max(n, 1), np.float32)
        scale = rng.random(n).astype(np.float32)
        scale[::3] = 0
        yield x, labels, scale
    yield np.array([[np.inf, 0], [1e30, -1e30]], np.float32), np.array([0, 1]), np.array([0, 0.5], np.float32)


def cases(rng):
    for shape, axis in (((6, 5), 1), ((2, 3, 4), 1), ((4, 7, 2, 3), 1), ((5,), 0)):
        x = rng.normal(size=shape).astype(np.float32) * 3
        labels = rng.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
        scale = rng.random(labels.shape)
        for summed in (True, False):
            yield (x,), {"labels": labels, "scale": 0.25, "axis": axis, "summed": summed}
            yield (x,), {"labels": labels, "scale": np.where(scale < 0.3, 0, scale), "axis": axis, "summed": summed}


ROWS = {"cross_entropy.cross_entropy": inputs}
FUSED = {"cross_entropy": (cross_entropy, cases)}
