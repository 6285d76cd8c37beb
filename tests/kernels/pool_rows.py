"""Inputs for the kernels and the fused ops of pooling."""

import numpy as np

from minigrad.backend.windows import Steps
from minigrad.ops.fused.pool import max_pool, sum_pool, tables

# size, kernel, stride, dilation, width: no overlap, overlap, padding, gaps in windows, gaps between them, a last window
# that reaches beyond the end
GEOMETRIES = [
    ((6, 8), (2, 2), (2, 2), (1, 1), ((0, 0), (0, 0))),
    ((7, 6), (3, 2), (1, 2), (1, 1), ((1, 1), (1, 1))),
    ((9,), (3,), (2,), (2,), ((2, 2),)),
    ((8, 7), (2, 2), (3, 3), (1, 1), ((0, 0), (0, 0))),
    ((5, 5), (2, 3), (2, 2), (1, 1), ((0, 1), (0, 2))),
    ((4, 3, 5), (2, 2, 2), (2, 1, 2), (1, 1, 1), ((0, 0), (0, 0), (1, 0))),
]
ONE, MANY, NONE = (1, 1), (3, 17), (0, 2)  # N, C
SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, 1.0, 2.0], np.float32)  # with equals


def each():
    for lead in (ONE, MANY, NONE):
        for size, *numbers in GEOMETRIES:
            yield lead, size, Steps(*numbers)


def last(x, steps):
    n = len(steps.kernel)
    return np.moveaxis(x.reshape(*x.shape[:2], *[1] * (3 - n), *x.shape[2:]), 1, -1)


def values(rng):
    for lead, size, steps in each():
        where = tables(steps, size)
        yield last(rng.normal(size=(*lead, *size)).astype(np.float32), steps), *where
        yield np.ascontiguousarray(last(rng.choice(SPECIAL, size=(*lead, *size)), steps)), *where


def finite(rng):
    for x, *where in values(rng):
        yield np.nan_to_num(x, nan=1, posinf=3, neginf=-3), *where


def of_maximum(rng):
    for lead, size, steps in each():
        g = np.ascontiguousarray(last(rng.normal(size=(*lead, *steps.out(size))).astype(np.float32), steps))
        yield g, rng.integers(0, np.prod(steps.kernel), size=g.shape).astype(np.uint8), *tables(steps, size)


def of_sum(rng):
    for g, _, *where in of_maximum(rng):
        yield g, *where


def cases(rng):
    for lead, size, steps in each():
        yield (rng.normal(size=(*lead, *size)).astype(np.float32),), {"steps": steps}
        yield (rng.integers(0, 3, size=(lead[1], *size)).astype(np.float32),), {"steps": steps}


ROWS = {
    "pool.max_pool": values,
    "pool.max_pool_backward": of_maximum,
    "pool.sum_pool": finite,
    "pool.sum_pool_backward": of_sum,
}
FUSED = {"max_pool": (max_pool, cases), "sum_pool": (sum_pool, cases)}
