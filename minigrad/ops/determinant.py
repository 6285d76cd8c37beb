"""Determinants, and the logarithms of large ones.

A determinant is a polynomial: it has derivatives of every order at every matrix, singular ones too. Formulas with the
inverse have none there. So the gradient comes from products of singular values, and for higher orders the directions of
small singular values, where an inverse would divide by them, are left to an algorithm of multiplications alone.

Builds on: `minigrad.ops.systems`. Read next: `minigrad.ops.einsum`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.ops.linalg import diagonal, triu
from minigrad.ops.systems import at_least_float32, inv, solve, square_matrices, turned
from minigrad.promote import settle
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import Tensor, raw

__all__ = ["det", "slogdet"]


class SlogDet(NamedTuple):
    """What `slogdet` returns: a plain array of signs, and a Tensor (or a plain array) of logarithms."""

    sign: Array
    logabsdet: Any


@composite
def det(x: Any) -> Any:
    """Determinant of square matrices.

    y = sum over permutations p of sign(p) prod_i x[i, p(i)]

    Shapes: (..., n, n) gives (...).
    Gradient: the cofactors det(x) x^-T, of every order and at singular matrices too.

    >>> det([[1.0, 2.0], [3.0, 4.0]]).round(3)
    np.float32(-2.0)
    """
    x = square_matrices("det", x)
    # A Tensor below a Tensor: somebody differentiates the gradient.
    nested = isinstance(x, Tensor) and isinstance(x.value, Tensor)
    return at_least_float32(_det__derived if nested else _det, x)


@op
def _det(x: Value) -> Result:
    return namespace(x).det(x), (lambda g: g[..., None, None] * _cofactors(x),)


def _cofactors(x: Array) -> Array:
    """The gradient of the determinant of plain matrices.

    x = U diag(s) V^T has the cofactors det(U) det(V) U diag(products of the other s) V^T.
    """
    xp, (u, s, v_t, sign) = namespace(x), _singular_values(x)
    unit = xp.eye(s.shape[-1], dtype=s.dtype)
    others = xp.where(unit > 0, 1, s[..., None, :]).prod(axis=-1)
    finite = xp.isfinite(x).all(axis=(-2, -1), keepdims=True)
    return xp.where(finite, sign[..., None, None] * (u * others[..., None, :]) @ v_t, float("nan"))


def _singular_values(x: Array) -> tuple[Array, Array, Array, Array]:
    """U, s, V^T and det(U) det(V), which is 1 or -1; those of 0 for a matrix with NaN, where no values are found."""
    xp = namespace(x)
    u, s, v_t = xp.svd(xp.where(xp.isfinite(x).all(axis=(-2, -1), keepdims=True), x, 0))
    return u, s, v_t, xp.sign(xp.det(u) * xp.det(v_t))


def _det__derived(x: Tensor) -> Any:
    """The determinant for those who differentiate its gradient.

    det(x) = det(U) det(V) det(a) det(d - c a^-1 b),  [[a, b], [c, d]] = U^T x V

    U and V are constants, and U^T x V is diag(s) where x stands, the large s first. Only `a` is divided by. `d` has one
    row more than the order of the derivative: if an s in `a` is 0, then all in `d` are, the derivative is 0, and what
    stands in for that s does not matter.
    """
    (u, s, v_t, sign), n = _singular_values(raw(x)), x.shape[-1]
    order, value = 0, x.value
    while isinstance(value, Tensor):  # each level below takes one derivative more
        order, value = order + 1, value.value
    k = max(n - order - 2, 0)
    xp, moved = namespace(s), turned(u) @ x @ turned(v_t)
    largest = s[..., :1]
    floor = xp.where(largest > 0, largest * float(np.finfo(s.dtype).eps), 1)
    s = xp.concatenate([xp.maximum(s[..., :k], floor), s[..., k:]], axis=-1) if k else s
    m = xp.eye(n, dtype=s.dtype) * s[..., None, :] + (moved - raw(moved))  # exactly diagonal, with all derivatives
    if not k:
        return _product(m) * sign
    a, b, c, d = m[..., :k, :k], m[..., :k, k:], m[..., k:, :k], m[..., k:, k:]
    return _det__regular(a) * _product(d - c @ solve(a, b)) * sign


@op
def _det__regular(x: Value) -> Result:
    y = _det__regular(x) if isinstance(x, Tensor) else namespace(x).det(x)
    return y, (lambda g: (g * y)[..., None, None] * turned(inv(x)),)


def _product(m: Tensor) -> Any:
    """The determinant of a small matrix as a polynomial, without a division.

    F_1 = m, F_k+1 = mu(F_k) m, det(m) = -(-1)^n F_n[0, 0]; mu keeps what lies above the diagonal, and puts minus the
    sum of the diagonal elements further down on the diagonal.

    Reference: Bird, A simple division-free algorithm for computing determinants, 2011.
    """
    xp, n = namespace(raw(m)), m.shape[-1]
    if n == 0:
        return m.sum(axis=(-2, -1)) + 1
    unit, below = xp.eye(n, dtype=m.dtype), xp.tril(xp.ones((n, n), dtype=m.dtype), -1)
    f = m
    for _ in range(n - 1):
        further_down = diagonal(f, 0, -2, -1) @ below
        f = (triu(f, 1) - unit * further_down[..., None, :]) @ m
    return f[..., 0, 0] * (1 if n % 2 else -1)


@composite
def slogdet(x: Any) -> Any:
    """Sign and logarithm of the absolute value of a determinant that may be too large or too small for a number.

    det(x) = sign e^logabsdet

    Shapes: (..., n, n) gives twice (...). The sign is a plain array; at a singular matrix it is 0, and logabsdet -inf.
    Gradient: of logabsdet x^-T; none at a singular matrix.

    >>> sign, logabsdet = slogdet([[1000.0, 0.0], [0.0, -1000.0]])
    >>> sign, logabsdet.round(3)
    (array(-1., dtype=float32), np.float32(13.816))
    """
    return SlogDet(*at_least_float32(_sign_and_logarithm, square_matrices("slogdet", x)))


def _sign_and_logarithm(x: Any) -> tuple[Array, Any]:
    sign, logarithm = map(settle, namespace(raw(x)).slogdet(raw(x)))
    return sign, _slogdet(x, logarithm)


@op
def _slogdet(x: Value, /, known: Array) -> Result:
    y = namespace(x).slogdet(x)[1] if isinstance(x, Tensor) else known
    return y, (lambda g: g[..., None, None] * turned(inv(x)),)
