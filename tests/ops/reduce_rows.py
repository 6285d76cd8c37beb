"""Rows of minigrad.ops.reduce: every reduction over no axis, one, several, with and without keepdims."""

from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import Row

CUBE = [(2, 3, 2)]
AXES: dict[str, Any] = {"all": None, "axis 0": 0, "axis -1": -1, "axes 0, 2": (0, 2), "axes -1, 0": (-1, 0)}


def reductions(op: str, oracle: Any, one_axis: bool = False, **options: Any) -> list[Row]:
    """A row for each way to name axes."""
    rows = []
    for name, axis in AXES.items():
        if one_axis and isinstance(axis, tuple):
            continue
        for keepdims in (False, True):
            static = {"axis": axis} | ({"keepdims": True} if keepdims else {})
            rows.append(Row(op, CUBE, oracle, name + (", kept" if keepdims else ""), static=static, **options))
    return rows


def edges(op: str, oracle: Any, empty: bool, **options: Any) -> Row:
    """A 0-d input, one element, and (where the op has a value for nothing) no elements."""
    shapes = [[()], [(1,)], [(1, 1)]] + ([[(0,)], [(2, 0)]] if empty else [])
    return Row(op, [()], oracle, "edges", shapes=shapes, **options)


def empty_rows(op: str, oracle: Any) -> Row:
    """No rows, reduced over columns: a result with no elements."""
    return Row(op, [(2, 3)], oracle, "no rows", static={"axis": 1}, shapes=[[(0, 3)]], integers=None)


def p_norm(x: np.ndarray, ord: float = 2, axis: Any = None, keepdims: bool = False) -> Any:
    if ord == float("inf"):
        return np.abs(x).max(axis=axis, keepdims=keepdims)
    return (np.abs(x) ** ord).sum(axis=axis, keepdims=keepdims) ** (1 / ord)


def log_sum_exp(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def flat(oracle: Any) -> Any:
    """The running sum of the flattened array."""
    return lambda x, axis=None: oracle(x, axis=axis)


ROWS = [
    *reductions("sum", np.sum),
    edges("sum", np.sum, True),
    empty_rows("sum", np.sum),
    *reductions("mean", np.mean, integers="refused"),
    edges("mean", np.mean, False, integers="refused"),
    empty_rows("mean", np.mean),
    *reductions("var", np.var, integers="refused"),
    edges("var", np.var, False, integers="refused"),
    empty_rows("var", np.var),
    Row("var", CUBE, np.var, "ddof", static={"axis": 1, "ddof": 1}, integers="refused"),
    *reductions("std", np.std, integers="refused"),
    Row("std", CUBE, np.std, "ddof", static={"axis": 1, "ddof": 1}, integers="refused"),
    empty_rows("std", np.std),
    *reductions("max", np.max),
    edges("max", np.max, False),
    empty_rows("max", np.max),
    *reductions("min", np.min),
    edges("min", np.min, False),
    empty_rows("min", np.min),
    *reductions("logsumexp", log_sum_exp, integers="refused"),
    edges("logsumexp", log_sum_exp, False, integers="refused"),
    empty_rows("logsumexp", log_sum_exp),
    *reductions("norm", p_norm, integers="refused"),
    edges("norm", p_norm, False, integers="refused", domain=(0.2, 2.0)),
    empty_rows("norm", p_norm),
    *(
        Row("norm", CUBE, p_norm, f"ord {p}, {name}", static={"ord": p, "axis": axis}, integers=None)
        for p in (1, 3, float("inf"))
        for name, axis in [("all", None), ("axis 1", 1)]
    ),
    Row("norm", CUBE, p_norm, "ord 2.5", static={"ord": 2.5, "axis": (0, 1), "keepdims": True}, integers=None),
    *reductions("prod", np.prod),
    edges("prod", np.prod, True),
    empty_rows("prod", np.prod),
    *(
        Row(op, CUBE, flat(oracle), name, static={"axis": axis})
        for op, oracle in [("cumsum", np.cumsum), ("cumprod", np.cumprod)]
        for name, axis in [("flat", None), ("axis 0", 0), ("axis 1", 1), ("axis -1", -1)]
    ),
    *(
        Row(op, [(3,)], flat(oracle), "edges", shapes=[[()], [(1,)], [(0,)]])
        for op, oracle in [("cumsum", np.cumsum), ("cumprod", np.cumprod)]
    ),
    *reductions("any", np.any, differentiable=False),
    *reductions("all", np.all, differentiable=False),
    edges("any", np.any, True, differentiable=False),
    edges("all", np.all, True, differentiable=False),
    *(
        Row(op, CUBE, getattr(np, op), name, static={"axis": axis}, differentiable=False)
        for op in ("argmax", "argmin")
        for name, axis in [("all", None), ("axis 0", 0), ("axis -1", -1)]
    ),
    Row(
        "any",
        [(2, 3)],
        lambda x: (x > 1).any(0),
        "of a mask",
        lambda x: mg.any(mg.greater(x, 1), 0),
        differentiable=False,
    ),
    Row(
        "all",
        [(2, 3)],
        lambda x: (x > 1).all(0),
        "of a mask",
        lambda x: mg.all(mg.greater(x, 1), 0),
        differentiable=False,
    ),
]
