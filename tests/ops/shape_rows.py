"""Rows of minigrad.ops.shape."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import MATRIX, UNARY, Row

CUBE = [(2, 3, 2)]
PAIR = [(2, 3), (2, 3)]


def same(op: str, variant: str, inputs: Any, *args: Any, numpy: str = "", **options: Any) -> Row:
    """An op that takes NumPy's arguments and means what NumPy means."""
    theirs, ours = getattr(np, numpy or op), getattr(mg, op)
    return Row(op, inputs, lambda x: theirs(x, *args), variant, lambda x: ours(x, *args), **options)


def joined(op: str, variant: str, inputs: Any, axis: int, **options: Any) -> Row:
    theirs, ours = getattr(np, op), getattr(mg, op)
    return Row(
        op, inputs, lambda *xs: theirs(xs, axis), variant, lambda *xs: ours(list(xs), axis), broadcasts=False, **options
    )


ROWS = [
    Row("reshape", MATRIX, lambda x: x.reshape(3, 2), "sizes", lambda x: mg.reshape(x, 3, 2)),
    Row("reshape", MATRIX, lambda x: x.reshape(-1, 2), "-1", lambda x: mg.reshape(x, -1, 2)),
    Row("reshape", MATRIX, lambda x: x.reshape((1, 6, 1)), "tuple", lambda x: mg.reshape(x, (1, 6, 1))),
    Row("reshape", [(1,)], lambda x: x.reshape(()), "to 0-d", lambda x: mg.reshape(x, ())),
    Row("reshape", [()], lambda x: x.reshape(1, 1), "from 0-d", lambda x: mg.reshape(x, 1, 1)),
    Row("reshape", [(0, 3)], lambda x: x.reshape(3, 0), "empty", lambda x: mg.reshape(x, 3, 0)),
    Row("flatten", CUBE, np.ravel, shapes=UNARY),
    Row("transpose", CUBE, np.transpose, shapes=UNARY),
    same("transpose", "axes", CUBE, (1, 2, 0)),
    same("transpose", "negative axes", CUBE, (-1, 0, 1)),
    Row("transpose", CUBE, lambda x: x.transpose(2, 0, 1), "numbers", lambda x: mg.transpose(x, 2, 0, 1)),
    same("swapaxes", "0, 2", CUBE, 0, 2),
    same("swapaxes", "-1, -2", CUBE, -1, -2),
    same("moveaxis", "0 to -1", CUBE, 0, -1),
    same("moveaxis", "-1 to 0", CUBE, -1, 0),
    same("moveaxis", "2 to 1", CUBE, 2, 1),
    same("broadcast_to", "rows", [(3,)], (2, 3)),
    same("broadcast_to", "column", [(2, 1)], (2, 3)),
    same("broadcast_to", "0-d", [()], (2, 3)),
    same("broadcast_to", "itself", MATRIX, (2, 3)),
    same("broadcast_to", "to empty", [(1,)], (0,)),
    same("expand_dims", "0", MATRIX, 0, shapes=UNARY),
    same("expand_dims", "-1", MATRIX, -1, shapes=UNARY),
    same("expand_dims", "two", MATRIX, (0, 2)),
    same("squeeze", "all", [(1, 2, 1)], shapes=UNARY),
    same("squeeze", "axis", [(1, 2, 1)], 0),
    same("squeeze", "axes", [(1, 2, 1)], (0, -1)),
    joined("concatenate", "axis 0", PAIR, 0, shapes=[[(0, 3), (2, 3)], [(0, 3), (0, 3)]]),
    joined("concatenate", "axis -1", [(2, 1), (2, 3), (2, 2)], -1),
    joined("concatenate", "one", MATRIX, 0),
    joined("stack", "axis 0", PAIR, 0, shapes=[[(), ()], [(0,), (0,)]]),
    joined("stack", "axis 1", PAIR, 1),
    joined("stack", "axis -1", [(2,), (2,), (2,)], -1),
    *(
        Row("split", [(4, 3)], lambda x, i=i: np.split(x, 2)[i], f"parts, {i}", lambda x, i=i: mg.split(x, 2)[i])
        for i in range(2)
    ),
    *(
        Row(
            "split",
            [(2, 5)],
            lambda x, i=i: np.split(x, [1, 3], axis=-1)[i],
            f"places, {i}",
            lambda x, i=i: mg.split(x, [1, 3], axis=-1)[i],
        )
        for i in range(3)
    ),
    Row("split", [(2, 4)], lambda x: np.add(*np.split(x, 2, 1)), "used together", lambda x: mg.add(*mg.split(x, 2, 1))),
    Row("flip", CUBE, np.flip, shapes=UNARY),
    same("flip", "axis", CUBE, 1),
    same("flip", "axes", CUBE, (0, -1)),
    same("roll", "flat", MATRIX, 2),
    same("roll", "axis", MATRIX, -1, 1),
    same("roll", "axes", CUBE, (1, 2), (0, 1)),
    same("roll", "beyond the size", [(3,)], 7, 0, shapes=[[(0,)], [(1,)]]),
    same("repeat", "flat", MATRIX, 2),
    same("repeat", "axis", MATRIX, 3, 1),
    same("repeat", "counts", MATRIX, [2, 0, 1], -1),
    same("tile", "number", MATRIX, 2),
    same("tile", "more axes", [(3,)], (2, 1, 2)),
    same("tile", "fewer axes", CUBE, (2,)),
    same("tile", "none", MATRIX, (0, 1)),
    same("pad", "number", MATRIX, 1),
    same("pad", "pair", MATRIX, (1, 2)),
    same("pad", "per axis", MATRIX, ((0, 1), (2, 0)), shapes=[[(0, 3)]]),
    Row("pad", MATRIX, lambda x: np.pad(x, 1, constant_values=7), "value", lambda x: mg.pad(x, 1, constant_values=7)),
    *(
        Row(
            "pad",
            [(3, 4)],
            lambda x, m=m: np.pad(x, ((1, 2), (2, 0)), m),
            m,
            lambda x, m=m: mg.pad(x, ((1, 2), (2, 0)), m),
        )
        for m in ("edge", "reflect", "symmetric", "wrap")
    ),
    *(
        Row(op, [shape], getattr(np, op), f"{len(shape)}-d, k {k}", static={"k": k})
        for op in ("tril", "triu")
        for shape, k in [((3, 3), 0), ((2, 4), 1), ((4, 2), -1), ((2, 2, 3), 0)]
    ),
    *(
        Row(op, [shape], getattr(np, op), f"{len(shape)}-d, {', '.join(map(str, static.values()))}", static=static)
        for op in ("diagonal", "trace")
        for shape, static in [
            ((3, 3), {}),
            ((2, 3), {"offset": 1}),
            ((3, 2), {"offset": -1}),
            ((2, 3), {"offset": 5}),
            ((2, 3, 3), {"offset": 0, "axis1": 1, "axis2": 2}),
            ((3, 2, 3), {"offset": 0, "axis1": -1, "axis2": 0}),
        ]
    ),
]
