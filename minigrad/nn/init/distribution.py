"""Plain distributions as initializers: functions of a shape that return an array.

Numbers come from `rng`, by default the process's own stream, and are the same on every device.

Builds on: `minigrad.backend.random`. Read next: `minigrad.nn.init.scaling`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import AT_LEAST_0, number
from minigrad.backend import Array, backend, default_backend
from minigrad.backend.random import Generator, default_generator
from minigrad.errors import DTypeError
from minigrad.nn.argument import ArgumentError

__all__ = ["constant", "normal", "ones", "stream", "trunc_normal", "uniform", "zeros"]

Shape = Sequence[int]


def stream(name: str, rng: Generator | None) -> Generator:
    """Where the numbers come from: `rng`, or the process's own stream.

    >>> stream("normal", Generator(3))
    Generator(seed=3, counter=0)
    """
    if rng is None:
        return default_generator()
    if not isinstance(rng, Generator):
        raise DTypeError(f"{name}: rng is a Generator or None, got {rng!r}; pass minigrad.backend.random.Generator(0)")
    return rng


def constant(shape: Shape, value: float = 0.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """One value everywhere.

    w = value

    >>> constant((2,), 3.0)
    array([3., 3.], dtype=float32)
    """
    return default_backend().full(tuple(shape), value, dtype=dtype)


def zeros(shape: Shape, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Zeros: for biases. As a weight it makes all units of a layer equal, and they stay so.

    w = 0

    >>> zeros((2,))
    array([0., 0.], dtype=float32)
    """
    return constant(shape, 0.0, rng, dtype)


def ones(shape: Shape, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Ones: for the scales of normalisers.

    w = 1

    >>> ones((2,))
    array([1., 1.], dtype=float32)
    """
    return constant(shape, 1.0, rng, dtype)


def uniform(
    shape: Shape, low: float = 0.0, high: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32
) -> Array:
    """Numbers spread evenly over [low, high).

    w ~ U(low, high), so Var(w) = (high - low)^2 / 12

    >>> uniform((2, 3)).shape
    (2, 3)
    """
    return stream("uniform", rng).uniform(tuple(shape), low, high, dtype, default_backend())


def normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32
) -> Array:
    """Numbers of the normal distribution.

    w ~ N(mean, std^2)

    >>> normal((2, 3)).shape
    (2, 3)
    """
    return stream("normal", rng).normal(tuple(shape), mean, std, dtype, default_backend())


def trunc_normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    rng: Generator | None = None,
    dtype: Any = np.float32,
) -> Array:
    """Numbers of the normal distribution that lie between two bounds, given in sigmas.

    w = mean + std z, with z ~ N(0, 1) given a <= z <= b (PyTorch's bounds are absolute: mean + a std)

    Raises
    ------
    ValueError
        If the bounds leave nothing: a must lie below b, and both not farther out than 8 sigmas on one side.

    >>> bool((abs(trunc_normal((100,), std=0.5)) <= 1).all())
    True
    """
    mean, std = number("trunc_normal", "mean", mean), number("trunc_normal", "std", std, AT_LEAST_0)
    low, high = max(float(a), -8.0), min(float(b), 8.0)  # beyond 8 sigmas nothing is left
    if not low < high:
        raise ArgumentError(f"trunc_normal: a must lie below b, and within 8 sigmas, got {a} and {b}; try -2, 2")
    rng, size = stream("trunc_normal", rng), math.prod(shape)
    peak = 0.0 if low <= 0 <= high else low if low > 0 else high  # where the density is largest
    z = np.empty(0)
    while z.size < size:  # rejection: evenly spread points stay in proportion to the density
        points, height = rng.uniform((2, max(size, 16)), dtype=np.float64, xp=backend("numpy"))
        points = low + (high - low) * points
        z = np.concatenate([z, points[height < np.exp((peak * peak - points * points) / 2)]])
    return default_backend().from_host((mean + std * z[:size]).astype(dtype).reshape(tuple(shape)))
