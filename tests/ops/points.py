"""The second table: kinks, zeros, ties, infinities and large values, with what is to come out there.

Gradients are those of the sum of the value. inf and NaN must come out exactly where they stand.
"""

from typing import Any

import minigrad as mg
from minigrad.testing import Point
from tests.ops.row import Row

INF, NAN = float("inf"), float("nan")
LN2 = 0.6931471805599453


def at(op: str, *points: Point, variant: str = "", call: Any = None, **static: Any) -> Row:
    return Row(op, [() for _ in points[0].inputs], None, variant, call, static, points=points)


ROWS = [
    at("sqrt", Point("0", [0.0], 0.0, [INF], warns=True)),
    at("power", Point("0", [0.0], 0.0, [INF], warns=True), variant="x**.5", call=lambda x: mg.power(x, 0.5)),
    at("rsqrt", Point("0", [0.0], INF, warns=True)),
    at("abs", Point("0", [0.0], 0.0, [0.0]), Point("-0", [-0.0], 0.0, [0.0]), Point("inf", [-INF], INF, [-1.0])),
    at("sign", Point("0", [0.0], 0.0, [0.0]), Point("inf", [-INF], -1.0, [0.0])),
    at("norm", Point("zero vector", [[0.0, 0.0]], 0.0, [[0.0, 0.0]]), Point("3-4-5", [[3.0, 4.0]], 5.0, [[0.6, 0.8]])),
    at("norm", Point("zero row", [[[0.0, 0.0], [3.0, 4.0]]], [0.0, 5.0], [[[0.0, 0.0], [0.6, 0.8]]]), axis=1),
    at("norm", Point("zero vector", [[0.0, 0.0]], 0.0, [[0.0, 0.0]]), variant="ord 1", ord=1),
    at("norm", Point("zero vector", [[0.0, 0.0]], 0.0, [[0.0, 0.0]]),
       Point("ties", [[-2.0, 2.0]], 2.0, [[-0.5, 0.5]]), variant="ord inf", ord=INF),
    at("norm", Point("zero vector", [[0.0, 0.0]], 0.0, [[0.0, 0.0]]), variant="ord 3", ord=3),
    at("std", Point("constant", [[2.0, 2.0, 2.0]], 0.0, [[0.0, 0.0, 0.0]]), Point("one", [[5.0]], 0.0, [[0.0]])),
    at("var", Point("constant", [[2.0, 2.0]], 0.0, [[0.0, 0.0]])),
    at("std", Point("constant row", [[[1.0, 1.0], [1.0, 3.0]]], [0.0, 1.0], [[[0.0, 0.0], [-0.5, 0.5]]]),
       variant="rows", axis=1),
    # ties
    at("max", Point("two ties", [[1.0, 3.0, 3.0]], 3.0, [[0.0, 0.5, 0.5]]),
       Point("all tie", [[2.0] * 4], 2.0, [[0.25] * 4]), Point("inf", [[1.0, INF]], INF, [[0.0, 1.0]])),
    at("min", Point("two ties", [[1.0, 1.0, 3.0]], 1.0, [[0.5, 0.5, 0.0]]),
       Point("-inf", [[1.0, -INF]], -INF, [[0.0, 1.0]])),
    at("max", Point("ties in rows", [[[1.0, 1.0], [2.0, 3.0]]], [1.0, 3.0], [[[0.5, 0.5], [0.0, 1.0]]]),
       variant="rows", axis=1),
    at("maximum", Point("tie", [1.0, 1.0], 1.0, [0.5, 0.5]), Point("inf", [INF, 1.0], INF, [1.0, 0.0]),
       Point("mixed", [[0.0, 1.0], 0.0], [0.0, 1.0], [[0.5, 1.0], 0.5])),
    at("minimum", Point("tie", [1.0, 1.0], 1.0, [0.5, 0.5]), Point("-inf", [-INF, 1.0], -INF, [1.0, 0.0])),
    at("maximum", Point("0", [0.0], 0.0, [0.5]), Point("row", [[-1.0, 0.0, 1.0]], [0.0, 0.0, 1.0], [[0.0, 0.5, 1.0]]),
       variant="with 0", call=lambda x: mg.maximum(x, 0)),
    at("topk", Point("first of equals", [[1.0, 3.0, 3.0]], [3.0], [[0.0, 1.0, 0.0]]),
       Point("nan", [[1.0, NAN, INF]], [NAN], [[0.0, 1.0, 0.0]]), call=lambda x: mg.topk(x, 1).values),
    at("topk", Point("smallest, first of equals", [[3.0, 1.0, 1.0]], [1.0], [[0.0, 1.0, 0.0]]),
       Point("nan", [[NAN, INF]], [INF], [[0.0, 1.0]]), variant="smallest",
       call=lambda x: mg.topk(x, 1, largest=False).values),
    at("sort", Point("nan last", [[NAN, INF, -2.0, 1.0]], [-2.0, 1.0, INF, NAN], [[1.0] * 4]),
       Point("zeros", [[0.0, -0.0, -1.0]], [-1.0, 0.0, -0.0], [[1.0] * 3])),
    at("sort", Point("nan first", [[1.0, NAN, INF]], [NAN, INF, 1.0], [[1.0] * 3]), variant="descending",
       descending=True),
    # determinants at singular matrices
    at("det", Point("rank n - 1", [[[1.0, 2.0], [2.0, 4.0]]], 0.0, [[[4.0, -2.0], [-2.0, 1.0]]]),
       Point("rank n - 2", [[[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]], 0.0, [[[0.0] * 3] * 3]),
       Point("0", [[[0.0, 0.0], [0.0, 0.0]]], 0.0, [[[0.0, 0.0], [0.0, 0.0]]]),
       Point("1x1", [[[0.0]]], 0.0, [[[1.0]]]),
       Point("nan in a stack", [[[[NAN, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]], [NAN, 1.0],
             [[[[NAN, NAN], [NAN, NAN]], [[1.0, 0.0], [0.0, 1.0]]]], warns=True, second=False)),
    # clip
    at("clip", Point("bounds", [[0.0, 1.0]], [0.0, 1.0], [[1.0, 1.0]]),
       Point("outside", [[-1.0, 2.0]], [0.0, 1.0], [[0.0, 0.0]]),
       Point("inf", [[-INF, INF]], [0.0, 1.0], [[0.0, 0.0]]), min=0, max=1),
    # zeros in products
    at("prod", Point("one 0", [[2.0, 0.0, 3.0]], 0.0, [[0.0, 6.0, 0.0]]),
       Point("two 0", [[0.0, 0.0, 3.0]], 0.0, [[0.0] * 3]),
       Point("all 0", [[0.0, 0.0]], 0.0, [[0.0, 0.0]])),
    at("prod", Point("0 in a row", [[[2.0, 0.0], [3.0, 4.0]]], [0.0, 12.0], [[[0.0, 2.0], [4.0, 3.0]]]),
       variant="rows", axis=1),
    at("cumprod", Point("one 0", [[2.0, 0.0, 3.0]], [2.0, 0.0, 0.0], [[1.0, 8.0, 0.0]]),
       Point("0 first", [[0.0, 2.0, 3.0]], [0.0, 0.0, 0.0], [[9.0, 0.0, 0.0]]),
       Point("two 0", [[0.0, 0.0, 3.0]], [0.0, 0.0, 0.0], [[1.0, 0.0, 0.0]])),
    # without overflow
    at("logsumexp", Point("1000s", [[1000.0, 1000.0]], 1000.0 + LN2, [[0.5, 0.5]]),
       Point("-1000s", [[-1000.0, -1000.0]], -1000.0 + LN2, [[0.5, 0.5]]),
       Point("-inf among others", [[-INF, 0.0, 0.0]], LN2, [[0.0, 0.5, 0.5]]),
       Point("inf", [[INF, 0.0]], INF, warns=True), Point("far apart", [[1000.0, -1000.0]], 1000.0, [[1.0, 0.0]])),
    at("logsumexp", Point("all -inf", [[-INF, -INF]], -INF, warns=True)),
    at("logaddexp", Point("large", [1000.0, 1000.0], 1000.0 + LN2, [0.5, 0.5]),
       Point("far apart", [1000.0, -1000.0], 1000.0, [1.0, 0.0]),
       Point("-large", [-1000.0, -1000.0], -1000.0 + LN2, [0.5, 0.5]), Point("-inf", [-INF, 0.0], 0.0, [0.0, 1.0])),
    at("softplus", Point("large", [[-1000.0, 0.0, 1000.0]], [0.0, LN2, 1000.0], [[0.0, 0.5, 1.0]]),
       Point("inf", [[-INF, INF]], [0.0, INF], [[0.0, 1.0]])),
    at("sigmoid", Point("large", [[-1000.0, 0.0, 1000.0]], [0.0, 0.5, 1.0], [[0.0, 0.25, 0.0]]),
       Point("inf", [[-INF, INF]], [0.0, 1.0], [[0.0, 0.0]])),
    at("tanh", Point("large", [[-1000.0, 0.0, 1000.0]], [-1.0, 0.0, 1.0], [[0.0, 1.0, 0.0]])),
    at("erf", Point("large", [[-100.0, 0.0, 100.0]], [-1.0, 0.0, 1.0], [[0.0, 1.1283791670955126, 0.0]]),
       Point("inf", [[-INF, INF]], [-1.0, 1.0], [[0.0, 0.0]], second=False)),
    at("exp", Point("-1000", [-1000.0], 0.0, [0.0]), Point("-inf", [-INF], 0.0, [0.0])),
    at("expm1", Point("tiny", [1e-20], 1e-20, [1.0]), Point("-1000", [-1000.0], -1.0, [0.0])),
    at("log1p", Point("tiny", [1e-20], 1e-20, [1.0])),
    at("log", Point("0", [0.0], -INF, [INF], warns=True)),
    at("reciprocal", Point("0", [0.0], INF, [-INF], warns=True)),
    at("divide", Point("0", [1.0, 0.0], INF, [INF, -INF], warns=True)),
    at("atan2", Point("axes", [[0.0, 1.0, 0.0], [1.0, 0.0, -1.0]], [0.0, 1.5707963267948966, 3.141592653589793],
                      [[1.0, 0.0, -1.0], [0.0, -1.0, 0.0]])),
    # powers
    *(
        at("power", Point("0", [[0.0, -2.0]], value, [gradient]), variant=f"x**{n}", call=lambda x, n=n: mg.power(x, n))
        for n, value, gradient in [
            (0, [1.0, 1.0], [0.0, 0.0]),
            (1, [0.0, -2.0], [1.0, 1.0]),
            (2, [0.0, 4.0], [0.0, -4.0]),
            (3, [0.0, -8.0], [0.0, 12.0]),
            (4, [0.0, 16.0], [0.0, -32.0]),
        ]
    ),
    at("power", Point("0**0", [0.0, 0.0], 1.0, [0.0, 0.0]), Point("0**2", [0.0, 2.0], 0.0, [0.0, 0.0]),
       Point("0**1", [0.0, 1.0], 0.0, [1.0, 0.0]), Point("(-2)**2", [-2.0, 2.0], 4.0, [-4.0, None], warns=True),
       Point("2**0", [2.0, 0.0], 1.0, [0.0, LN2])),
    at("power", Point("0", [0.0], 1.0, [LN2]), variant="2**x", call=lambda x: mg.power(2.0, x)),
    # what is not taken does no harm
    at("where", Point("nan elsewhere", [[1.0, 2.0], [NAN, NAN]], [1.0, 2.0], [[1.0, 1.0], [0.0, 0.0]]),
       call=lambda x, y: mg.where([True, True], x, y)),
    at("where", Point("inf elsewhere", [[INF, 1.0], [2.0, INF]], [2.0, 1.0], [[0.0, 1.0], [1.0, 0.0]]), variant="inf",
       call=lambda x, y: mg.where([False, True], x, y)),
    at("masked_fill", Point("nan", [[NAN, 1.0]], [0.0, 1.0], [[0.0, 1.0]]),
       call=lambda x: mg.masked_fill(x, [True, False], 0.0)),
    at("round", Point("halves to even", [[0.5, 1.5, 2.5, -0.5]], [0.0, 2.0, 2.0, 0.0], [[0.0] * 4])),
    at("floor", Point("integers", [[-1.0, 0.0, 2.0]], [-1.0, 0.0, 2.0], [[0.0] * 3])),
    at("remainder", Point("signs", [[5.0, -5.0], 3.0], [2.0, 1.0], [[1.0, 1.0], 1.0])),
]  # fmt: skip


def _no_gradient(op: str, *points: Point, variant: str = "") -> Row:
    return Row(op, [() for _ in points[0].inputs], None, variant, differentiable=False, points=points)


ROWS += [
    _no_gradient("isnan", Point("all kinds", [[1.0, INF, NAN, -INF]], [False, False, True, False])),
    _no_gradient("isfinite", Point("all kinds", [[1.0, INF, NAN, -INF]], [True, False, False, False])),
    _no_gradient("argmax", Point("first of equals", [[1.0, 3.0, 3.0]], 1)),
    _no_gradient("argmin", Point("first of equals", [[3.0, 1.0, 1.0]], 1)),
    _no_gradient("argsort", Point("equals in order", [[3.0, 1.0, 3.0, 1.0]], [1, 3, 0, 2]),
                 Point("nan last", [[NAN, 1.0, -INF, NAN]], [2, 1, 0, 3])),
    Row("argsort", [()], None, "descending", static={"descending": True}, differentiable=False, points=[
        Point("equals in order", [[3.0, 1.0, 3.0, 1.0]], [0, 2, 1, 3]), Point("nan first", [[1.0, NAN]], [1, 0])]),
    _no_gradient("equal", Point("nan", [[NAN, 1.0], [NAN, 1.0]], [False, True])),
    _no_gradient("less", Point("nan", [[NAN, -INF], [1.0, INF]], [False, True])),
]  # fmt: skip
