"""The gradients and the values of parameters as few arrays: neighbours in flat storage come as one.

Builds on: `minigrad.optim.flat`. Read next: `minigrad.optim.clip`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minigrad.backend import Array
from minigrad.graph import Leaf
from minigrad.optim.flat import Home
from minigrad.tensor import Tensor

__all__ = ["gradients", "values"]


def gradients(parameters: Iterable[Tensor]) -> list[Array]:
    """The gradients of all that have one, to be written in place; neighbours in one storage come as one array.

    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> gradients([p])
    [array([2., 4.], dtype=float32)]
    """
    parts: list[tuple[Array, Home | None]] = []
    for p in parameters:
        g, leaf = p.grad, p.node
        if g is not None:
            parts.append((g, leaf.home if type(leaf) is Leaf and g is leaf.slot else None))
    return _joined(parts, "grads")


def values(parameters: Iterable[Tensor]) -> list[Array]:
    """The values of all; neighbours in one storage come as one array.

    >>> values([Tensor([1.0, 2.0])])
    [array([1., 2.], dtype=float32)]
    """
    homes = [(p, p.node.home if isinstance(p.node, Leaf) else None) for p in parameters]
    return _joined([(p.value, home if home and p.value is home.view else None) for p, home in homes], "values")


def _joined(parts: Sequence[tuple[Array, Home | None]], side: str) -> list[Array]:
    """Arrays in their order; what lies in a storage, on that side of it, comes together with its neighbours."""
    found: list[Array] = []
    storage, first, end = None, 0, 0  # of the stretch that is going on
    for array, home in [*parts, (None, None)]:
        if home is not None and home.storage is storage and home.start == end:
            end = home.end
            continue
        if storage is not None:
            found.append(getattr(storage, side)[first:end])
        storage, first, end = (None, 0, 0) if home is None else home[:3]
        if home is None and array is not None:
            found.append(array)
    return found
