"""What tools/bench_ops.py times: an op or a layer, called again and again, forward and backward."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tools.layer_results import torch_wrappers
from tools.layer_rows import LayerRow
from tools.op_rows import Row
from tools.op_rows.row import draw
from tools.op_rows.with_torch import weights
from tools.workloads.start import Side

__all__ = ["layer_block", "op_block"]

Block = Callable[[], list[Any]]


def is_torch(side: Side) -> bool:
    return str(side.library.__name__) == "torch"


def sent_to(y: Any, side: Side) -> Any:
    """A gradient for a result: numbers of both signs, in its dtype."""
    sent = side.constant(np.asarray(weights(tuple(y.shape), 1)).astype(np.float32))
    return sent.to(y.dtype) if is_torch(side) else sent


def taken(leaves: list[Any]) -> list[Any]:
    """The gradients, of which nothing is left behind."""
    gradients = [x.grad for x in leaves]
    for x in leaves:
        x.grad = None
    return gradients


def op_block(row: Row, side: Side, calls: int) -> Block:
    """`calls` times one op: a chain with one walk back, or forward and backward each time."""
    library, leaf, constant = side
    function = row.torch if is_torch(side) else row.mini
    xs = [leaf(x) for x in row.arrays(np.float32, row.bench)]
    constants = [constant(np.array(c)) for c in row.constants]
    y = function(library, *xs, *constants)
    walks = bool(row.order) and y.requires_grad
    sent = sent_to(y, side) if walks else None

    def chain() -> list[Any]:
        y = xs[0]
        for _ in range(calls):
            y = function(library, y, *xs[1:])
        y.backward(sent)
        return taken(xs)

    def single() -> list[Any]:
        for _ in range(calls):
            y = function(library, *xs, *constants)
            if walks:
                y.backward(sent)
        return taken(xs)

    return chain if row.chain else single


def first(y: Any) -> Any:
    """The output of a layer that returns its state as well."""
    return first(y[0]) if isinstance(y, tuple) else y


def layer_block(row: LayerRow, side: Side, calls: int) -> Block:
    """`calls` times one layer in training, forward and backward to its inputs and parameters, each from no gradient."""
    library, leaf, constant = side
    layer = row.made(library.nn, torch_wrappers() if is_torch(side) else vars(library.nn), is_torch(side))
    xs = [
        leaf(draw(x, 0.1, 0.9, phase=i).astype(np.float32)) if isinstance(x, tuple) else constant(x)
        for i, x in enumerate(row.inputs)
    ]
    sent = sent_to(first(row.call(layer, *xs)), side)
    floating = [x for x, shape in zip(xs, row.inputs, strict=True) if isinstance(shape, tuple)]
    leaves = [*floating, *layer.parameters()]

    def block() -> list[Any]:
        gradients: list[Any] = []
        for _ in range(calls):
            first(row.call(layer, *xs)).backward(sent)
            gradients = taken(leaves)
        return gradients

    return block
