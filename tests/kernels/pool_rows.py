"""Inputs for the kernels and the fused ops of pooling."""

import numpy as np

from minigrad.ops.fused.pool import Frame, max_pool, sum_pool, tables

# size, kernel, stride, dilation, width, out: no overlap, overlap, padding, gaps in windows, a last window that reaches
# beyond the end, one that does not reach it, gaps between windows
FRAMES = [
    ((6, 8), (2, 2), (2, 2), (1, 1), ((0, 0), (0, 0)), (3, 4)),
    ((7, 6), (3, 2), (1, 2), (1, 1), ((1, 1), (1, 1)), (7, 4)),
    ((9,), (3,), (2,), (2,), ((2, 2),), (5,)),
    ((8, 7), (2, 2), (3, 3), (1, 1), ((0, 0), (0, 0)), (3, 2)),
    ((5, 5), (2, 3), (2, 2), (1, 1), ((0, 1), (0, 2)), (3, 3)),
    ((4, 3, 5), (2, 2, 2), (2, 1, 2), (1, 1, 1), ((0, 0), (0, 0), (1, 0)), (2, 2, 3)),
]
ONE, MANY, NONE = (1, 1), (3, 17), (0, 2)  # N, C
SPECIAL = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, 1.0, 2.0], np.float32)  # with equals


def frames():
    for lead in (ONE, MANY, NONE):
        for size, *numbers in FRAMES:
            yield lead, size, Frame(*numbers)


def last(x, frame):
    n = len(frame.kernel)
    return np.moveaxis(x.reshape(*x.shape[:2], *[1] * (3 - n), *x.shape[2:]), 1, -1)


def values(rng):
    for lead, size, frame in frames():
        where = tables(frame, size)
        yield last(rng.normal(size=(*lead, *size)).astype(np.float32), frame), *where
        yield np.ascontiguousarray(last(rng.choice(SPECIAL, size=(*lead, *size)), frame)), *where


def finite(rng):
    for x, *where in values(rng):
        yield np.nan_to_num(x, nan=1, posinf=3, neginf=-3), *where


def of_maximum(rng):
    for lead, size, frame in frames():
        g = np.ascontiguousarray(last(rng.normal(size=(*lead, *frame.out)).astype(np.float32), frame))
        yield g, rng.integers(0, np.prod(frame.kernel), size=g.shape).astype(np.uint8), *tables(frame, size)


def of_sum(rng):
    for g, _, *where in of_maximum(rng):
        yield g, *where


def cases(rng):
    for lead, size, frame in frames():
        yield (rng.normal(size=(*lead, *size)).astype(np.float32),), {"frame": frame}
        yield (rng.integers(0, 3, size=(lead[1], *size)).astype(np.float32),), {"frame": frame}


ROWS = {
    "pool.max_pool": values,
    "pool.max_pool_backward": of_maximum,
    "pool.sum_pool": finite,
    "pool.sum_pool_backward": of_sum,
}
FUSED = {"max_pool": (max_pool, cases), "sum_pool": (sum_pool, cases)}
