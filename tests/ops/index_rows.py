"""Rows of minigrad.ops.index: every kind of index, taken and put back."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import MATRIX, UNARY, Row

CUBE = (3, 4, 2)
MASK = np.array([[True, False, True, False], [False, False, False, False], [True, True, False, True]])

BASIC: dict[str, Any] = {
    "integer": 1,
    "negative": -1,
    "slice": slice(1, None),
    "step": (slice(None), slice(None, None, 2)),
    "reversed": slice(None, None, -1),
    "empty slice": slice(2, 2),
    "newaxis": (None, slice(None), None, 0),
    "ellipsis": (Ellipsis, 1),
    "inner ellipsis": (0, Ellipsis, None),
    "one element": (1, 2, 0),
    "everything": Ellipsis,
}
ADVANCED: dict[str, Any] = {
    "list": [2, 0],
    "duplicates": [0, 0, 2, 0],
    "negative list": [-1, 0, -1],
    "empty list": [],
    "matrix of places": np.array([[0, 1], [1, 1]]),
    "two lists": ([0, 2, 0], [1, 1, 1]),
    "broadcasting lists": (np.array([[0], [2]]), np.array([1, 3, 1])),
    "list and slice": ([1, 1], slice(1, 3)),
    "slice and list": (slice(None), [3, 3, 0]),
    "lists apart": ([0, 1], slice(None), [1, 1]),
    "list and integer": ([0, 0], 2),
    "newaxis and list": (None, [1, 1]),
    "int32": np.array([2, 2], dtype=np.int32),
}
MASKS: dict[str, Any] = {
    "mask of rows": np.array([True, False, True]),
    "mask": MASK,
    "mask and slice": (MASK, slice(0, 1)),
    "slice and mask": (slice(None), np.array([True, False, False, True])),
    "nothing": np.zeros(3, dtype=bool),
}


def np_scatter(values: np.ndarray, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    """One place at a time, in Python: what adding at places means."""
    out = np.zeros(shape, dtype=values.dtype)
    places = np.arange(out.size).reshape(shape)[index]
    for place, value in zip(places.ravel(), np.broadcast_to(values, places.shape).ravel(), strict=True):
        out.ravel()[place] += value
    return out


def indexing(variant: str, index: Any) -> list[Row]:
    """The three ops of one index."""
    taken = np.zeros(CUBE)[index].shape
    options: dict[str, Any] = {"synchronises": variant in MASKS}
    return [
        Row("getitem", [CUBE], lambda x: x[index], variant, lambda x: mg.getitem(x, index), **options),
        Row(
            "scatter",
            [taken],
            lambda v: np_scatter(v, index, CUBE),
            variant,
            lambda v: mg.scatter(v, index, CUBE),
            **options,
        ),
        Row(
            "scatter_add",
            [CUBE, taken],
            lambda x, v: x + np_scatter(v, index, CUBE),
            variant,
            lambda x, v: mg.scatter_add(x, index, v),
            broadcasts=False,
            **options,
        ),
    ]


PLACES = np.array([[2, 0], [1, 1]])

ROWS = [
    *(row for name, index in {**BASIC, **ADVANCED, **MASKS}.items() for row in indexing(name, index)),
    Row("getitem", [()], lambda x: x[...], "0-d", lambda x: mg.getitem(x, ...)),
    Row("getitem", [()], lambda x: x[None], "0-d, newaxis", lambda x: mg.getitem(x, None)),
    Row(
        "scatter",
        [()],
        lambda v: np_scatter(v, [0, 0, 2], (4,)),
        "one number, several places",
        lambda v: mg.scatter(v, [0, 0, 2], (4,)),
    ),
    Row("take", [(3, 2)], lambda x: np.take(x, [0, 5, 5]), "flat", lambda x: mg.take(x, [0, 5, 5])),
    Row("take", [(3, 2)], lambda x: np.take(x, [2, 0, 2], 0), "axis 0", lambda x: mg.take(x, [2, 0, 2], 0)),
    Row("take", [(3, 2)], lambda x: np.take(x, [[1, 1]], -1), "axis -1", lambda x: mg.take(x, [[1, 1]], -1)),
    Row("take", [(3, 2)], lambda x: np.take(x, 1, 1), "one place", lambda x: mg.take(x, 1, 1)),
    Row("take", [(3, 2)], lambda x: np.take(x, [-1, 0], 0), "negative", lambda x: mg.take(x, [-1, 0], 0)),
    *(
        Row(
            "take_along_axis",
            [(2, 3)],
            lambda x, p=p, a=a: np.take_along_axis(x, p, a),
            f"axis {a}",
            lambda x, p=p, a=a: mg.take_along_axis(x, p, a),
        )
        for a, p in [(1, PLACES), (-1, PLACES), (0, np.array([[1, 1, 0]]))]
    ),
    Row(
        "take_along_axis",
        [(2, 3)],
        lambda x: np.take_along_axis(x, np.array([[2]]), 1),
        "broadcast",
        lambda x: mg.take_along_axis(x, np.array([[2]]), 1),
    ),
    Row(
        "take_along_axis",
        MATRIX,
        lambda x: np.sort(x, 1),
        "argsort",
        lambda x: mg.take_along_axis(x, order(x), 1),
        integers=None,
    ),
    Row("masked_fill", [(3, 4)], lambda x: np.where(MASK, 7, x), "mask", lambda x: mg.masked_fill(x, MASK.tolist(), 7)),
    Row(
        "masked_fill",
        [(3, 4)],
        lambda x: np.where(MASK[0], -0.5, x),
        "rows",
        lambda x: mg.masked_fill(x, MASK[0].tolist(), -0.5),
        integers=None,
    ),
    Row(
        "masked_fill",
        MATRIX,
        lambda x: np.where(x > 0, 0, x),
        "of the input",
        lambda x: mg.masked_fill(x, mg.greater(x, 0), 0),
        shapes=UNARY,
    ),
]


def order(x: Any) -> Any:
    """The places of the sorted elements, on the device of `x`."""
    while hasattr(x, "value"):
        x = x.value
    return mg.namespace(x).argsort(x, 1)
