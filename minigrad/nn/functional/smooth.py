"""Smooth activations of each element by itself, and GLU, which lets one half gate the other.

Builds on: `minigrad.ops`, `minigrad.ops.fused.activation`. Read next: `minigrad.ops.fused.softmax`.
"""

from __future__ import annotations

from typing import Any

from minigrad import ops
from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import sigmoid, tanh, where
from minigrad.ops.axes import one_axis
from minigrad.ops.fused.activation import gelu__erf, gelu__tanh, silu
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value, raw

__all__ = ["gelu", "glu", "logsigmoid", "mish", "sigmoid", "silu", "softplus", "softsign", "tanh"]


@composite
def gelu(x: Any, approximate: str = "none") -> Any:
    """Gaussian error linear unit: x times the chance that a standard normal number lies below it.

    y = x/2 (1 + erf(x / sqrt 2)), or, with ``approximate="tanh"``, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))

    Raises
    ------
    ValueError
        If `approximate` is neither 'none' nor 'tanh'.

    >>> gelu([-1.0, 1.0])
    array([-0.1587,  0.8413], dtype=float32)

    Reference: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2.
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}; 'none' is exact")
    return gelu__erf(x) if approximate == "none" else gelu__tanh(x)


@composite
def mish(x: Any) -> Any:
    """x times the tanh of its softplus.

    y = x tanh(ln(1 + e^x))

    >>> mish([-1.0, 1.0])
    array([-0.3034,  0.8651], dtype=float32)

    Reference: Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.
    """
    x = as_value(x)
    return x * tanh(ops.softplus(x))


@composite
def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Smooth form of max(x, 0); far out the identity.

    y = ln(1 + e^(beta x)) / beta, and x where beta x > threshold

    >>> softplus([-1.0, 0.0, 1000.0])
    array([   0.3133,    0.6931, 1000.    ], dtype=float32)
    """
    x, beta = as_value(x), float(beta)
    scaled = x if beta == 1 else x * beta
    y = ops.softplus(scaled)
    return where(raw(scaled) > float(threshold), x, y if beta == 1 else y / beta)


@op
def softsign(x: Value) -> Result:
    """Squash every element into (-1, 1), more gently than tanh.

    y = x / (1 + abs(x))

    >>> softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75], dtype=float32)
    """
    scale = 1 / (1 + namespace(x).abs(x))
    return x * scale, (lambda g: g * scale * scale,)


@composite
def logsigmoid(x: Any) -> Any:
    """Logarithm of the logistic function, without overflow.

    y = -ln(1 + e^-x)

    >>> logsigmoid([-1000.0, 0.0])
    array([-1000.    ,    -0.6931], dtype=float32)
    """
    return -ops.softplus(-as_value(x))


@composite
def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: one half of an axis, weighted by the sigmoid of the other.

    y = a sigmoid(b), with x = [a, b]

    Raises
    ------
    ShapeError
        If the axis cannot be halved.

    >>> glu([3.0, 0.0])
    array([1.5], dtype=float32)

    Reference: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2017, equation 1.
    """
    x = as_value(x)
    axis = one_axis(axis, x.shape)
    if x.shape[axis] % 2:
        raise ShapeError(f"glu: the axis must have an even size to be halved, got {x.shape} along {axis}; pad it")
    before, half = (slice(None),) * axis, x.shape[axis] // 2
    left, right = (*before, slice(None, half)), (*before, slice(half, None))
    return x[left] * sigmoid(x[right])
