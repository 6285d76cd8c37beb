"""Initializers whose variance suits a layer.

Why so many? A layer multiplies the variance of what passes by fan_in Var(W), and of what comes back by fan_out Var(W).
Each rule keeps one of the two, or their mean, near 1; `calculate_gain` makes up for what the activation takes away.

Builds on: `minigrad.nn.init.distribution`. Read next: `minigrad.nn.init.structured`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import AT_LEAST_0, number, sizes
from minigrad.backend import Array
from minigrad.backend.random import Generator
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.init.distribution import normal, trunc_normal, uniform

__all__ = [
    "calculate_gain", "fans", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "kaiming_normal",
    "kaiming_uniform", "lecun_normal", "lecun_uniform", "variance_scaling", "xavier_normal", "xavier_uniform",
]  # fmt: skip

Shape = Sequence[int]
_TRUNCATED_STD = 0.87962566103423978  # the standard deviation of N(0, 1) cut off at 2 sigmas

_GAINS = {
    **dict.fromkeys(["linear", "conv1d", "conv2d", "conv3d", "sigmoid"], 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that makes up for an activation's shrinking of the standard deviation.

    linear, sigmoid 1; tanh 5/3; relu sqrt 2; leaky_relu sqrt(2 / (1 + param^2)), param 0.01; selu 3/4

    Raises
    ------
    ValueError
        If the activation is not in that list.

    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else number("calculate_gain", "param", param)) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ArgumentError(f"calculate_gain: no gain is known for this one, got {nonlinearity!r}; known: {known}")
    return _GAINS[nonlinearity]


def fans(shape: Shape) -> tuple[int, int]:
    """How many inputs make one output of a weight (out, in, *kernel), and how many outputs one input reaches.

    fan_in = in prod(kernel), fan_out = out prod(kernel)

    As PyTorch counts: the weight of a convolution in groups is (out, in / groups, *kernel), and its fan_out is not
    divided by groups; a transposed kernel (in, out / groups, *kernel) is read alike: fan_in = out / groups prod kernel.

    Raises
    ------
    ShapeError
        If the weight has fewer than two axes.

    >>> fans((8, 3, 5, 5))
    (75, 200)
    """
    shape = sizes("fans", "shape", shape)
    if len(shape) < 2:
        raise ShapeError(f"fans: a weight is (out, in, *kernel), got shape {shape}; use normal, uniform or constant")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def variance_scaling(
    shape: Shape,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "normal",
    rng: Generator | None = None,
    dtype: Any = np.float32,
) -> Array:
    """Zero mean, and a variance that falls with the number of inputs, outputs, or their mean.

    Var(w) = scale / n, with n = fan_in, fan_out, or for 'fan_avg' their mean

    `distribution` is 'normal', 'uniform' or 'truncated_normal', cut off at two sigmas and widened to the same variance.

    Raises
    ------
    ValueError
        If mode or distribution is none of these.

    >>> variance_scaling((4, 2), 1.0, "fan_avg", "uniform").shape
    (4, 2)
    """
    into, out = fans(shape)
    n = {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}.get(mode)
    if n is None:
        raise ArgumentError(f"variance_scaling: mode must be fan_in, fan_out or fan_avg, got {mode!r}; fan_in is usual")
    std = math.sqrt(number("variance_scaling", "scale", scale, AT_LEAST_0) / max(n, 1))
    if distribution == "uniform":
        return uniform(shape, -math.sqrt(3) * std, math.sqrt(3) * std, rng, dtype)
    if distribution == "truncated_normal":
        return trunc_normal(shape, 0.0, std / _TRUNCATED_STD, rng=rng, dtype=dtype)
    if distribution != "normal":
        raise ArgumentError(
            f"variance_scaling: distribution is normal, uniform or truncated_normal, got {distribution!r}; pass one"
        )
    return normal(shape, 0.0, std, rng, dtype)


def xavier_uniform(shape: Shape, gain: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Uniform numbers that keep the variance of signals and of gradients near 1 in a linear network.

    w ~ U(-l, l), l = gain sqrt(6 / (fan_in + fan_out))

    >>> bool((abs(xavier_uniform((100, 50))) <= 0.2).all())
    True

    Reference: Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Networks, 2010, equation 16.
    """
    return variance_scaling(shape, number("xavier_uniform", "gain", gain) ** 2, "fan_avg", "uniform", rng, dtype)


def xavier_normal(shape: Shape, gain: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Normal numbers that keep the variance of signals and of gradients near 1 in a linear network.

    w ~ N(0, gain^2 2 / (fan_in + fan_out))

    >>> xavier_normal((4, 2)).shape
    (4, 2)

    Reference: Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Networks, 2010, equation 12.
    """
    return variance_scaling(shape, number("xavier_normal", "gain", gain) ** 2, "fan_avg", "normal", rng, dtype)


def _he(shape: Shape, a: float, mode: str, nonlinearity: str, distribution: str, rng: Any, dtype: Any) -> Array:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"he_{distribution}: mode must be fan_in or fan_out, got {mode!r}; fan_in is usual")
    return variance_scaling(shape, calculate_gain(nonlinearity, a) ** 2, mode, distribution, rng, dtype)


def he_uniform(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: Generator | None = None,
    dtype: Any = np.float32,
) -> Array:
    """Uniform numbers that keep the mean square of signals (or of gradients, by 'fan_out') through rectifiers.

    w ~ U(-l, l), l = sqrt(6 / ((1 + a^2) fan_in)), with a the slope of a leaky rectifier

    >>> bool((abs(he_uniform((100, 150))) <= 0.2).all())
    True

    Reference: He et al., Delving Deep into Rectifiers, 2015, equation 10.
    """
    return _he(shape, a, mode, nonlinearity, "uniform", rng, dtype)


def he_normal(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    rng: Generator | None = None,
    dtype: Any = np.float32,
) -> Array:
    """Normal numbers that keep the mean square of signals (or of gradients, by 'fan_out') through rectifiers.

    w ~ N(0, 2 / ((1 + a^2) fan_in)), with a the slope of a leaky rectifier

    >>> he_normal((4, 2)).shape
    (4, 2)

    Reference: He et al., Delving Deep into Rectifiers, 2015, equation 10.
    """
    return _he(shape, a, mode, nonlinearity, "normal", rng, dtype)


def lecun_uniform(shape: Shape, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Uniform numbers that keep the variance of signals.

    w ~ U(-l, l), l = sqrt(3 / fan_in)

    >>> bool((abs(lecun_uniform((100, 75))) <= 0.2).all())
    True

    Reference: LeCun et al., Efficient BackProp, 1998, equation 16.
    """
    return variance_scaling(shape, 1.0, "fan_in", "uniform", rng, dtype)


def lecun_normal(shape: Shape, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """Normal numbers that keep the variance of signals; with SELU.

    w ~ N(0, 1 / fan_in)

    >>> lecun_normal((4, 2)).shape
    (4, 2)

    Reference: LeCun et al., Efficient BackProp, 1998, equation 16.
    """
    return variance_scaling(shape, 1.0, "fan_in", "normal", rng, dtype)


glorot_uniform, glorot_normal = xavier_uniform, xavier_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal
