"""Rows of minigrad.ops.linalg."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import Row

MATMUL = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 4)),
    ((2, 2, 3), (3, 4)),
    ((2, 3), (2, 3, 4)),
    ((2, 2, 3), (2, 3, 4)),
    ((1, 2, 3), (2, 3, 4)),
    ((2, 2, 3), (1, 3, 4)),
    ((2, 1, 2, 3), (2, 3, 2)),
    ((2, 3), (2, 1, 3, 2)),
    ((2, 1, 2, 3), (3, 2)),
    ((2, 1, 2, 3), (3,)),
    ((3,), (2, 1, 3, 2)),
    ((1, 1), (1, 1)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (3, 0)),
    ((0, 2, 3), (3, 2)),
    ((0,), (0,)),
]

EINSUM = {
    "ij,jk->ik": [(2, 3), (3, 2)],
    "ij,jk": [(2, 3), (3, 2)],
    "ij,j->i": [(2, 3), (3,)],
    "i,j->ij": [(2,), (3,)],
    "i,i->": [(3,), (3,)],
    "i,i": [(3,), (3,)],
    "ij->ji": [(2, 3)],
    "ba": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->i": [(2, 3)],
    "ij->j": [(2, 3)],
    "ii->i": [(3, 3)],
    "ii": [(3, 3)],
    "iij->j": [(2, 2, 3)],
    "iji->ij": [(2, 3, 2)],
    "iii->i": [(2, 2, 2)],
    "ii,i->i": [(3, 3), (3,)],
    "ij,jj->i": [(2, 3), (3, 3)],
    "ij,kl->": [(2, 3), (2, 2)],
    "ij,k->i": [(2, 3), (2,)],
    "ij,ij->ij": [(2, 3), (2, 3)],
    "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)],
    "bij,jk->bik": [(2, 2, 3), (3, 2)],
    "bhid,bhjd->bhij": [(2, 1, 2, 3), (2, 1, 2, 3)],
    "...ij,...jk->...ik": [(2, 2, 3), (2, 3, 2)],
    "...ij,jk": [(2, 2, 3), (3, 2)],
    "...i->...": [(2, 2, 3)],
    "i...->...": [(2, 2, 3)],
    "...->...": [(2, 3)],
    "...,...->...": [(2, 3), (2, 3)],
    "...i,i->...": [(2, 3), (3,)],
    "...ii->...i": [(2, 3, 3)],
    "i j , j k -> i k": [(2, 3), (3, 2)],
    "ij,jk,kl->il": [(2, 3), (3, 2), (2, 2)],
    "a,b,c->abc": [(2,), (2,), (2,)],
    ",i->i": [(), (3,)],
    "i->i": [(0,)],
}
BROADCAST_EINSUM = {  # '...' that broadcasts: axes missing, axes of size 1
    "...ij,...jk->...ik": [(2, 2, 3), (3, 2)],
    "...i,...i->...": [(2, 1, 3), (2, 3)],
    "...,...": [(2, 3), (3,)],
    "...a,...->...a": [(1, 2), (3,)],
}

TENSORDOT: list[tuple[str, Any, Any]] = [
    ("1", [(2, 3), (3, 2)], 1),
    ("2", [(2, 3, 2), (3, 2, 2)], 2),
    ("0", [(2,), (3,)], 0),
    ("pair", [(2, 3), (2, 4)], (0, 0)),
    ("lists", [(2, 3, 4), (4, 2)], ([2, 0], [0, 1])),
    ("negative", [(2, 3), (2, 3)], ([-1], [-1])),
    ("all", [(2, 3), (2, 3)], 2),
    ("empty", [(2, 0), (0, 3)], 1),
]


def shapes_in_words(shapes: Any) -> str:
    return " @ ".join("x".join(map(str, s)) for s in shapes)


def einsum(subscripts: str, shapes: Any, note: str = "") -> Row:
    return Row(
        "einsum", shapes, lambda *xs: np.einsum(subscripts, *xs), subscripts + note,
        lambda *xs: mg.einsum(subscripts, *xs), broadcasts=False,
    )  # fmt: skip


ROWS = [
    *(Row("matmul", list(shapes), np.matmul, shapes_in_words(shapes), broadcasts=False) for shapes in MATMUL),
    *(einsum(subscripts, shapes) for subscripts, shapes in EINSUM.items()),
    *(einsum(subscripts, shapes, " broadcast") for subscripts, shapes in BROADCAST_EINSUM.items()),
    *(
        Row("tensordot", shapes, np.tensordot, name, static={"axes": axes}, broadcasts=False)
        for name, shapes, axes in TENSORDOT
    ),
    Row("outer", [(2,), (3,)], np.outer, "vectors", broadcasts=False, shapes=[[(0,), (3,)], [(), ()]]),
    Row("outer", [(2, 2), (3,)], np.outer, "matrix and vector", broadcasts=False),
]
