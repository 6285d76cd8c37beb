"""Affine and bilinear maps of the last axis.

Builds on: `minigrad.ops.fused.linear`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from typing import Any

from minigrad.errors import ArgumentError, ShapeError
from minigrad.ops import add, einsum
from minigrad.ops.fused import linear as fused
from minigrad.ops.fused.activation import ACTIVATIONS
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["bilinear", "check_activation", "linear"]


@composite
def linear(x: Any, weight: Any, bias: Any = None, activation: str | None = None) -> Any:
    """An affine map of the last axis, and an activation behind it where one is named.

    y = x W^T + b, or activation(x W^T + b), with 'relu', 'gelu', 'gelu_tanh' or 'silu'

    Shapes: x (..., in), W (out, in), b (out), y (..., out).

    Raises
    ------
    ShapeError
        If the last axis of x is not what the weight takes.
    ValueError
        If the activation is none of these.

    >>> linear([1.0, 2.0], [[1.0, 1.0]], [0.5])
    array([3.5], dtype=float32)
    """
    x, weight = as_value(x), as_value(weight)
    if x.ndim < 1 or x.shape[-1] != weight.shape[-1]:
        raise ShapeError(
            f"linear: the last axis of x must be {weight.shape[-1]}, as the weight {weight.shape} says, got {x.shape}; "
            "check in_features, or flatten x"
        )
    if activation is None:
        return fused.linear(x, weight, bias)
    return fused.linear__activated(x, weight, bias, check_activation("linear", activation))


def check_activation(name: str, activation: Any) -> str:
    """The name of an activation, refused where there is none of that name."""
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ArgumentError(
            f"{name}: activation is one of {known}, or None, got {activation!r:.60}; put the layer behind it"
        )
    return activation


@composite
def bilinear(x1: Any, x2: Any, weight: Any, bias: Any = None) -> Any:
    """A map that is linear in each of two inputs.

    y_k = x1^T W_k x2 + b_k

    Shapes: x1 (..., in1), x2 (..., in2), W (out, in1, in2), b (out), y (..., out).

    Raises
    ------
    ShapeError
        If the inputs do not fit the weight or each other.

    >>> bilinear([1.0, 2.0], [3.0], [[[1.0], [1.0]]])
    array([9.], dtype=float32)
    """
    x1, x2, weight = as_value(x1), as_value(x2), as_value(weight)
    ends = (*x1.shape[-1:], *x2.shape[-1:])
    if ends != tuple(weight.shape[1:]) or x1.shape[:-1] != x2.shape[:-1]:
        raise ShapeError(
            f"bilinear: x1 must be (..., {weight.shape[1]}) and x2 (..., {weight.shape[2]}) with equal axes before, "
            f"got {x1.shape} and {x2.shape}; check in1_features and in2_features"
        )
    y = einsum("...i,kij,...j->...k", x1, weight, x2)
    return y if bias is None else add(y, bias)
