"""Flat storage: parameters side by side in one array, and their gradients in another.

A step over a hundred parameters is then a few calls over one array. The storage belongs to the parameters and not to
an optimizer: a second optimizer of the same parameters finds them where they are. `Block` is what one optimizer sees of
it: its parameters of one dtype and device, the averages it keeps beside them, and how many updates each has had.

Builds on: `minigrad.tensor`, `minigrad.graph`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from minigrad.backend import Array, namespace
from minigrad.errors import GraphError
from minigrad.graph import Leaf, Memory
from minigrad.tensor import Tensor

__all__ = ["Block", "Home", "Run", "Storage"]


class Storage(Memory):
    """One array of values and one of gradients, with the parameters as views of them."""

    __slots__ = ("grads", "values")

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        super().__init__()
        first = parameters[0].value
        xp, size = namespace(first), sum(p.size for p in parameters)
        self.values = xp.empty(size, dtype=first.dtype)
        self.grads = xp.empty(size, dtype=first.dtype)
        start = 0
        for p in parameters:
            self._move_in(p, start)
            start += p.size

    def _move_in(self, p: Tensor, start: int) -> None:
        leaf, end = p.node, start + p.size
        assert isinstance(leaf, Leaf)
        view = self.values[start:end].reshape(p.shape)
        view[...] = p.value
        p.value = view
        leaf.home = Home(self, start, end, view)
        leaf.slot = self.grads[start:end].reshape(p.shape)
        if leaf.grad is not None:
            leaf.slot[...] = leaf.grad
            leaf.grad = leaf.slot


class Home(NamedTuple):
    """Where a parameter lives: from `start` to `end` of a storage, which it sees as `view`."""

    storage: Storage
    start: int
    end: int
    view: Array


class Run(NamedTuple):
    """Neighbours that are updated as one: their values, gradients and averages as one-dimensional views."""

    values: Array
    grads: Array
    state: dict[str, Array]
    t: int  # updates that were made before


class Block:
    """The parameters of one group that share dtype and device, with what the optimizer keeps for them."""

    def __init__(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        self.parameters = list(parameters)
        homeless = [p for p in parameters if p.node.home is None]  # type: ignore[union-attr]
        if homeless:
            Storage(homeless)
        self.t = [0] * len(self.parameters)
        ends = [0]
        for p in self.parameters:
            ends.append(ends[-1] + p.size)
        self.places = list(pairwise(ends))
        xp, like = namespace(self.parameters[0].value), self.parameters[0].dtype
        self.state = {name: xp.zeros(ends[-1], dtype=like) for name in names}

    def runs(self) -> Iterator[Run]:
        """The parameters that have a gradient, in stretches as long as memory and equal t allow; t is counted on."""
        first: int | None = None
        for i, p in enumerate(self.parameters):
            leaf = self._checked(p)
            if first is not None and (leaf.grad is None or not self._continues(i)):
                yield self._run(first, i)
                first = None
            if first is None and leaf.grad is not None:
                first = i
        if first is not None:
            yield self._run(first, len(self.parameters))

    def _continues(self, i: int) -> bool:
        before, here = self.parameters[i - 1].node.home, self.parameters[i].node.home  # type: ignore[union-attr]
        return before.storage is here.storage and before.end == here.start and self.t[i - 1] == self.t[i]

    def _run(self, first: int, end: int) -> Run:
        start, stop = self.parameters[first].node.home, self.parameters[end - 1].node.home  # type: ignore[union-attr]
        storage, t = start.storage, self.t[first]
        span, place = slice(start.start, stop.end), slice(self.places[first][0], self.places[end - 1][1])
        for i in range(first, end):
            self.t[i] += 1
        values = storage.values[span]
        if stop.end - start.start == storage.values.size:
            storage.stamp(values)
        else:
            for p in self.parameters[first:end]:
                p.node.stamp(p.value)  # type: ignore[union-attr]
        return Run(values, storage.grads[span], {name: array[place] for name, array in self.state.items()}, t)

    def _checked(self, p: Tensor) -> Leaf:
        """The parameter's leaf, after a value that was put in its place from outside has been moved in."""
        leaf = p.node
        if not isinstance(leaf, Leaf) or leaf.home is None:
            raise GraphError(
                f"step: a parameter was moved, frozen or copied after the optimizer was made, got shape {p.shape} on "
                f"{p.backend}; make the optimizer after .to() and requires_grad_()"
            )
        if p.value is not leaf.home.view:
            leaf.home.view[...] = p.value
            p.value = leaf.home.view
        return leaf
