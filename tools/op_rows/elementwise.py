"""Ops that treat each element by itself."""

import numpy as np

from tools.op_rows.row import EVERYWHERE, INSIDE, POSITIVE, TIES, Row, call

__all__ = ["ELEMENTWISE"]

# op: (domain, PyTorch's name, whether the result may go in again)
UNARY = {
    "negative": (EVERYWHERE, "negative", True), "exp": (EVERYWHERE, "exp", False),
    "expm1": (EVERYWHERE, "expm1", False), "log": (POSITIVE, "log", False), "log1p": (POSITIVE, "log1p", True),
    "log2": (POSITIVE, "log2", False), "log10": (POSITIVE, "log10", False), "sqrt": (POSITIVE, "sqrt", True),
    "rsqrt": (POSITIVE, "rsqrt", True), "square": (EVERYWHERE, "square", False),
    "reciprocal": (POSITIVE, "reciprocal", True), "sigmoid": (EVERYWHERE, "sigmoid", False),
    "softplus": (EVERYWHERE, "nn.functional.softplus", True), "erf": (EVERYWHERE, "erf", True),
    "sin": (EVERYWHERE, "sin", True), "cos": (EVERYWHERE, "cos", True), "tan": ((-1.2, 1.2), "tan", False),
    "asin": (INSIDE, "asin", False), "acos": (INSIDE, "acos", False), "atan": (EVERYWHERE, "atan", True),
    "sinh": (EVERYWHERE, "sinh", False), "cosh": (EVERYWHERE, "cosh", False), "tanh": (EVERYWHERE, "tanh", True),
    "abs": (EVERYWHERE, "abs", True), "sign": (EVERYWHERE, "sign", False), "floor": (EVERYWHERE, "floor", False),
    "ceil": (EVERYWHERE, "ceil", False), "round": (EVERYWHERE, "round", False),
}  # fmt: skip
BINARY = {
    "add": EVERYWHERE, "subtract": EVERYWHERE, "multiply": (0.7, 1.3), "divide": (0.7, 1.3), "logaddexp": EVERYWHERE,
    "atan2": EVERYWHERE, "maximum": EVERYWHERE, "minimum": EVERYWHERE,
}  # fmt: skip
COMPARISONS = {
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
MASK = [[True, False, True], [False, False, True]]

ELEMENTWISE = [
    *(Row(op, call(op), call(name), [(2, 3)], domain=where, chain=chain, bench=[(10,)])
      for op, (where, name, chain) in UNARY.items()),
    *(Row(op, call(op), call(op), [(2, 3), (2, 3)], domain=where, chain=True, bench=[(10,), (10,)])
      for op, where in BINARY.items()),
    *(Row(f"{op} broadcast", call(op), call(op), [(2, 1, 3), (4, 1)], domain=where) for op, where in BINARY.items()),
    *(Row(op, call(op), call(name), TIES, order=0, bench=[(10,), (10,)]) for op, name in COMPARISONS.items()),
    Row("add number", lambda m, x: 2.5 + x, lambda t, x: 2.5 + x, [(2, 3)]),
    Row("subtract number", lambda m, x: 2.5 - x, lambda t, x: 2.5 - x, [(2, 3)]),
    Row("divide number", lambda m, x: 2.5 / x, lambda t, x: 2.5 / x, [(2, 3)], domain=POSITIVE),
    Row("power", call("power"), call("pow"), [(2, 3), (2, 3)], domain=POSITIVE, bench=[(10,), (10,)]),
    Row("power negative base", lambda m, x: x**3, lambda t, x: x**3, [(2, 3)]),
    Row("power 2", lambda m, x: x**2, lambda t, x: x**2, [[-1.5, 0.0, 2.0]]),
    Row("power 1", lambda m, x: x**1, lambda t, x: x**1, [[-1.5, 0.0, 2.0]]),
    Row("power 0", lambda m, x: x**0, lambda t, x: x**0, [[-1.5, 0.0, 2.0]]),
    Row("power half", lambda m, x: x**0.5, lambda t, x: x**0.5, [(2, 3)], domain=POSITIVE),
    Row("power half at 0", lambda m, x: x**0.5, lambda t, x: x**0.5, [[0.0, 4.0]], order=1),
    Row("power 2.5", lambda m, x: x**2.5, lambda t, x: x**2.5, [(2, 3)], domain=POSITIVE),
    Row("power -1", lambda m, x: x**-1, lambda t, x: x**-1, [(2, 3)], domain=POSITIVE),
    Row("power of number", lambda m, x: 2.0**x, lambda t, x: 2.0**x, [(2, 3)]),
    Row("power 0**0", call("power"), call("pow"), [[0.0, 0.0, 2.0], [0.0, 2.0, 0.0]], order=1,
        note="PyTorch's second derivatives are NaN at base 0, and masked to 0 at power 0, where they are not"),
    Row("floor_divide", call("floor_divide"), call("floor_divide"), [(2, 3), (2, 3)], domain=POSITIVE, order=0,
        bench=[(10,), (10,)], note="PyTorch has no derivative of it, minigrad 0"),
    Row("remainder", call("remainder"), call("remainder"), [(2, 3), (2, 3)], domain=[EVERYWHERE, POSITIVE],
        bench=[(10,), (10,)]),
    Row("sqrt at 0", call("sqrt"), call("sqrt"), [[0.0, 4.0]], order=1),
    Row("abs at 0", call("abs"), call("abs"), [[-1.0, 0.0, 2.0]]),
    Row("sigmoid far", call("sigmoid"), call("sigmoid"), [[-800.0, -30.0, 0.0, 30.0, 800.0]]),
    Row("softplus far", call("softplus"), lambda t, x: t.logaddexp(x, t.zeros_like(x)), [[-800.0, -30.0, 30.0, 800.0]],
        order=1, note="torch's softplus is cut to x above 20, logaddexp(x, 0) is not; its second derivative is NaN"),
    Row("logaddexp far", call("logaddexp"), call("logaddexp"), [[-800.0, 0.0, 800.0], [0.0, 0.0, 0.0]],
        order=1, note="PyTorch's second derivative is NaN at 800"),
    Row("round decimals", call("round", 1), call("round", decimals=1), [(2, 3)]),
    Row("maximum tie", call("maximum"), call("maximum"), TIES),
    Row("minimum tie", call("minimum"), call("minimum"), TIES),
    Row("clip", call("clip", -0.5, 1.0), call("clip", -0.5, 1.0), [[-1.0, -0.5, 0.25, 1.0, 3.0]], bench=[(10,)]),
    Row("clip below", call("clip", 0.5, None), call("clip", 0.5, None), [[-1.0, 0.5, 3.0]]),
    Row("clip above", call("clip", max=0.5), call("clip", max=0.5), [[-1.0, 0.5, 3.0]]),
    Row("where", lambda m, x, y, c: m.where(c, x, y), lambda t, x, y, c: t.where(c, x, y), [(2, 3), (2, 3)],
        constants=[MASK]),
    Row("where broadcast", lambda m, x, y, c: m.where(c, x, y), lambda t, x, y, c: t.where(c, x, y), [(3,), ()],
        constants=[[[True], [False]]]),
    Row("masked_fill", call("masked_fill", 7.0), call("masked_fill", 7.0), [(2, 3)], constants=[MASK]),
    Row("isnan", call("isnan"), call("isnan"), [[0.0, np.nan, np.inf]], order=0, bench=[(10,)]),
    Row("isfinite", call("isfinite"), call("isfinite"), [[0.0, np.nan, np.inf]], order=0, bench=[(10,)]),
    Row("astype", lambda m, x: m.astype(x, "float64"), lambda t, x: x.to(t.float64), [(2, 3)]),
]  # fmt: skip
