"""What is made of a weight before a layer uses it: another length, another largest singular value, another variance.

Builds on: `minigrad.nn.functional.standardize`. Read next: `minigrad.nn.reparametrisation`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, namespace
from minigrad.nn.functional.standardize import standardize
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["lengths", "matrix", "power_iteration", "spectral_norm", "standardize_weight", "weight_norm"]


def others(ndim: int, axis: int | None) -> tuple[int, ...]:
    """All axes but the one of the outputs; simply all where that is None."""
    return tuple(i for i in range(ndim) if i != axis)


def lengths(v: Any, axis: int | None = 0) -> Any:
    """The length of each output's weights, as an array that broadcasts with them; one for all where axis is None.

    >>> lengths(as_value([[3.0, 4.0], [0.0, 2.0]])).tolist()
    [[5.0], [2.0]]
    """
    v = wide(v)
    return namespace(v).sqrt((v * v).sum(axis=others(v.ndim, axis), keepdims=axis is not None))


@composite
def weight_norm(v: Any, g: Any, axis: int | None = 0) -> Any:
    """Weights of length g in the direction of v, for each output.

    w = g v / ||v||

    Shapes: v any, g as v with 1 on all axes but `axis`, () where that is None, w as v.

    >>> weight_norm([[3.0, 4.0]], [[10.0]])
    array([[6., 8.]], dtype=float32)

    Reference: Salimans and Kingma, Weight Normalization, 2016, equation 2.
    """
    v, g = as_value(v), as_value(g)
    return (wide(v) * (wide(g) / lengths(v, axis))).astype(v.dtype)


def matrix(w: Any, axis: int) -> Any:
    """A weight as the matrix (outputs, everything else).

    >>> matrix(as_value([[[1.0, 2.0], [3.0, 4.0]]]), 1).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    xp = namespace(w)
    return xp.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)


def power_iteration(w: Array, u: Array, v: Array, axis: int, times: int, eps: float) -> tuple[Array, Array]:
    """Turn u and v towards the singular vectors of the largest singular value; of plain arrays, into new ones.

    u = W v / ||W v||;  v = W^T u / ||W^T u||, as often as `times` says

    >>> import numpy as np
    >>> u, v = power_iteration(np.diag([2.0, 1.0]), np.ones(2), np.ones(2), 0, 50, 1e-12)
    >>> u.round(3).tolist(), v.round(3).tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    flat = wide(matrix(w, axis))
    xp, kind = namespace(flat), u.dtype
    for _ in range(times):
        u = flat @ v
        u = u / xp.maximum(xp.sqrt((u * u).sum()), eps)
        v = flat.T @ u
        v = v / xp.maximum(xp.sqrt((v * v).sum()), eps)
    return u.astype(kind), v.astype(kind)


@composite
def spectral_norm(w: Any, u: Any, v: Any, axis: int = 0) -> Any:
    """Weights divided by what two unit vectors take for their largest singular value.

    w / sigma, sigma = u^T W v, with W the matrix of w (outputs, everything else)

    Gradient: through w alone; u and v count as constants.

    Shapes: w any, u (outputs,), v (everything else,), result as w.

    >>> spectral_norm([[2.0, 0.0], [0.0, 1.0]], [1.0, 0.0], [1.0, 0.0])
    array([[1. , 0. ],
           [0. , 0.5]], dtype=float32)

    Reference: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018, equations 8 and 9.
    """
    w = as_value(w)
    weight = wide(w)
    sigma = (as_value(u) * (matrix(weight, axis) @ as_value(v))).sum()
    return (weight / sigma).astype(w.dtype)


@composite
def standardize_weight(w: Any, axis: int = 0, eps: float = 1e-5) -> Any:
    """Weights of mean 0 and variance 1 for each output.

    w^ = (w - mean) / sqrt(var + eps), with the biased variance

    Shapes: w any, w^ as w.

    >>> standardize_weight([[1.0, 3.0]])
    array([[-1.,  1.]], dtype=float32)

    Reference: Qiao et al., Micro-Batch Training with Batch-Channel Normalization and Weight Standardization, 2019,
    section 3.
    """
    w = as_value(w)
    return standardize(wide(w), others(w.ndim, axis), eps).astype(w.dtype)
