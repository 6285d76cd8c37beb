"""Rows of minigrad.ops.sorting, over every axis, both ways round."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import Row

CUBE = [(2, 3, 2)]
AXES: dict[str, Any] = {"last": -1, "first": 0, "flat": None}
EDGES = [[(0,)], [(2, 0)], [(0, 3)], [(1,)]]


def order(x: np.ndarray, axis: Any = -1, descending: bool = False) -> np.ndarray:
    return np.argsort(-x if descending else x, axis=axis, kind="stable")


def in_order(x: np.ndarray, axis: Any = -1, descending: bool = False) -> np.ndarray:
    return -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis)


def first(x: np.ndarray, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> np.ndarray:
    return np.take(in_order(x, axis, largest), range(k), axis)


def first_places(x: np.ndarray, k: int, axis: int = -1, largest: bool = True) -> np.ndarray:
    return np.take(order(x, axis, largest), range(k), axis)


TOPK: dict[str, dict[str, Any]] = {
    "2": {"k": 2},
    "0": {"k": 0},
    "all": {"k": 2, "axis": 0},
    "smallest": {"k": 2, "axis": 1, "largest": False},
    "in any order": {"k": 1, "sorted": False},
}

ROWS = [
    *(
        Row(op, CUBE, oracle, name + way, static={"axis": axis} | static, differentiable=op == "sort")
        for op, oracle in [("sort", in_order), ("argsort", order)]
        for name, axis in AXES.items()
        for way, static in [("", {}), (", descending", {"descending": True})]
    ),
    Row("sort", [(3,)], in_order, "edges", shapes=EDGES),
    Row("argsort", [(3,)], order, "edges", differentiable=False, shapes=EDGES),
    *(
        Row("topk", CUBE, first, name, lambda x, **static: mg.topk(x, **static).values, static)
        for name, static in TOPK.items()
    ),
    *(
        Row("topk", CUBE, first_places, f"places of {name}", lambda x, **static: mg.topk(x, **static).indices, static,
            differentiable=False)
        for name, static in list(TOPK.items())[:-1]
    ),
]  # fmt: skip
