"""What PyTorch says of a row: its value, its gradients, and the gradients of a projection of those.

PyTorch is imported when asked, so that the table is of use without it. Its third derivatives are no reference: those of
`layer_norm` disagree with those of the formula.
"""

from typing import Any

import numpy as np

from tools.op_rows.row import Array, Row, draw

__all__ = ["torch_results", "weights"]


def weights(shape: tuple[int, ...], phase: int) -> Array:
    """What is sent back: numbers of both signs, none near 0, the same at every call."""
    sign = np.where(draw(shape, -1.0, 1.0, phase + 7) < 0, -1.0, 1.0)
    return draw(shape, 0.5, 1.5, phase) * sign


def torch_results(row: Row) -> list[Array]:
    """[value, a gradient per input, a second derivative per input], as far as the row goes."""
    import torch

    xs = [torch.tensor(x, requires_grad=row.order > 0) for x in row.arrays()]
    y = row.torch(torch, *xs, *map(torch.tensor, row.constants))
    results = [y]
    if row.order:
        sent = torch.from_numpy(np.asarray(weights(tuple(y.shape), 1)))
        first = _gradients((y * sent).sum(), xs, row.order > 1)
        results += first
    if row.order > 1:
        along = [torch.from_numpy(np.asarray(weights(tuple(x.shape), 2 + i))) for i, x in enumerate(xs)]
        projection = sum((g * v).sum() for g, v in zip(first, along, strict=True))
        results += _gradients(projection, xs, False)
    return [np.array(part.detach().numpy(force=True)) for part in results]


def _gradients(number: Any, xs: list[Any], create_graph: bool) -> list[Any]:
    import torch

    if not number.requires_grad:  # linear in all inputs: its gradient is a constant
        return [torch.zeros_like(x) for x in xs]
    found = torch.autograd.grad(number, xs, create_graph=create_graph, allow_unused=True, materialize_grads=True)
    return list(found)
