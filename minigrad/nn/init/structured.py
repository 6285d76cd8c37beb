"""Initializers that choose the matrix as a whole and not each number by itself: orthogonal, sparse, identity.

A rule for the variance keeps the mean length of a signal; an orthogonal matrix keeps the length of every one.

Builds on: `minigrad.nn.init.distribution`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import Range, number, sizes, whole
from minigrad.backend import Array, backend, default_backend
from minigrad.backend.random import Generator
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn.init.distribution import stream

__all__ = ["delta_orthogonal", "dirac", "identity", "orthogonal", "sparse"]

Shape = Sequence[int]


def orthogonal(shape: Shape, gain: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """A random orthogonal matrix, every one of them as likely as any other; of a kernel, its rows (out, in * kernel).

    W W^T = gain^2 I where W, as a matrix (out, rest), is wide, W^T W = gain^2 I where it is tall

    Raises
    ------
    ShapeError
        If the weight has fewer than two axes.

    >>> w = orthogonal((2, 3))
    >>> abs(w @ w.T - np.eye(2)).max() < 1e-6
    np.True_

    Reference: Saxe et al., Exact Solutions to the Nonlinear Dynamics of Learning, 2014; Mezzadri, How to Generate
    Random Matrices from the Classical Compact Groups, 2007, section 5 (the signs).
    """
    shape = sizes("orthogonal", "shape", shape)
    if len(shape) < 2:
        raise ShapeError(f"orthogonal: a weight is (out, in, *kernel), got shape {shape}; use normal or uniform")
    rows, columns, rng = shape[0], math.prod(shape[1:]), stream("orthogonal", rng)
    q = _columns(columns, rows, rng).T if rows < columns else _columns(rows, columns, rng)
    return _on_device(number("orthogonal", "gain", gain) * q, shape, dtype)


def delta_orthogonal(shape: Shape, gain: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """A kernel with an orthogonal matrix in its middle and zeros around it: a convolution that keeps every length.

    W[:, :, middle] = gain Q with Q^T Q = I, else 0; the middle of k taps is k // 2

    Raises
    ------
    ShapeError
        If the weight is no kernel (out, in, *k) of one to three axes k, or has more inputs than outputs.

    >>> delta_orthogonal((4, 2, 3, 3))[:, :, 0].any()
    np.False_

    Reference: Xiao et al., Dynamical Isometry and a Mean Field Theory of CNNs, 2018, algorithm 2.
    """
    shape = _kernel("delta_orthogonal", shape)
    if shape[1] > shape[0]:
        raise ShapeError(
            f"delta_orthogonal: more inputs than outputs cannot keep every length, got shape {shape}; use orthogonal"
        )
    kernel, q = np.zeros(shape), _columns(shape[0], shape[1], stream("delta_orthogonal", rng))
    middle: Any = (..., *_middle(shape))
    kernel[middle] = number("delta_orthogonal", "gain", gain) * q
    return _on_device(kernel, shape, dtype)


def _columns(length: int, count: int, rng: Generator) -> np.ndarray[Any, Any]:
    """Orthonormal columns, uniformly distributed."""
    q, r = np.linalg.qr(rng.normal((length, count), dtype=np.float64, xp=backend("numpy")))
    return np.asarray(q * np.copysign(1.0, np.diagonal(r)))  # the signs are LAPACK's habit; mended, q is uniform


def sparse(
    shape: Shape, sparsity: float, std: float = 0.01, rng: Generator | None = None, dtype: Any = np.float32
) -> Array:
    """Normal numbers with a share of zeros in every column, elsewhere in each.

    w ~ N(0, std^2), and ceil(sparsity out) entries of each of the `in` columns are 0

    Raises
    ------
    ShapeError
        If the weight is no matrix.
    ValueError
        If sparsity lies outside [0, 1).

    >>> (sparse((10, 2), 0.3) == 0).sum(axis=0).tolist()
    [3, 3]

    Reference: Martens, Deep Learning via Hessian-free Optimization, 2010, section 5.
    """
    rows, columns = _matrix("sparse", shape)
    sparsity = number("sparse", "sparsity", sparsity, Range(0, 1, "[)", "0.9"))
    rng = stream("sparse", rng)
    w = rng.normal((rows, columns), 0.0, std, np.float64, backend("numpy"))
    order = np.argsort(rng.uniform((rows, columns), dtype=np.float64, xp=backend("numpy")), axis=0)
    np.put_along_axis(w, order[: math.ceil(sparsity * rows)], 0.0, axis=0)
    return _on_device(w, (rows, columns), dtype)


def identity(shape: Shape, gain: float = 1.0, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """The identity: the first outputs are the inputs; for recurrent layers of rectifiers.

    w[i, j] = gain where i = j, else 0

    Raises
    ------
    ShapeError
        If the weight is no matrix.

    >>> identity((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)

    Reference: Le et al., A Simple Way to Initialize Recurrent Networks of Rectified Linear Units, 2015.
    """
    return _on_device(number("identity", "gain", gain) * np.eye(*_matrix("identity", shape)), shape, dtype)


def dirac(shape: Shape, groups: int = 1, rng: Generator | None = None, dtype: Any = np.float32) -> Array:
    """The identity as a convolution: in each group, the first outputs are the inputs.

    w[g out/groups + i, i, middle] = 1 for every group g, else 0; the middle of k taps is k // 2

    Raises
    ------
    ShapeError
        If the weight is no kernel (out, in, *k) of one to three axes k, or its outputs are no multiple of groups.

    >>> dirac((2, 2, 3))[:, :, 1]
    array([[1., 0.],
           [0., 1.]], dtype=float32)

    Reference: Zagoruyko and Komodakis, DiracNets, 2017, equation 2.
    """
    shape = _kernel("dirac", shape)
    groups = whole("dirac", "groups", groups, 1)
    if shape[0] % groups:
        raise ShapeError(
            f"dirac: the outputs must be a multiple of groups, got shape {shape} and {groups}; correct one"
        )
    kernel, each = np.zeros(shape), shape[0] // groups
    for first in range(0, shape[0], max(each, 1)):
        for i in range(min(each, shape[1])):
            place = (first + i, i, *_middle(shape))
            kernel[place] = 1.0
    return _on_device(kernel, shape, dtype)


def _matrix(name: str, shape: Shape) -> tuple[int, int]:
    if len(shape) != 2:
        raise ShapeError(f"{name}: the weight must be a matrix (out, in), got shape {tuple(shape)}; for kernels, dirac")
    return shape[0], shape[1]


def _kernel(name: str, shape: Shape) -> tuple[int, ...]:
    if not 3 <= len(shape) <= 5:
        raise ShapeError(f"{name}: a kernel is (out, in, *k) of 3 to 5 axes, got shape {tuple(shape)}; for matrices, "
                         f"{'identity' if name == 'dirac' else 'orthogonal'}")  # fmt: skip
    return tuple(shape)


def _middle(shape: Shape) -> list[Any]:
    return [k // 2 for k in shape[2:]]


def _on_device(host: np.ndarray[Any, Any], shape: Shape, dtype: Any) -> Array:
    """What was made on the host, where all devices find the same numbers."""
    if np.dtype(dtype).kind != "f":
        raise DTypeError(f"init: weights are floating numbers, got dtype {dtype}; float32, say")
    return default_backend().from_host(np.ascontiguousarray(host.astype(dtype).reshape(tuple(shape))))
