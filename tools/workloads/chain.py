"""W3: a long chain of small ops, where the time is that of Python between them and not that of the numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tools.workloads.start import side

__all__ = ["chain"]


def chain(peer: str, length: int) -> Callable[[], list[Any]]:
    """Eight kinds of op on 10 elements, over and over, and one walk back: tensors with tensors, numbers, functions.

    The numbers are such that values and gradients stay far from overflow and from denormal numbers, however long it is.
    """
    library, leaf, constant = side(peer)
    a, b, c, d = (leaf(np.linspace(low, low + 0.01, 10, dtype=np.float32)) for low in (0.98, 0.22, 0.2, 0.98))
    sent = constant(np.ones(10, np.float32))
    tanh = library.tanh

    def step() -> list[Any]:
        y = a
        for _ in range(length // 8):
            y = y * a
            y = y + b
            y = tanh(y)
            y = y - c
            y = y / d
            y = -y
            y = y * -1.01
            y = y + 0.01
        y.backward(sent)
        gradients = [x.grad for x in (a, b, c, d)]
        a.grad = b.grad = c.grad = d.grad = None
        return gradients

    return step
