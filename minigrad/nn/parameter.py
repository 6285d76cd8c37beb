"""`Parameter` and `Buffer`: the two kinds of Tensors that a layer's state is made of.

A Tensor that is neither is a constant: it moves with the layer, and is not saved.

Builds on: `minigrad.tensor`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import move
from minigrad.errors import DTypeError, GraphError
from minigrad.graph import Leaf, Node
from minigrad.tensor import Tensor

__all__ = ["Buffer", "Parameter", "place"]


class Parameter(Tensor):
    """A Tensor that training changes, unless it is frozen: `requires_grad` False.

    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad)


class Buffer(Tensor):
    """A Tensor that is state and is not trained: it is saved, loaded and moved with its layer.

    >>> Buffer([0.0, 0.0]).requires_grad
    False
    """

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data)


def place(part: Tensor, path: str, backend: str | None, dtype: Any) -> None:
    """Move a Tensor of a layer to a backend and, if it is floating, to a dtype, in place."""
    if isinstance(part.node, Node):
        raise GraphError(
            f"to: a graph hangs on the tensor at {path}, made by {part.node.op}; keep t.detach() in the layer"
        )
    if dtype is not None and not _floating(dtype):
        raise DTypeError(f"to: layers compute with floating numbers, got dtype {dtype}; float32 or float64, say")
    value, grad = part.value, part.grad
    new = value if backend is None else move(value, backend)
    if dtype is not None and new.dtype.kind == "f" and new.dtype != dtype:
        new = new.astype(dtype)
    if new is value:
        return
    part.value = new
    if isinstance(part.node, Leaf):  # a new leaf: a graph that waits for the old one has values of elsewhere
        watch, part.node = part.node.watch, Leaf(new)
        part.node.watch = watch
        if grad is not None:
            part.grad = (grad if backend is None else move(grad, backend)).astype(new.dtype)


def _floating(dtype: Any) -> bool:
    """Whether NumPy knows it as a dtype of floating numbers: bfloat16 is none."""
    try:
        return bool(np.dtype(dtype).kind == "f")
    except TypeError:
        return False
