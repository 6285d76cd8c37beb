"""Normalisers that divide and do nothing else: by the length of a vector, by the activity of neighbouring channels.

Builds on: `minigrad.nn.functional.standardize`. Read next: `minigrad.nn.batch_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import is_number, number, whole
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError, check_eps
from minigrad.nn.functional.standardize import floating
from minigrad.ops import divide, maximum, norm, pad
from minigrad.promote import wide
from minigrad.tape import composite

__all__ = ["local_response_norm", "normalize"]


@composite
def normalize(x: Any, p: float = 2.0, axis: Any = 1, eps: float = 1e-12) -> Any:
    """Vectors of length 1: each divided by its p-norm, along an axis.

    y = x / max(norm_p(x), eps)

    Shapes: y as x.

    Gradient: g / eps at the zero vector, which stays zero.

    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    x, eps = floating("normalize", x), check_eps("normalize", eps)
    if not is_number(p) or not p > 0:
        raise ArgumentError(f"normalize: p is the order of a norm, a number above 0 or inf, got {p}; 2 is the length")
    v = wide(x)
    y = divide(v, maximum(norm(v, p, axis, keepdims=True), eps))
    return y.astype(x.dtype) if x.dtype == "float16" else y


@composite
def local_response_norm(x: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """Local response normalisation: each activation divided by that of `size` neighbouring channels at its place.

    y = x / (k + alpha / size * sum x^2)^beta, the sum over channels c - size // 2 to c + (size - 1) // 2

    Beyond the first and the last channel there are zeros. The paper writes alpha for our alpha / size.

    Shapes: x (N, C, ...), y as x.

    Raises
    ------
    ShapeError
        If x has fewer than three axes.
    ValueError
        If size is no whole number above 0.

    >>> local_response_norm([[[1.0], [2.0]]], 2, alpha=2.0, beta=1.0, k=3.0).tolist()
    [[[0.25], [0.25]]]

    Reference: Krizhevsky et al., ImageNet Classification with Deep Convolutional Networks, 2012, section 3.3.
    """
    x, size = floating("local_response_norm", x), whole("local_response_norm", "size", size, 1)
    alpha, beta, k = check_numbers("local_response_norm", alpha=alpha, beta=beta, k=k)
    if x.ndim < 3:
        raise ShapeError(f"local_response_norm: x must be (N, C, ...) of three axes or more, got {x.shape}; add axes")
    v, channels = wide(x), x.shape[1]
    widths = [(0, 0)] * x.ndim
    widths[1] = (size // 2, (size - 1) // 2)
    squares = pad(v * v, widths)
    total = squares[:, :channels]
    for i in range(1, size):
        total = total + squares[:, i : i + channels]
    y = v * (total * (alpha / size) + k) ** -beta
    return y.astype(x.dtype) if x.dtype == "float16" else y


def check_numbers(name: str, **numbers: Any) -> list[float]:
    """The constants of the formula as Python's floats, refused unless they are finite numbers."""
    return [number(name, what, value) for what, value in numbers.items()]
