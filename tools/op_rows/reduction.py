"""Ops that make one element of many, and running sums."""

from typing import Any

import numpy as np

from tools.op_rows.row import TIES, Row, call

__all__ = ["REDUCTIONS"]


def reductions(op: str, name: str, **domain: Any) -> list[Row]:
    """A reduction over one axis, over all, and over two with the axes kept."""
    return [
        Row(op, call(op, axis=-1), call(name, dim=-1), [(2, 3)], **domain, bench=[(10, 10)]),
        Row(f"{op} all", call(op), call(name, dim=(0, 1)), [(2, 3)], **domain),
        Row(f"{op} keepdims", call(op, (0, -1), True), call(name, dim=(0, -1), keepdim=True), [(2, 3, 2)], **domain),
    ]


REDUCTIONS = [
    *reductions("sum", "sum"), *reductions("mean", "mean"), *reductions("max", "amax"), *reductions("min", "amin"),
    *reductions("logsumexp", "logsumexp"),
    Row("max tie", call("max", axis=-1), call("amax", dim=-1), TIES[:1]),
    Row("min tie", call("min", axis=-1), call("amin", dim=-1), TIES[1:]),
    Row("max tie two axes", call("max", (0, 2)), call("amax", (0, 2)), [[TIES[0], TIES[1]]]),
    Row("max tie all", call("max"), call("max"), TIES[:1]),
    Row("var", call("var", 1), call("var", 1, correction=0), [(2, 3)], bench=[(10, 10)]),
    Row("var ddof", call("var", (0, 2), True, ddof=1), call("var", (0, 2), correction=1, keepdim=True), [(2, 3, 2)]),
    Row("std", call("std", 1), call("std", 1, correction=0), [(2, 3)], bench=[(10, 10)]),
    Row("std ddof", call("std", ddof=1), call("std", correction=1), [(2, 3)]),
    Row("std constant", call("std", 1), call("std", 1, correction=0), [[[1.5, 1.5], [1.0, 3.0]]], order=1,
        note="no second derivative there"),
    Row("logsumexp far", call("logsumexp", 0), call("logsumexp", 0), [[[-900.0, 900.0], [-901.0, 899.0]]]),
    Row("logsumexp -inf", call("logsumexp", 1), call("logsumexp", 1), [[[-np.inf, 0.0], [1.0, 2.0]]], order=1),
    Row("norm", call("norm", axis=-1), call("linalg.vector_norm", dim=-1), [(2, 3)], bench=[(10, 10)]),
    Row("norm keepdims", call("norm", 2, (0, -1), True), call("linalg.vector_norm", 2, (0, -1), True), [(2, 3, 2)]),
    Row("norm at 0", call("norm", axis=1), call("linalg.vector_norm", dim=1), [[[0.0, 0.0], [3.0, 4.0]]], order=1,
        note="PyTorch's second derivative is NaN at 0"),
    Row("norm 1", call("norm", 1, 1), call("linalg.vector_norm", 1, 1), [(2, 3)]),
    Row("norm inf", call("norm", np.inf, 1), call("linalg.vector_norm", np.inf, 1), [(2, 3)]),
    Row("norm 3", call("norm", 3, 1), call("linalg.vector_norm", 3, 1), [(2, 3)]),
    Row("prod", call("prod", 1), call("prod", 1), [(2, 3)], bench=[(10, 10)]),
    Row("prod all", call("prod"), call("prod"), [(2, 3)]),
    Row("prod keepdims", call("prod", 0, True), call("prod", 0, True), [(3, 2)]),
    Row("prod one zero", call("prod", 1), call("prod", 1), [[[2.0, 0.0, 3.0], [1.5, -2.0, 0.5]]]),
    Row("prod two zeros", call("prod", 1), call("prod", 1), [[[2.0, 0.0, 0.0], [0.0, -2.0, 0.5]]]),
    Row("cumsum", call("cumsum", 1), call("cumsum", 1), [(2, 3)], bench=[(10, 10)]),
    Row("cumsum first", call("cumsum", 0), call("cumsum", 0), [(3, 2)]),
    Row("cumsum flat", call("cumsum"), lambda t, x: x.flatten().cumsum(0), [(2, 3)]),
    Row("cumprod", call("cumprod", 1), call("cumprod", 1), [(2, 4)], bench=[(10, 10)]),
    Row("cumprod one zero", call("cumprod", 1), call("cumprod", 1), [[[2.0, 0.0, 3.0, 0.5], [1.5, -2.0, 0.5, 0.0]]]),
    Row("cumprod two zeros", call("cumprod", 1), call("cumprod", 1), [[[2.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.5, 2.0]]]),
    Row("cumprod flat", call("cumprod"), lambda t, x: x.flatten().cumprod(0), [(2, 3)]),
    Row("any", call("any", 1), call("any", 1), [[[0.0, 1.0], [0.0, 0.0]]], order=0, bench=[(10, 10)]),
    Row("all", call("all", 1), call("all", 1), [[[0.0, 1.0], [2.0, 1.0]]], order=0, bench=[(10, 10)]),
    Row("argmax", call("argmax", 1), call("argmax", 1), [(2, 3)], order=0, bench=[(10, 10)]),
    Row("argmin", call("argmin", 1), call("argmin", 1), [(2, 3)], order=0, bench=[(10, 10)]),
]  # fmt: skip
