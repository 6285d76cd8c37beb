"""`ScaledActivation`: an activation that gives variance 1 for a standard normal input.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.nn.channel_norm`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import Array, move, namespace
from minigrad.errors import ArgumentError
from minigrad.nn.layer import Layer
from minigrad.ops import multiply
from minigrad.tensor import raw

__all__ = ["ScaledActivation"]


class ScaledActivation(Layer):
    """An activation times the constant that brings a standard normal input to variance 1.

    y = gamma f(x), gamma = 1 / std f(z) with z ~ N(0, 1)

    gamma is integrated from the activation itself, a layer or a function of each element: relu 1.7129 (the paper's code
    has 1.7140), gelu 1.7009, silu 1.7872, tanh 1.5925, selu 1. Of a layer that learns, PReLU say, it stays as it was.

    Shapes: x any, y as x.

    Raises
    ------
    ValueError
        If the activation is not elementwise, is random, or is constant.

    >>> from minigrad.nn import ReLU
    >>> layer = ScaledActivation(ReLU())
    >>> round(layer.gamma, 4), layer([-1.0, 1.0]).tolist()
    (1.7129, [0.0, 1.7128...])

    Reference: Brock et al., Characterizing Signal Propagation to Close the Performance Gap in Unnormalized ResNets,
    2021, section 4.
    """

    def __init__(self, activation: Callable[[Any], Any]) -> None:
        if not callable(activation):
            raise ArgumentError(f"ScaledActivation: takes a layer or a function, got {activation!r}; pass ReLU(), say")
        self.activation = activation
        self.gamma = 1 / _standard_deviation(activation)

    def forward(self, x: Any) -> Any:
        return multiply(self.activation(x), self.gamma)


@functools.cache
def _nodes() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Points and weights that integrate over the standard normal distribution: Gauss and Legendre's on short panels.

    Not Gauss and Hermite's, which are exact for polynomials and poor at kinks. Kinks at multiples of 1/16 lie between
    panels.
    """
    x, w = np.polynomial.legendre.leggauss(16)
    left = np.arange(-20.0, 20.0, 1 / 16)
    z = (left[:, None] + (x + 1) / 32).ravel()
    return z, np.tile(w / 32, len(left)) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _standard_deviation(activation: Any) -> float:
    """Of f(z), z ~ N(0, 1)."""
    z, w = _nodes()
    y = _values(activation, z)
    if y.shape != z.shape or not np.allclose(y[::3], _values(activation, z[::3].copy()), rtol=1e-9, atol=1e-12):
        raise ArgumentError(
            f"ScaledActivation: needs a function of each element by itself, got {activation!r:.60}; pass ReLU(), say"
        )
    mean = w @ y
    std = math.sqrt(w @ (y - mean) ** 2)
    if not 1e-9 < std < math.inf:
        raise ArgumentError(
            f"ScaledActivation: f(z) of a standard normal z has no finite spread, got std {std} of {activation!r:.60}; "
            "choose another activation"
        )
    return std


def _values(activation: Any, z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """f(z) in float64 on the host, wherever the activation's own parameters lie."""
    parts = list(activation.state().values()) if isinstance(activation, Layer) else []
    y: Array = raw(activation(move(z, parts[0].backend if parts else "numpy")))
    return np.asarray(namespace(y).to_host(y), np.float64)
