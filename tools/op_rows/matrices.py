"""Sorting, and what LAPACK does with square matrices."""

import numpy as np

from tools.op_rows.row import TIES, Row, call

__all__ = ["MATRICES", "SORTING"]

NAN = [[2.0, np.nan, -np.inf, 1.0], [np.inf, 0.0, np.nan, 3.0]]
SORTING = [
    Row("sort", call("sort", -1), lambda t, x: x.sort(-1)[0], [(2, 5)], bench=[(10, 10)]),
    Row("sort descending", call("sort", 0, descending=True), lambda t, x: x.sort(0, descending=True)[0], [(4, 2)]),
    Row("sort flat", call("sort", None), lambda t, x: x.flatten().sort()[0], [(2, 3)]),
    Row("sort tie", call("sort"), lambda t, x: x.sort(stable=True)[0], TIES[:1]),
    Row("sort nan", call("sort"), lambda t, x: x.sort(stable=True)[0], [NAN]),
    Row("sort nan descending", call("sort", descending=True),
        lambda t, x: x.sort(stable=True, descending=True)[0], [NAN]),
    Row("argsort", call("argsort", -1), call("argsort", dim=-1, stable=True), [(2, 5)], order=0, bench=[(10, 10)]),
    Row("argsort tie", call("argsort"), call("argsort", stable=True), TIES[:1], order=0),
    Row("argsort tie descending", call("argsort", descending=True), call("argsort", stable=True, descending=True),
        TIES[:1], order=0),
    Row("argsort nan", call("argsort"), call("argsort", stable=True), [NAN], order=0),
    Row("argsort nan descending", call("argsort", descending=True), call("argsort", stable=True, descending=True),
        [NAN], order=0),
    Row("topk", lambda m, x: m.topk(x, 2).values, lambda t, x: t.topk(x, 2).values, [(2, 5)], bench=[(10, 10)]),
    Row("topk axis", lambda m, x: m.topk(x, 2, 0).values, lambda t, x: t.topk(x, 2, 0).values, [(4, 2)]),
    Row("topk smallest", lambda m, x: m.topk(x, 3, largest=False).values,
        lambda t, x: t.topk(x, 3, largest=False).values, [(2, 5)]),
    Row("topk places", lambda m, x: m.topk(x, 3).indices, lambda t, x: t.topk(x, 3).indices, [(2, 5)], order=0),
    Row("topk nan", lambda m, x: m.topk(x, 2).values, lambda t, x: t.topk(x, 2).values, [NAN]),
]  # fmt: skip

GENERAL = [[4.0, 1.0, -0.5], [0.5, 3.0, 1.0], [-1.0, 0.25, 5.0]]
OTHER = [[0.5, -2.0, 1.0], [1.5, 0.25, 0.75], [-0.5, 1.0, 2.0]]
POSITIVE = [[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, 5.0]]  # symmetric, positive definite
ONCE = [[1.0, 2.0, 3.0], [2.0, -1.0, 0.5], [3.0, 1.0, 3.5]]  # the third row is the sum of the others
LARGER = [[3.0, 1.0, 0.0, -2.0], [0.5, 2.0, -1.0, 1.0], [1.0, -1.5, 4.0, 0.25], [0.0, 2.0, 1.0, -3.0]]
RIGHT = [[1.0, -2.0], [0.5, 0.25], [2.0, 1.5]]
MATRICES = [
    Row("inv", call("inv"), call("linalg.inv"), [GENERAL]),
    Row("inv stack", call("inv"), call("linalg.inv"), [[GENERAL, OTHER]]),
    Row("solve", call("solve"), call("linalg.solve"), [GENERAL, RIGHT]),
    Row("solve vector", call("solve"), call("linalg.solve"), [OTHER, [1.0, -0.5, 2.0]]),
    Row("solve stack", call("solve"), call("linalg.solve"), [[GENERAL, OTHER], [RIGHT, RIGHT]]),
    Row("solve broadcast", call("solve"), call("linalg.solve"),
        [GENERAL, [RIGHT, [[0.0, 1.0], [-1.0, 0.5], [2.0, 2.0]]]]),
    Row("solve one matrix", lambda m, a, b: m.solve(a, b), lambda t, a, b: t.linalg.solve(a, b.expand(2, 3, 2)),
        [[GENERAL, OTHER], RIGHT]),
    Row("cholesky", call("cholesky"), call("linalg.cholesky"), [POSITIVE]),
    Row("cholesky upper", call("cholesky", upper=True), call("linalg.cholesky", upper=True), [POSITIVE]),
    Row("cholesky stack", call("cholesky"), call("linalg.cholesky"), [[POSITIVE, [[2.0, 0, 0], [0, 1, 0], [0, 0, 3]]]]),
    Row("det", call("det"), call("linalg.det"), [GENERAL]),
    Row("det stack", call("det"), call("linalg.det"), [[GENERAL, OTHER]]),
    Row("det larger", call("det"), call("linalg.det"), [LARGER]),
    Row("det singular", call("det"), call("linalg.det"), [ONCE]),
    Row("det of 0", call("det"), call("linalg.det"), [[[0.0] * 3] * 3], order=1,
        note="PyTorch's second derivative is NaN there, minigrad's 0"),
    Row("slogdet", lambda m, x: m.slogdet(x).logabsdet, lambda t, x: t.linalg.slogdet(x).logabsdet, [GENERAL]),
    Row("slogdet stack", lambda m, x: m.slogdet(x).logabsdet, lambda t, x: t.linalg.slogdet(x).logabsdet,
        [[GENERAL, OTHER]]),
    Row("slogdet sign", lambda m, x: m.slogdet(x).sign, lambda t, x: t.linalg.slogdet(x).sign, [[GENERAL, OTHER]],
        order=0),
]  # fmt: skip
