"""What minigrad says of a row, on any device: the same list that `with_torch` gives."""

from typing import Any

import numpy as np

import minigrad as mg
from minigrad.tensor import raw
from tools.op_rows.row import Array, Row
from tools.op_rows.with_torch import weights

__all__ = ["host", "minigrad_results", "on"]


def on(device: str, array: Any, requires_grad: bool = False) -> Any:
    """A Tensor of a copy of the array."""
    return mg.Tensor(mg.backend.move(np.array(array), device), requires_grad=requires_grad)


def host(x: Any) -> Array:
    """The values of a Tensor or of a plain array of any device."""
    return np.asarray(mg.Tensor(raw(x)).numpy())


def minigrad_results(row: Row, device: str = "numpy") -> list[Array]:
    """[value, a gradient per input, a second derivative per input], by backward, then by nested transforms."""
    xs, constants = row.arrays(), [raw(on(device, c)) for c in row.constants]

    def f(*zs: Any) -> Any:
        return row.mini(mg, *zs, *constants)

    leaves = [on(device, x, row.order > 0) for x in xs]
    y = f(*leaves)
    made = [y]
    if row.order:
        sent = raw(on(device, weights(y.shape, 1)))
        y.backward(sent)
        made += [leaf.grad for leaf in leaves]
    if row.order > 1:
        every, along = range(len(xs)), [raw(on(device, weights(x.shape, 2 + i))) for i, x in enumerate(xs)]
        first = mg.grad(lambda *zs: (f(*zs) * sent).sum(), every)
        second = mg.grad(lambda *zs: sum((g * v).sum() for g, v in zip(first(*zs), along, strict=True)), every)
        made += second(*(raw(on(device, x)) for x in xs))
    return [host(part) for part in made]
