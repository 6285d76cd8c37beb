"""Sums of products in Einstein's notation.

Builds on: `minigrad.ops.linalg`, `minigrad.ops.shape`. Read next: `minigrad.ops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.ops.linalg import diagonal
from minigrad.ops.shape import broadcast_to, reshape
from minigrad.promote import together
from minigrad.tape import Result, Value, composite, op

__all__ = ["einsum"]


@composite
def einsum(subscripts: str, *operands: Any) -> Any:
    """Sum of products in Einstein's notation: one letter per axis, letters that are not in the result are summed over.

    y = sum of products, as the subscripts say: 'ij,jk->ik' is a matrix product

    Shapes: as the subscripts say; '...' stands for any number of axes that broadcast.

    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.], dtype=float32)
    """
    arrays = together(operands)
    terms, result = _parse(subscripts, [x.ndim for x in arrays])
    for i, term in enumerate(terms):
        while len(set(term)) < len(term):  # a letter twice in one operand means its diagonal
            letter = next(c for c in term if term.count(c) > 1)
            first = term.index(letter)
            second = term.index(letter, first + 1)
            if arrays[i].shape[first] != arrays[i].shape[second]:
                raise ShapeError(
                    f"einsum: letter {letter!r} stands for two sizes, got shape {arrays[i].shape}; rename one of them"
                )
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
            # So is that of an axis of size 1 in all the others, which was broadcast.
            wide = tuple(sizes[c] if sizes.get(c, 1) != 1 else n for c, n in zip(terms[i], shapes[i], strict=True))
            return broadcast_to(h, wide)

        vjp.__qualname__ = "einsum"
        return vjp

    return _contract(terms, result, arrays), tuple(back(i) for i in range(len(arrays)))


def _contract(terms: Sequence[str], result: str, arrays: Sequence[Array]) -> Array:
    return namespace(*arrays).einsum(f"{','.join(terms)}->{result}", *arrays)


def _parse(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, with '...' spelled out and a missing result made as NumPy does."""
    if not isinstance(subscripts, str):
        raise ShapeError(f"einsum: subscripts come as a string, got {subscripts!r:.40}; for instance 'ij,jk->ik'")
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
    if depth and "..." not in result:
        raise ShapeError(
            f"einsum: the result leaves out the axes of '...', got {subscripts!r}; write '->...' there too"
        )
    return terms, result.replace("...", "".join(spare[-depth:]) if depth else "")
