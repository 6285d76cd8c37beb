"""Rows of minigrad.ops.arithmetic and minigrad.ops.elementwise."""

import math
from typing import Any

import numpy as np

import minigrad as mg
from tests.ops.row import BINARY, MATRIX, UNARY, Row

PAIR = [(2, 3), (2, 3)]
POSITIVE = (0.2, 3.0)
AWAY = [(-2.0, 2.0), (0.6, 2.4)]  # a divisor that is far from 0


def unary(op: str, oracle: Any, **options: Any) -> Row:
    """Functions that mean something for floating numbers alone, unless said otherwise."""
    return Row(op, MATRIX, oracle, shapes=UNARY, **{"integers": "refused", **options})


def binary(op: str, oracle: Any, **options: Any) -> Row:
    return Row(op, PAIR, oracle, shapes=BINARY, **options)


def clipped(x: np.ndarray, min: Any, max: Any) -> np.ndarray:
    return np.clip(x, min, max)  # by position: NumPy 2.0 has other names


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


ROWS = [
    # arithmetic
    binary("add", np.add),
    binary("subtract", np.subtract),
    binary("multiply", np.multiply),
    binary("divide", np.divide, domain=AWAY, integers="refused"),
    unary("negative", np.negative, integers="kept"),
    binary("power", np.power, domain=[(0.3, 2.0), (-2.0, 2.0)]),
    *(
        Row(
            "power",
            MATRIX,
            lambda x, n=n: x**n,
            f"x**{n}",
            lambda x, n=n: mg.power(x, n),
            domain=POSITIVE,
            shapes=UNARY,
            half=n > -2,
            integers=None if isinstance(n, float) else "kept" if n >= 0 else "refused",
        )
        for n in (-2, -1, 0, 0.5, 1, 1.5, 2, 3, 4)
    ),
    *(
        Row("power", MATRIX, lambda x, n=n: x**n, f"negative**{n}", lambda x, n=n: mg.power(x, n), domain=(-2.0, -0.2))
        for n in (2, 3)
    ),
    Row("power", MATRIX, lambda x: 2.0**x, "2**x", lambda x: mg.power(2.0, x), integers=None),
    binary("floor_divide", np.floor_divide, domain=[(-2.0, 2.0), (5.1, 5.4)], half=False),
    binary("remainder", np.remainder, domain=[(-2.0, 2.0), (5.1, 5.4)]),
    Row("remainder", [(3,), (3,)], np.remainder, "several wraps", domain=[(6.7, 6.9), (1.51, 1.58)], integers=None),
    *(
        binary(op, getattr(np, op), differentiable=False)
        for op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    ),
    # exponentials and logarithms
    unary("exp", np.exp),
    unary("expm1", np.expm1),
    unary("log", np.log, domain=POSITIVE),
    unary("log1p", np.log1p, domain=(-0.8, 2.0)),
    unary("log2", np.log2, domain=POSITIVE),
    unary("log10", np.log10, domain=POSITIVE),
    binary("logaddexp", lambda a, b: np.log(np.exp(a) + np.exp(b)), integers="refused"),
    unary("softplus", lambda x: np.log(1 + np.exp(x))),
    unary("sigmoid", logistic),
    # roots and powers
    unary("sqrt", np.sqrt, domain=POSITIVE),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), domain=POSITIVE),
    unary("square", np.square, integers="kept"),
    unary("reciprocal", lambda x: 1 / x, domain=POSITIVE),
    # trigonometry
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, domain=(-1.2, 1.2)),
    unary("asin", np.arcsin, domain=(-0.9, 0.9)),
    unary("acos", np.arccos, domain=(-0.9, 0.9)),
    unary("atan", np.arctan),
    binary("atan2", np.arctan2, domain=[(-2.0, 2.0), (0.3, 2.0)], integers="refused"),
    Row("atan2", PAIR, np.arctan2, "left half", domain=[(0.2, 2.0), (-2.0, -0.2)], integers="refused"),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("tanh", np.tanh),
    unary("erf", np.vectorize(math.erf, otypes=[float])),
    # kinks and steps
    unary("abs", np.abs, integers="kept"),
    unary("sign", np.sign, integers="kept"),
    unary("floor", np.floor, integers="either"),
    unary("ceil", np.ceil, integers="either"),
    unary("round", np.round, integers="either"),
    Row("round", MATRIX, np.round, "decimals", static={"decimals": 1}, integers="either", half=False),
    binary("maximum", np.maximum),
    binary("minimum", np.minimum),
    unary("clip", clipped, variant="both", static={"min": -1, "max": 1}, integers="kept"),
    unary("clip", clipped, variant="min", static={"min": -0.5, "max": None}, integers=None),
    unary("clip", clipped, variant="max", static={"min": None, "max": 0.5}, integers=None),
    unary("clip", lambda x: x, variant="neither", integers="kept"),
    # dtypes and tests
    Row("astype", MATRIX, lambda x: x, "same", lambda x: mg.astype(x, x.dtype), integers=None, shapes=UNARY),
    unary("isnan", np.isnan, differentiable=False, integers="either"),
    unary("isfinite", np.isfinite, differentiable=False, integers="either"),
]


def where_rows() -> list[Row]:
    mask = np.array([[True, False, True], [False, False, True]])
    return [
        Row("where", PAIR, lambda x, y: np.where(mask, x, y), "list", lambda x, y: mg.where(mask.tolist(), x, y)),
        Row(
            "where",
            PAIR,
            lambda x, y: np.where(x > 0, x, y),
            "of the input",
            lambda x, y: mg.where(mg.greater(x, 0), x, y),
            integers=None,
        ),
        Row("where", [(2, 3), (2, 3)], lambda x, y: np.where(True, x, y), "True", lambda x, y: mg.where(True, x, y)),
        Row(
            "where",
            MATRIX,
            lambda x: np.where(mask[0], x, 7),
            "row and number",
            lambda x: mg.where(mask[0].tolist(), x, 7),
        ),
        Row(
            "where",
            MATRIX,
            lambda x: np.where(mask[:, :1], 7, x),
            "column and number",
            lambda x: mg.where(mask[:, :1].tolist(), 7, x),
        ),
    ]


ROWS += where_rows()
