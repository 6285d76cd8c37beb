"""Inputs for the kernels of optimizers: arrays within a chunk and longer than one, with both kinds of decay."""

import numpy as np

from minigrad.kernels import update

SIZES = [0, 1, 70, 5000, 40_000]
TINY = float(np.finfo(np.float32).tiny)


def flat(rng, size, count):
    """So many arrays of normal numbers; small ones are among them, as averages have them."""
    return [(rng.normal(size=size) * rng.choice([1e-3, 1.0], size)).astype(np.float32) for _ in range(count)]


def with_nan(rng, count):
    arrays = flat(rng, 5, count)
    arrays[1][:3] = np.nan, np.inf, -np.inf
    return arrays


def cases(rng, count):
    for size in SIZES:
        yield flat(rng, size, count)
    yield with_nan(rng, count)


DECAYS = [(1.0, 0.0), (0.99, 0.0), (1.0, 0.1)]


def of_descent(rng):
    for decay in DECAYS:
        for arrays in cases(rng, 2):
            yield (*arrays, 0.1, *decay)


def of_momentum(rng):
    for decay in DECAYS:
        for arrays in cases(rng, 3):
            yield (*arrays, 0.9, 1.0, 1.0, 0.0, 0.1, *decay, 0.0)
            yield (*flat(rng, 7, 3), 0.9, 0.1, 0.9, 1.0, 0.1, *decay, 0.0)
    p, g, b = flat(rng, 3, 3)
    b[:], g[:] = [1e-38, 1.0, np.nan], 0
    yield p, g, b, 0.5, 1.0, 1.0, 0.0, 0.1, 1.0, 0.0, TINY


def of_adam(rng):
    for decay in DECAYS:
        for p, g, m, v in cases(rng, 4):
            yield (p, g, m, np.abs(v), 0.9, 0.999, 1e-8, 0.1, *decay, 0.0)
    p, g, m, v = flat(rng, 3, 4)
    m[:], v[:], g[:] = [1e-38, 1.0, np.nan], [1e-38, 1.0, 1.0], 0
    yield p, g, m, v, 0.5, 0.5, 1e-8, 0.1, 1.0, 0.0, TINY


def of_average(rng):
    for arrays in cases(rng, 2):
        yield (*arrays, 0.9, 0.0)
    v, x = flat(rng, 3, 2)
    v[:], x[:] = [1e-38, 1.0, np.nan], 0
    yield v, x, 0.5, TINY


def of_bound(rng):
    for scale in (0.5, 1.0, 2.0, np.nan, 0.0):
        for _, g in cases(rng, 2):
            yield g, scale


def of_squares(rng):
    for g, _ in cases(rng, 2):
        yield (g,)
    yield (np.ones(1_000_000, np.float32) * 0.1,)


OF = {
    update.descent: of_descent,
    update.momentum: of_momentum,
    update.adam: of_adam,
    update.average: of_average,
    update.bound: of_bound,
    update.squares: of_squares,
}
ROWS = {f"{kernel.file}.{kernel.name}": inputs for kernel, inputs in OF.items()}
FUSED = {}
