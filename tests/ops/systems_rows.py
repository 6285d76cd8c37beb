"""Rows of minigrad.ops.systems and minigrad.ops.determinant: against NumPy, alone and in stacks."""

import itertools
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.backend import namespace
from minigrad.tensor import raw
from tests.ops.row import Row

SQUARE = [(3, 3)]
EMPTY = [[(0, 0)], [(0, 2, 2)], [(2, 0, 0)], [(1, 1)]]
BOTH = [  # a and b of solve
    ((3, 3), (3,)),
    ((3, 3), (3, 2)),
    ((2, 3, 3), (2, 3, 2)),
    ((2, 3, 3), (3,)),
    ((2, 2, 2), (2, 2)),  # b is one matrix for both, and no stack of vectors
    ((3, 3), (2, 3, 1)),
    ((2, 1, 2, 2), (3, 2, 2)),
    ((1, 2, 2), (2, 2, 2)),
    ((1, 1), (1,)),
    ((0, 0), (0,)),
    ((2, 0, 0), (2, 0, 3)),
    ((2, 2), (2, 0)),
    ((0, 2, 2), (2, 2)),
]
TALL = [(-0.7, 0.7), (-2.0, 2.0)]


def unit(x: Any) -> Any:
    return namespace(raw(x)).eye(x.shape[-1], dtype=x.dtype)


def well_conditioned(x: Any) -> Any:
    """A matrix with a heavy diagonal."""
    return x + 3 * unit(x)


def positive_definite(x: Any) -> Any:
    """A symmetric matrix with positive eigenvalues."""
    return x @ x.swapaxes(-1, -2) + unit(x)


def permutations(x: np.ndarray) -> np.ndarray:
    """The determinant by its definition, which LAPACK has no part in."""
    n = x.shape[-1]
    total = np.zeros(x.shape[:-2])
    for p in itertools.permutations(range(n)):
        sign = np.linalg.det(np.eye(n)[list(p)]) if n else 1.0
        total = total + round(sign) * np.prod([x[..., i, j] for i, j in enumerate(p)], axis=0)
    return total


def names(shapes: Any) -> str:
    return " and ".join("x".join(map(str, s)) for s in shapes)


def rows(op: str, oracle: Any, prepare: Any, name: str = "", **options: Any) -> list[Row]:
    """One matrix, a stack of them, and the edges, of the prepared input."""
    call = lambda x, **static: getattr(mg, op)(prepare(x), **static)  # noqa: E731
    expected = lambda x, **static: oracle(prepare(x), **static)  # noqa: E731
    return [
        Row(op, shape, expected, f"{name}{names(shape)}", call, integers=None, **options, shapes=shapes)
        for shape, shapes in [(SQUARE, []), ([(2, 2, 2)], []), ([(1, 1)], EMPTY)]
    ]


ROWS = [
    *rows("inv", np.linalg.inv, well_conditioned),
    Row("inv", [(2, 2)], np.linalg.inv, "plain", domain=(0.3, 2.0), integers="refused"),
    *(
        Row(
            "solve", list(shapes), lambda a, b: np.linalg.solve(well_conditioned(a), b), names(shapes),
            lambda a, b: mg.solve(well_conditioned(a), b), broadcasts=False, domain=TALL, integers=None,
        )
        for shapes in BOTH
    ),
    Row("solve", [(2, 2), (2,)], np.linalg.solve, "plain", broadcasts=False, integers="refused"),
    *rows("cholesky", np.linalg.cholesky, positive_definite),
    *rows("cholesky", np.linalg.cholesky, positive_definite, "upper ", static={"upper": True}),
    Row("det", SQUARE, permutations, "3x3", integers="refused"),
    Row("det", [(2, 4, 4)], permutations, "2x4x4", domain=(-1.0, 1.0), integers=None),
    Row("det", [(1, 1)], permutations, "edges", integers="refused", shapes=EMPTY),
    *(
        Row(
            "slogdet", shape, lambda x: np.linalg.slogdet(x)[1], names(shape), lambda x: mg.slogdet(x).logabsdet,
            domain=(0.1, 2.0), integers="refused", shapes=shapes,
        )
        for shape, shapes in [(SQUARE, []), ([(2, 2, 2)], []), ([(1, 1)], EMPTY)]
    ),
    Row("slogdet", SQUARE, lambda x: np.linalg.slogdet(x)[0], "sign", lambda x: mg.slogdet(x).sign,
        differentiable=False, integers="refused"),
]  # fmt: skip
