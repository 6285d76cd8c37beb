"""Products of matrices and tensors.

Builds on: `minigrad.ops.reduce`, `minigrad.ops.shape`. Read next: `minigrad.ops`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.ops.shape import broadcast_to, diagonal, expand_dims, reshape, transpose
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value

__all__ = ["einsum", "matmul", "outer", "tensordot"]


@op
def matmul(a: Value, b: Value) -> Result:
    """Matrix product, over the last two axes; the axes before them broadcast.

    y[i, k] = sum_j a[i, j] b[j, k]

    Shapes: (..., n, m) and (..., m, p) give (..., n, p); a vector stands for a row on the left, a column on the right.
    Gradient: dy/da = g b^T, dy/db = a^T g.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.], dtype=float32)
    """
    if a is not None and b is not None:
        _check_matmul(getattr(a, "shape", ()), getattr(b, "shape", ()))
    if a.ndim > 2 and b.ndim == 2:  # one large product instead of a batch of small ones
        flat = a.reshape(-1, a.shape[-1])
        y = (flat @ b).reshape(*a.shape[:-1], b.shape[-1])
    else:
        y = a @ b
    a_shape, b_shape = a.shape, b.shape
    return y, (lambda g: _left(g, b, a_shape), lambda g: _right(g, a, b_shape))


def _check_matmul(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    if not a or not b:
        raise ShapeError(f"matmul: needs vectors or matrices, got shapes {a} and {b}; use * for a scalar")
    if a[-1] != b[-2 if len(b) > 1 else 0]:
        raise ShapeError(
            f"matmul: the last axis of the first must match the last but one of the second, got {a} and {b}; "
            "transpose one of them, or check the layer's in_features"
        )


def _left(g: Array, b: Array, a_shape: tuple[int, ...]) -> Array:
    """g b^T, in the shape of a or one that sums to it."""
    if b.ndim == 1:
        return expand_dims(g, -1) * b
    if len(a_shape) == 1:
        return (b @ expand_dims(g, -1))[..., 0]
    if b.ndim == 2 and g.ndim > 2:
        return (g.reshape(-1, g.shape[-1]) @ b.T).reshape(*g.shape[:-1], b.shape[0])
    return g @ b.swapaxes(-1, -2)


def _right(g: Array, a: Array, b_shape: tuple[int, ...]) -> Array:
    """a^T g, in the shape of b or one that sums to it."""
    if a.ndim == 1:
        return a * g if len(b_shape) == 1 else expand_dims(a, -1) * expand_dims(g, -2)
    if len(b_shape) == 1:
        return (a.swapaxes(-1, -2) @ expand_dims(g, -1))[..., 0]
    if len(b_shape) == 2 and a.ndim > 2:
        return a.reshape(-1, a.shape[-1]).T @ g.reshape(-1, g.shape[-1])
    return a.swapaxes(-1, -2) @ g


@composite
def outer(a: Any, b: Any) -> Any:
    """Every element of one array times every element of another, both flattened.

    y[i, j] = a_i b_j

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    return reshape(a, -1, 1) * reshape(b, 1, -1)


@composite
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over several axes of two arrays.

    y[i, k] = sum_j a[i, j] b[j, k], with j running over all the contracted axes

    Parameters
    ----------
    axes
        How many: the last of `a` with the first of `b`; or two lists of axes.

    >>> tensordot([[1.0, 2.0]], [[1.0], [1.0]], axes=1)
    array([[3.]], dtype=float32)
    """
    a, b = (as_value(x) for x in (a, b))
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    left, right = ([x] if isinstance(x, int) else list(x) for x in axes)
    left, right = [i % a.ndim for i in left], [i % b.ndim for i in right]
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise ShapeError(
            f"tensordot: contracted axes must have equal sizes, got {a.shape} over {left}, {b.shape} over {right}; "
            "check axes="
        )
    a_free = [i for i in range(a.ndim) if i not in left]
    b_free = [i for i in range(b.ndim) if i not in right]
    n = math.prod(a.shape[i] for i in left)
    y = reshape(transpose(a, [*a_free, *left]), math.prod(a.shape[i] for i in a_free), n) @ reshape(
        transpose(b, [*right, *b_free]), n, math.prod(b.shape[i] for i in b_free)
    )
    return reshape(y, (*(a.shape[i] for i in a_free), *(b.shape[i] for i in b_free)))


# -- einsum ------------------------------------------------------------------------------------------------------------


@composite
def einsum(subscripts: str, *operands: Any) -> Any:
    """Sum of products in Einstein's notation: one letter per axis, letters that are not in the result are summed over.

    y = sum of products, as the subscripts say: 'ij,jk->ik' is a matrix product

    Shapes: as the subscripts say; '...' stands for any number of axes that broadcast.

    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.], dtype=float32)
    """
    arrays = [as_value(x) for x in operands]
    terms, result = _parse(subscripts, [x.ndim for x in arrays])
    for i, term in enumerate(terms):
        while len(set(term)) < len(term):  # a letter twice in one operand means its diagonal
            letter = next(c for c in term if term.count(c) > 1)
            first = term.index(letter)
            second = term.index(letter, first + 1)
            arrays[i] = diagonal(arrays[i], 0, first, second)
            term = "".join(c for k, c in enumerate(term) if k not in (first, second)) + letter
        terms[i] = term
    return _einsum(*arrays, terms=tuple(terms), result=result)


@op
def _einsum(*arrays: Value, terms: Any, result: Any) -> Result:
    shapes = [a.shape for a in arrays]

    def back(i: int) -> Any:
        others = [a for k, a in enumerate(arrays) if k != i]
        other_terms = [t for k, t in enumerate(terms) if k != i]

        def vjp(g: Array) -> Array:
            known = set(result).union(*other_terms)
            reached = "".join(c for c in terms[i] if c in known)
            h = _contract([result, *other_terms], reached, [g, *others])
            # A letter that stands in this operand alone was summed over: its gradient is the same at every place.
            sizes = dict(zip(reached, h.shape))  # noqa: B905 (of equal length)
            h = reshape(h, tuple(sizes.get(c, 1) for c in terms[i]))
            wide = tuple(sizes.get(c, n) for c, n in zip(terms[i], shapes[i]))  # noqa: B905 (of equal length)
            return broadcast_to(h, wide)

        vjp.__qualname__ = "einsum"
        return vjp

    return _contract(terms, result, arrays), tuple(back(i) for i in range(len(arrays)))


def _contract(terms: Sequence[str], result: str, arrays: Sequence[Array]) -> Array:
    return namespace(*arrays).einsum(f"{','.join(terms)}->{result}", *arrays)


def _parse(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with '...' spelled out and a missing result made as NumPy does."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ShapeError(f"einsum: {subscripts!r} names {len(terms)} operands, got {len(ndims)}; one term for each")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
    depth = 0
    for i, (term, ndim) in enumerate(zip(terms, ndims)):  # noqa: B905 (checked above)
        named = len(term.replace("...", ""))
        extra = ndim - named
        if extra < 0 or (extra and "..." not in term):
            raise ShapeError(f"einsum: term {term!r} names {named} axes, got an operand of {ndim}; one letter for each")
        depth = max(depth, extra)
        terms[i] = term.replace("...", "".join(spare[-extra:]) if extra else "")
    if not arrow:
        letters = "".join(terms)
        result = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1 and c not in spare))
    return terms, result.replace("...", "".join(spare[-depth:]) if depth else "")
